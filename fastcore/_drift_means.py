"""Statistics of two samples by their values: means, characteristic functions, distances."""

from __future__ import annotations

import math
import warnings
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from . import _core
from ._drift_functions import DriftResult, preset_result
from ._drift_permute import check_resamples
from ._drift_ranks import (
    ALTERNATIVES,
    ENERGY,
    NONE,
    T_WELCH,
    W1,
    Found,
    T,
    by_permutation,
    column,
    compare,
)
from ._drift_samples import (
    Array,
    Pair,
    Sample,
    as_floats,
    check_choice,
    document,
    numbers,
    sorted_pair,
    unsorted_pair,
)
from ._reference import Reference

__all__ = ["energy_distance", "epps_singleton_2samp", "ttest_ind", "wasserstein_distance"]


# ---- Student -------------------------------------------------------------------------------


def _moments(x: Array) -> tuple[float, float, float]:
    """The mean, what it is rounded by, and the sum of squares around both."""
    mean = x.mean()
    if len(x) == 1:
        return float(mean), 0.0, 0.0
    off = x - mean
    rest = off.mean()
    return float(mean), float(rest), float(np.square(off - rest).sum())


def _exactly_apart(x: Array, y: Array) -> float:
    """The difference of the means, for where rounding could be all of it."""
    means = []
    for z in (x.tolist(), y.tolist()):
        total = math.fsum(z)
        means.append((Fraction(total) + Fraction(math.fsum([*z, -total]))) / len(z))
    return float(means[0] - means[1])


def _student(x: Array, y: Array, equal_var: bool, alternative: str) -> DriftResult:
    n, m = len(x), len(y)
    with np.errstate(all="ignore"):
        (mean_x, rest_x, xx), (mean_y, rest_y, yy) = _moments(x), _moments(y)
        size = float(max(np.abs(x).max(), np.abs(y).max()))
        if not 1e-250 < xx + yy < math.inf and 0 < size < math.inf:
            # t is the same in any unit: near 1 no square is out of range.
            x, y = (np.ldexp(z, -math.frexp(size)[1]) for z in (x, y))
            (mean_x, rest_x, xx), (mean_y, rest_y, yy) = _moments(x), _moments(y)
            size = 1.0
        apart = np.float64((mean_x - mean_y) + (rest_x - rest_y))
        if 0 < abs(apart) < 1e-15 * size < math.inf:
            apart = np.float64(_exactly_apart(x, y))
        if equal_var:
            df = np.float64(n + m - 2)
            t = apart / np.sqrt((xx + yy) / df * (1 / n + 1 / m))
        else:
            v, w = (np.float64(s) / np.float64(k - 1) / k for s, k in ((xx, n), (yy, m)))
            df = (v + w) ** 2 / (v**2 / np.float64(n - 1) + w**2 / np.float64(m - 1))
            df = np.float64(1) if np.isnan(df) else df
            t = apart / np.sqrt(v + w)
    statistic = float(t)
    side = {"greater": statistic, "less": -statistic}.get(alternative, abs(statistic))
    p = _core.student_sf(side, float(df))
    return DriftResult(statistic, 2 * p if alternative == "two-sided" else p)


@document(
    [
        """
        equal_var : bool
            Whether both variances are taken to be equal; if not, it is Welch's test.
        """,
        *("alternative", "n_resamples", "rng", "nan"),
    ],
    """
    t, and its p-value. NaN where a sample is empty or variances are unknown.
    """,
    """
    As ``scipy.stats.ttest_ind``, in float64 for whatever dtype. With equal variances the difference
    of the means by sqrt(s^2 (1/n + 1/m)), s^2 the pooled variance, and n + m - 2 degrees of freedom
    (Student 1908); otherwise by sqrt(v/n + w/m), with Welch and Satterthwaite's degrees (Welch,
    Biometrika 34, 1947).
    """,
    """
    >>> round(ttest_ind([1, 2, 3, 4], [3, 4, 5, 6]).pvalue, 4)
    0.071
    """,
)
def ttest_ind(
    reference: Sample,
    current: npt.ArrayLike,
    *,
    equal_var: bool = True,
    alternative: str = "two-sided",
    n_resamples: int | None = None,
    rng: Any = None,
    nan: str = "omit",
) -> DriftResult:
    """Student's t-test of two means."""
    check_choice("alternative", alternative, ALTERNATIVES)
    if n_resamples is not None:
        check_resamples(n_resamples)
    pair = unsorted_pair(reference, current, nan, ranks=False)
    if pair is None or not len(pair[0]) or not len(pair[1]):
        return NONE
    result = _student(*pair, equal_var, alternative)
    if not all(np.isfinite(x).all() for x in pair):
        return result
    want = T if equal_var else T_WELCH
    pick = column("t")
    return by_permutation(
        result, reference, current, nan, want, pick, alternative, n_resamples, rng, ranks=False
    )


# ---- Epps and Singleton --------------------------------------------------------------------


