"""How a speed is measured here: ratios within one run, and only between equal results.

A family is a module of this folder with ``def cases(quick: bool) -> list[Case]``; ``run.py`` finds
it by itself. A case is one job done by fastcore (``ours``) and by its peers::

    def cases(quick: bool) -> list[Case]:
        return [
            Case(
                "W1 to a matrix",
                ours,                                  # () -> result
                [
                    Peer("pydantic", other, must=8.5, aim=13),
                    Peer("pure Python", by_hand),      # the honest baseline: no target
                ],
            )
        ]

What makes the figures honest:

- every contender runs once before anything is timed, and its result must equal ours;
- a round times each contender once, one after the other (A B C, A B C, ...), and a ratio is taken
  within a round, so that a machine which slows down slows all of them;
- the reported ratio is the median of the rounds' ratios (never fewer than seven), with quartiles;
- the process stays on one core (pinned before a library can count the cores and start threads),
  and there the clock is the processor time of the process, all its threads: what other processes
  of the machine take is nobody's. On an idle machine it agrees with the clock on the wall, which
  is the one for cases that use all cores;
- the garbage collector is off while a contender runs, which helps those that make many objects;
- a peer in a process of its own (`_foreign.py`) measures itself by these rules, without the pipe.
"""

from __future__ import annotations

import gc
import importlib.metadata
import math
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from benchmarks import _foreign

Run = Callable[[], Any]
Same = Callable[[Any, Any], None]

#: Distributions whose versions decide what a figure means.
LIBRARIES = [
    *("fastcore-ml", "numpy", "pydantic", "pydantic-core", "msgspec", "orjson", "polars"),
    *("pysimdjson", "pandas", "scikit-learn", "fastapi", "starlette", "uvicorn"),
]


def assert_same(ours: Any, theirs: Any) -> None:
    """Default equality: arrays bit by bit (NaN equal to NaN), all else by ``==``.

    Raises
    ------
    AssertionError
        Where they differ.
    """
    if isinstance(ours, np.ndarray) or isinstance(theirs, np.ndarray):
        if ours.dtype != theirs.dtype:
            raise AssertionError(f"dtype {ours.dtype} is not {theirs.dtype}")
        np.testing.assert_array_equal(ours, theirs, strict=True)
    elif isinstance(ours, (tuple, list)) and isinstance(theirs, (tuple, list)):
        if len(ours) != len(theirs):
            raise AssertionError(f"{len(ours)} results are not {len(theirs)}")
        for a, b in zip(ours, theirs, strict=True):
            assert_same(a, b)
    elif ours != theirs:
        raise AssertionError(f"{str(ours)[:200]!r} is not {str(theirs)[:200]!r}")


@dataclass(frozen=True)
class Peer:
    """Another way to do the same job.

    Parameters
    ----------
    name : str
        What the table calls it.
    run : callable or None
        Does the job once (``per_run`` times, see `Case`) and returns its result; None where the
        library is not installed, which the table then says.
    must, aim : float, optional
        The smallest ratio (its time over ours) that a finished part reaches, and what to try for.
    same : callable, optional
        ``same(ours, theirs)`` raises AssertionError where the results differ; default the case's.
    """

    name: str
    run: Run | None
    must: float | None = None
    aim: float | None = None
    same: Same | None = None


@dataclass(frozen=True)
class Case:
    """One job, done by fastcore and by peers.

    Parameters
    ----------
    job : str
        What is done, on what.
    ours : callable
        Does it with fastcore and returns the result.
    peers : sequence of Peer
        What it is compared with; each writes into its own buffers.
    same : callable
        ``same(ours, theirs)`` raises AssertionError where two results differ.
    per_run : int
        Jobs done by one call of ``ours`` or of a peer (requests driven through one event loop,
        say); times are divided by it.
    pin : bool
        Measure on one core. False: all cores of the machine, and the table says so.
    """

    job: str
    ours: Run
    peers: Sequence[Peer]
    same: Same = assert_same
    per_run: int = 1
    pin: bool = True


@dataclass(frozen=True)
class Ratio:
    """A peer's time over ours: median, quartiles, and the targets it is held to."""

    peer: str
    micros: float
    ratio: float
    low: float
    high: float
    must: float | None
    aim: float | None

    @property
    def half_met(self) -> bool | None:
        """Whether half of ``must`` is reached (what an early release promises)."""
        return None if self.must is None else self.ratio >= self.must / 2

    @property
    def met(self) -> bool | None:
        """Whether ``must`` is reached."""
        return None if self.must is None else self.ratio >= self.must


