"""The demo in pieces, in this process, and once whole with a handful of flights."""

import importlib.util
import io
import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from fastapi.testclient import TestClient
from sklearn.pipeline import Pipeline

from fastcore import demo
from fastcore.demo import _app, _command, _page, _replay, _result, _watch
from fastcore.demo._flights import FIELDS, Flight, Flights, as_records, load_flights, make_pipeline

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def flights() -> Flights:
    return load_flights()


@pytest.fixture(scope="module")
def pipeline(flights: Flights) -> Pipeline:
    return make_pipeline().fit(flights.train, flights.late)


@pytest.fixture(scope="module")
def records(flights: Flights) -> list[dict[str, Any]]:
    return as_records(flights.replay)


@pytest.fixture(scope="module")
def post(flights: Flights, pipeline: Pipeline) -> Iterator[_replay.Post]:
    """Both routes without sockets; each request is said to take its number of seconds."""
    app = _app.make_app(pipeline, flights.train.dtypes.to_dict())
    ticks = iter(range(1, 1_000_000))
    headers = {"content-type": "application/json"}
    with TestClient(app) as client:

        def send(route: str, body: bytes) -> tuple[int, bytes, float]:
            response = client.post(f"/{route}", content=body, headers=headers)
            return response.status_code, response.content, next(ticks) * 1e-3

        yield send


