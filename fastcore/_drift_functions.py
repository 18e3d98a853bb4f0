"""Statistics of two samples by bins: how far the current data are from the reference."""

from __future__ import annotations

import collections
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from . import _core
from ._drift_bins import edges_of

__all__ = [
    "DriftResult",
    "adjust",
    "chi2",
    "g_test",
    "hellinger",
    "jensenshannon",
    "kl_divergence",
    "linf",
    "psi",
    "total_variation",
]

Array = np.ndarray[Any, Any]
CORRECTIONS = ("bonferroni", "bh", "by")
_compare_samples = _core.compare_samples


class DriftResult(NamedTuple):
    """A statistic, and its p-value (None where there is none)."""

    statistic: float
    pvalue: float | None


# ---- From samples to counts ----------------------------------------------------------------


def as_array(values: Any) -> Array:
    """An array; NumPy would make the text "nan" of a NaN among texts."""
    if isinstance(values, (list, tuple)) and set(map(type, values)) == {str}:
        return np.array(values, dtype=object)  # without making texts of one width of them first
    array = np.asarray(values)
    if array.dtype.kind == "U" and not isinstance(values, np.ndarray):
        array = np.array(values, dtype=object)
    return array


def _sample(name: str, values: npt.ArrayLike, nan: str, drop: bool = True) -> Array | None:
    """One-dimensional values as float32, float64 or objects; None stands for `propagate` met.

    Without `drop` NaN among numbers stay where they are to be omitted: they are in no bin.
    """
    if nan not in ("omit", "raise", "propagate"):
        raise ValueError(f"nan: expected 'omit', 'raise' or 'propagate', got {nan!r}")
    array = as_array(values)
    if array.ndim != 1:
        raise ValueError(f"{name}: expected one dimension, got {array.ndim}")
    if array.dtype.kind in "iub":
        return array.astype(np.float64)
    if array.dtype.kind == "f":
        array = np.ascontiguousarray(array, np.float32 if array.dtype == np.float32 else np.float64)
        if not array.flags.aligned:
            array = array.copy()
        if nan == "omit" and not drop:
            return array
        missing = np.isnan(array)
    elif array.dtype.kind in "OUT":
        array = array.astype(object)
        items = array.tolist()
        if _NEVER_MISSING.issuperset(map(type, items)):
            return array
        missing = np.array([_is_missing(v) for v in items], dtype=bool)
    else:
        raise TypeError(f"{name}: expected numbers or texts, got {array.dtype}")
    if not missing.any():
        return array
    if nan == "raise":
        raise ValueError(f"{name}: expected no missing values, got {int(missing.sum())}")
    return None if nan == "propagate" else array[~missing]


#: Texts and whole numbers, of which no value is missing.
_NEVER_MISSING = frozenset((str, np.str_, bytes, int, bool))


def _is_missing(value: object) -> bool:
    """None, NaN, NaT, and pandas' NA, whose comparisons are neither true nor false."""
    same = value is not None and value == value
    return not (isinstance(same, (bool, np.bool_)) and bool(same))


def _two_counts(
    reference: npt.ArrayLike,
    current: npt.ArrayLike,
    bins: int | str,
    edges: npt.ArrayLike | None,
    counts: bool,
    nan: str,
) -> tuple[Array, Array] | None:
    """Counts of both samples in the same bins; None where NaN propagates."""
    if counts:
        rows = []
        for name, values in (("reference", reference), ("current", current)):
            row = np.ascontiguousarray(values, np.float64)
            if row.ndim != 1:
                raise ValueError(f"{name}: expected one dimension, got {row.ndim}")
            if not (np.isfinite(row).all() and (row >= 0).all()):
                raise ValueError(f"{name}: expected finite counts of at least 0")
            rows.append(row)
        return rows[0], rows[1]
    r = _sample("reference", reference, nan, drop=False)
    c = _sample("current", current, nan, drop=False)
    if r is None or c is None:
        return None
    if r.dtype == object or c.dtype == object:
        old, new = collections.Counter(r.tolist()), collections.Counter(c.tolist())
        levels = old | new
        return (
            np.array([old[v] for v in levels], np.float64),
            np.array([new[v] for v in levels], np.float64),
        )
    if edges is None:
        inner = edges_of(r, bins)
    else:
        inner = np.ascontiguousarray(edges, np.float64)
        if inner.ndim != 1:
            raise ValueError(f"edges: expected one dimension, got {inner.ndim}")
    return (
        _core.bin_counts(r, inner).astype(np.float64),
        _core.bin_counts(c, inner).astype(np.float64),
    )


