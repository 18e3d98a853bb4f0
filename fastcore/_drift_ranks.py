"""Statistics of the ranks of two samples: one sort of each, one pass over both.

Each statistic has a flag for the pass and a function from what the pass found to the result, so
that several statistics of the same samples share both (`two_samples`).
"""

from __future__ import annotations

import math
import warnings
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from . import _core
from ._drift_functions import DriftResult
from ._drift_permute import Floats, Pick, check_resamples, permutation_pvalue
from ._drift_samples import (
    Array,
    Sample,
    check_choice,
    document,
    kept_values,
    numbers,
    sorted_pair,
    unsorted_pair,
)
from ._reference import Reference

__all__ = ["ks_2samp", "kuiper_2samp", "mannwhitneyu"]

#: The flags of include/fastcore/drift_ranks.h.
KS, MWU, CVM, AD, AD_RIGHT, AD_CONTINUOUS, W1, ENERGY, BWS, BWS_SIGNED, T, T_WELCH = (
    1 << i for i in range(12)
)
NONE = DriftResult(math.nan, math.nan)
ALTERNATIVES = ("two-sided", "less", "greater")


class Found(NamedTuple):
    """What `_core.rank_compare` says, in its order; NaN where it was not asked for."""

    above: float
    below: float
    u: float
    ties: float
    cvm: float
    ad: float
    w1: float
    energy: float
    bws: float
    t: float


def column(name: str) -> Pick:
    """One of the fields of many such rows."""
    at = Found._fields.index(name)
    return lambda rows: rows[:, at]


def compare(x: Floats, y: Floats, want: int) -> Found:
    return Found(*_core.rank_compare(x, y, want))


def by_permutation(
    result: DriftResult,
    reference: Sample,
    current: npt.ArrayLike,
    nan: str,
    want: int,
    pick: Pick,
    alternative: str,
    n_resamples: int | None,
    rng: Any,
    ranks: bool = True,
) -> DriftResult:
    """`result` with another p-value, if one is asked for."""
    if n_resamples is None:
        return result
    pair = unsorted_pair(reference, current, nan, ranks)
    if pair is None or not len(pair[0]) or not len(pair[1]):
        return result
    p = permutation_pvalue(*pair, want, pick, alternative, n_resamples, rng)
    return DriftResult(result.statistic, p)


# ---- Kolmogorov and Smirnov ----------------------------------------------------------------


def finish_ks(found: Found, n: int, m: int, alternative: str, method: str) -> DriftResult:
    if method == "exact":
        shared = math.gcd(n, m)
        if n // shared >= (2**31 - 1) / (m // shared):
            warnings.warn(
                f"Exact ks_2samp calculation not possible with samples sizes {n} and {m}. "
                "Switching to 'asymp'.",
                RuntimeWarning,
                stacklevel=3,
            )
            method = "asymp"
    if alternative == "two-sided":
        distance = max(found.above, found.below)
        return DriftResult(*_core.ks_pvalue(distance, n, m, method))
    distance = found.above if alternative == "greater" else found.below
    statistic, p, exact = _core.ks_one_sided(distance, n, m, method)
    if not exact and (method == "exact" or (method == "auto" and max(n, m) <= 10_000)):
        warnings.warn(
            "ks_2samp: Exact calculation unsuccessful. Switching to method=asymp.",
            RuntimeWarning,
            stacklevel=3,
        )
    return DriftResult(statistic, p)


def _against_kept(reference: Reference, current: Array) -> DriftResult:
    """From counts in the gaps of the kept values: the current ones are not sorted either."""
    if not len(kept_values(reference)) or not len(current):
        return NONE
    report = reference.compare({reference.names[0]: current}, tests=["ks_2samp"])
    return report[reference.names[0]].statistics["ks_2samp"]


def _larger(rows: Floats) -> Floats:
    return np.maximum(rows[:, 0], rows[:, 1])


@document(
    [
        "alternative",
        """
        method : {'auto', 'exact', 'asymp'}
            How the p-value is found; 'auto' is exact up to 10,000 values in the larger sample.
        """,
        *("n_resamples", "rng", "nan", "presorted"),
    ],
    """
    The largest difference between the empirical distribution functions (one-sided: in that
    direction), and the probability of one at least as large. NaN where a sample is empty.
    """,
    """
    As ``scipy.stats.ks_2samp``. The exact p-value counts lattice paths (Hodges 1958), the
    asymptotic one is that of the Kolmogorov distribution for round(n m / (n + m)) (Simard and
    L'Ecuyer 2011); one-sided, Hodges's formula 5.3. Where the exact method is asked for but cannot
    be used, the asymptotic one is, with a RuntimeWarning. Infinities are values like others.
    """,
    """
    >>> ks_2samp([1, 2, 3, 4], [3, 4, 5, 6]).statistic
    0.5
    """,
)
def ks_2samp(
    reference: Sample,
    current: npt.ArrayLike,
    *,
    alternative: str = "two-sided",
    method: str = "auto",
    n_resamples: int | None = None,
    rng: Any = None,
    nan: str = "omit",
    presorted: bool = False,
) -> DriftResult:
    """Kolmogorov-Smirnov test."""
    check_choice("alternative", alternative, ALTERNATIVES)
    check_choice("method", method, ("auto", "exact", "asymp"))
    if n_resamples is not None:
        check_resamples(n_resamples)
        method = "asymp"
    plain = (alternative, method, n_resamples, nan) == ("two-sided", "auto", None, "omit")
    if plain and isinstance(reference, Reference):
        return _against_kept(reference, numbers("current", current))
    pair = sorted_pair(reference, current, nan, presorted)
    if pair is None or not len(pair[0]) or not len(pair[1]):
        return NONE
    result = finish_ks(compare(*pair, KS), len(pair[0]), len(pair[1]), alternative, method)
    pick = {"two-sided": _larger, "greater": column("above"), "less": column("below")}[alternative]
    return by_permutation(result, reference, current, nan, KS, pick, "greater", n_resamples, rng)


