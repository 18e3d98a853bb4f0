"""Rank statistics against SciPy's, over samples of all kinds."""

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from fastcore import _core, drift
from fastcore._drift_many import two_samples
from tests.drift_samples import PAIRS, Samples, close, rank_sums, said, wide
from tests.profiles import examples

ALTERNATIVES = st.sampled_from(["two-sided", "less", "greater"])


@given(pair=PAIRS, alternative=ALTERNATIVES, method=st.sampled_from(["auto", "exact", "asymp"]))
@examples(300)
def test_kolmogorov_smirnov(pair: Samples, alternative: str, method: str) -> None:
    got, warned = said(lambda: drift.ks_2samp(*pair, alternative=alternative, method=method))
    with np.errstate(all="ignore"):
        wanted, expected = said(
            lambda: stats.ks_2samp(*wide(pair), alternative=alternative, method=method)
        )
    expected = [text for text in expected if "sample arguments" not in text]
    if alternative == "two-sided" and "Exact calculation unsuccessful" in " ".join(expected):
        assert got.pvalue == 1  # SciPy's sum came out a rounding above 1
        return
    assert warned == expected
    assert close(got.statistic, wanted.statistic)
    assert close(got.pvalue, wanted.pvalue, 1e-9)


@pytest.mark.parametrize("alternative", ["two-sided", "less", "greater"])
@pytest.mark.parametrize(("n", "m"), [(10_000, 700), (600, 500), (9_000, 9_000), (30_000, 20_000)])
def test_kolmogorov_smirnov_of_large_samples(n: int, m: int, alternative: str) -> None:
    rng = np.random.default_rng(n)
    r, c = rng.normal(size=n), rng.normal(0.03, 1, size=m)
    got, warned = said(lambda: drift.ks_2samp(r, c, alternative=alternative))
    wanted, expected = said(lambda: stats.ks_2samp(r, c, alternative=alternative))
    assert warned == expected
    assert close(got.statistic, wanted.statistic)
    assert close(got.pvalue, wanted.pvalue, 1e-9)


def test_the_exact_method_says_when_it_cannot_be() -> None:
    r, c = np.arange(70_001.0), np.arange(0.5, 65_000)
    got, warned = said(lambda: drift.ks_2samp(r, c, method="exact"))
    wanted, expected = said(lambda: stats.ks_2samp(r, c, method="exact"))
    assert warned == expected
    assert "calculation not possible" in warned[0]
    assert close(got.pvalue, wanted.pvalue, 1e-9)


@given(pair=PAIRS)
@examples(200)
def test_kuiper(pair: Samples) -> None:
    r, c = pair
    got = drift.kuiper_2samp(r, c)
    if not len(r) or not len(c):
        assert math.isnan(got.statistic)
        return
    both = np.concatenate((r, c))
    apart = (np.sort(r).searchsorted(both, "right") / len(r)) - (
        np.sort(c).searchsorted(both, "right") / len(c)
    )
    v = max(apart.max(), 0) + max(-apart.min(), 0)
    assert close(got.statistic, v, 1e-9) or abs(got.statistic - v) < 1e-15
    root = math.sqrt(len(r) * len(c) / (len(r) + len(c)))
    z = (root + 0.155 + 0.24 / root) * got.statistic
    j = np.arange(1, 200.0)
    series = 2 * ((4 * (j * z) ** 2 - 1) * np.exp(-2 * (j * z) ** 2)).sum()
    assert close(got.pvalue, 1.0 if z < 0.4 else min(series, 1.0), 1e-9)


def test_kuiper_is_not_the_two_sided_distance() -> None:
    """As where that is taken for it, whose p-value is then of something else."""
    r, c = np.arange(40.0), np.concatenate((np.arange(-10.0, 10), np.arange(30.0, 50)))
    assert drift.kuiper_2samp(r, c).statistic == 2 * drift.ks_2samp(r, c).statistic == 0.5
    turned = [np.roll(np.sort((x + 13) % 60), 5) for x in (r, c)]  # a circle cut open elsewhere
    assert math.isclose(drift.kuiper_2samp(*[(x + 13) % 60 for x in (r, c)]).statistic, 0.5)
    assert drift.kuiper_2samp(*turned) == drift.kuiper_2samp(*[np.sort(x) for x in turned])


