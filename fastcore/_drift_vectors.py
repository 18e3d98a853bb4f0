"""Statistics of two samples of vectors."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from . import _config, _core
from ._drift_categorical import _side
from ._drift_functions import Array, DriftResult
from ._drift_ranks import mannwhitneyu

__all__ = ["lsdd", "mahalanobis", "mmd", "pca_reconstruction"]

#: Up to that many rows together the kernel is taken in float64 throughout.
_FEW = 1024
#: Rows with gamma |a|^2 above this are too far out for float32.
_FAR = 16.0
_BLOCK = 1 << 22


def _rows(name: str, values: npt.ArrayLike, nan: str) -> Array | None:
    """Rows as float64, without those that have NaN; None stands for `propagate` met."""
    if nan not in ("omit", "raise", "propagate"):
        raise ValueError(f"nan: expected 'omit', 'raise' or 'propagate', got {nan!r}")
    array = np.asarray(values)
    if array.dtype.kind not in "iubf":
        raise TypeError(f"{name}: expected numbers, got {array.dtype}")
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2 or not array.shape[1]:
        raise ValueError(f"{name}: expected shape (rows, columns), got {array.shape}")
    array = np.ascontiguousarray(array, np.float64)
    missing = np.isnan(array).any(1)
    if missing.any():
        if nan == "raise":
            raise ValueError(f"{name}: expected no missing values, got {int(missing.sum())} rows")
        if nan == "propagate":
            return None
        array = array[~missing]
    if np.isinf(array).any():
        raise ValueError(f"{name}: expected finite numbers")
    return array


def _both(
    reference: npt.ArrayLike, current: npt.ArrayLike, nan: str, least: int
) -> tuple[Array, Array] | None:
    """Both samples around the reference's medians; None where there is nothing to compare."""
    r, c = _rows("reference", reference, nan), _rows("current", current, nan)
    if r is None or c is None:
        return None
    if r.shape[1] != c.shape[1]:
        raise ValueError(f"current: expected {r.shape[1]} columns, got {c.shape[1]}")
    if len(r) < least or len(c) < least:
        return None
    middle = np.median(r, axis=0)
    return np.ascontiguousarray(r - middle), np.ascontiguousarray(c - middle)


def _resamples(n_resamples: int) -> int:
    if isinstance(n_resamples, bool) or not isinstance(n_resamples, (int, np.integer)):
        raise TypeError(f"n_resamples: expected an int, got {type(n_resamples).__name__}")
    if not 0 <= n_resamples <= 1_000_000:
        raise ValueError(f"n_resamples: expected 0 to 1000000, got {n_resamples}")
    return int(n_resamples)


def _labels(n: int, m: int, n_resamples: int, rng: Any) -> Array:
    """Who belongs to the first sample: as it is, and after each permutation."""
    labels = np.zeros((1 + n_resamples, n + m), dtype=bool)
    labels[0, :n] = True
    if n_resamples:
        generator = np.random.default_rng(rng)
        for row in labels[1:]:
            row[generator.permutation(n + m)[:n]] = True
    return labels


def _share_at_least(statistics: Array) -> float | None:
    """p = (1 + how many permutations reach the first) / (1 + permutations), up to rounding."""
    if len(statistics) < 2:
        return None
    limit = statistics[0] - max(1e-14, 100 * np.finfo(float).eps * abs(statistics[0]))
    return float((statistics[1:] >= limit).sum() + 1) / len(statistics)


def _squares(a: Array, b: Array) -> Array:
    """Squared distances of all rows, from differences: nothing cancels."""
    found = np.zeros((len(a), len(b)))
    for k in range(a.shape[1]):
        with np.errstate(over="ignore"):  # an infinite distance is as good as any
            found += np.square(a[:, k, None] - b[None, :, k])
    return found


