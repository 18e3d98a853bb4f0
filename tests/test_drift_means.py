"""Statistics of values against SciPy's: means, characteristic functions, distances."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from fastcore import _core, drift
from tests.drift_differential.referee import student
from tests.drift_samples import PAIRS, Samples, close, pairs, said, wide
from tests.profiles import examples


@given(
    pair=PAIRS,
    equal_var=st.booleans(),
    alternative=st.sampled_from(["two-sided", "less", "greater"]),
)
@examples(200)
def test_student(pair: Samples, equal_var: bool, alternative: str) -> None:
    options: Any = {"equal_var": equal_var, "alternative": alternative}
    got = drift.ttest_ind(*pair, **options)
    with np.errstate(all="ignore"):
        wanted, _ = said(lambda: stats.ttest_ind(*wide(pair), **options))
    t = float(wanted.statistic)
    if not close(got.statistic, t, 1e-10):  # means that are apart by less than SciPy rounds
        exact = float(student(*wide(pair), equal_var)[0])
        assert abs(got.statistic - exact) <= 1e-10 * abs(exact) < 1e-12
        return
    assert close(got.pvalue, float(wanted.pvalue), 1e-9)


def test_equal_means_are_not_apart() -> None:
    for equal_var in (True, False):
        found = drift.ttest_ind([2, -3, 0], [-1, 0, 0], equal_var=equal_var)
        assert (found.statistic, found.pvalue) == (0, 1)
    far = np.arange(9.0) + 2.0**53
    assert drift.ttest_ind(far, far[::-1]).statistic == 0


@given(t=st.one_of(st.floats(-40, 40), st.floats(1e-12, 1e6)), df=st.floats(0.1, 1e6))
@examples(200)
def test_the_distribution_of_student(t: float, df: float) -> None:
    wanted = float(stats.t.sf(t, df))
    if wanted > 1e-300:
        assert close(_core.student_sf(t, df), wanted, 1e-9)


def test_a_t_far_out() -> None:
    x, y = np.arange(4000.0), np.arange(4000.0) + 970
    got, wanted = drift.ttest_ind(x, y), stats.ttest_ind(x, y)
    assert 0 < wanted.pvalue < 1e-280
    assert close(got.pvalue, float(wanted.pvalue), 1e-9)


def _condition(x: Any, y: Any, t: tuple[float, ...]) -> float:
    """Of the covariance that the statistic of Epps and Singleton inverts."""
    quarters = np.percentile(np.concatenate((x, y)), (25, 75))
    at = np.array(t)[:, None] * 2 / (quarters[1] - quarters[0])
    sides = [np.concatenate((np.cos(at * z), np.sin(at * z))) for z in (x, y)]
    return float(np.linalg.cond(sum(np.cov(z, bias=True) / z.shape[1] for z in sides)))


@given(pair=PAIRS, t=st.sampled_from([(0.4, 0.8), (1.0,), (0.2, 0.5, 1.1)]))
@examples(150)
def test_epps_singleton(pair: Samples, t: tuple[float, ...]) -> None:
    got, warned = said(lambda: drift.epps_singleton_2samp(*pair, t=t))
    try:
        with np.errstate(all="ignore"):
            wanted, expected = said(lambda: stats.epps_singleton_2samp(*wide(pair), t))
    except np.linalg.LinAlgError:  # the interquartile range is 0
        assert math.isnan(got.statistic)
        return
    if math.isnan(wanted.statistic):
        assert math.isnan(got.statistic)
        return
    both = np.concatenate(wide(pair))
    spread = np.percentile(both, 75) - np.percentile(both, 25)
    if spread == 0 or "Estimated" in " ".join(expected):
        # A singular covariance: what is left of it is rounding, and its inverse likewise.
        assert warned == expected or spread == 0
        return
    assert warned == expected
    # An inverse has so many digits fewer than numbers have as the condition says.
    bound = max(1e-6, np.finfo(float).eps * _condition(*wide(pair), t))
    assert close(got.statistic, float(wanted.statistic), bound)
    assert close(got.pvalue, float(stats.chi2.sf(got.statistic, 2 * len(t))), 1e-9)


def test_epps_singleton_of_many_values() -> None:
    rng = np.random.default_rng(0)
    for n, m in ((12, 30), (400, 300), (20_000, 9_000)):
        x, y = rng.normal(size=n), rng.exponential(size=m)
        got, wanted = drift.epps_singleton_2samp(x, y), stats.epps_singleton_2samp(x, y)
        assert close(got.statistic, float(wanted.statistic), 1e-10)
        assert close(got.pvalue, float(wanted.pvalue), 1e-9)


DISTANCES = [
    (drift.wasserstein_distance, stats.wasserstein_distance),
    (drift.energy_distance, stats.energy_distance),
]


@pytest.mark.parametrize(("ours", "theirs"), DISTANCES)
@given(pair=pairs(1), seed=st.integers(0, 99), weights=st.sampled_from(["", "u", "v", "uv"]))
@examples(200)
def test_distances(ours: Any, theirs: Any, pair: Samples, seed: int, weights: str) -> None:
    rng = np.random.default_rng(seed)
    u, v = (rng.uniform(0, 2, len(x)).round(1) + 0.01 for x in pair)
    given_u, given_v = u if "u" in weights else None, v if "v" in weights else None
    got = ours(*pair, u_weights=given_u, v_weights=given_v)
    with np.errstate(all="ignore"):
        wanted, _ = said(lambda: theirs(*wide(pair), given_u, given_v))
    assert got.pvalue is None
    ends = np.concatenate(wide(pair))
    # SciPy's steps are rounded to 1e-16: for a distance that is small against the range.
    least = 1e-16 * (ends.max() - ends.min()) if np.isfinite(ends).all() else 0
    if ours is drift.energy_distance:
        least = math.sqrt(1e-32 * (ends.max() - ends.min())) if least else 0
    assert close(got.statistic, float(wanted), 1e-11) or abs(got.statistic - wanted) <= least * 20


@pytest.mark.parametrize(("ours", "theirs"), DISTANCES)
def test_distances_of_all_that_there_is(ours: Any, theirs: Any) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=20_000), rng.normal(0.1, 1, 30_000)
    assert close(ours(x, y).statistic, float(theirs(x, y)), 1e-12)
    # As accurate for values of 1e-12, where others take a floor of 0.001 for their scale.
    assert close(ours(x * 1e-12, y * 1e-12).statistic, float(theirs(x * 1e-12, y * 1e-12)), 1e-12)
    large = np.array([2**60, 2**60 + 4096], np.int64)
    assert close(ours(large, large + 8192).statistic, float(theirs(large, large + 8192)))
    gaps, weights = np.insert(x[:50], 3, np.nan), np.linspace(0.5, 2, 51)
    got = ours(gaps, y[:40], u_weights=weights)
    assert close(got.statistic, float(theirs(x[:50], y[:40], np.delete(weights, 3))))
    assert math.isnan(ours(gaps, y, nan="propagate").statistic)
    assert math.isnan(ours(gaps, y, nan="propagate", u_weights=weights).statistic)
    assert ours(np.sort(x), y, presorted=True) == ours(x, y)


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: drift.energy_distance([], [1]), ValueError, "reference: expected at least one"),
        (lambda: drift.energy_distance([1], [math.nan]), ValueError, "current: .* not NaN"),
        (
            lambda: drift.wasserstein_distance([1], [1], u_weights=[1, 2]),
            ValueError,
            r"u_weights: expected as many as there are values \(1\)",
        ),
        (
            lambda: drift.wasserstein_distance([1], [1], v_weights=[-1]),
            ValueError,
            "v_weights: expected no negative",
        ),
        (
            lambda: drift.wasserstein_distance([1], [1], v_weights=[0]),
            ValueError,
            "v_weights: expected a positive",
        ),
        (
            lambda: drift.energy_distance([1], [1], v_weights=[1], n_resamples=9),
            ValueError,
            "n_resamples: expected no weights",
        ),
        (
            lambda: drift.energy_distance([math.nan], [1], u_weights=[1], nan="raise"),
            ValueError,
            "reference: expected no missing values, got 1",
        ),
        (lambda: drift.epps_singleton_2samp([1], [1], t=[0]), ValueError, "t: expected positive"),
        (lambda: drift.epps_singleton_2samp([1], [1], t=[[1]]), ValueError, "t: expected one dim"),
        (lambda: drift.ttest_ind(["a"], [1]), TypeError, "reference: expected numbers"),
        (lambda: drift.ttest_ind([1], [1], alternative="x"), ValueError, "alternative: expected"),
    ],
)
def test_refusals(call: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        call()