@given(
    pair=PAIRS,
    alternative=ALTERNATIVES,
    method=st.sampled_from(["auto", "exact", "asymptotic"]),
    use_continuity=st.booleans(),
)
@examples(300)
def test_mann_whitney(pair: Samples, alternative: str, method: str, use_continuity: bool) -> None:
    options: Any = {"alternative": alternative, "method": method}
    options["use_continuity"] = use_continuity
    got = drift.mannwhitneyu(*pair, **options)
    (u, p), _ = said(lambda: rank_sums(*wide(pair), **options))
    assert close(got.statistic, u)
    assert close(got.pvalue, p, 1e-9)


def test_mann_whitney_far_out() -> None:
    """p-values near the smallest numbers, and exact ones of all U."""
    for n, m in ((700, 700), (8, 40), (3, 2_000)):
        r, c = np.arange(n) + 1e4, np.arange(float(m))
        got, wanted = drift.mannwhitneyu(r, c), stats.mannwhitneyu(r, c)
        assert close(got.pvalue, wanted.pvalue, 1e-9)
        assert got.pvalue < 1e-8
    for n, m in ((5, 7), (8, 8), (1, 6)):
        every = np.array([_core.mannwhitney_sf(u, n, m) for u in range(n * m + 2)], float)
        counts = np.rint(-np.diff(every) * math.comb(n + m, n))
        assert counts.sum() == math.comb(n + m, n)
        assert (counts == counts[::-1]).all()
    # More arrangements than a double counts: the tails keep their precision. In each of the last
    # there are as many as ways to write a number as a sum.
    ways = [1] + [0] * 40
    for part in range(1, 41):
        for total in range(part, 41):
            ways[total] += ways[total - part]
    p = _core.mannwhitney_sf(520 * 520 - 40, 520, 520)
    assert p is not None
    assert math.isclose(math.log(p), math.log(sum(ways)) - math.log(math.comb(1040, 520)))


def test_what_is_too_much_to_count() -> None:
    r, c = np.arange(30_000.0), np.arange(0.5, 30_000)
    with pytest.raises(ValueError, match="method: 'exact' takes too many steps for 30000"):
        drift.mannwhitneyu(r, c, method="exact")
    assert _core.mannwhitney_sf(10**8, 8, 10**8) is None


@given(pair=PAIRS, presorted=st.booleans())
@examples(150)
def test_several_at_once_are_each_alone(pair: Samples, presorted: bool) -> None:
    names = [
        *("ks_2samp", "kuiper_2samp", "mannwhitneyu", "cramervonmises_2samp"),
        *("anderson_ksamp", "wasserstein_distance", "energy_distance"),
    ]
    r, c = pair
    together = two_samples(np.sort(r) if presorted else r, c, names, presorted=presorted)
    for name in names:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                alone = getattr(drift, name)(r, c)
            except ValueError:
                assert math.isnan(together[name].statistic)
                continue
        if len(r) and len(c):
            assert close(together[name].statistic, alone.statistic)
            assert close(together[name].pvalue, alone.pvalue)


