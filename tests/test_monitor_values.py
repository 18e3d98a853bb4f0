"""What a monitor's counts tell of statistics that take values: exact, or near and said to be so."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastcore import Monitor, _core
from fastcore.drift import Reference, anderson_ksamp, wasserstein_distance
from tests.profiles import examples

TESTS = ["wasserstein_distance", "anderson_ksamp"]


def watched(old: Any, new: Any, **options: Any) -> Any:
    reference = Reference.fit({"x": np.asarray(old)}, **options)
    monitor = Monitor(reference, tests=TESTS)
    for part in np.array_split(np.asarray(new), 3):
        monitor.update({"x": part})
    return monitor.report()["x"]


def same(ours: Any, theirs: Any) -> None:
    for a, b in zip(ours, theirs, strict=True):
        assert (a is None) == (b is None)
        if a is not None:
            assert (math.isnan(a) and math.isnan(b)) or math.isclose(a, b, rel_tol=1e-9), (a, b)


EDGES = st.sampled_from([-math.inf, -3.0, -1.0, 0.0, 0.5, 2.0, 1e9, math.inf, math.nan])


@examples(60)
@given(st.lists(EDGES, min_size=1, max_size=30), st.lists(EDGES, max_size=30))
def test_exact_where_all_values_are_points(old: list[float], new: list[float]) -> None:
    kept = {v for v in old if math.isfinite(v)}
    new = [v for v in new if v in kept or not math.isfinite(v)]
    found = watched(old, np.array(new, float))
    wanted = Reference.fit({"x": old}).compare({"x": np.array(new, float)}, TESTS)["x"].statistics
    for name in TESTS:
        same(found.statistics[name], wanted[name])
    assert found.approximate == ()
    old, new = ([v for v in side if v == v] for side in (old, new))
    if old and new:
        same(found.statistics[TESTS[0]], wasserstein_distance(old, new))


@pytest.mark.parametrize("sample", [None, 64])
@pytest.mark.parametrize("moved", [0.0, 0.3, 2.0, 50.0, -50.0])
def test_near_elsewhere(sample: int | None, moved: float) -> None:
    rng = np.random.default_rng(1)
    old, new = rng.normal(0, 1, 3000), rng.normal(moved, 1, 2500)
    # Those far outside are where the mean says, and not half-way to the farthest.
    new[:20] = np.copysign(new[:20], moved) * 1000
    found = watched(old, new, sample=sample)
    assert set(found.approximate) == set(TESTS)
    distance = found.statistics[TESTS[0]].statistic
    exact = wasserstein_distance(old, new).statistic
    assert distance == pytest.approx(exact, rel=0.1)
    assert found.statistics[TESTS[1]].statistic == pytest.approx(
        anderson_ksamp(old, new, n_resamples=1).statistic, rel=0.02, abs=0.5
    )


def test_what_is_exact_is_said() -> None:
    """One value in a gap has a rank that is exact; of two nobody knows whether they are equal."""
    old = np.arange(40.0)
    reference = Reference.fit({"x": old})
    one = watched(old, [*old, 3.5])
    assert one.approximate == ("wasserstein_distance",)
    wanted = reference.compare({"x": np.array([*old, 3.5])}, TESTS)["x"].statistics
    same(one.statistics[TESTS[1]], wanted[TESTS[1]])
    assert set(watched(old, [*old, 3.4, 3.6]).approximate) == set(TESTS)


def test_nothing_to_compare() -> None:
    for old, new in (([math.nan] * 3, [1.0, 2.0]), ([1.0], []), ([1.0, 1.0], [1.0, 1.0, 1.0])):
        found = watched(old, np.array(new, float)).statistics
        assert math.isnan(found["anderson_ksamp"].statistic)
    assert found["wasserstein_distance"].statistic == 0
    far = watched([1e308, -1e308, 0.0], [1e308, 0.0, 0.0, -1e308]).statistics
    assert far["wasserstein_distance"].statistic == pytest.approx(1e308 / 6, rel=1e-9)
    nowhere = watched([math.inf], [2.0, 4.0, 6.0]).statistics
    assert nowhere["wasserstein_distance"].statistic == math.inf


def test_the_variance_of_any_number_of_values_at_once() -> None:
    def summed(n: int, m: int) -> float:
        whole = n + m
        i = np.arange(1, whole)
        h, part = (1 / i).sum(), np.cumsum(1 / np.arange(whole - 1, 1, -1))
        g = (part / np.arange(2, whole)).sum()
        both = 1 / n + 1 / m
        a = (4 * g - 6) + (10 - 6 * g) * both
        b = 4 * (2 * g - 4) + 8 * h + (2 * g - 14 * h - 4) * both + 4 * g - 6
        c = 4 * (6 * h + 2 * g - 2) + 2 * (4 * h - 4 * g + 6) + (2 * h - 6) * both + 4 * h
        d = 4 * (2 * h + 6) - 8 * h
        up = ((a * whole + b) * whole + c) * whole + d
        return float(up / ((whole - 1.0) * (whole - 2.0) * (whole - 3.0)))

    for n, m in ((2, 2), (3, 1), (31, 32), (32, 32), (33, 31), (40, 90), (5000, 30_000)):
        assert _core.anderson_variance(n, m) == pytest.approx(summed(n, m), rel=1e-12)
    # 2 (pi^2 / 3 - 3), their limit
    assert _core.anderson_variance(2**40, 2**40) == pytest.approx(2 * (math.pi**2 / 3 - 3))