def _width(gamma: float | None, bandwidth: float | None, reference: Array) -> float:
    """gamma of exp(-gamma d^2), as given or by the median heuristic."""
    if gamma is not None and bandwidth is not None:
        raise ValueError("gamma, bandwidth: expected one of them, got both")
    for name, value in (("gamma", gamma), ("bandwidth", bandwidth)):
        if value is not None and not (value > 0 and math.isfinite(value)):
            raise ValueError(f"{name}: expected a number above 0, got {value!r}")
    if gamma is not None:
        return float(gamma)
    if bandwidth is not None:
        return _gamma(float(bandwidth) ** 2)
    if len(reference) < 2:
        return 1.0
    at = np.unique(np.linspace(0, len(reference) - 1, 256).round().astype(np.int64))
    squares = _squares(reference[at], reference[at])[np.triu_indices(len(at), 1)]
    positive = squares[squares > 0]
    if len(squares) and float(np.median(squares)) > 0:
        return _gamma(float(np.median(squares)))
    # Half of the rows are equal: the others' distances are what there is to go by.
    return _gamma(float(np.median(positive))) if len(positive) else 1.0


def _gamma(square: float) -> float:
    gamma = 0.5 / square if square else math.inf
    if not (0 < gamma < math.inf):
        raise ValueError(f"bandwidth: its square {square:.3g} is too small or too large")
    return gamma


# ---- Maximum mean discrepancy --------------------------------------------------------------


