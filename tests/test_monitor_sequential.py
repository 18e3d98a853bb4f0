"""Alarms of a monitor that is looked at after each batch."""

import datetime
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastcore import Monitor
from fastcore.drift import Reference, SequentialTest, psi
from tests.profiles import SCALES, chosen, examples

HOUR = 3600.0
SLOTS = 4


def frame(rng: Any, n: int, shift: float = 0.0, missing: float = 0.0) -> dict[str, Any]:
    x = rng.normal(shift, 1, n)
    x[rng.random(n) < missing] = math.nan
    return {
        "x": x,
        "when": np.datetime64("2024-01-01", "us") + rng.integers(0, 10**12, n),
        "plan": rng.choice(list("abcd"), n, p=[0.4, 0.3, 0.2, 0.1]).astype(object),
        "flag": rng.random(n) < 0.5,
    }


REFERENCE = Reference.fit(frame(np.random.default_rng(0), 3000))
NAMES = REFERENCE.names


def monitor(**options: Any) -> Monitor:
    return Monitor(REFERENCE, window="1h", slots=SLOTS, **options)


def start(of: Monitor) -> float:
    return of._now // (3600 * 10**6) * HOUR


def joined(parts: list[dict[str, Any]]) -> dict[str, Any]:
    return {name: np.concatenate([part[name] for part in parts]) for name in NAMES}


def presence(data: dict[str, Any], name: str) -> list[int]:
    gone = sum(v is None or v != v for v in data[name])
    return [len(data[name]) - gone, gone]


def expected(parts: list[dict[str, Any]], name: str) -> tuple[float, int]:
    """The p-value and the window by definition: the tests of all rows from each window on."""
    found = []
    for first in range(len(parts)):
        rows = joined(parts[first:])
        feature = REFERENCE.compare(rows)[name]
        in_order, by_bins, missing = (
            SequentialTest(REFERENCE),
            SequentialTest(feature.reference.bins, counts=True),
            SequentialTest([3000, 0], counts=True),
        )
        there = [v is not None and v == v for v in rows[name]]
        if name in ("x", "when"):
            in_order.update({key: values[there] for key, values in rows.items()})
        by_bins.update(feature.current.bins)
        missing.update(presence(rows, name))
        p = min(in_order.pvalues[name], by_bins.pvalue, missing.pvalue)
        found.append((min(1.0, 3 * SLOTS * len(NAMES) * p), first))
    return min(found)


