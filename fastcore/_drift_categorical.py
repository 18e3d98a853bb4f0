"""Tests of two samples of categories: of a 2 x 2 table, and the strength of association."""

from __future__ import annotations

import inspect
import math
from typing import Any

import numpy as np
import numpy.typing as npt

from . import _core
from ._drift_functions import DriftResult, _sample, _two_counts

__all__ = ["cramers_v", "fisher_exact", "ztest_proportions"]

_SIDES = {"less": -1, "two-sided": 0, "greater": 1}
#: The most observations that Fisher's test takes: its steps grow with their root.
MOST_COUNTS = 10**12


def _side(alternative: str) -> int:
    if alternative not in _SIDES:
        raise ValueError(
            f"alternative: expected 'two-sided', 'less' or 'greater', got {alternative!r}"
        )
    return _SIDES[alternative]


def _table(
    reference: npt.ArrayLike, current: npt.ArrayLike, success: object, counts: bool, nan: str
) -> tuple[float, float, float, float] | None:
    """(successes, others) of both samples; None where NaN propagates."""
    if counts:
        rows = []
        for name, values in (("reference", reference), ("current", current)):
            row = np.asarray(values)
            if row.shape != (2,):
                raise ValueError(f"{name}: expected two counts, got shape {row.shape}")
            row = row.astype(np.float64)
            if not (np.isfinite(row).all() and (row >= 0).all() and (row == np.floor(row)).all()):
                raise ValueError(f"{name}: expected whole counts of at least 0")
            rows.extend(row.tolist())
        return rows[0], rows[1], rows[2], rows[3]
    r, c = _sample("reference", reference, nan), _sample("current", current, nan)
    if r is None or c is None:
        return None
    if success is None:
        levels = set().union(*(x.tolist() if x.dtype == object else np.unique(x) for x in (r, c)))
        if len(levels) > 2:
            raise ValueError(
                f"reference, current: expected two categories, got {len(levels)}: say which one "
                "is a success"
            )
        try:
            success = max(levels, default=None)
        except TypeError as error:
            raise TypeError(
                "reference, current: expected categories of one kind, or success="
            ) from error
    found = [
        float(x.tolist().count(success) if x.dtype == object else (x == success).sum())
        for x in (r, c)
    ]
    return found[0], len(r) - found[0], found[1], len(c) - found[1]


_PARAMETERS = """
    Parameters
    ----------
    reference, current : array_like, shape (n,) and (m,)
        Samples of two categories: bools, numbers or texts. With ``counts=True`` the successes and
        the others, each of shape (2,).
    alternative : {'two-sided', 'less', 'greater'}
        'greater': successes are more frequent in the reference.
    success : optional
        The category that is a success; all others together are none. If not given, the larger of
        two (True, 1, the last in the alphabet).
    counts : bool
        Whether the arguments are counts.
    nan : {'omit', 'raise', 'propagate'}
        What to do about NaN (in texts: None and NaN).
"""
_RAISES = """
    Raises
    ------
    ValueError
        For more than two categories without `success`, more than one dimension, counts that are
        no whole numbers of at least 0, or an unknown `alternative` or `nan`.
    TypeError
        For values that are neither numbers nor texts.
"""


def _document(function: Any) -> Any:
    text = inspect.cleandoc(function.__doc__) + "\n"  # Python 3.13 has taken the margin off itself
    text = text.replace("PARAMETERS\n", inspect.cleandoc(_PARAMETERS) + "\n")
    function.__doc__ = text.replace("RAISES\n", inspect.cleandoc(_RAISES) + "\n")
    return function


