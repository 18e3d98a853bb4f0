"""Watching what a service is asked: counts against a reference, right over several workers."""

from . import _identity as _identity  # isort: split

import atexit
import contextlib
import dataclasses
import datetime
import functools
import hashlib
import json
import math
import numbers
import os
import re
import struct
import threading
import weakref
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from . import _core
from ._drift_embeddings import extended
from ._monitor_files import Directory, OwnFile
from ._monitor_sequential import Sequential, sequential
from ._reference import Reference, as_columns
from ._report import Report, check_tests

__all__ = ["Alert", "Monitor", "Sequential", "Window"]

# Version 1 had no options.
_MAGIC, _VERSION, _OLDEST = b"FCMONIT\n", 2, 1
_HEAD = struct.Struct("<8sIIqIIQQ")
_UNITS = {"ms": 1000, "s": 10**6, "m": 60 * 10**6, "h": 3600 * 10**6, "d": 86400 * 10**6}
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_EVER = 2**62


class Window(NamedTuple):
    """A window: when it began, in UTC, and how many rows were counted in it."""

    start: datetime.datetime
    rows: int


class Alert(NamedTuple):
    """Something to look at: the feature, what kind of thing, and a sentence."""

    feature: str
    kind: str
    message: str


class Monitor(_core.Monitor):
    """Counts what is served against a reference, in windows of time.

    With a `path` the workers of one host share a directory: each process counts in a file of its
    own, and each can report on all of them. A process that ends, or is killed at any moment, loses
    at most the update it was at; its counts are kept for the others. A forked child makes its own
    file at its first update. Without a path the counts are this process's alone, in memory, and a
    forked child begins with none.

    Parameters
    ----------
    reference : Reference
        What the data are compared with.
    path : path, optional
        A directory of this host, made if it is not there.
    window : str, timedelta or float
        The length of a window: ``"30s"``, ``"15m"``, ``"1h"``, ``"1d"``; a number is seconds.
    slots : int
        How many windows are kept. When a new one begins the oldest expires.
    tests : iterable of str, optional
        The tests of reports, as in `Reference.compare`.
    alpha : float or None
        How often the `alarms` of reports may be false: without drift, and however often one looks,
        the probability of any, over all features, in the first `slots` windows. None for none.

    Raises
    ------
    OSError
        If the directory cannot be made or written to, or is on a network file system.
    ValueError
        If `window`, `slots` or `alpha` is out of its range, or there is no such test.

    Notes
    -----
    Memory and disk are fixed from the start, whatever comes: of texts that are no category of the
    reference all are counted, and the 16 most frequent of each feature known by name (Misra and
    Gries 1982). An update never waits for another process.

    `Report.drifted` is a verdict for one look; who looks after each batch and stops at the first
    alarm has more false ones than one in 20. `Report.alarms` are for that. From each window on that
    is kept a test of its own runs, whose p-value is valid at all times together (the tests of
    :class:`SequentialTest`: in order, Howard and Ramdas 2022, for numbers and times; by bins or
    categories, and for missing values, Wasserman et al. 2020). There is an alarm if one of them has
    p at most ``alpha / (3 slots features)``, and the rows from its window on a PSI of at least 0.1.
    That a test begins anew with each window is what finds a change after a long quiet time (Lorden,
    "Procedures for reacting to a change in distribution", Annals of Mathematical Statistics 42,
    1971, who showed that the mean time to a false alarm is at least the time between two beginnings
    divided by the level of one; for such tests Shin, Ramdas and Rinaldo, "E-detectors", 2023). The
    tests are functions of the counts alone, so that they go on after a restart, and add up over
    processes and `merge`. They take rows to be independent of each other.

    Later failures (a full disk, a directory that vanishes) do not stop the service: the counts are
    kept in memory, written to a new file as soon as that works, and `problems` and the log say so.

    Examples
    --------
    >>> import numpy as np
    >>> from fastcore import Monitor
    >>> from fastcore.drift import Reference
    >>> rng = np.random.default_rng(0)
    >>> reference = Reference.fit({"age": rng.normal(40, 9, 5000)})
    >>> monitor = Monitor(reference)
    >>> monitor.update({"age": rng.normal(47, 9, 1000)})
    >>> monitor.update_one({"age": 51})
    >>> monitor.report()
    Report: drifted; 1 of 1 features, 1001 rows against 5000
      age  drifted  psi 0.5867  missing 0.0%
    """

    def __new__(
        cls,
        reference: Reference,
        *,
        path: str | os.PathLike[str] | None = None,
        window: str | float | datetime.timedelta = "1h",
        slots: int = 24,
        tests: Iterable[str] | None = None,
        alpha: float | None = 0.05,
    ) -> "Monitor":
        if not isinstance(reference, Reference):
            raise TypeError(f"reference: expected a Reference, got {type(reference).__name__}")
        if alpha is not None:
            if not isinstance(alpha, numbers.Real):
                raise TypeError(f"alpha: expected a number or None, got {type(alpha).__name__}")
            if not 0 < alpha < 1:
                raise ValueError(
                    f"alpha: expected a number between 0 and 1, or None, got {alpha!r}"
                )
            alpha = float(alpha)
        length = _microseconds("window", window)
        key = f"{reference.fingerprint} {length} {slots}".encode()
        digest = hashlib.sha256(key).digest()
        vectors = bool(reference.projections)
        self = super().__new__(cls, reference._core, length, slots, digest, vectors)
        self.reference = reference
        self.window = length
        self.slots = slots
        self.tests = tests if tests is None else tuple(check_tests(tests))
        self.alpha = alpha
        self._digest = digest
        self._lock = threading.Lock()
        #: An empty snapshot of ours (no method, or the directory would keep this object alive).
        self._new_snapshot = functools.partial(
            _snapshot, weakref.ref(self), reference._core, digest
        )
        self._extra = None
        self._own = None
        self._in_memory = False
        self._directory = None
        if path is not None:
            self._directory = Directory(os.path.abspath(path), digest, self._new_snapshot)
            self._directory.fold()
            _OPEN.add(self)
        return self

    reference: Reference
    window: int  # microseconds
    slots: int
    tests: tuple[str, ...] | None
    alpha: float | None
    _digest: bytes
    _lock: threading.Lock
    _directory: Directory | None
    _new_snapshot: Callable[[], _core.Snapshot]
    _extra: _core.Snapshot | None
    _own: OwnFile | None
    _in_memory: bool

    # ---- Called by the kernel ----

    def _attend(self) -> None:
        """Once a second, and before the first update: see to the file."""
        with self._lock:
            own, directory = self._own, self._directory
            if own is not None and own.is_healthy():
                return
            if directory is None:
                if not self._in_memory:
                    self._attach(-1, os.urandom(16))
                    self._in_memory = True
                return
            new = None
            try:
                new = directory.create(self._size())
                self._attach(new.fd, new.id)  # what was counted so far goes with it
                self._own = new  # before others find it: a report must not count it twice
                new.publish(directory.live_name(new))
            except OSError as error:
                self._own = own
                if new is not None:
                    self._attach(-1, os.urandom(16))
                    new.close()
                    with contextlib.suppress(OSError):
                        os.unlink(new.path)
                elif not self._in_memory or own is not None:
                    self._attach(-1, os.urandom(16))
                new = None
                directory.note(directory.path, error)
            else:
                directory.problems.pop(os.path.basename(directory.path), None)
            if own is not None:
                own.close()
            self._own, self._in_memory = new, new is None

    def _forked(self) -> None:
        """In a child: nothing of the parent's is ours."""
        self._lock = threading.Lock()
        if self._own is not None:
            self._own.close()
        self._own, self._in_memory, self._extra = None, False, None

    def _as_columns(self, data: Any) -> _core.Columns:
        return extended(as_columns(data), self.reference.projections)

    def _as_dict(self, row: Any) -> dict[str, Any]:
        found = self._fields(row)
        for projection in self.reference.projections:
            found = found | projection.apply_row(found)
        return found

    def _fields(self, row: Any) -> dict[str, Any]:
        if isinstance(row, Mapping):
            return dict(row)
        if dataclasses.is_dataclass(row) and not isinstance(row, type):
            return {f.name: getattr(row, f.name) for f in dataclasses.fields(row)}
        values = getattr(row, "__dict__", None)
        if isinstance(values, dict) and not isinstance(row, type):
            return values
        raise TypeError(
            f"row: expected a mapping, or a model or dataclass instance, got {type(row).__name__}"
        )

    # ---- Reading ----

    @property
    def problems(self) -> dict[str, str]:
        """What stands in the way at present, by file; empty when all is well."""
        return dict(self._directory.problems) if self._directory is not None else {}

    def _gather(self) -> _core.Snapshot:
        if self._directory is None:
            part = self._new_snapshot()
            part.add(self)
        else:
            self._directory.fold()
            part = self._directory.gather(self._own, self)
        if self._extra is not None:
            part.add(self._extra)
        return part

    @property
    def windows(self) -> list[Window]:
        """The windows that are kept and have rows, oldest first."""
        return [
            Window(_EPOCH + datetime.timedelta(microseconds=number * self.window), rows)
            for number, rows in self._gather().windows()
        ]

    def report(
        self,
        window: str | float | datetime.timedelta | tuple[Any, Any] | None = None,
    ) -> Report:
        """Compare what was counted, by all processes, with the reference.

        Parameters
        ----------
        window : str, timedelta, float, or (datetime, datetime), optional
            The last so much time, to whole windows and with the present one (``"6h"``); or the
            windows that begin at or after the first time and before the second. All windows that
            are kept, if not given: after a pause some of them may be older than `slots` windows,
            because one expires only when another takes its place.

        Returns
        -------
        Report

        Raises
        ------
        OSError
            If other processes' files cannot be read.
        ValueError
            If `window` is out of its range.
        """
        first, last = self._range(window)
        counts, looks = self._gather(), None
        if self.alpha is not None and last == _EVER:
            looks = sequential(
                self.reference,
                counts,
                first=first,
                window=self.window,
                slots=self.slots,
                alpha=self.alpha,
            )
        return Report._of(self.reference, counts.total(first, last), self.tests, sequential=looks)

    def _range(self, window: Any) -> tuple[int, int]:
        if window is None:
            return -_EVER, _EVER
        if isinstance(window, tuple):
            begin, end = (
                math.ceil((t - _EPOCH) / datetime.timedelta(microseconds=self.window))
                for t in window
            )
            return begin, end - 1
        count = -(-_microseconds("window", window) // self.window)
        present = self._now // self.window
        return present - count + 1, _EVER

    def alerts(self) -> list[Alert]:
        """What should be looked at, in all windows that are kept: features with an alarm (without
        `alpha`: that have drifted), more than 1 % unseen values, and infinities where the reference
        has none."""
        found = []
        for name, f in self.report().features.items():
            if f.sequential is not None:
                if f.sequential.alarm:
                    psi, since, rows = f.sequential.psi, f.sequential.since, f.sequential.rows
                    what = f"PSI {psi:.3f} in {rows} rows since {since:%Y-%m-%d %H:%M:%S} UTC"
                    found.append(Alert(name, "drift", f"{name} has drifted: {what}"))
            elif f.drifted:
                psi, missing = f.statistics["psi"].statistic, f.statistics["missing"].statistic
                what = f"PSI {psi:.3f}" if psi >= f.threshold else f"PSI of missing {missing:.3f}"
                found.append(Alert(name, "drift", f"{name} has drifted: {what}"))
            if f.unseen is not None and f.unseen > 0.01:
                known = "range" if f.kind in ("number", "time") else "categories"
                message = f"{f.unseen:.1%} of {name} are not in the reference's {known}"
                found.append(Alert(name, "unseen", message))
            if f.current.infinite and not f.reference.infinite:
                message = f"{name} has {f.current.infinite} infinite values"
                found.append(Alert(name, "infinite", message))
        return found

    # ---- Elsewhere ----

    def merge(self, other: "Monitor | bytes") -> None:
        """Add the counts of another monitor, or the bytes of one, to these.

        `tests` and `alpha` stay what they are here: alarms are functions of the counts, and after
        it those of all rows together.

        Raises
        ------
        ValueError
            If it has another reference, window or number of slots, or the bytes are damaged.
        """
        if isinstance(other, _core.Monitor):
            if not isinstance(other, Monitor) or other._digest != self._digest:
                raise ValueError(
                    "other: expected a monitor of the same reference, window and slots"
                )
            part = other._gather()
        else:
            reference, window, slots, data, _ = _unpack(other)
            same = reference == self.reference and (window, slots) == (self.window, self.slots)
            if not same:
                raise ValueError(
                    "other: expected a monitor of the same reference, window and slots"
                )
            part = self._read(data)
        if self._directory is not None:
            self._directory.add(part)
            return
        with self._lock:
            total = self._new_snapshot()
            if self._extra is not None:
                total.add(self._extra)
            total.add(part)
            self._extra = total

    def _read(self, data: bytes) -> _core.Snapshot:
        part = self._new_snapshot()
        _, fault = part.add_bytes(data)
        if fault is not None:
            raise ValueError(f"data: its counts are not valid: it {fault}")
        return part

    def to_bytes(self) -> bytes:
        """The reference, the options, and the counts of all processes: for another host."""
        reference, counts = self.reference._to_bytes(), self._gather().to_bytes(b"")
        options = json.dumps({"alpha": self.alpha, "tests": self.tests}).encode()
        head = _HEAD.pack(
            _MAGIC,
            _VERSION,
            len(options),
            self.window,
            self.slots,
            0,
            len(reference),
            len(counts),
        )
        return head + options + reference + counts

    @classmethod
    def from_bytes(cls, data: bytes) -> "Monitor":
        """A monitor in memory with the counts, and with the `tests` and `alpha`, of `to_bytes`.

        Raises
        ------
        ValueError
            If the bytes are not such, of another version, or damaged.
        """
        reference, window, slots, counts, options = _unpack(data)
        self = cls(
            reference, window=datetime.timedelta(microseconds=window), slots=slots, **options
        )
        self._extra = self._read(counts)
        return self

    def __reduce__(self) -> Any:
        raise TypeError("a Monitor is not pickled: use to_bytes(), or make one in each process")

    def __repr__(self) -> str:
        where = "in memory" if self._directory is None else self._directory.path
        windows = self.windows
        rows = sum(window.rows for window in windows)
        return (
            f"Monitor: {rows} rows in {len(windows)} of {self.slots} windows of "
            f"{datetime.timedelta(microseconds=self.window)}, {len(self.reference.names)} "
            f"features, {where}"
        )

    def _repr_html_(self) -> str:
        return self.report()._repr_html_()


def _microseconds(what: str, length: Any) -> int:
    """A length of time."""
    found = None
    if isinstance(length, datetime.timedelta):
        found = length // datetime.timedelta(microseconds=1)
    elif isinstance(length, str):
        match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)\s*", length)
        if match:
            found = round(float(match[1]) * _UNITS[match[2]])
    elif isinstance(length, (int, float)) and not isinstance(length, bool):
        if math.isfinite(length):
            found = round(length * 10**6)
    else:
        raise TypeError(f"{what}: expected str, timedelta or seconds, got {type(length).__name__}")
    if found is None or not 1000 <= found <= 2**53:
        raise ValueError(
            f"{what}: expected a time such as '30s', '15m', '1h' or '7d', got {length!r}"
        )
    return found


