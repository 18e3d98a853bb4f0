"""Statistics of two samples that add squared differences of ranks or distribution functions."""

from __future__ import annotations

import math
import warnings
from functools import cache, lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from . import _core
from ._drift_functions import DriftResult
from ._drift_permute import check_resamples, permutation_pvalue
from ._drift_ranks import (
    AD,
    AD_CONTINUOUS,
    AD_RIGHT,
    ALTERNATIVES,
    BWS,
    BWS_SIGNED,
    CVM,
    NONE,
    Found,
    by_permutation,
    column,
    compare,
)
from ._drift_samples import (
    Sample,
    check_choice,
    document,
    sorted_pair,
    unsorted_pair,
)

__all__ = ["anderson_ksamp", "bws_test", "cramervonmises_2samp"]


# ---- Cramer and von Mises ------------------------------------------------------------------


def finish_cvm(found: Found, n: int, m: int, method: str) -> DriftResult:
    t = found.cvm
    p: float | None = None
    if method == "exact" or (method == "auto" and max(n, m) <= 20):
        p = _core.cramer_exact_sf(t, n, m)
        if p is None and method == "exact":
            raise ValueError(f"method: 'exact' takes too many steps for {n} and {m} values")
    if p is None:
        p = _core.cramer_limit_sf(t, n, m)
    return DriftResult(t, min(p, 1.0))


@document(
    [
        """
        method : {'auto', 'exact', 'asymptotic'}
            How the p-value is found; 'auto' is exact up to 20 values in the larger sample.
        """,
        *("n_resamples", "rng", "nan", "presorted"),
    ],
    """
    T, and the probability of one at least as large. NaN where a sample has less than two values.
    """,
    """
    As ``scipy.stats.cramervonmises_2samp``: with k = n m and U = n sum (r_i - i)^2 +
    m sum (s_j - j)^2 of the midranks r and s in the pooled sample, T = U / (k (n + m)) -
    (4 k - 1) / (6 (n + m)) (Anderson, Ann. Math. Statist. 33, 1962), here without rounding in
    between. The exact p-value counts lattice paths (Xiao, Gordon and Yakovlev, J. Statistical
    Software 17(8), 2007), the asymptotic one is that of the limit of T after standardising; it is
    no more accurate than 1e-7, and both take the values as having no ties. With many ties ask for
    permutations.
    """,
    """
    >>> round(cramervonmises_2samp([1, 2, 3, 4], [3.5, 5, 6, 7]).pvalue, 4)
    0.0571
    """,
    ", or where 'exact' takes too many steps",
)
def cramervonmises_2samp(
    reference: Sample,
    current: npt.ArrayLike,
    *,
    method: str = "auto",
    n_resamples: int | None = None,
    rng: Any = None,
    nan: str = "omit",
    presorted: bool = False,
) -> DriftResult:
    """Cramer-von Mises test."""
    check_choice("method", method, ("auto", "exact", "asymptotic"))
    if n_resamples is not None:
        check_resamples(n_resamples)
        method = "asymptotic"
    pair = sorted_pair(reference, current, nan, presorted)
    if pair is None or min(len(pair[0]), len(pair[1])) < 2:
        return NONE
    result = finish_cvm(compare(*pair, CVM), len(pair[0]), len(pair[1]), method)
    pick = column("cvm")
    return by_permutation(result, reference, current, nan, CVM, pick, "greater", n_resamples, rng)


# ---- Anderson and Darling ------------------------------------------------------------------

_LEVELS = (0.25, 0.1, 0.05, 0.025, 0.01, 0.005, 0.001)