@document(
    [
        """
        t : array_like of positive numbers
            Where the characteristic functions are compared, in units of one by half the
            interquartile range of all values.
        """,
        "nan",
    ],
    """
    W, and its p-value. NaN where a sample has less than five values, or one that is not finite.
    """,
    """
    As ``scipy.stats.epps_singleton_2samp``: the difference of the empirical characteristic
    functions by its estimated covariance, chi-squared with as many degrees as that has rank; with
    less than 25 values in the larger sample it is made smaller (Epps and Singleton, J. Statist.
    Computation and Simulation 26, 1986). Needs no continuous distribution. If the covariance has
    not full rank there is a UserWarning.
    """,
    """
    >>> round(epps_singleton_2samp([1, 2, 3, 4, 5], [3, 5, 6, 7, 9]).pvalue, 3) > 0.05
    True
    """,
)
def epps_singleton_2samp(
    reference: Sample,
    current: npt.ArrayLike,
    *,
    t: npt.ArrayLike = (0.4, 0.8),
    nan: str = "omit",
) -> DriftResult:
    """Epps-Singleton test."""
    points = np.asarray(t, np.float64)
    if points.ndim != 1:
        raise ValueError(f"t: expected one dimension, got {points.ndim}")
    if not len(points) or not (points > 0).all():
        raise ValueError("t: expected positive numbers")
    pair = unsorted_pair(reference, current, nan, ranks=False)
    if pair is None or min(len(pair[0]), len(pair[1])) < 5:
        return NONE
    x, y = pair
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        return NONE
    n, m = len(x), len(y)
    low, high = np.percentile(np.concatenate((x, y)), (25, 75))
    with np.errstate(all="ignore"):
        scaled = (points / ((high - low) / 2))[:, None]
        waves = [np.concatenate((np.cos(scaled * z), np.sin(scaled * z))) for z in (x, y)]
    if not all(np.isfinite(wave).all() for wave in waves):
        return NONE  # the interquartile range is 0
    covariance = sum((n + m) / len(w[0]) * np.cov(w, bias=True) for w in waves)
    inverse = np.linalg.pinv(covariance)
    rank = int(np.linalg.matrix_rank(inverse))
    if rank < 2 * len(points):
        warnings.warn(
            "Estimated covariance matrix does not have full rank. This indicates a bad choice of "
            "the input t and the test might not be consistent.",
            UserWarning,
            stacklevel=2,
        )
    apart = waves[0].mean(1) - waves[1].mean(1)
    statistic = float((n + m) * (apart @ inverse @ apart))
    if max(n, m) < 25:
        statistic /= 1 + (n + m) ** -0.45 + 10.1 * (n**-1.7 + m**-1.7)
    return DriftResult(statistic, _core.chi2_sf(statistic, rank))


# ---- Distances -----------------------------------------------------------------------------


def _weights(name: str, weights: npt.ArrayLike, values: Array) -> npt.NDArray[np.float64]:
    array = np.asarray(weights, np.float64)
    if array.shape != values.shape:
        raise ValueError(f"{name}: expected as many as there are values ({len(values)})")
    if not (array >= 0).all():
        raise ValueError(f"{name}: expected no negative numbers")
    if not 0 < array.sum() < np.inf:
        raise ValueError(f"{name}: expected a positive and finite sum")
    return array


def _weighted(
    name: str, values: Sample, weights: npt.ArrayLike | None, nan: str
) -> tuple[Array, Array] | None:
    """Rising values, and the share of the weight up to each."""
    array = as_floats(numbers(name, values))
    if weights is None:
        weights = np.ones(len(array))
    given = _weights("u_weights" if name == "reference" else "v_weights", weights, array)
    missing = np.isnan(array)
    if missing.any():
        if nan == "raise":
            raise ValueError(f"{name}: expected no missing values, got {int(missing.sum())}")
        if nan == "propagate":
            return None
        array, given = array[~missing], _weights(name, given[~missing], array[~missing])
    order = np.argsort(array)
    sums = np.concatenate(([0.0], np.cumsum(given[order])))
    return array[order], sums / sums[-1]


#: Differences of values up to here, times numbers of values, are doubles.
LARGE = 2.0**900


def _is_large(*samples: Array) -> bool:
    """Whether rising finite values have to be divided by `LARGE`, and the distance multiplied."""
    return any(LARGE < max(-z[0], z[-1]) < math.inf for z in samples)


def _by_definition(u: tuple[Array, Array], v: tuple[Array, Array], want: int) -> float:
    """W1 or energy of steps of any height, and where values are infinite."""
    if _is_large(u[0], v[0]):
        small = [(x / LARGE, at) for x, at in (u, v)]
        return _by_definition(small[0], small[1], want) * (LARGE if want == W1 else LARGE**0.5)
    grid = np.sort(np.concatenate((u[0], v[0])))
    with np.errstate(invalid="ignore", over="ignore"):
        widths = np.diff(grid)
        f, g = (at[np.searchsorted(x, grid[:-1], side="right")] for x, at in (u, v))
        apart = np.abs(f - g)
        return float(
            (apart * widths).sum() if want == W1 else math.sqrt(2 * (apart**2 * widths).sum())
        )


def _even(x: Array) -> tuple[Array, Array]:
    return x, np.arange(len(x) + 1) / len(x)


