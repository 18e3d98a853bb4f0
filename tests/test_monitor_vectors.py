"""Columns of vectors in a monitor: the same numbers as in a report on the same rows."""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from fastcore import Columns, Monitor
from fastcore.drift import Reference
from tests.monitor_data import assert_same_counts
from tests.profiles import examples

D = 6


def embedded(n: int, seed: int, scale: float = 1.0) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    mix = np.random.default_rng(9).normal(size=(3, D))
    vectors = scale * rng.normal(size=(n, 3)) @ mix + rng.normal(0, 0.1, (n, D))
    vectors[rng.random(n) < 0.1] = math.nan
    return {"e": vectors, "x": rng.normal(size=n), "other": np.arange(n)}


REFERENCE = Reference.fit(embedded(2000, 0), features=["e", "x"], sample=None)


def block(monitor: Monitor) -> Any:
    return monitor._gather().total(-(2**62), 2**62)


@given(parts=st.lists(st.integers(0, 60), min_size=1, max_size=6), seed=st.integers(0, 1000))
@examples(12)
def test_however_rows_come_the_counts_are_those_of_all(parts: list[int], seed: int) -> None:
    data, at = embedded(sum(parts) + 9, seed), 0
    monitor, other = Monitor(REFERENCE, window="365d"), Monitor(REFERENCE, window="365d")
    for k, n in enumerate([*parts, 9]):
        part = {name: values[at : at + n] for name, values in data.items()}
        to = other if k % 2 else monitor
        if k % 3 == 0:
            for row in Columns.from_numpy(part).to_rows():
                to.update_one(row)
        else:
            to.update(Columns.from_numpy(part) if k % 3 == 1 else part)
        at += n
    monitor.merge(other.to_bytes())
    assert_same_counts(REFERENCE, block(monitor), REFERENCE._count(data))
    again = Monitor.from_bytes(monitor.to_bytes())
    assert again.reference == REFERENCE
    assert_same_counts(REFERENCE, block(again), block(monitor))


def test_its_report_is_the_references(tmp_path: Path) -> None:
    for seed, scale, drifted in ((1, 1.0, []), (2, 2.0, ["e[0]", "e[1]", "e[2]"])):
        data = embedded(900, seed, scale)
        monitor = Monitor(REFERENCE, path=tmp_path / str(seed))
        monitor.update({name: values[:400] for name, values in data.items()})
        monitor.update({name: values[400:] for name, values in data.items()})
        report, wanted = monitor.report(), REFERENCE.compare(data)
        assert report.drifted == wanted.drifted == drifted
        assert list(report) == [f"e[{i}]" for i in range(D)] + ["e[rest]", "x"]
        for name, feature in report.features.items():
            other = wanted[name]
            assert feature.missing == other.missing
            assert feature.current.bins.tolist() == other.current.bins.tolist()
            for test, (statistic, _) in feature.statistics.items():
                wanted_ = other.statistics[test].statistic
                assert statistic == pytest.approx(wanted_, rel=1e-12, nan_ok=True)
    # The file is as large from the first row on.
    (file,) = (tmp_path / "2").glob("*.live")
    size = file.stat().st_size
    monitor.update(embedded(5000, 3))
    assert file.stat().st_size == size
    again = Monitor(REFERENCE, path=tmp_path / "2")
    assert again.report().rows == 5900


class Model(BaseModel):
    e: list[float] | None
    x: float


@dataclass
class Data:
    e: Any
    x: float


def test_rows_of_all_kinds() -> None:
    monitor = Monitor(REFERENCE)
    vector = [0.5] * D
    for row in (
        {"e": vector, "x": 1.0},
        {"e": tuple(vector), "x": 1},
        Data(np.array(vector, np.float32), 1.0),
        Model(e=vector, x=1.0),
        Model(e=None, x=1.0),
        {"e": math.nan, "x": 1.0},
        {"e": [math.inf] * D, "x": 1.0},
    ):
        monitor.update_one(row)
    monitor.update(pd.DataFrame({"e": [np.array(vector), None], "x": [1.0, 2.0]}))
    report = monitor.report()
    assert report.rows == 9
    assert report["e[0]"].current.missing == report["e[rest]"].current.missing == 4
    assert report["e[0]"].current.bins.max() == 5


def test_what_is_no_vector_is_refused_whole() -> None:
    monitor = Monitor(REFERENCE)
    for wrong in ([1.0] * 5, ["a"] * D, [None] * D, "far", 3.0, [[1.0] * D], {}):
        with pytest.raises(TypeError, match=f"column 'e': expected a vector of {D} numbers, got"):
            monitor.update_one({"e": wrong, "x": 1.0})
    with pytest.raises(TypeError, match=f"column 'e': expected vectors of {D} numbers"):
        monitor.update({"e": np.ones((3, D + 1)), "x": np.ones(3)})
    with pytest.raises(KeyError, match=r"no key 'e', .* as a vector; the keys are \['x'\]"):
        monitor.update_one({"x": 1.0})
    with pytest.raises(KeyError, match=r"no column 'e', .* as a vector; the columns are \['x'\]"):
        monitor.update({"x": np.ones(2)})
    with pytest.raises(KeyError, match=r"no key 'x', which the reference has as a feature"):
        monitor.update_one({"e": [1.0] * D})
    assert monitor.report().rows == 0


def test_on_a_route() -> None:
    from fastcore.serve import install
    from tests.serve.asgi import call

    monitor, app = Monitor(REFERENCE), FastAPI()
    install(app, monitor=monitor)

    @app.post("/one")
    async def one(body: Model) -> int:
        return 1

    @app.post("/many")
    async def many(body: list[Model]) -> int:
        return len(body)

    row = {"e": [0.25] * D, "x": 1.0}
    assert call(app, "/one", json.dumps(row).encode()).status == 200
    assert call(app, "/many", json.dumps([row, row]).encode()).status == 200
    assert monitor.report().rows == 3