def _unpack(data: Any) -> tuple[Reference, int, int, bytes, dict[str, Any]]:
    data = bytes(memoryview(data))
    if len(data) < _HEAD.size or data[:8] != _MAGIC:
        raise ValueError("data: is no monitor's")
    _, version, options, window, slots, none, reference, counts = _HEAD.unpack_from(data)
    if not _OLDEST <= version <= _VERSION:
        raise ValueError(
            f"data: has version {version}; this fastcore reads versions {_OLDEST} to {_VERSION}"
        )
    if len(data) != _HEAD.size + options + reference + counts:
        raise ValueError("data: is damaged: its length does not fit")
    if (
        none
        or bool(options) != (version > _OLDEST)
        or not (1000 <= window <= 2**53 and 1 <= slots <= 10_000)
    ):
        raise ValueError("data: is damaged: no window or number of slots is like that")
    begin = _HEAD.size + options
    end = begin + reference
    given = _options(data[_HEAD.size : begin]) if options else {}
    try:
        found = Reference._from_bytes(data[begin:end])
    except ValueError as error:
        raise ValueError(f"data: its reference {error}") from None
    return found, window, slots, data[end:], given


def _options(data: bytes) -> dict[str, Any]:
    """What `to_bytes` wrote of a monitor's options."""
    try:
        options = json.loads(data)
        alpha, tests = options["alpha"], options["tests"]
        sound = alpha is None or (isinstance(alpha, float) and 0 < alpha < 1)
        if tests is not None:
            tests = check_tests([str(name) for name in tests])
    except (ValueError, KeyError, TypeError, RecursionError):
        sound = False
    if not sound:
        raise ValueError("data: is damaged: no options are like that")
    return {"alpha": alpha, "tests": tests}


def _snapshot(
    monitor: "weakref.ref[Monitor]", reference: _core.Reference, digest: bytes
) -> _core.Snapshot:
    """An empty snapshot of a monitor's. Other hosts' clocks may be ahead by up to a window."""
    of = monitor()
    assert of is not None
    return _core.Snapshot(reference, of.window, of.slots, digest, of._now // of.window + 1)


#: Those that have files: a child gives up its copies at once (of the mapped memory too, which holds
#: the file open), so that the locks that say "alive" are the parent's alone.
_OPEN: "weakref.WeakSet[Monitor]" = weakref.WeakSet()


def _close_in_child() -> None:
    for monitor in list(_OPEN):
        monitor._abandon()


def _save_at_exit() -> None:
    """The last chance of counts that found no room on the disk."""
    for monitor in list(_OPEN):
        if monitor._in_memory:
            monitor._attend()


os.register_at_fork(after_in_child=_close_in_child)
atexit.register(_save_at_exit)
