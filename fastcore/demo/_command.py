"""The demo's steps, its options and what it prints."""

import argparse
import calendar
import json
import shlex
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from ._figures import flights as count_of
from ._flights import as_records, load_flights, make_pipeline
from ._page import make_page
from ._replay import ROUTES, Client, Post, Series, in_batches, replay, sample, serving
from ._result import Result, prove, refuse, time_stages
from ._watch import ROWS, WORKERS, Watched, watch

PAGE = "fastcore-demo.html"
SINGLES = 300  # an ordinary single request takes tens of milliseconds on a busy machine
PASSES = 2  # over the requests of 1,000, so that their percentiles rest on more than 18


def parser() -> argparse.ArgumentParser:
    """The options."""
    options = argparse.ArgumentParser(
        prog="python -m fastcore demo",
        description="Late flights from JSON requests to scores: the ordinary way and with "
        f"fastcore, compared. Writes {PAGE} into the current folder.",
    )
    options.add_argument("--once", action="store_true", help="end after the replay")
    options.add_argument(
        "--json", action="store_true", help="one JSON object and nothing else (ends by itself)"
    )
    options.add_argument(
        "--limit", type=int, metavar="N", help="replay only the first N flights (a quick look)"
    )
    return options


def run(argv: Sequence[str] | None) -> int:
    """Run the demo with these arguments; see `fastcore.demo.main`."""
    options = parser().parse_args(argv)
    if options.limit is not None and options.limit < 1:
        parser().error("--limit: expected at least 1")
    console = Console(quiet=options.json, highlight=False)
    started = time.perf_counter()
    data = load_flights()
    console.print(
        f"[bold]Late flights, two ways.[/] {len(data.train):,} flights of January to March to "
        f"learn from, {len(data.replay):,} of April to December to replay; "
        f"{_cancelled(data.cancelled)}."
    )
    pipeline = make_pipeline().fit(data.train, data.late)
    dtypes = data.train.dtypes.to_dict()
    records = as_records(data.replay)
    console.print("Fitted: impute, scale, one-hot, ordinal, logistic regression.")
    proof = prove(data, records, pipeline["features"])
    console.print(
        f"The plan's output for all {proof.rows:,} flights, {proof.columns} columns: "
        + ("[green]equal to scikit-learn's[/], bit by bit." if proof.equal else "[red]differs![/]")
    )
    records = records[: options.limit]
    big = min(1000, len(records))
    stages = time_stages(records[:big], pipeline, dtypes)
    with serving(pipeline, dtypes) as server:
        client = Client(server.port)
        try:
            series = replay_all(client.post, records, console)
            refusal = refuse(client.post, records[0])
        finally:
            client.close()
        watched = watch_all(data.train, records, pipeline, dtypes, console)
        result = Result(data, proof, series, refusal, stages, watched, PAGE)
        Path(PAGE).write_text(make_page(result, big), encoding="utf-8")
        if options.json:
            print(json.dumps(result.to_dict(), indent=1))
        else:
            show(result, console, time.perf_counter() - started)
            if not options.once:
                _stay(server.port, server.wait, records[0], console)
    return 0 if result.equal else 1


