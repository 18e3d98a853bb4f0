"""What the demo found, as one object: for the table, for ``--json`` and for the page."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pydantic import TypeAdapter
from sklearn.pipeline import Pipeline

from .. import Columns, Plan, Rows, Schema
from ._flights import Flight, Flights
from ._replay import ROUTES, Post, Series, spoilt
from ._watch import Watched


@dataclass(frozen=True)
class Proof:
    """The plan's output against scikit-learn's on all flights, as a table and as requests."""

    rows: int
    columns: int
    different: int

    @property
    def equal(self) -> bool:
        """Whether not one number differs."""
        return self.different == 0


@dataclass(frozen=True)
class Refusal:
    """What both routes answer to the same bad request."""

    status: dict[str, int]
    answer: dict[str, Any]

    @property
    def equal(self) -> bool:
        """Whether both answered the same."""
        first, second = ROUTES
        return (
            self.status[first] == self.status[second] == 422
            and self.answer[first] == self.answer[second]
        )


@dataclass(frozen=True)
class Result:
    """Everything that the demo found."""

    flights: Flights
    proof: Proof
    series: list[Series]
    refusal: Refusal
    stages: dict[str, dict[str, float]]
    watched: Watched
    page: str

    @property
    def equal(self) -> bool:
        """Whether everything that was compared is equal."""
        return (
            self.proof.equal
            and self.refusal.equal
            and self.watched.equal
            and all(series.unequal == 0 for series in self.series)
        )

    @property
    def scores(self) -> int:
        """How many scores were compared."""
        return sum(series.scores for series in self.series)

    def to_dict(self) -> dict[str, Any]:
        """Plain data: flags named ``equal``, figures named ``ratio``."""
        return {
            "equal": self.equal,
            "flights": {
                "train": len(self.flights.train),
                "replay": len(self.flights.replay),
                "cancelled_left_out": self.flights.cancelled,
            },
            "plan": {
                "equal": self.proof.equal,
                "rows": self.proof.rows,
                "columns": self.proof.columns,
            },
            "replay": [
                {
                    "rows": series.rows,
                    "requests": len(series.seconds["fastcore"]),
                    "scores": series.scores,
                    "equal": series.unequal == 0,
                    **{f"p{share}": _figures(series, share) for share in (50, 99)},
                }
                for series in self.series
            ],
            "refusal": {
                "equal": self.refusal.equal,
                **{
                    route: {"status": self.refusal.status[route], **self.refusal.answer[route]}
                    for route in ROUTES
                },
            },
            "drift": self.watched.to_dict(),
            "page": self.page,
        }


def _figures(series: Series, share: float) -> dict[str, float]:
    figures = {f"{route}_ms": round(series.percentile(route, share), 4) for route in ROUTES}
    return {**figures, "ratio": round(series.ratio(share), 2)}


def prove(flights: Flights, records: list[dict[str, Any]], features: Any) -> Proof:
    """Transform every flight by scikit-learn and by the plan, and count numbers that differ.

    The plan gets the flights twice: as the DataFrame, and (those to be replayed) as columns that
    were read from JSON.
    """
    plan = Plan.from_sklearn(features)
    schema: Schema[Columns] = Schema(Rows[Flight])
    table = pd.concat([flights.train, flights.replay], ignore_index=True)
    wanted = features.transform(table)
    got = plan.transform(table)
    read = plan.transform(schema.validate_json(json.dumps(records).encode()))
    different = _differ(wanted, got) + _differ(wanted[-len(records) :], read)
    return Proof(len(table), wanted.shape[1], different)


def _differ(one: Any, other: Any) -> int:
    if one.shape != other.shape or one.dtype != other.dtype:
        return int(one.size)
    bits = [np.ascontiguousarray(array).view(np.uint64) for array in (one, other)]
    return int(np.count_nonzero(bits[0] != bits[1]))


def refuse(post: Post, record: dict[str, Any]) -> Refusal:
    """Send the same bad request by both routes."""
    body = spoilt(record)
    status, answer = {}, {}
    for route in ROUTES:
        status[route], text, _ = post(route, body)
        answer[route] = json.loads(text)
    return Refusal(status, answer)


def time_stages(
    records: list[dict[str, Any]], pipeline: Pipeline, dtypes: dict[str, Any]
) -> dict[str, dict[str, float]]:
    """Milliseconds of each stage of a request, in this process: for each the best of five."""
    body = json.dumps(records).encode()
    features, model = pipeline["features"], pipeline["model"]
    plan = Plan.from_sklearn(features)
    schema: Schema[Columns] = Schema(Rows[Flight])
    adapter = TypeAdapter(list[Flight])
    checked = adapter.validate_python(json.loads(body))
    table = pd.DataFrame([flight.model_dump() for flight in checked]).astype(dtypes)
    columns, matrix = schema.validate_json(body), features.transform(table)

    def best(run: Callable[[], Any]) -> float:
        times = []
        for _ in range(5):
            start = time.perf_counter()
            run()
            times.append(time.perf_counter() - start)
        return min(times) * 1e3

    def frame() -> pd.DataFrame:
        return pd.DataFrame([flight.model_dump() for flight in checked]).astype(dtypes)

    return {
        "ordinary": {
            "read and check": best(lambda: adapter.validate_python(json.loads(body))),
            "DataFrame": best(frame),
            "features": best(lambda: features.transform(table)),
            "model": best(lambda: model.predict_proba(matrix)),
        },
        "fastcore": {
            "read and check": best(lambda: schema.validate_json(body)),
            "features": best(lambda: plan.transform(columns)),
            "model": best(lambda: model.predict_proba(matrix)),
        },
    }