def _compare(
    name: str,
    reference: npt.ArrayLike,
    current: npt.ArrayLike,
    bins: int | str,
    edges: npt.ArrayLike | None,
    counts: bool,
    nan: str,
    base: float | None = None,
    eps: float | None = None,
    correction: bool = True,
    preset: str | None = None,
) -> DriftResult:
    """A statistic of two samples: at once in C, if all is plain, which it has to find out."""
    if preset is not None:
        if not (bins == 10 and edges is base is eps is None and not counts):
            raise ValueError("preset: takes no bins, edges, counts, base or eps besides")
        return preset_result(name, preset, reference, current, nan)
    if edges is not None:
        quick = _compare_samples(
            DriftResult, name, reference, current, edges, counts, nan, base, eps, correction
        )
        if quick is not None:
            return quick
    rows = _two_counts(reference, current, bins, edges, counts, nan)
    has_pvalue = name in ("psi", "chi2", "g_test")
    if base is not None and not (base > 0 and base != 1):
        raise ValueError(f"base: expected a number above 0 other than 1, got {base!r}")
    if eps is not None and not 0 < eps < 1:
        raise ValueError(f"eps: expected a share between 0 and 1, got {eps!r}")
    if rows is None:
        return DriftResult(math.nan, math.nan if has_pvalue else None)
    least = math.nan if eps is None else eps
    statistic, p = _core.statistic(name, *rows, base or 0.0, least, correction)
    return DriftResult(statistic, p if has_pvalue else None)


def preset_result(
    name: str, preset: str, reference: npt.ArrayLike, current: npt.ArrayLike, nan: str
) -> DriftResult:
    """A statistic as a peer defines it; none has a p-value."""
    from ._drift_presets import by_preset

    r, c = _sample("reference", reference, nan), _sample("current", current, nan)
    if r is None or c is None:
        return DriftResult(math.nan, None)
    return DriftResult(by_preset(name, preset, r, c), None)


_PRESET = """    preset : {'evidently', 'nannyml'}, optional
        As that package defines it, with its bins and its empty bins; there is no p-value then.
"""
_SHARED = """
    Parameters
    ----------
    reference, current : array_like, shape (n,) and (m,)
        Samples: numbers of any dtype, or texts. With ``counts=True`` counts or shares of the same
        bins, both of shape (bins,).
    bins : int or str
        How many, with equal shares of the reference (fewer where its values repeat). Or a rule for
        bins of equal width over the reference's range: ``'sturges' 'doane' 'scott' 'fd' 'rice'
        'sqrt' 'auto'``, as in ``numpy.histogram_bin_edges``.
    edges : array_like, optional
        Inner edges instead: bin i is ``[edges[i - 1], edges[i])``, and the outer bins are open, so
        that nothing falls outside.
    counts : bool
        Whether the arguments are counts.
    nan : {'omit', 'raise', 'propagate'}
        What to do about NaN (in texts: None and NaN).
"""
_RETURNS = """
    Returns
    -------
    DriftResult
        NaN where a sample is empty.

    Raises
    ------
    ValueError
        For more than one dimension, negative or non-finite counts, rows of unequal length, edges
        that do not rise.
    TypeError
        For values that are neither numbers nor texts.
"""


def _document(parameters: str, rest: str) -> Callable[[Any], Any]:
    """Put together what the functions' docstrings share."""

    def decorate(function: Any) -> Any:
        head = function.__doc__ or ""
        function.__doc__ = head.rstrip() + "\n" + _SHARED + parameters + _RETURNS + rest
        return function

    return decorate