@cache
def _critical() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Critical values for two samples, and the parabola through the logarithms of the levels."""
    # Scholz and Stephens 1987, table 2: b0 + b1 / sqrt(samples - 1) + b2 / (samples - 1).
    b0 = np.array([0.675, 1.281, 1.645, 1.96, 2.326, 2.573, 3.085])
    b1 = np.array([-0.245, 0.25, 0.678, 1.149, 1.822, 2.364, 3.615])
    b2 = np.array([-0.105, -0.305, -0.362, -0.391, -0.396, -0.345, -0.154])
    critical = b0 + b1 + b2
    return critical, np.polyfit(critical, np.log(_LEVELS), 2)


#: A sum over all values; the columns of a report have as many each.
_variance = lru_cache(maxsize=64)(_core.anderson_variance)


def finish_anderson(found: Found, n: int, m: int, warn: bool) -> DriftResult:
    statistic = (found.ad - 1) / math.sqrt(_variance(n, m))
    critical, parabola = _critical()
    if critical[0] <= statistic <= critical[-1]:
        return DriftResult(statistic, math.exp(np.polyval(parabola, statistic)))
    p, how, side = _LEVELS[0], "capped", "larger"
    if statistic > critical[-1]:
        p, how, side = _LEVELS[-1], "floored", "smaller"
    if warn:
        warnings.warn(
            f"p-value {how}: true value {side} than {p}. Consider `n_resamples`.",
            UserWarning,
            stacklevel=3,
        )
    return DriftResult(statistic, p)


@document(
    [
        """
        variant : {'midrank', 'right', 'continuous'}
            Distribution functions that are half-way up where values tie, that are continuous from
            the right, or the formula for values without ties.
        """,
        *("n_resamples", "rng", "nan", "presorted"),
    ],
    """
    The standardised statistic and its p-value. NaN where there are less than four values together.
    """,
    """
    As ``scipy.stats.anderson_ksamp``: (A^2 - 1) / sigma, A^2 and sigma by Scholz and Stephens
    (J. Amer. Statist. Ass. 82, 1987, formulas 7, 6, 3 and 4). The p-value is interpolated between
    their seven critical values, and there are none outside: below 0.001 and above 0.25 it is 0.001
    and 0.25, with a UserWarning. With ``n_resamples`` there is no such bound.
    """,
    """
    >>> round(anderson_ksamp([1, 2, 3, 4, 5], [3, 5, 6, 7, 8]).pvalue, 4)
    0.0353
    """,
    ", for an empty sample, or where all values are equal",
)
def anderson_ksamp(
    reference: Sample,
    current: npt.ArrayLike,
    *,
    variant: str = "midrank",
    n_resamples: int | None = None,
    rng: Any = None,
    nan: str = "omit",
    presorted: bool = False,
) -> DriftResult:
    """Anderson-Darling test of two samples."""
    wants = {"midrank": AD, "right": AD_RIGHT, "continuous": AD_CONTINUOUS}
    check_choice("variant", variant, tuple(wants))
    if n_resamples is not None:
        check_resamples(n_resamples)
    pair = sorted_pair(reference, current, nan, presorted)
    if pair is None:
        return NONE
    x, y = pair
    for name, values in (("reference", x), ("current", y)):
        if not len(values):
            raise ValueError(f"{name}: expected at least one value")
    if min(x[0], y[0]) == max(x[-1], y[-1]):
        raise ValueError("expected more than one distinct value")
    if len(x) + len(y) < 4:
        return NONE
    want = wants[variant]
    result = finish_anderson(compare(x, y, want), len(x), len(y), n_resamples is None)
    pick = column("ad")
    return by_permutation(result, reference, current, nan, want, pick, "greater", n_resamples, rng)


# ---- Baumgartner, Weiss and Schindler ------------------------------------------------------


@document(
    [
        "alternative",
        """
        n_resamples : int
            There are that many permutations of which value is in which sample, or all of them, if
            there are no more.
        """,
        *("rng", "nan"),
    ],
    """
    B, and the share of permutations with one as extreme.
    """,
    """
    As ``scipy.stats.bws_test``: squared deviations of the midranks from where they would be, each
    by its variance (Baumgartner, Weiss and Schindler, Biometrics 54, 1998); one-sided with their
    signs (Neuhaeuser 2000). More powerful in the tails than Mann and Whitney's test.
    """,
    """
    >>> bws_test([1, 2, 3, 4], [5, 6, 7, 8]).pvalue
    0.02857142857142857
    """,
    ", or an empty sample",
)
def bws_test(
    reference: Sample,
    current: npt.ArrayLike,
    *,
    alternative: str = "two-sided",
    n_resamples: int = 9999,
    rng: Any = None,
    nan: str = "omit",
) -> DriftResult:
    """Baumgartner-Weiss-Schindler test."""
    check_choice("alternative", alternative, ALTERNATIVES)
    count = check_resamples(n_resamples)
    pair = unsorted_pair(reference, current, nan)
    if pair is None:
        return NONE
    x, y = pair
    for name, values in (("reference", x), ("current", y)):
        if not len(values):
            raise ValueError(f"{name}: expected at least one value")
    want = BWS if alternative == "two-sided" else BWS_SIGNED
    statistic = compare(np.sort(x), np.sort(y), want).bws
    side = "less" if alternative == "less" else "greater"
    return DriftResult(statistic, permutation_pvalue(x, y, want, column("bws"), side, count, rng))