def distance_of(pair: Pair, want: int) -> float:
    """W1 or energy of sorted samples."""
    x, y = pair
    if all(math.isfinite(end) for z in pair for end in (z[0], z[-1])):
        if _is_large(x, y):
            return distance_of((x / LARGE, y / LARGE), want) * (LARGE if want == W1 else LARGE**0.5)
        found: Found = compare(x, y, want)
        return found.w1 if want == W1 else found.energy
    return _by_definition(_even(x), _even(y), want)


def _distance(
    want: int,
    reference: Sample,
    current: npt.ArrayLike,
    u_weights: npt.ArrayLike | None,
    v_weights: npt.ArrayLike | None,
    n_resamples: int | None,
    rng: Any,
    nan: str,
    presorted: bool,
) -> DriftResult:
    none = DriftResult(math.nan, None if n_resamples is None else math.nan)
    weighted = u_weights is not None or v_weights is not None
    if n_resamples is not None:
        check_resamples(n_resamples)
        if weighted:
            raise ValueError("n_resamples: expected no weights with it")
    for name, values in (("reference", reference), ("current", current)):
        if not len(numbers(name, values)):
            raise ValueError(f"{name}: expected at least one value")
    if weighted:
        check_choice("nan", nan, ("omit", "raise", "propagate"))
        u = _weighted("reference", reference, u_weights, nan)
        v = _weighted("current", current, v_weights, nan)
        if u is None or v is None:
            return none
        return DriftResult(_by_definition(u, v, want), None)
    pair = sorted_pair(reference, current, nan, presorted, ranks=False)
    if pair is None:
        return none
    for name, values in zip(("reference", "current"), pair, strict=True):
        if not len(values):
            raise ValueError(f"{name}: expected at least one value that is not NaN")
    result = DriftResult(distance_of(pair, want), none.pvalue)
    if not math.isfinite(result.statistic):
        return result
    pick = column("w1" if want == W1 else "energy")
    return by_permutation(
        result, reference, current, nan, want, pick, "greater", n_resamples, rng, ranks=False
    )


_WEIGHTS = """
u_weights, v_weights : array_like, shape (n,) and (m,), optional
    Of the values of the reference and of the current data; equal, if not given.
"""
_PRESET = """
preset : {'evidently', 'nannyml'}, optional
    As that package defines it: divided by the reference's standard deviation (at least 0.001), or,
    from 10,000 values on, estimated from 10,000 bins.
"""


@document(
    [_WEIGHTS, "n_resamples", "rng", "nan", "presorted", _PRESET],
    """
    The distance, in the unit of the values. There is a p-value if permutations are asked for.
    """,
    """
    As ``scipy.stats.wasserstein_distance``: the integral of abs(F - G) (Vallender, Theory of
    Probability and its Applications 18, 1974), the least mean distance over which values have to be
    moved to make one sample the other. Nothing is rounded away where
    values are small: it is as accurate for values of 1e-12 as for those of 1. With an infinite
    value it is infinite or NaN.
    """,
    """
    >>> wasserstein_distance([0, 1, 3], [5, 6, 8]).statistic
    5.0
    """,
    ", weights that are negative or do not add up, or an empty sample",
)
def wasserstein_distance(
    reference: Sample,
    current: npt.ArrayLike,
    *,
    u_weights: npt.ArrayLike | None = None,
    v_weights: npt.ArrayLike | None = None,
    n_resamples: int | None = None,
    rng: Any = None,
    nan: str = "omit",
    presorted: bool = False,
    preset: str | None = None,
) -> DriftResult:
    """Wasserstein distance of order 1, also known as the earth mover's."""
    if preset is not None:
        if not (u_weights is v_weights is n_resamples is rng is None) or presorted:
            raise ValueError("preset: takes no weights, resamples or sorted samples besides")
        if isinstance(reference, Reference):
            raise TypeError("reference: a preset takes samples")
        return preset_result("wasserstein_distance", preset, reference, current, nan)
    return _distance(W1, reference, current, u_weights, v_weights, n_resamples, rng, nan, presorted)


@document(
    [_WEIGHTS, "n_resamples", "rng", "nan", "presorted"],
    """
    The distance. There is a p-value if permutations are asked for.
    """,
    """
    As ``scipy.stats.energy_distance``: the root of twice the integral of (F - G)^2, which is that
    of 2 E|X - Y| - E|X - X'| - E|Y - Y'| (Szekely and Rizzo, J. Statist. Planning and Inference
    143, 2013). Elsewhere its square goes by this name.
    """,
    """
    >>> energy_distance([0], [2]).statistic
    2.0
    """,
    ", weights that are negative or do not add up, or an empty sample",
)
def energy_distance(
    reference: Sample,
    current: npt.ArrayLike,
    *,
    u_weights: npt.ArrayLike | None = None,
    v_weights: npt.ArrayLike | None = None,
    n_resamples: int | None = None,
    rng: Any = None,
    nan: str = "omit",
    presorted: bool = False,
) -> DriftResult:
    """Energy distance."""
    return _distance(
        ENERGY, reference, current, u_weights, v_weights, n_resamples, rng, nan, presorted
    )