def replay_all(post: Post, records: list[dict[str, Any]], console: Console) -> list[Series]:
    """Single records, then all in 32s, then all in 1,000s."""
    work = [
        (1, sample(records, SINGLES)),
        (32, in_batches(records, 32)),
        (1000, in_batches(records, 1000) * PASSES),
    ]
    progress = Progress(
        TextColumn("  {task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("requests by each route"),
        TimeElapsedColumn(),
        console=console,
        disable=console.quiet,
    )
    found = []
    with progress:
        for rows, bodies in work:
            task = progress.add_task(f"{count_of(rows):>13}", total=len(bodies))
            found.append(replay(post, rows, bodies, partial(progress.advance, task)))
    return found


def watch_all(
    train: Any,
    records: list[dict[str, Any]],
    pipeline: Any,
    dtypes: dict[str, Any],
    console: Console,
) -> Watched:
    """All records once more, to two workers that share a monitor."""
    progress = Progress(
        TextColumn("  {task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        console=console,
        disable=console.quiet,
    )
    with progress:
        task = progress.add_task(f"{WORKERS} workers, one monitor", total=len(records) // ROWS)
        return watch(train, records, pipeline, dtypes, partial(progress.advance, task))


def _cancelled(count: int) -> str:
    if count:
        return f"{count:,} cancelled flights have no outcome and are left out"
    return "cancelled flights, which have no outcome, are not part of the data"


def show(result: Result, console: Console, seconds: float) -> None:
    """Print the table, the 422s and where the page is."""
    title = "Latency of a request in ms: median and 99th percentile"
    snug: Any = {"pad_edge": False, "collapse_padding": True}
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAVY, **snug)
    table.add_column("flights in\na request", justify="right", no_wrap=True)
    for percent in ("p50", "p99"):
        for name in (*ROUTES, "ratio"):
            table.add_column(f"{name}\n{percent}", justify="right", no_wrap=True)
    table.add_column("scores", justify="right")
    for series in result.series:
        cells: list[str] = []
        for share in (50, 99):
            cells += [f"{series.percentile(route, share):.2f}" for route in ROUTES]
            cells.append(f"[bold]{series.ratio(share):.1f}x[/]")
        differ = f"[red]{series.unequal:,} differ[/]"
        equal = differ if series.unequal else f"[green]{series.scores:,}\nequal[/]"
        table.add_row(f"{series.rows:,}", *cells, equal)
    console.print(table)
    console.print(
        "A bad request (hour 25, distance 'far', no destination) gets "
        + ("[green]the same 422[/] from both:" if result.refusal.equal else "[red]two answers:[/]")
    )
    for route in ROUTES:
        console.print(f"  [bold]{route}[/] {result.refusal.status[route]}")
        for error in result.refusal.answer[route].get("detail", [])[:3]:
            where = ".".join(map(str, error["loc"]))
            console.print(f"    {where}: {error['msg']} ({error['type']})", markup=False)
    _show_drift(result.watched, console)
    console.print(f"Pictures: {PAGE}   [dim]({seconds:.0f} s in all)[/]")


def _show_drift(watched: Watched, console: Console) -> None:
    """PSI by month and feature; drifted ones stand out."""
    table = Table(
        title="PSI against January to March, by month",
        title_justify="left",
        box=box.SIMPLE_HEAVY,
        pad_edge=False,
        collapse_padding=True,
    )
    table.add_column("feature", no_wrap=True)
    for month in watched.months:
        table.add_column(calendar.month_abbr[month], justify="right", no_wrap=True)
    for name in next(iter(watched.months.values())):
        cells = []
        for report in watched.months.values():
            text = f"{report[name].statistics['psi'].statistic:.2f}"
            cells.append(f"[red]{text}[/]" if report[name].drifted else text)
        table.add_row(name, *cells)
    console.print(table)
    console.print(
        f"Counted by {watched.workers} processes, merged: "
        + (
            "[green]equal to one process's report of the same requests[/] (drifted in red)."
            if watched.equal
            else "[red]not equal to one process's report![/]"
        )
    )


def _stay(port: int, wait: Any, record: dict[str, Any], console: Console) -> None:
    """Keep the server up until Ctrl-C."""
    address = f"http://127.0.0.1:{port}"
    curl = f"curl -s {address}/fastcore -H 'content-type: application/json' -d "
    console.print(f"\nStill serving: [bold]{address}/docs[/] (Ctrl-C ends it). Try:")
    console.print(curl + shlex.quote(json.dumps([record])), markup=False, soft_wrap=True)
    try:
        wait()
        console.print("The server has ended by itself.")
    except KeyboardInterrupt:
        console.print("\nStopped.")