@dataclass(frozen=True)
class Measured:
    """A case with its figures. Times are microseconds per job."""

    family: str
    job: str
    micros: float
    rounds: int
    pinned: bool
    ratios: list[Ratio] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for ``--json``."""
        return {
            "family": self.family,
            "job": self.job,
            "equal": True,  # a difference has raised before anything was timed
            "micros": round(self.micros, 3),
            "rounds": self.rounds,
            "pinned": self.pinned,
            "peers": [
                {
                    "peer": r.peer,
                    "micros": round(r.micros, 3),
                    "ratio": round(r.ratio, 3),
                    "quartiles": [round(r.low, 3), round(r.high, 3)],
                    "must": r.must,
                    "aim": r.aim,
                    "half_met": r.half_met,
                    "met": r.met,
                }
                for r in self.ratios
            ],
            "absent": self.absent,
        }


def _timed(run: Run, times: int, clock: Callable[[], int]) -> float:
    """Seconds for ``times`` calls; the loop itself costs some 15 ns a call."""
    if isinstance(run, _foreign.ForeignRun):
        return run.timed(times, clock.__name__)
    repeat = range(times)
    start = clock()
    for _ in repeat:
        run()
    return (clock() - start) * 1e-9


def _calls_for(run: Run, seconds: float, clock: Callable[[], int]) -> int:
    """Calls that fill about ``seconds``; at least one."""
    times = 1
    while True:
        took = _timed(run, times, clock)
        if took >= seconds / 4:
            return max(1, math.ceil(times * seconds / took))
        times *= 4


def measure(family: str, case: Case, *, quick: bool = False) -> Measured:
    """Check that all contenders agree, then time them interleaved.

    Raises
    ------
    AssertionError
        A peer's result is not ours: there is nothing to compare.
    """
    peers = [peer for peer in case.peers if peer.run is not None]
    runs: list[Run] = [case.ours, *(peer.run for peer in peers if peer.run is not None)]
    for peer, run in zip(peers, runs[1:], strict=True):
        try:
            # ours anew for each: it may write into one buffer
            (peer.same or case.same)(case.ours(), run())
        except AssertionError as error:
            raise AssertionError(f"{family}: {case.job}: {peer.name}: {error}") from error
    rounds, seconds = (7, 0.004) if quick else (15, 0.02)
    clock = time.process_time_ns if case.pin else time.perf_counter_ns
    cores = os.sched_getaffinity(0)
    if not case.pin:
        os.sched_setaffinity(0, range(os.cpu_count() or 1))
    collecting = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        calls = [_calls_for(run, seconds, clock) for run in runs]
        table: list[list[float]] = []
        for _ in range(rounds):
            row = []
            for run, times in zip(runs, calls, strict=True):
                row.append(_timed(run, times, clock) / (times * case.per_run))
                gc.collect()
            table.append(row)
    finally:
        os.sched_setaffinity(0, cores)
        if collecting:
            gc.enable()
    ratios = []
    for i, peer in enumerate(peers, 1):
        low, middle, high = statistics.quantiles([row[i] / row[0] for row in table], n=4)
        micros = statistics.median(row[i] for row in table) * 1e6
        ratios.append(Ratio(peer.name, micros, middle, low, high, peer.must, peer.aim))
    return Measured(
        family,
        case.job,
        statistics.median(row[0] for row in table) * 1e6,
        rounds,
        case.pin,
        ratios,
        [peer.name for peer in case.peers if peer.run is None],
    )


def pin_to_one_core() -> None:
    """Keep this process on the last core it may use (the first serves most interrupts).

    Call it before libraries are imported that start one thread per core.
    """
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def environment() -> dict[str, str]:
    """What the figures were made with: processor, interpreter, versions of the libraries."""
    found = {"python": f"{platform.python_implementation()} {platform.python_version()}"}
    for name in LIBRARIES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "not installed"
    found.update(_foreign.versions())
    found["processor"] = _processor()
    found["cores"] = str(os.cpu_count())
    return found


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            for line in lines:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def show(results: Iterable[Measured], *, file: Any = None) -> None:
    """Print the table: every ratio beside its target and half of it."""
    from rich.console import Console
    from rich.table import Table

    console = Console(file=file or sys.stdout)
    if not console.is_terminal:
        console = Console(file=file or sys.stdout, width=130)
    table = Table(
        title="fastcore against its peers (ratio: their time / ours)", title_justify="left"
    )
    for name in ("family", "job", "ours", "against", "theirs"):
        table.add_column(name, justify="right" if name in ("ours", "theirs") else "left")
    for name in ("ratio", "quartiles", "half of must", "must", "reached"):
        table.add_column(name, justify="right", no_wrap=True)
    for result in results:
        job = result.job if result.pinned else f"{result.job} (all cores)"
        lead = [result.family, job, _time(result.micros)]
        for r in result.ratios:
            table.add_row(
                *lead,
                r.peer,
                _time(r.micros),
                f"{r.ratio:.2f}x",
                f"{r.low:.2f}-{r.high:.2f}",
                "" if r.must is None else f"{r.must / 2:g}x",
                "" if r.must is None else f"{r.must:g}x",
                _verdict(r),
            )
            lead = ["", "", ""]
        for name in result.absent:
            table.add_row(*lead, name, "not installed")
            lead = ["", "", ""]
        table.add_section()
    console.print(table)
    console.print(
        "  ".join(f"{k} {v}" for k, v in environment().items()), soft_wrap=False, highlight=False
    )


def _verdict(ratio: Ratio) -> str:
    if ratio.must is None:
        return ""
    if ratio.met:
        return "[green]must[/]"
    return "[yellow]half[/]" if ratio.half_met else "[red]no[/]"


def _time(micros: float) -> str:
    if micros < 1:
        return f"{micros * 1000:.0f} ns"
    return f"{micros:.2f} us" if micros < 1000 else f"{micros / 1000:.2f} ms"