# ---- Kuiper --------------------------------------------------------------------------------


def kuiper_pvalue(statistic: float, n: int, m: int) -> float:
    """Stephens's approximation: the limiting distribution, of a corrected statistic."""
    root = math.sqrt(n * m / (n + m))
    z = (root + 0.155 + 0.24 / root) * statistic
    if z < 0.4:
        return 1.0
    p, j = 0.0, 1
    while True:
        square = 4 * (j * z) ** 2
        term = 2 * (square - 1) * math.exp(-square / 2)
        p += term
        if abs(term) <= 1e-17 * p or j > 100:
            return min(max(p, 0.0), 1.0)
        j += 1


def finish_kuiper(found: Found, n: int, m: int) -> DriftResult:
    statistic = found.above + found.below
    return DriftResult(statistic, kuiper_pvalue(statistic, n, m))


@document(
    ["n_resamples", "rng", "nan", "presorted"],
    """
    The sum of the largest differences between the empirical distribution functions in both
    directions, and the probability of one at least as large. NaN where a sample is empty.
    """,
    """
    V = sup(F - G) + sup(G - F) (Kuiper 1960): as sensitive in the tails as in the middle, and the
    same wherever a circle (hours, directions) is cut open. With e = n m / (n + m) and
    z = (sqrt(e) + 0.155 + 0.24 / sqrt(e)) V the p-value is the sum over j of
    2 (4 j^2 z^2 - 1) exp(-2 j^2 z^2) (Stephens, J. Royal Statist. Soc. B 32, 1970).
    """,
    """
    >>> kuiper_2samp([1, 2, 3, 4], [2, 3, 3, 3]).statistic
    0.5
    """,
)
def kuiper_2samp(
    reference: Sample,
    current: npt.ArrayLike,
    *,
    n_resamples: int | None = None,
    rng: Any = None,
    nan: str = "omit",
    presorted: bool = False,
) -> DriftResult:
    """Kuiper's test."""
    if n_resamples is not None:
        check_resamples(n_resamples)
    pair = sorted_pair(reference, current, nan, presorted)
    if pair is None or not len(pair[0]) or not len(pair[1]):
        return NONE
    result = finish_kuiper(compare(*pair, KS), len(pair[0]), len(pair[1]))
    return by_permutation(
        result,
        reference,
        current,
        nan,
        KS,
        lambda rows: rows[:, 0] + rows[:, 1],
        "greater",
        n_resamples,
        rng,
    )


# ---- Mann and Whitney ----------------------------------------------------------------------


def finish_mwu(
    found: Found, n: int, m: int, use_continuity: bool, alternative: str, method: str
) -> DriftResult:
    other = float(n) * m - found.u
    u = {"greater": found.u, "less": other}.get(alternative, max(found.u, other))
    chosen = method
    if method == "auto":
        chosen = "exact" if min(n, m) <= 8 and found.ties == 0 else "asymptotic"
    p = None
    if chosen == "exact":
        p = _core.mannwhitney_sf(math.floor(u), n, m)
        if p is None and method == "exact":
            raise ValueError(f"method: 'exact' takes too many steps for {n} and {m} values")
    if p is None:
        p = _core.mannwhitney_limit_sf(u, found.ties, n, m, 0.5 if use_continuity else 0.0)
    if alternative == "two-sided":
        p *= 2
    return DriftResult(found.u, min(p, 1.0))


@document(
    [
        """
        use_continuity : bool
            Whether the asymptotic p-value has a continuity correction of 1/2.
        """,
        "alternative",
        """
        method : {'auto', 'exact', 'asymptotic'}
            How the p-value is found; 'auto' is exact if a sample has 8 values or fewer, there are
            no ties, and the distribution is not too large to be counted.
        """,
        *("n_resamples", "rng", "nan", "presorted"),
    ],
    """
    U of the reference: in how many pairs its value is the greater one, ties being half. NaN where
    a sample is empty.
    """,
    """
    As ``scipy.stats.mannwhitneyu``. The exact distribution (Mann and Whitney 1947) is that without
    ties; the asymptotic one corrects for them.
    """,
    """
    >>> mannwhitneyu([1, 2, 3], [2.5, 4, 5, 6])
    DriftResult(statistic=1.0, pvalue=0.11428571428571428)
    """,
    ", or where 'exact' takes too many steps",
)
def mannwhitneyu(
    reference: Sample,
    current: npt.ArrayLike,
    *,
    use_continuity: bool = True,
    alternative: str = "two-sided",
    method: str = "auto",
    n_resamples: int | None = None,
    rng: Any = None,
    nan: str = "omit",
    presorted: bool = False,
) -> DriftResult:
    """Mann-Whitney U test, also known as Wilcoxon's rank sum test."""
    check_choice("alternative", alternative, ALTERNATIVES)
    check_choice("method", method, ("auto", "exact", "asymptotic"))
    if n_resamples is not None:
        check_resamples(n_resamples)
        method = "asymptotic"
    pair = sorted_pair(reference, current, nan, presorted)
    if pair is None or not len(pair[0]) or not len(pair[1]):
        return NONE
    result = finish_mwu(
        compare(*pair, MWU), len(pair[0]), len(pair[1]), use_continuity, alternative, method
    )
    return by_permutation(
        result, reference, current, nan, MWU, column("u"), alternative, n_resamples, rng
    )
