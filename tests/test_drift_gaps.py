"""Statistics of ranks from counts between kept values, against SciPy's of the values."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from fastcore import drift
from tests.drift_samples import Samples, close, pairs, rank_sums, said
from tests.profiles import examples

RANKED = ["mannwhitneyu", "cramervonmises_2samp"]


@given(pair=pairs(1), infinite=st.booleans())
@examples(200)
def test_ranks_of_counts(pair: Samples, infinite: bool) -> None:
    r, c = (x.astype(np.float64) for x in pair)
    if not infinite:
        r, c = (np.where(np.isfinite(x), x, 0) for x in (r, c))
    report = drift.Reference.fit({"x": r}, sample=None).compare({"x": c}, tests=RANKED)["x"]
    u, t = (report.statistics[name] for name in RANKED)
    wanted_u, wanted_p = rank_sums(r, c)
    assert close(u.statistic, wanted_u)
    apart = max(Counter(c[~np.isin(c, r) & np.isfinite(c)]).values(), default=0) < 2
    if not report.approximate:
        assert apart
    if apart or not report.approximate:
        # No two values that are no points of the reference are equal.
        if min(len(r), len(c)) > 8 or not report.approximate:
            assert close(u.pvalue, wanted_p, 1e-9)
        if min(len(r), len(c)) < 2:
            assert math.isnan(t.statistic)
            return
        with np.errstate(all="ignore"):
            expected = said(lambda: stats.cramervonmises_2samp(r, c))[0]
        assert close(t.statistic, float(expected.statistic), 1e-11)
        assert t.pvalue is not None
        assert (
            close(t.pvalue, float(expected.pvalue), 1e-9)
            or abs(t.pvalue - float(expected.pvalue)) < 1e-14
        )


@pytest.mark.parametrize("ends", [(0, 0, 3, 0), (5, 0, 0, 0), (0, 4, 0, 0), (2, 1, 900, 7)])
@pytest.mark.parametrize("rows", [40, 9000])  # from some thousands on distances are found apart
def test_infinite_values_are_told_from_all_others(rows: int, ends: tuple[int, ...]) -> None:
    rng = np.random.default_rng(3)
    r, c = rng.normal(size=200), rng.normal(size=rows) * 9
    below, above, low, high = ends
    r[:below], r[below : below + above] = -np.inf, np.inf
    low, high = min(low, rows // 4), min(high, rows // 4)
    c[:low], c[low : low + high] = -np.inf, np.inf
    tests = ["ks_2samp", *RANKED]
    found = drift.Reference.fit({"x": r}, sample=None).compare({"x": c}, tests=tests)["x"]
    k, u, t = (found.statistics[name].statistic for name in tests)
    assert close(k, float(stats.ks_2samp(r, c).statistic))
    assert close(u, float(stats.mannwhitneyu(r, c).statistic))
    assert close(t, float(stats.cramervonmises_2samp(r, c).statistic), 1e-11)
    assert "ks_2samp" not in found.approximate


@pytest.mark.parametrize("last", [np.inf, -np.inf])
@pytest.mark.parametrize("beyond", [1, 9000])
def test_infinity_is_no_value_beyond_the_last(last: float, beyond: int) -> None:
    sign = math.copysign(1, last)
    r = sign * np.array([0.0, 1.0, 2.0, np.inf])
    c = np.concatenate((sign * np.array([0.0, 1.0, 2.0]), np.full(beyond, sign * 3)))
    found = drift.Reference.fit({"x": r}, sample=None).compare({"x": c}, tests=["ks_2samp"])["x"]
    assert close(found.statistics["ks_2samp"].statistic, float(stats.ks_2samp(r, c).statistic))


def test_what_is_approximate_is_said() -> None:
    rng = np.random.default_rng(0)
    r, levels = rng.normal(size=3000), rng.integers(0, 9, 3000).astype(float)
    tests = ["ks_2samp", *RANKED]
    thinned = drift.Reference.fit({"x": r}).compare({"x": r + 1}, tests=tests)["x"]
    assert set(thinned.approximate) == set(tests)
    assert math.isclose(
        thinned.statistics["mannwhitneyu"].statistic,
        float(stats.mannwhitneyu(r, r + 1).statistic),
        rel_tol=1e-3,
    )
    kept = drift.Reference.fit({"x": levels, "t": ["a"] * 3000})
    report = kept.compare({"x": levels[:500], "t": ["a"] * 500}, tests=tests)
    assert report["x"].approximate == ()
    assert report["t"].approximate == ()
    assert not set(tests) & set(report["t"].statistics)
    wanted = stats.cramervonmises_2samp(levels, levels[:500])
    assert close(report["x"].statistics[RANKED[1]].statistic, float(wanted.statistic), 1e-10)
    between = kept.compare({"x": levels[:500] + 0.5, "t": ["a"] * 500}, tests=tests)["x"]
    assert set(between.approximate) == set(RANKED)
    assert between.statistics["mannwhitneyu"].statistic == float(
        stats.mannwhitneyu(levels, levels[:500] + 0.5).statistic
    )


def test_a_monitor_has_ranks_too() -> None:
    rng = np.random.default_rng(1)
    r, c = rng.normal(size=800), rng.normal(0.4, 1, 300)
    monitor = drift.Monitor(drift.Reference.fit({"x": r}), tests=["psi", *RANKED])
    for part in np.split(c, 3):
        monitor.update({"x": part})
    found = monitor.report()["x"].statistics
    for name in RANKED:
        wanted = getattr(stats, name)(r, c)
        assert found[name].statistic == pytest.approx(float(wanted.statistic), rel=0.01)
    assert found["mannwhitneyu"].statistic == float(stats.mannwhitneyu(r, c).statistic)