def _exact(z: Array, rows: Array, gamma: float, labels: Array) -> tuple[Array, Array]:
    """Sums of the kernel over pairs of which at least one is in `rows`, by labelling.

    Both of shape (labellings, 2): within the first sample and the second; and the total, once.
    """
    share = np.where(rows, 0.5, 1.0)  # of a pair that is met from both its ends
    first, others = labels.T.astype(np.float64), ~labels
    within, total = np.zeros((len(labels), 2)), np.zeros(1)
    at = np.flatnonzero(rows)
    step = max(1, _BLOCK // len(z))
    for start in range(0, len(at), step):
        block = at[start : start + step]
        kernel = np.exp(-gamma * _squares(z[block], z)) * share
        kernel[np.arange(len(block)), block] = 0
        whole, chosen = kernel.sum(1), kernel @ first
        total += whole.sum()
        within[:, 0] += (chosen.T * labels[:, block]).sum(1)
        within[:, 1] += ((whole[:, None] - chosen).T * others[:, block]).sum(1)
    return within, total


def _quick(
    x: Array, y: Array, gamma: float, labels: Array
) -> tuple[tuple[float, float, float], Array]:
    """The same of all pairs, by tiles of float32."""
    threads = _config.thread_count(None)
    words = None
    if len(labels) > 1:
        tile = 64
        n, m = len(x), len(y)
        whole = -(-n // tile) * tile
        bits = np.zeros((len(labels), whole + -(-m // tile) * tile), dtype=np.uint8)
        bits[:, :n], bits[:, whole : whole + m] = labels[:, :n], labels[:, n:]
        words = np.packbits(bits, axis=1, bitorder="little").view("<u8").astype(np.uint64)
    xx, yy, xy, by_label = _core.rbf_sums(x, y, gamma, words, threads)
    return (xx, yy, xy), np.array([[xx, yy]]) if by_label is None else by_label


def _discrepancy(within: Array, between: Array, n: int, m: int, unbiased: bool) -> Array:
    xx, yy = 2 * within[..., 0], 2 * within[..., 1]
    found: Array
    if unbiased:
        found = xx / (n * (n - 1)) + yy / (m * (m - 1)) - 2 * between / (n * m)
    else:
        found = (xx + n) / n**2 + (yy + m) / m**2 - 2 * between / (n * m)
    return found


def mmd(
    reference: npt.ArrayLike,
    current: npt.ArrayLike,
    *,
    gamma: float | None = None,
    bandwidth: float | None = None,
    unbiased: bool = True,
    n_resamples: int = 199,
    rng: Any = None,
    nan: str = "omit",
) -> DriftResult:
    """Squared maximum mean discrepancy of two samples of vectors, with a Gaussian kernel.

    Parameters
    ----------
    reference, current : array_like, shape (n, d) and (m, d), or (n,) and (m,)
        Numbers of any dtype, one vector a row. Scale the columns alike first.
    gamma : float, optional
        Of the kernel exp(-gamma |x - y|^2).
    bandwidth : float, optional
        The same as a length: gamma = 1 / (2 bandwidth^2). If neither is given, the median distance
        between rows of the reference (of 256 of them, evenly spaced).
    unbiased : bool
        Leave out each row's kernel with itself: zero on average without drift, and sometimes
        negative. Otherwise it is the square of a distance, and at least 0.
    n_resamples : int
        Permutations for the p-value; with 0 there is none.
    rng : None, int or numpy.random.Generator
        Where the permutations come from, as in ``numpy.random.default_rng``.
    nan : {'omit', 'raise', 'propagate'}
        What to do about rows with NaN.

    Returns
    -------
    DriftResult
        NaN where a sample has fewer than two rows (unbiased) or none.

    Raises
    ------
    ValueError
        For infinities, other than one or two dimensions, different numbers of columns, both `gamma`
        and `bandwidth`, or an argument out of its range.
    TypeError
        For values that are no numbers.

    Notes
    -----
    mean k(x, x') + mean k(y, y') - 2 mean k(x, y) (Gretton et al., "A Kernel Two-Sample Test", JMLR
    13, 2012). p is (1 + permutations that reach it) / (1 + permutations). The kernel's values are
    found once, in tiles that are added to the sums of all permutations: n^2 time, and memory for
    the rows alone. Up to 1,024 rows in float64; beyond, in float32 with sums in float64, which
    agrees to about 1e-9 (1e-10 from 5,000 rows on). Rows far out are taken in float64.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> old, new = rng.normal(size=(300, 4)), rng.normal(0.5, 1, (300, 4))
    >>> mmd(old, new, rng=0).pvalue
    0.005
    """
    count = _resamples(n_resamples)
    none = DriftResult(math.nan, math.nan if count else None)
    pair = _both(reference, current, nan, 2 if unbiased else 1)
    if pair is None:
        _width(gamma, bandwidth, np.empty((0, 1)))
        return none
    x, y = pair
    n, m = len(x), len(y)
    scale = _width(gamma, bandwidth, x)
    labels = _labels(n, m, count, rng)
    z = np.concatenate((x, y))
    with np.errstate(over="ignore"):
        far = scale * np.square(z).sum(1) > _FAR
    if n + m <= _FEW or far.sum() * 8 > n + m:
        far[:] = True
    within, total = _exact(z, far, scale, labels) if far.any() else (np.zeros((1, 2)), np.zeros(1))
    if far.all():
        observed = _discrepancy(within[0], total - within[0].sum(), n, m, unbiased)
    else:
        near = ~far
        sums, by_label = _quick(x[near[:n]], y[near[n:]], scale, labels[:, near])
        between = sums[2] + total - within[0].sum()
        observed = _discrepancy(within[0] + sums[:2], between, n, m, unbiased)
        within, total = within + by_label, total + sum(sums)
    statistics = _discrepancy(within, total - within.sum(1), n, m, unbiased)
    return DriftResult(float(observed[0]), _share_at_least(statistics))


# ---- Least-squares density difference ------------------------------------------------------


def lsdd(
    reference: npt.ArrayLike,
    current: npt.ArrayLike,
    *,
    bandwidth: float | None = None,
    lam: float | None = None,
    n_centers: int | None = None,
    n_resamples: int = 199,
    rng: Any = None,
    nan: str = "omit",
) -> DriftResult:
    """Squared L2 distance of two densities, estimated without estimating either.

    Parameters
    ----------
    reference, current, n_resamples, rng, nan
        As in `mmd`.
    bandwidth : float, optional
        Of the Gaussian basis functions; if not given, as in `mmd`.
    lam : float, optional
        Weight of the ridge penalty. If not given, the largest of 1, 1/4, ..., 4^-9 that moves the
        estimates by less than a fifth on average.
    n_centers : int, optional
        Rows of the reference, evenly spaced, at which basis functions stand; if not given, a
        twentieth of them, at least 20 and at most 500.

    Returns
    -------
    DriftResult
        NaN where a sample is empty.

    Raises
    ------
    ValueError, TypeError
        As `mmd` does.

    Notes
    -----
    The difference of the densities is fitted by theta' psi, psi_l(x) = exp(-|x - c_l|^2 / (2 s^2)),
    which minimises theta' H theta - 2 h' theta + lam |theta|^2 (Sugiyama et al.,
    "Density-Difference Estimation", Neural Computation 25, 2013): h is the difference of the
    samples' means of psi, and H_kl = exp(-|c_k - c_l|^2 / (4 s^2)). The statistic is
    2 h' theta - theta' H theta. As in alibi-detect H leaves out the constant (pi s^2)^(d/2), so
    that the value is that many times the integral of the squared difference; that and the choice of
    `lam` follow Bu, Alippi and Zhao, "A pdf-Free Change Detection Test Based on Density Difference
    Estimation", 2018. p as in `mmd`.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> old, new = rng.normal(size=(300, 2)), rng.normal(0.7, 1, (300, 2))
    >>> lsdd(old, new, rng=0).pvalue
    0.005
    """
    count = _resamples(n_resamples)
    if lam is not None and not (lam > 0 and math.isfinite(lam)):
        raise ValueError(f"lam: expected a number above 0, got {lam!r}")
    if n_centers is not None and not 1 <= n_centers <= 5000:
        raise ValueError(f"n_centers: expected 1 to 5000, got {n_centers!r}")
    pair = _both(reference, current, nan, 1)
    if pair is None:
        _width(None, bandwidth, np.empty((0, 1)))
        return DriftResult(math.nan, math.nan if count else None)
    x, y = pair
    n, m = len(x), len(y)
    gamma = _width(None, bandwidth, x)
    wanted = min(max(n // 20, 20), 500) if n_centers is None else n_centers
    at = np.unique(np.linspace(0, n - 1, min(wanted, n)).round().astype(np.int64))
    centers = x[at]
    labels = _labels(n, m, count, rng)
    z = np.concatenate((x, y))
    weights = np.where(labels, 1 / n, -1 / m)
    h = np.zeros((len(labels), len(centers)))
    step = max(1, _BLOCK // len(centers))
    for start in range(0, len(z), step):
        part = slice(start, start + step)
        h += weights[:, part] @ np.exp(-gamma * _squares(z[part], centers))
    values, vectors = np.linalg.eigh(np.exp(-gamma / 2 * _squares(centers, centers)))
    values, squares = np.maximum(values, 0), np.square(h @ vectors)
    for weight in [lam] if lam is not None else [0.25**i for i in range(10)]:
        inverse = 1 / (values + weight)
        quadratic, linear = squares @ (values * inverse**2), squares @ inverse
        found = 2 * linear - quadratic
        with np.errstate(invalid="ignore"):
            if np.nanmean(np.append(1 - quadratic / linear, 0)) < 0.2:
                break
    return DriftResult(float(found[0]), _share_at_least(found))


# ---- One number for each row, by a model of the reference ----------------------------------


def _scored(
    x: Array, y: Array, fit: Callable[[Array], Callable[[Array], Array]], alternative: str
) -> DriftResult:
    """The mean score of `y`, and how its scores rank among those of the reference.

    A model's own rows look better than new ones, and models of overlapping rows make scores
    dependent. So every other row of the reference makes a model, and the rest are compared with the
    current rows: given that model all are new.
    """
    statistic = float(fit(x)(y).mean())
    score = fit(x[::2])
    ranked = mannwhitneyu(score(y), score(x[1::2]), alternative=alternative, method="asymptotic")
    return DriftResult(statistic, ranked.pvalue)


_MODEL = """
    Parameters
    ----------
    reference, current, nan
        As in `mmd`.
    alternative : {'two-sided', 'less', 'greater'}
        'greater': the current rows are farther from what the reference is like.
"""
_SCORED = """
    Raises
    ------
    ValueError, TypeError
        As `mmd` does, and for an unknown `alternative`.
"""


def _document(function: Any) -> Any:
    text = inspect.cleandoc(function.__doc__) + "\n"  # Python 3.13 has taken the margin off itself
    text = text.replace("MODEL\n", inspect.cleandoc(_MODEL) + "\n")
    function.__doc__ = text.replace("SCORED\n", inspect.cleandoc(_SCORED) + "\n")
    return function


@_document
def mahalanobis(
    reference: npt.ArrayLike,
    current: npt.ArrayLike,
    *,
    alternative: str = "two-sided",
    nan: str = "omit",
) -> DriftResult:
    """Mean squared Mahalanobis distance of the current rows from the reference.

    MODEL

    Returns
    -------
    DriftResult
        The mean of (x - mean)' inverse(covariance) (x - mean) over the current rows, about d
        without drift, and the p-value. NaN where the reference has fewer than three rows, or the
        current data none.

    SCORED

    Notes
    -----
    Mahalanobis 1936; mean and covariance (ddof 1) are the reference's, and directions in which it
    does not vary are left out. p is that of the rank-sum test (Mann and Whitney 1947, normal
    approximation) of the current rows' distances against those of every other row of the
    reference, by a model of the rest: a single row, however far, moves one rank. It finds a change
    of spread or correlation and large shifts; `mmd` finds smaller ones.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> old, new = rng.normal(size=(500, 3)), rng.normal(0, 1.5, (500, 3))
    >>> mahalanobis(old, new, alternative="greater").pvalue < 1e-9
    True
    """
    _side(alternative)
    pair = _both(reference, current, nan, 1)
    if pair is None or len(pair[0]) < 3:
        return DriftResult(math.nan, math.nan)

    def fit(rows: Array) -> Callable[[Array], Array]:
        mean = rows.mean(0)
        apart = rows - mean
        values, vectors = np.linalg.eigh(apart.T @ apart / max(len(rows) - 1, 1))
        kept = values > values.max() * len(values) * 4 * np.finfo(float).eps
        whiten = vectors[:, kept] / np.sqrt(values[kept])
        return lambda given: np.square((given - mean) @ whiten).sum(1)

    return _scored(*pair, fit, alternative)


@_document
def pca_reconstruction(
    reference: npt.ArrayLike,
    current: npt.ArrayLike,
    *,
    n_components: int | float = 0.65,
    alternative: str = "two-sided",
    nan: str = "omit",
) -> DriftResult:
    """Mean error of the current rows behind the reference's principal components.

    MODEL
    n_components : int or float
        How many components are kept, or (a float up to 1) as many as it takes to explain that share
        of the variance.

    Returns
    -------
    DriftResult
        The mean over the current rows of the distance between a row and its reconstruction, in
        standard deviations of the columns, and the p-value. NaN where the reference has fewer than
        three rows, or the current data none.

    SCORED

    Notes
    -----
    Columns are standardised by the reference's mean and standard deviation (ddof 0), projected on
    the first eigenvectors of the reference's correlations and back, as nannyml does (what is left
    over: Jackson and Mudholkar, Technometrics 21, 1979). A change that
    breaks the correlations between columns makes the error grow. p as in `mahalanobis`.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(500, 1))
    >>> old = x + rng.normal(0, 0.3, (500, 4))
    >>> pca_reconstruction(old, rng.permuted(old, axis=0)).pvalue < 1e-9
    True
    """
    _side(alternative)
    whole = isinstance(n_components, (int, np.integer)) and not isinstance(n_components, bool)
    if not (n_components >= 1 if whole else 0 < n_components <= 1):
        raise ValueError(
            f"n_components: expected an int of at least 1 or a share up to 1, got {n_components!r}"
        )
    pair = _both(reference, current, nan, 1)
    if pair is None or len(pair[0]) < 3:
        return DriftResult(math.nan, math.nan)

    def fit(rows: Array) -> Callable[[Array], Array]:
        mean, std = rows.mean(0), rows.std(0)
        std[std == 0] = 1
        scaled = (rows - mean) / std
        values, vectors = np.linalg.eigh(scaled.T @ scaled)
        values, vectors = np.maximum(values[::-1], 0), vectors[:, ::-1]
        if whole:
            kept = int(n_components)
        else:
            explained = np.cumsum(values) / (values.sum() or 1)
            kept = int(np.searchsorted(explained, n_components * (1 - 1e-12))) + 1
        rest = vectors[:, kept:]
        return lambda given: np.sqrt(np.square((given - mean) / std @ rest).sum(1))

    return _scored(*pair, fit, alternative)