@_document
def fisher_exact(
    reference: npt.ArrayLike,
    current: npt.ArrayLike,
    *,
    alternative: str = "two-sided",
    success: object = None,
    counts: bool = False,
    nan: str = "omit",
) -> DriftResult:
    """Fisher's exact test of two samples of two categories, as ``scipy.stats.fisher_exact``.

    PARAMETERS

    Returns
    -------
    DriftResult
        The odds of a success in the reference over those in the current data, a d / (b c) of the
        table ((a, b), (c, d)), and the p-value. NaN and 1 where a row or a column is all 0, and NaN
        of both where a sample is empty.

    RAISES

    Notes
    -----
    Given the sums of rows and columns, a has a hypergeometric distribution (Fisher 1935). The
    two-sided p-value is the probability of all tables that are no more probable than this one. Up
    to 1e12 observations, which take some milliseconds; for large counts `chi2` says the same.

    Examples
    --------
    >>> fisher_exact([8, 2], [1, 5], counts=True)
    DriftResult(statistic=20.0, pvalue=0.03496503496503497)
    """
    side = _side(alternative)
    table = _table(reference, current, success, counts, nan)
    if table is None or not (table[0] + table[1] and table[2] + table[3]):
        return DriftResult(math.nan, math.nan)
    a, b, c, d = table
    if sum(table) > MOST_COUNTS:
        raise ValueError(f"counts: expected at most {MOST_COUNTS} observations, got {sum(table):g}")
    if not (a + c and b + d):
        return DriftResult(math.nan, 1.0)
    odds = a * d / (b * c) if b and c else math.inf
    return DriftResult(odds, _core.fisher(a, b, c, d, side))


@_document
def ztest_proportions(
    reference: npt.ArrayLike,
    current: npt.ArrayLike,
    *,
    alternative: str = "two-sided",
    success: object = None,
    counts: bool = False,
    nan: str = "omit",
) -> DriftResult:
    """Test of equal shares of successes in two samples, by the normal distribution.

    PARAMETERS

    Returns
    -------
    DriftResult
        z, positive where successes are more frequent in the reference, and the p-value. NaN where a
        sample is empty, or where both hold only successes or none.

    RAISES

    Notes
    -----
    z = (p - q) / sqrt(s (1 - s) (1/n + 1/m)), where s is the share in both samples together. z
    squared is `chi2` without Yates's correction. An approximation: with fewer than five successes
    or others in a sample take `fisher_exact`.

    Examples
    --------
    >>> z, p = ztest_proportions([30, 70], [45, 55], counts=True)
    >>> round(z, 4), round(p, 4)
    (-2.1909, 0.0285)
    """
    side = _side(alternative)
    table = _table(reference, current, success, counts, nan)
    if table is None:
        return DriftResult(math.nan, math.nan)
    a, b, c, d = table
    n, m = a + b, c + d
    if not (n and m and a + c and b + d):
        return DriftResult(math.nan, math.nan)
    # In whole numbers as long as they are: no difference of rounded shares.
    z = (a * d - b * c) / (n * m) / math.sqrt((a + c) / (n + m) * ((b + d) / (n + m)))
    z /= math.sqrt(1 / n + 1 / m)
    tail = math.erfc((abs(z) if side == 0 else side * z) / math.sqrt(2))
    return DriftResult(z, tail if side == 0 else tail / 2)


def cramers_v(
    reference: npt.ArrayLike,
    current: npt.ArrayLike,
    *,
    bins: int | str = 10,
    edges: npt.ArrayLike | None = None,
    counts: bool = False,
    nan: str = "omit",
) -> DriftResult:
    """Cramér's V of sample and category: how much a value tells of the sample it is from.

    Parameters
    ----------
    reference, current : array_like, shape (n,) and (m,)
        Samples: numbers of any dtype, or texts. With ``counts=True`` counts of the same bins, both
        of shape (bins,).
    bins, edges, counts, nan
        As in `psi`.

    Returns
    -------
    DriftResult
        Between 0 (equal shares) and 1 (nothing in common), 0 if one bin is left, and the p-value of
        `chi2` without Yates's correction. NaN where a sample is empty.

    Raises
    ------
    ValueError, TypeError
        As `psi` does.

    Notes
    -----
    sqrt(chi2 / n), where n counts both samples, without Yates's correction: of a table of two rows
    min(rows - 1, columns - 1) is 1 (Cramér 1946). As ``scipy.stats.contingency.association``. It is
    a size of effect and does not grow with the samples, unlike `chi2`; without drift its square is
    about (bins - 1) / n.

    Examples
    --------
    >>> round(cramers_v([10, 20, 30], [30, 20, 10], counts=True).statistic, 4)
    0.4082
    """
    rows = _two_counts(reference, current, bins, edges, counts, nan)
    if rows is None:
        return DriftResult(math.nan, math.nan)
    chi2, p = _core.statistic("chi2", *rows, 0.0, math.nan, False)
    size = float(rows[0].sum() + rows[1].sum())
    return DriftResult(math.sqrt(chi2 / size) if size else math.nan, p)