def test_flights_are_split_by_month_and_those_without_outcome_are_left_out(
    flights: Flights, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert list(flights.train) == list(flights.replay) == FIELDS
    assert set(flights.train["month"]) == {1, 2, 3}
    assert set(flights.replay["month"]) == set(range(4, 13))
    assert len(flights.train) + len(flights.replay) + flights.cancelled == 24_000
    assert set(flights.late) == {0, 1}
    original = pd.read_csv

    def with_cancelled(path: Path) -> pd.DataFrame:
        table = original(path)
        table["late"] = table["late"].astype(float)
        table.loc[[0, 7, 20_000], "late"] = math.nan
        return table

    monkeypatch.setattr(pd, "read_csv", with_cancelled)
    fewer = load_flights()
    assert fewer.cancelled == 3
    assert len(fewer.train) == len(fewer.late) == len(flights.train) - 2
    assert len(fewer.replay) == len(flights.replay) - 1
    assert "3 cancelled flights" in _command._cancelled(fewer.cancelled)


def test_records_are_valid_requests_and_the_same_table_again(
    flights: Flights, records: list[dict[str, Any]]
) -> None:
    for record in records[::50]:
        Flight.model_validate(record)
    assert any(record["wind_gust"] is None for record in records)
    again = pd.DataFrame(records).astype(flights.train.dtypes.to_dict())
    pd.testing.assert_frame_equal(again, flights.replay)


def test_the_plan_equals_scikit_learn_on_all_flights(
    flights: Flights, pipeline: Pipeline, records: list[dict[str, Any]]
) -> None:
    proof = _result.prove(flights, records, pipeline["features"])
    assert proof.equal
    assert proof.rows == 24_000


def test_differing_numbers_are_counted() -> None:
    one = np.array([[0.1, 0.2], [math.nan, 1.0]])
    other = one.copy()
    assert _result._differ(one, other) == 0
    other[0, 1] = np.nextafter(0.2, 1)
    assert _result._differ(one, other) == 1
    assert _result._differ(one, other[:1]) == 4
    assert _replay._differing([0.1, 0.0], [0.1, -0.0], 2) == 1
    assert _replay._differing([0.1], [0.1], 2) == 2
    assert _replay._differing(None, [0.1], 1) == 1


@pytest.fixture(scope="module")
def series(post: _replay.Post, records: list[dict[str, Any]]) -> list[_replay.Series]:
    """Every size of request, and flights of every month in them."""
    some = records[:: len(records) // 130]
    steps: list[None] = []
    found = [
        _replay.replay(post, rows, bodies, lambda: steps.append(None))
        for rows, bodies in (
            (1, _replay.sample(some, 5)),
            (32, _replay.in_batches(some, 32)),
            (1000, _replay.in_batches(some, 1000)),
        )
    ]
    assert len(steps) == sum(len(s.seconds["fastcore"]) for s in found)
    return found


def test_both_routes_give_the_same_scores(series: list[_replay.Series]) -> None:
    for each in series:
        assert each.scores > 0
        assert each.unequal == 0
        assert len(each.seconds["ordinary"]) == len(each.seconds["fastcore"])


def test_single_records_are_the_same_in_every_run(records: list[dict[str, Any]]) -> None:
    assert _replay.sample(records, 3) == _replay.sample(records, 3)
    assert len(_replay.sample(records[:2], 3)) == 2


def test_a_route_that_gives_other_scores_is_found_out(records: list[dict[str, Any]]) -> None:
    def post(route: str, body: bytes) -> tuple[int, bytes, float]:
        score = 0.5 if route == "ordinary" else 0.5000000000000001
        return 200, json.dumps({"late": [score] * len(json.loads(body))}).encode(), 1e-3

    assert _replay.replay(post, 2, _replay.in_batches(records[:3], 2), lambda: None).unequal == 3


def test_both_routes_refuse_alike(post: _replay.Post, records: list[dict[str, Any]]) -> None:
    refusal = _result.refuse(post, records[0])
    assert refusal.equal
    assert refusal.status == {"ordinary": 422, "fastcore": 422}
    found = {error["loc"][-1]: error["type"] for error in refusal.answer["fastcore"]["detail"]}
    assert found == {
        "hour": "less_than_equal",
        "dest": "missing",
        "distance": "int_parsing",
    }


@pytest.fixture(scope="module")
def result(
    flights: Flights,
    pipeline: Pipeline,
    records: list[dict[str, Any]],
    series: list[_replay.Series],
    post: _replay.Post,
) -> _result.Result:
    dtypes = flights.train.dtypes.to_dict()
    stages = _result.time_stages(records[:10], pipeline, dtypes)
    refusal = _result.refuse(post, records[0])
    reference = _watch.make_reference(flights.train)
    months = {m: reference.compare(flights.replay.query("month == @m")) for m in range(4, 13)}
    watched = _watch.Watched(months, 2, True)
    proof = _result.Proof(9, 9, 0)
    return _result.Result(flights, proof, series, refusal, stages, watched, "x.html")


def test_the_page_stands_alone_and_says_what_was_found(result: _result.Result) -> None:
    page = _page.make_page(result, 10)
    assert page.count("<svg") == 5
    assert "prefers-color-scheme: dark" in page
    assert not re.search(r'(src|href)="http', page)
    assert "var(--fastcore)" in page
    assert not re.search("#0[1-9]0[1-9]0[1-9]", page)  # the stand-in colours are all replaced
    assert f"of {result.scores:,} scores equal" in page
    assert "100 %" in page
    assert "less_than_equal" in page


def test_the_page_says_what_is_not_equal(result: _result.Result) -> None:
    bad = [_replay.Series(s.rows, s.seconds, s.scores, unequal=1) for s in result.series]
    worse = _result.Result(
        result.flights,
        _result.Proof(9, 9, 5),
        bad,
        result.refusal,
        result.stages,
        _watch.Watched(result.watched.months, 2, False),
        "x.html",
    )
    assert result.equal
    assert not worse.equal
    page = _page.make_page(worse, 10)
    assert "5 numbers differ" in page
    assert "not equal to one process" in page
    assert "1 differ" in page
    assert "100 %" not in page.replace("width: 100%", "")


def test_the_whole_demo_prints_one_object_and_writes_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert demo.main(["--json", "--limit", "5"]) == 0
    out, err = capfd.readouterr()
    assert err == ""
    found = json.loads(out)
    assert found["equal"] is True
    assert found["plan"] == {"equal": True, "rows": 24_000, "columns": found["plan"]["columns"]}
    assert found["flights"]["train"] == 6_000
    assert [part["rows"] for part in found["replay"]] == [1, 32, 1000]
    for part in found["replay"]:
        assert part["equal"] is True
        for share in ("p50", "p99"):
            assert part[share]["ratio"] > 0
    assert found["refusal"]["equal"] is True
    assert found["drift"]["equal"] is True
    assert found["drift"]["rows"] == 5
    assert (tmp_path / found["page"]).read_text(encoding="utf-8").startswith("<!doctype html>")


def test_temperature_drifts_and_carrier_does_not(result: _result.Result) -> None:
    for month, report in result.watched.months.items():
        assert report["temp"].drifted, month
        assert not report["carrier"].drifted, month


def test_two_workers_count_as_one(
    flights: Flights, pipeline: Pipeline, records: list[dict[str, Any]]
) -> None:
    some = [r for month in (4, 7, 12) for r in [r for r in records if r["month"] == month][:400]]
    steps: list[None] = []
    dtypes = flights.train.dtypes.to_dict()
    watched = _watch.watch(flights.train, some, pipeline, dtypes, lambda: steps.append(None))
    assert watched.equal
    assert watched.workers == 2
    assert len(steps) == 12
    assert watched.to_dict()["rows"] == 1200
    assert "temp" in watched.months[7].drifted


def test_the_table_fits_an_ordinary_terminal(result: _result.Result) -> None:
    from rich.console import Console

    console = Console(width=80, record=True, file=io.StringIO())
    _command.show(result, console, 1.0)
    text = console.export_text()
    assert "ordinary" in text
    assert "the same 422" in text
    assert "\u2026" not in text  # nothing was cut
    assert f"{result.series[1].scores}" in text
    assert text.count("equal") >= 3


def test_wrong_options_are_usage_errors(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        demo.main(["--limit", "0"])
    assert caught.value.code == 2
    assert "--limit" in capsys.readouterr().err


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    original = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "sklearn" else original(name)
    )
    with pytest.raises(ImportError, match=r'scikit-learn.*pip install "fastcore-ml\[demo\]"'):
        demo.main([])