@pytest.mark.parametrize("name", ["ks_2samp", "kuiper_2samp", "mannwhitneyu"])
def test_dtypes_orders_and_missing_values(name: str) -> None:
    function: Callable[..., drift.DriftResult] = getattr(drift, name)
    rng = np.random.default_rng(2)
    r, c = rng.integers(0, 90, 50), rng.integers(0, 100, 70)
    wanted = function(r, c)
    for dtype in ("f4", "f8", ">f8", "i1", "u4", "g", "f2", ">i2"):
        assert function(r.astype(dtype), c.astype(dtype)) == wanted
        assert function(r.astype(dtype), c) == wanted
    assert function(r[::-1], np.repeat(c, 2)[::2]) == wanted
    assert function(np.sort(r), c, presorted=True) == wanted
    assert function(list(r), tuple(c)) == wanted
    gaps = np.insert(r.astype(float), [0, 7, 50], np.nan)
    assert function(gaps, c) == wanted
    assert math.isnan(function(gaps, c, nan="propagate").statistic)
    assert math.isnan(function(c, gaps, nan="propagate").pvalue or 0)
    with pytest.raises(ValueError, match="current: expected no missing values, got 3"):
        function(r, gaps, nan="raise")
    with pytest.raises(ValueError, match="rise"):
        function(r, c, presorted=True)
    large = np.array([2**60, 2**60 + 1, 2**60 + 2], np.int64)
    assert function(large, large + 1) == function([0, 1, 2], [1, 2, 3])


@pytest.mark.parametrize(
    "name",
    [
        *("ks_2samp", "kuiper_2samp", "mannwhitneyu", "cramervonmises_2samp", "anderson_ksamp"),
        *("bws_test", "epps_singleton_2samp", "ttest_ind", "wasserstein_distance"),
        "energy_distance",
    ],
)
@pytest.mark.parametrize("ties", [False, True])
def test_kept_references(name: str, ties: bool) -> None:
    function: Callable[..., drift.DriftResult] = getattr(drift, name)
    rng = np.random.default_rng(3)
    r, c = rng.normal(size=3000), rng.normal(0.1, 1, size=400)
    if ties:
        r, c = r.round(1), c.round(1)
    gaps = np.append(c, np.nan)
    if name not in ("epps_singleton_2samp", "ttest_ind", "wasserstein_distance", "energy_distance"):
        r[:3], c[:2] = (np.inf, -np.inf, -np.inf), np.inf
    more = {"n_resamples": 20, "rng": 1} if name == "bws_test" else {}
    kept = drift.Reference.fit({"x": r}, sample=None)
    got, warned = said(lambda: function(kept, gaps, **more))
    wanted, expected = said(lambda: function(np.sort(r), gaps, **more))
    assert warned == expected
    assert close(got.statistic, wanted.statistic)
    assert close(got.pvalue, wanted.pvalue, 1e-9)
    if not ties:
        with pytest.raises(
            ValueError, match=r"keeps 1[0-9]+ of its values; expected all: fit with"
        ):
            function(drift.Reference.fit({"x": r}), c)
    with pytest.raises(ValueError, match="reference: expected one of one column of numbers"):
        function(drift.Reference.fit({"x": c, "y": c}), c)


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: drift.ks_2samp([[1]], [1]), ValueError, "reference: expected one dimension"),
        (lambda: drift.ks_2samp(["a"], [1]), TypeError, "reference: expected numbers, got <U1"),
        (lambda: drift.mannwhitneyu([1], [1j]), TypeError, "current: expected numbers"),
        (lambda: drift.ks_2samp([1], [1], method="x"), ValueError, "method: expected 'auto', "),
        (lambda: drift.ks_2samp([1], [1], alternative="x"), ValueError, "alternative: expected"),
        (lambda: drift.mannwhitneyu([1], [1], nan="x"), ValueError, "nan: expected 'omit', 'raise"),
        (lambda: drift.kuiper_2samp([1], [1], n_resamples=0), ValueError, "n_resamples: expected"),
        (lambda: drift.kuiper_2samp([1], [1], n_resamples=1.5), TypeError, "n_resamples: expected"),
        (lambda: two_samples([1], [1], ["x"]), ValueError, "tests: expected 'ks_2samp', "),
        (lambda: _core.rank_compare(np.ones(2), np.ones(2, "f4"), 1), ValueError, "y: expected"),
        (lambda: _core.rank_compare(np.array([1, np.nan]), np.ones(1), 1), ValueError, "rise"),
        (lambda: _core.mannwhitney_sf(-1, 2, 2), ValueError, "expected u of at least 0"),
        (lambda: _core.mannwhitney_sf(1, 0, 2), ValueError, "expected sizes of at least 1"),
    ],
)
def test_refusals(call: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        call()
