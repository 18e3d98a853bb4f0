"""Two workers, one monitor: which features drift, month by month."""

import contextlib
import datetime
import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from sklearn.pipeline import Pipeline

from .. import Columns, Monitor, Rows, Schema
from ..drift import Reference, Report
from ._flights import FIELDS, Flight, middle
from ._replay import Client, in_batches, serving

WORKERS = 2
ROWS = 100  # flights in a request
#: No month is shorter than a window, so that no two months' middles lie in the same one.
WINDOW, SLOTS = datetime.timedelta(days=28), 14
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


def make_reference(train: pd.DataFrame) -> Reference:
    """January to March, without the date, which drifts by itself."""
    return Reference.fit(train, features=[n for n in FIELDS if n not in ("month", "day")])


def make_monitor(reference: Reference, path: str | Path) -> Monitor:
    """The monitor of one process."""
    return Monitor(reference, path=path, window=WINDOW, slots=SLOTS)


def of_month(monitor: Monitor, month: int) -> Report:
    """What all workers counted of a month."""
    begin = middle(month) - (middle(month) - _EPOCH) % WINDOW
    return monitor.report((begin, begin + WINDOW))


@dataclass(frozen=True)
class Watched:
    """The reports of all months, merged over the workers.

    Attributes
    ----------
    months : dict of int to Report
    workers : int
        Processes that counted.
    equal : bool
        Whether each report has the counts and statistics of one computed in this process from the
        same requests.
    """

    months: dict[int, Report]
    workers: int
    equal: bool

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "equal": self.equal,
            "workers": self.workers,
            "rows": sum(report.rows for report in self.months.values()),
            "drifted": {str(month): report.drifted for month, report in self.months.items()},
        }


def same(one: Report, other: Report) -> bool:
    """Whether counts, statistics and verdicts are equal."""
    return one.rows == other.rows and all(
        f.to_dict()["statistics"] == other[name].to_dict()["statistics"]  # None for NaN
        and f.drifted == other[name].drifted
        and bool((f.current.cells == other[name].current.cells).all())
        for name, f in one.features.items()
    )


def watch(
    train: pd.DataFrame,
    records: list[dict[str, Any]],
    pipeline: Pipeline,
    dtypes: dict[str, Any],
    step: Callable[[], None],
) -> Watched:
    """Replay the records, month by month, to workers that share a monitor."""
    reference = make_reference(train)
    schema: Schema[Columns] = Schema(Rows[Flight])
    months: dict[int, list[dict[str, Any]]] = {}
    for record in records:
        months.setdefault(record["month"], []).append(record)
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        clients = []
        for _ in range(WORKERS):
            server = stack.enter_context(serving(pipeline, dtypes, (reference, folder)))
            clients.append(Client(server.port))
            stack.callback(clients[-1].close)
        for part in months.values():
            for i, (body, _) in enumerate(in_batches(part, ROWS)):
                clients[i % WORKERS].post("fastcore", body)
                step()
        counted = len(list(Path(folder).glob("*.live")))
        monitor = make_monitor(reference, folder)
        reports = {month: of_month(monitor, month) for month in months}
    offline = {
        month: reference.compare(schema.validate_json(json.dumps(part).encode()))
        for month, part in months.items()
    }
    equal = all(same(reports[month], offline[month]) for month in months)
    return Watched(reports, counted, equal)
