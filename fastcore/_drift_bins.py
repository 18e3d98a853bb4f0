"""Edges of bins, from the reference alone."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

__all__ = ["MOST_BINS", "RULES", "edges_of", "quantile_edges"]

Array = np.ndarray[Any, Any]

MOST_BINS = 10_000


def edges_of(reference: Array, bins: int | str | np.integer[Any]) -> Array:
    """Inner edges of `bins` bins with equal shares of a sample, or of those of a rule.

    Raises
    ------
    TypeError
        If `bins` is neither an int nor a str.
    ValueError
        For no or too many bins, or an unknown rule.
    """
    values = np.sort(reference[np.isfinite(reference)].astype(np.float64))
    if isinstance(bins, str):
        return rule_edges(values, bins)
    if isinstance(bins, bool) or not isinstance(bins, (int, np.integer)):
        raise TypeError(f"bins: expected an int, got {type(bins).__name__}, or a rule's name")
    if not 1 <= bins <= MOST_BINS:
        raise ValueError(f"bins: expected 1 to {MOST_BINS}, got {bins!r}")
    return quantile_edges(values, int(bins))


def quantile_edges(values: Array, bins: int) -> Array:
    """Inner edges of bins with equal shares of sorted finite values; fewer where they repeat.

    Edges are values of the sample, so that no rounding moves a value over one.
    """
    if not len(values):
        return np.empty(0)
    at = np.ceil(np.arange(1, bins) * (len(values) / bins)).astype(np.int64)
    edges = np.unique(values[np.minimum(at, len(values) - 1)])
    edges = edges[edges > values[0]]
    if not len(edges):
        # All but a tail is one value: it gets a bin of its own, or nothing could ever be seen.
        edges = np.unique([values[0], np.nextafter(values[0], np.inf)])
    found: Array = edges[np.isfinite(edges)] + 0.0
    return found


# ---- Rules for bins of equal width ---------------------------------------------------------
# Each takes sorted finite values and gives a width; 0 stands for one bin.


def _sqrt(x: Array) -> float:
    return float(np.ptp(x)) / math.sqrt(len(x))


def _sturges(x: Array) -> float:
    return float(np.ptp(x)) / (math.log2(len(x)) + 1)


def _rice(x: Array) -> float:
    return float(np.ptp(x) / (2 * len(x) ** (1 / 3)))


def _scott(x: Array) -> float:
    return float((24 * math.sqrt(math.pi) / len(x)) ** (1 / 3) * np.std(x))


def _doane(x: Array) -> float:
    n = len(x)
    if n < 3:
        return 0.0
    sigma = float(np.std(x))
    if not sigma > 0:
        return 0.0
    skew = float((((x - x.mean()) / sigma) ** 3).mean())
    spread = math.sqrt(6 * (n - 2) / ((n + 1) * (n + 3)))
    return float(np.ptp(x)) / (1 + math.log2(n) + math.log2(1 + abs(skew) / spread))


def _fd(x: Array) -> float:
    low, high = np.percentile(x, [25, 75])
    return float(2.0 * (high - low) * len(x) ** (-1.0 / 3.0))


def _auto(x: Array) -> float:
    return min(max(_fd(x), _sqrt(x) / 2), _sturges(x))


#: Sturges 1926; Doane 1976; Scott 1979; Freedman and Diaconis 1981 (2 IQR n^(-1/3)); Rice's
#: 2 n^(1/3) bins; sqrt(n) bins; and the narrower of Freedman's (but half of sqrt's at the least)
#: and Sturges's.
RULES = {
    "sturges": _sturges,
    "doane": _doane,
    "scott": _scott,
    "fd": _fd,
    "rice": _rice,
    "sqrt": _sqrt,
    "auto": _auto,
}


def rule_edges(values: Array, rule: str) -> Array:
    """Inner edges of bins of equal width over the range of sorted finite values.

    As ``numpy.histogram_bin_edges(values, rule)[1:-1]`` but without allocating millions of bins
    where the range is wide for the width.
    """
    if rule not in RULES:
        raise ValueError(f"bins: expected an int or one of {', '.join(RULES)}, got {rule!r}")
    if not len(values):
        return np.empty(0)
    low, high = float(values[0]), float(values[-1])
    if low == high:
        return quantile_edges(values, 1 + 1)
    with np.errstate(all="ignore"):
        width = RULES[rule](values)
        wanted = (high - low) / width if width else 1.0
    if not wanted <= MOST_BINS:
        raise ValueError(
            f"bins: rule {rule!r} asks for {wanted:.3g} bins of the reference, at most {MOST_BINS} "
            "are taken: give a number"
        )
    edges: Array = np.unique(np.linspace(low, high, math.ceil(wanted) + 1)[1:-1]) + 0.0
    return edges