@given(
    sizes=st.lists(st.integers(1, 400), min_size=1, max_size=SLOTS),
    shift=st.floats(0, 1.5),
    missing=st.sampled_from([0, 0, 0.02, 0.3]),
    seed=st.integers(0, 999),
)
@examples(16)
def test_from_each_window_on_by_definition(
    sizes: list[int], shift: float, missing: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    parts = [frame(rng, n, shift * (i > 1), missing) for i, n in enumerate(sizes)]
    watch = monitor()
    begin = start(watch)
    for i, part in enumerate(parts):
        watch.update(part, time=begin + i * HOUR)
    report = watch.report()
    for name in NAMES:
        p, first = expected(parts, name)
        look = report[name].sequential
        assert look is not None
        assert look.pvalue == pytest.approx(p, rel=1e-9)
        if p < 1 and not look.alarm:
            assert look.since.timestamp() == begin + first * HOUR
        # Whichever window it names: the rows, and how far they are, are from there on.
        rows = joined(parts[round((look.since.timestamp() - begin) / HOUR) :])
        assert look.rows == len(rows[name])
        gone = psi([3000, 0], presence(rows, name), counts=True).statistic
        values = REFERENCE.compare(rows)[name].statistics["psi"].statistic
        assert look.psi == pytest.approx(max(gone, values), rel=1e-9)
        if look.alarm:
            assert look.pvalue <= 0.05
            assert look.psi >= 0.1
    assert report.alarms == [n for n in NAMES if report[n].sequential.alarm]  # type: ignore[union-attr]


def test_a_change_after_a_quiet_time_is_found_and_dated() -> None:
    rng = np.random.default_rng(1)
    watch = monitor()
    begin = start(watch)
    for hour in range(SLOTS):
        moved = 1.0 if hour == 3 else 0.0
        for _ in range(10):
            watch.update(frame(rng, 50, moved), time=begin + hour * HOUR)
    report = watch.report()
    look = report["x"].sequential
    assert report.alarms == ["x"]
    assert look is not None
    assert look.since.timestamp() == begin + 3 * HOUR
    assert look.rows == 500
    assert f"{look.since:%H:%M:%S} UTC" in next(
        alert.message for alert in watch.alerts() if alert.kind == "drift"
    )
    assert f'<span class="bad">alarm</span>; p {look.pvalue:.4g}, PSI' in report.to_html()
    assert report.to_html().count("no alarm; p 1, PSI") == 3
    found = json.loads(report.to_json())
    assert found["alarms"] == ["x"]
    assert found["features"]["x"]["sequential"] == {
        "pvalue": look.pvalue,
        "since": look.since.isoformat(),
        "rows": 500,
        "psi": look.psi,
        "alarm": True,
    }


def test_a_certain_difference_that_is_small_is_none() -> None:
    rng = np.random.default_rng(2)
    old = Reference.fit({"x": rng.normal(size=100_000)})
    watch = Monitor(old)
    watch.update({"x": rng.normal(0.1, 1, 100_000)})
    look = watch.report()["x"].sequential
    assert look is not None
    assert look.pvalue < 1e-9
    assert look.psi < 0.1
    assert not look.alarm


def test_the_pvalue_is_that_of_all_beginnings() -> None:
    rng = np.random.default_rng(2)
    watch = Monitor(Reference.fit({"x": rng.normal(size=100_000)}), window="1h", slots=SLOTS)
    begin = start(watch)
    watch.update({"x": rng.normal(0.25, 1, 20_000)}, time=begin)
    alone = watch.report()["x"].sequential
    watch.update({"x": rng.normal(1.0, 1, 300)}, time=begin + HOUR)
    look = watch.report()["x"].sequential
    assert alone is not None
    assert look is not None
    assert (alone.alarm, look.alarm) == (False, True)
    assert look.since.timestamp() == begin + HOUR
    assert look.pvalue < alone.pvalue  # of the first beginning, though the second alarms


def test_missing_values_alarm() -> None:
    rng = np.random.default_rng(3)
    watch = monitor()
    watch.update(frame(rng, 400, missing=0.3))
    assert watch.report().alarms == ["x"]


def test_it_goes_on_after_a_restart_and_adds_up(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    parts = [frame(rng, 90, 0.4 * i) for i in range(SLOTS)]
    whole = monitor()
    begin = start(whole)
    for i, part in enumerate(parts):
        whole.update(part, time=begin + i * HOUR)
        monitor(path=tmp_path).update(part, time=begin + i * HOUR)  # and ends
    other, rest = monitor(), monitor()
    for i, part in enumerate(parts):
        (other if i % 2 else rest).update(part, time=begin + i * HOUR)
    other.merge(rest.to_bytes())
    wanted = {name: f.sequential for name, f in whole.report().features.items()}
    assert whole.report().alarms == ["x"]
    for same in (monitor(path=tmp_path), other, Monitor.from_bytes(whole.to_bytes())):
        assert {name: f.sequential for name, f in same.report().features.items()} == wanted


def test_which_windows_it_looks_at() -> None:
    rng = np.random.default_rng(5)
    watch = monitor()
    begin = start(watch)
    for i, moved in enumerate((1.5, 0.0, 0.0)):
        watch._clock_offset = i * 3600 * 10**6
        watch.update(frame(rng, 300, moved))
    assert watch.report().alarms == ["x"]
    assert watch.report("2h").alarms == []
    assert watch.report("2h")["x"].sequential is not None
    # A time in the past: tests of it would be others for each end.
    past = watch.report(
        tuple(datetime.datetime.fromtimestamp(begin + h * HOUR, datetime.UTC) for h in (0, 1))
    )
    assert past["x"].drifted
    assert past["x"].sequential is None
    assert past.alarms == REFERENCE.compare(frame(rng, 50)).alarms == []
    assert past.to_dict()["features"]["x"]["sequential"] is None
    assert monitor().report()["x"].sequential is None


@pytest.mark.parametrize(
    "data",
    [
        {"x": np.full(40, math.nan)},
        {"x": np.ones(40)},
        {"x": np.array([1e308, -1e308] * 20)},
        {"x": np.array([math.inf, -math.inf] * 20)},
        {"t": np.array([None] * 40, object), "x": np.arange(40.0)},
        {"x": np.arange(40.0), "t": np.array(["a"] * 40, object)},
        {"e": np.ones((40, 3)), "b": np.arange(40) > 3},
        {},
    ],
)
def test_features_without_a_shape(data: dict[str, Any]) -> None:
    watch = Monitor(Reference.fit(data or {"x": np.ones(3)}, features=list(data)))
    for n in (0, 1, 40):
        if data:
            watch.update({name: values[:n] for name, values in data.items()})
        report = watch.report()
        assert report.alarms == []
        assert all(f.sequential is None or f.sequential.pvalue == 1 for f in report.values())
        json.loads(report.to_json())


def test_switched_off() -> None:
    rng = np.random.default_rng(6)
    watch = monitor(alpha=None)
    watch.update(frame(rng, 900, 2.0))
    assert watch.report().alarms == []
    assert watch.report()["x"].sequential is None
    assert [alert.feature for alert in watch.alerts() if alert.kind == "drift"] == ["x"]
    strict, loose = monitor(alpha=1e-30), monitor(alpha=0.9)
    for each in (strict, loose):
        each.update(frame(np.random.default_rng(7), 150, 1.0))
    assert (strict.report().alarms, loose.report().alarms) == ([], ["x"])
    for alpha in (0, 1, -0.5, math.nan):
        with pytest.raises(ValueError, match="alpha: expected a number between 0 and 1, or None"):
            monitor(alpha=alpha)


def test_false_alarms_over_all_looks() -> None:
    """In 30 runs of as many looks as there is room for, at most 6 (at 0.05: probability 3e-3)."""
    rng, alarms = np.random.default_rng(8), 0
    for _ in range(max(1, int(30 * SCALES[chosen()]))):
        old = Reference.fit({"x": rng.normal(size=1000), "k": rng.integers(0, 5, 1000) > 3})
        watch = Monitor(old, window="1h", slots=SLOTS)
        begin, alarmed = start(watch), False
        for look in range(SLOTS * 8):
            batch = {"x": rng.normal(size=40), "k": rng.integers(0, 5, 40) > 3}
            watch.update(batch, time=begin + look // 8 * HOUR)
            alarmed |= bool(watch.report().alarms)
        alarms += alarmed
    assert alarms <= 6
