"""Pairs of samples for the tests of two-sample statistics."""

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st
from scipy import stats

Samples = tuple[npt.NDArray[Any], npt.NDArray[Any]]


def _pair(
    n: int, m: int, kind: str, shift: float, dtype: str, ends: tuple[bool, bool], seed: int
) -> Samples:
    rng = np.random.default_rng(seed)
    r, c = rng.normal(size=n), rng.normal(shift, 1, size=m)
    if kind == "levels":
        r, c = r.round(), c.round()
    elif kind == "tenths":
        r, c = r.round(1), c.round(1)
    elif kind == "constant":
        r, c = np.full(n, 3.0), np.full(m, 3.0)
    elif kind == "apart":
        c = c + 50
    elif kind == "small":
        r, c = r * 1e-12, c * 1e-12
    if dtype.startswith("i"):
        r, c = r * 3, c * 3
    r, c = r.astype(dtype), c.astype(dtype)
    if dtype.startswith("f"):
        if ends[0] and n:
            r[rng.integers(n)] = np.inf
        if ends[1] and m:
            c[rng.integers(m)] = -np.inf
    return r, c


def pairs(least: int = 0, infinite: bool = True) -> st.SearchStrategy[Samples]:
    """Samples with and without ties, of few and of some values, of several dtypes."""
    size = st.one_of(st.integers(least, least + 4), st.integers(max(least, 1), 40))
    end = st.booleans() if infinite else st.just(False)
    return st.builds(
        _pair,
        size,
        size,
        st.sampled_from(["plain", "levels", "tenths", "constant", "apart", "small", "plain"]),
        st.sampled_from([0.0, 0.3, 1.0]),
        st.sampled_from(["f8", "f8", "f4", "i4"]),
        st.tuples(end, end),
        st.integers(0, 9999),
    )


PAIRS = pairs()


def wide(pair: Samples) -> Samples:
    """As float64: SciPy computes some statistics of float32 in float32."""
    return pair[0].astype(np.float64), pair[1].astype(np.float64)


def close(a: float | None, b: float | None, rel: float = 1e-12) -> bool:
    """Equal up to `rel`; NaN equals NaN."""
    if a is None or b is None:
        return a is b
    if math.isnan(a) or math.isnan(b):
        return math.isnan(a) and math.isnan(b)
    return math.isclose(a, b, rel_tol=rel, abs_tol=1e-300)


def rank_sums(x: Any, y: Any, **options: Any) -> tuple[float, float]:
    """SciPy's Mann-Whitney, U and p; where all values are equal, and the difference of 0 has its
    correction for continuity, p is 1, as it was before 1.18."""
    found = stats.mannwhitneyu(x, y, **options)
    pooled = np.concatenate([x, y])
    alike = pooled.size > 0 and bool(np.all(pooled == pooled[0])) and min(len(x), len(y)) > 0
    p = float(found.pvalue)
    corrected = alike and options.get("use_continuity", True)
    return float(found.statistic), 1.0 if corrected and math.isnan(p) else p


def said(call: Callable[[], Any]) -> tuple[Any, list[str]]:
    """A result, and the texts of the warnings that came with it."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = call()
    return result, [str(warning.message) for warning in caught]