@_document(
    """    eps : float, optional
        No share is taken as less than that. Without it each bin has half an observation more:
        (count + 1/2) / (n + bins / 2).
"""
    + _PRESET,
    """
    Notes
    -----
    The sum of (c - r) ln(c / r) over the bins. Its p-value is that of PSI / (1/n + 1/m) in the
    chi-squared distribution with bins - 1 degrees (Yurdakul, "Statistical Properties of Population
    Stability Index", 2018), which `counts` must be for; of shares it means nothing.

    Examples
    --------
    >>> round(psi([10, 20, 30], [30, 20, 10], counts=True).statistic, 4)
    0.6936
    """,
)
def psi(
    reference: npt.ArrayLike,
    current: npt.ArrayLike,
    *,
    bins: int | str = 10,
    edges: npt.ArrayLike | None = None,
    counts: bool = False,
    eps: float | None = None,
    nan: str = "omit",
    preset: str | None = None,
) -> DriftResult:
    """Population stability index."""
    if (
        edges is not None and preset is None
    ):  # as `_compare` does, without its call: a twentieth of the time
        quick = _compare_samples(
            DriftResult, "psi", reference, current, edges, counts, nan, None, eps, True
        )
        if quick is not None:
            return quick
    return _compare("psi", reference, current, bins, edges, counts, nan, None, eps, preset=preset)


@_document(
    """    base : float, optional
        Of the logarithm; e, if not given. In base 2 the distance is at most 1.
"""
    + _PRESET,
    """
    Notes
    -----
    The distance, which is the root of the divergence (Lin 1991), as
    ``scipy.spatial.distance.jensenshannon``.

    Examples
    --------
    >>> round(jensenshannon([0.5, 0.5], [1, 0], counts=True, base=2).statistic, 4)
    0.5579
    """,
)
def jensenshannon(
    reference: npt.ArrayLike,
    current: npt.ArrayLike,
    *,
    bins: int | str = 10,
    edges: npt.ArrayLike | None = None,
    counts: bool = False,
    base: float | None = None,
    nan: str = "omit",
    preset: str | None = None,
) -> DriftResult:
    """Jensen-Shannon distance."""
    return _compare(
        "jensenshannon", reference, current, bins, edges, counts, nan, base, preset=preset
    )


@_document(
    """    base : float, optional
        Of the logarithm; e, if not given.
"""
    + _PRESET,
    """
    Notes
    -----
    The sum of r ln(r / c) (Kullback and Leibler, Annals of Mathematical Statistics 22, 1951), as
    ``scipy.stats.entropy(reference, current)``: infinite where a bin of the reference is empty in
    the current data.

    Examples
    --------
    >>> kl_divergence([1, 1], [1, 0], counts=True).statistic
    inf
    >>> round(kl_divergence([1, 0], [1, 1], counts=True).statistic, 4)
    0.6931
    """,
)
def kl_divergence(
    reference: npt.ArrayLike,
    current: npt.ArrayLike,
    *,
    bins: int | str = 10,
    edges: npt.ArrayLike | None = None,
    counts: bool = False,
    base: float | None = None,
    nan: str = "omit",
    preset: str | None = None,
) -> DriftResult:
    """Kullback-Leibler divergence of the reference from the current data."""
    return _compare(
        "kl_divergence", reference, current, bins, edges, counts, nan, base, preset=preset
    )


@_document(
    _PRESET,
    """
    Notes
    -----
    sqrt(1 - sum sqrt(r c)), between 0 and 1 (Hellinger 1909; Gibbs and Su, "On choosing and
    bounding probability metrics", International Statistical Review 70, 2002).

    Examples
    --------
    >>> hellinger([1, 0], [0, 1], counts=True).statistic
    1.0
    """,
)
def hellinger(
    reference: npt.ArrayLike,
    current: npt.ArrayLike,
    *,
    bins: int | str = 10,
    edges: npt.ArrayLike | None = None,
    counts: bool = False,
    nan: str = "omit",
    preset: str | None = None,
) -> DriftResult:
    """Hellinger distance."""
    return _compare("hellinger", reference, current, bins, edges, counts, nan, preset=preset)


@_document(
    "",
    """
    Notes
    -----
    Half the sum of abs(r - c): the largest difference of the probabilities of any event (Gibbs and
    Su, "On choosing and bounding probability metrics", International Statistical Review 70, 2002).

    Examples
    --------
    >>> total_variation([4, 6, 0], [5, 3, 2], counts=True).statistic
    0.3
    """,
)
def total_variation(
    reference: npt.ArrayLike,
    current: npt.ArrayLike,
    *,
    bins: int | str = 10,
    edges: npt.ArrayLike | None = None,
    counts: bool = False,
    nan: str = "omit",
) -> DriftResult:
    """Total variation distance."""
    return _compare("total_variation", reference, current, bins, edges, counts, nan)


@_document(
    "",
    """
    Notes
    -----
    The largest abs(r - c) of any bin, Chebyshev's distance of the shares (Cha, "Comprehensive
    survey on distance/similarity measures between probability density functions", International
    Journal of Mathematical Models and Methods in Applied Sciences 1, 2007).

    Examples
    --------
    >>> linf([4, 6, 0], [5, 3, 2], counts=True).statistic
    0.3
    """,
)
def linf(
    reference: npt.ArrayLike,
    current: npt.ArrayLike,
    *,
    bins: int | str = 10,
    edges: npt.ArrayLike | None = None,
    counts: bool = False,
    nan: str = "omit",
) -> DriftResult:
    """L-infinity distance of the bins' shares."""
    return _compare("linf", reference, current, bins, edges, counts, nan)


@_document(
    """    correction : bool
        Yates's, where there are two bins.
""",
    """
    Notes
    -----
    Pearson's test of the 2 x bins table (Philosophical Magazine 50, 1900; the correction for two
    bins is Yates's, 1934), as ``scipy.stats.chi2_contingency``. Bins that are empty in both samples
    are left out; if one bin is left, the statistic is 0.

    Examples
    --------
    >>> chi2([10, 20, 30], [30, 20, 10], counts=True).statistic
    20.0
    """,
)
def chi2(
    reference: npt.ArrayLike,
    current: npt.ArrayLike,
    *,
    bins: int | str = 10,
    edges: npt.ArrayLike | None = None,
    counts: bool = False,
    correction: bool = True,
    nan: str = "omit",
) -> DriftResult:
    """Chi-squared test of homogeneity."""
    return _compare("chi2", reference, current, bins, edges, counts, nan, None, None, correction)


@_document(
    """    correction : bool
        Yates's, where there are two bins.
""",
    """
    Notes
    -----
    Twice the sum of count ln(count / expected) over the 2 x bins table (Wilks, Annals of
    Mathematical Statistics 9, 1938), as ``scipy.stats.chi2_contingency`` with
    ``lambda_="log-likelihood"``.

    Examples
    --------
    >>> round(g_test([10, 20, 30], [30, 20, 10], counts=True).statistic, 4)
    20.9299
    """,
)
def g_test(
    reference: npt.ArrayLike,
    current: npt.ArrayLike,
    *,
    bins: int | str = 10,
    edges: npt.ArrayLike | None = None,
    counts: bool = False,
    correction: bool = True,
    nan: str = "omit",
) -> DriftResult:
    """Log-likelihood ratio test of homogeneity."""
    return _compare("g_test", reference, current, bins, edges, counts, nan, None, None, correction)


def adjust(pvalues: Sequence[float] | Array, method: str = "bh") -> Array:
    """Adjust p-values for there being several.

    Parameters
    ----------
    pvalues : array_like, shape (m,)
        NaN are no tests: they are not counted, and stay NaN.
    method : {'bonferroni', 'bh', 'by'}
        Bonferroni bounds the probability of any false alarm; Benjamini and Hochberg (1995) the
        share of false ones among the alarms; Benjamini and Yekutieli (2001) the same under any
        dependence.

    Returns
    -------
    ndarray of float64, shape (m,)

    Raises
    ------
    ValueError
        For values outside [0, 1], or an unknown method.

    Examples
    --------
    >>> adjust([0.01, 0.02, 0.03, 0.5]).round(9).tolist()
    [0.04, 0.04, 0.04, 0.5]
    """
    given = np.asarray(pvalues, np.float64)
    if given.ndim != 1:
        raise ValueError(f"pvalues: expected one dimension, got {given.ndim}")
    if method not in CORRECTIONS:
        raise ValueError(f"method: expected 'bonferroni', 'bh' or 'by', got {method!r}")
    adjusted = given.copy()
    known = np.flatnonzero(~np.isnan(given))
    p = given[known]
    m = len(p)
    if ((p < 0) | (p > 1)).any():
        raise ValueError("pvalues: expected numbers between 0 and 1")
    if method == "bonferroni":
        adjusted[known] = np.minimum(p * m, 1.0)
    elif m:
        order = np.argsort(p)
        ranks = np.arange(1, m + 1)
        scaled = p[order] * (m / ranks)
        if method == "by":
            scaled *= (1 / ranks).sum()
        adjusted[known[order]] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return adjusted
