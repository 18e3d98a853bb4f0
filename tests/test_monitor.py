"""The monitor: windows, files, several processes, and everything that can go wrong with them."""

import datetime
import os
import pickle
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from fastcore import Columns, Monitor
from fastcore.drift import Reference
from fastcore.monitor import _HEAD
from tests.monitor_data import assert_same_counts, reference, rows
from tests.profiles import examples

REFERENCE = reference()
HOUR = 3600.0


def block(monitor: Monitor) -> Any:
    return monitor._gather().total(-(2**62), 2**62)


def files(path: Path, end: str) -> list[Path]:
    return sorted(p for p in path.iterdir() if p.name.endswith(end))


def in_child(path: Path, code: str) -> str:
    """Run code in a process of its own, which has `monitor` on the directory."""
    head = (
        "import os, sys\nfrom fastcore import Monitor\n"
        "from tests.monitor_data import reference, rows\n"
        f"monitor = Monitor(reference(), path={str(path)!r})\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", head + code],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parent.parent,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


# ---- Counting ------------------------------------------------------------------------------


@given(parts=st.lists(st.integers(0, 400), max_size=12), seed=st.integers(0, 1000))
@examples(40)
def test_however_rows_are_cut_the_counts_are_those_of_all(parts: list[int], seed: int) -> None:
    data = rows(sum(parts) + 1, seed)
    monitor, at = Monitor(REFERENCE, window="365d"), 0
    for n in [*parts, 1]:
        monitor.update({name: values[at : at + n] for name, values in data.items()})
        at += n
    whole = REFERENCE._core.count(Columns.from_numpy(data))
    assert_same_counts(REFERENCE, block(monitor), whole)
    assert REFERENCE._core.sound(block(monitor))


@given(n=st.integers(1, 60), seed=st.integers(0, 1000))
@examples(30)
def test_one_row_at_a_time_is_the_same(n: int, seed: int) -> None:
    data = rows(n, seed)
    columns = Columns.from_numpy(data)
    monitor = Monitor(REFERENCE)
    for row in columns.to_rows():
        monitor.update_one(row)
    assert_same_counts(REFERENCE, block(monitor), REFERENCE._core.count(columns))


def test_rows_of_all_kinds() -> None:
    class Model(BaseModel):
        x: float
        name: str | None

    @dataclass
    class Data:
        x: float
        name: str | None

    fitted = Reference.fit({"x": np.arange(100.0), "name": np.array(["a", "b"] * 50, object)})
    monitor = Monitor(fitted)
    monitor.update_one({"x": 1, "name": "a", "more": object()})
    monitor.update_one(Model(x=1, name="b"))
    monitor.update_one(Data(1, None))
    monitor.update_one({"x": None, "name": float("nan")})
    report = monitor.report()
    assert report.rows == 4
    assert report["name"].current.bins.tolist() == [1, 1, 0]
    assert report["x"].missing == 0.25
    assert report["name"].missing == 0.5


@pytest.mark.parametrize("kind", ["pandas", "polars", "dicts", "columns"])
def test_data_of_all_kinds(kind: str) -> None:
    data = rows(300, 5)
    columns = Columns.from_numpy(data)
    given_ = {
        "pandas": columns.to_pandas,
        "polars": columns.to_polars,
        "dicts": columns.to_rows,
        "columns": lambda: columns,
    }[kind]()
    monitor = Monitor(REFERENCE)
    monitor.update(given_)
    assert_same_counts(REFERENCE, block(monitor), REFERENCE._core.count(columns))


def test_what_cannot_be_counted_is_refused_whole() -> None:
    monitor = Monitor(REFERENCE)
    data = rows(10, 1)
    without = {name: values for name, values in data.items() if name != "k"}
    match = r"no column 'k', which the reference has as a feature; the columns are \('x', 'f', 't'"
    with pytest.raises(KeyError, match=match):
        monitor.update(without)
    with pytest.raises(
        TypeError, match="column 'x': expected numbers, as in the reference, got str"
    ):
        monitor.update({**data, "x": np.array(["a"] * 10, object)})
    with pytest.raises(TypeError, match="column 't': expected texts, as in the reference, got fl"):
        monitor.update({**data, "t": np.zeros(10)})
    with pytest.raises(TypeError, match="data: expected Columns"):
        monitor.update(7)
    row = Columns.from_numpy(data).to_rows()[0]
    with pytest.raises(TypeError, match="column 'x': expected a number"):
        monitor.update_one({**row, "x": "far"})
    with pytest.raises(KeyError, match=r"no key 'b', .* as a feature; the keys are \['x', 'f'"):
        monitor.update_one({name: value for name, value in row.items() if name != "b"})
    with pytest.raises(TypeError, match="row: expected a mapping"):
        monitor.update_one(7)
    with pytest.raises(TypeError, match="unexpected keyword argument 'when'"):
        monitor.update(data, when=3)  # type: ignore[call-arg]
    assert monitor.report().rows == 0


def test_a_million_categories_take_no_more_memory(tmp_path: Path) -> None:
    fitted = Reference.fit({"t": np.array(["a", "b"] * 500, object)})
    monitor = Monitor(fitted, path=tmp_path)
    monitor.update({"t": np.array(["a"], object)})
    (file,) = files(tmp_path, ".live")
    size = file.stat().st_size
    for start in range(0, 1_000_000, 50_000):
        texts = [f"new {i}" if i % 3 else "heavy" for i in range(start, start + 50_000)]
        monitor.update(Columns.from_rows([{"t": text} for text in texts]))
    for i in range(2000):
        monitor.update_one({"t": f"one {i}"})
    assert file.stat().st_size == size
    feature = monitor.report()["t"]
    assert feature.current.bins.tolist() == [1, 0, 1_002_000]
    (text, least), *_ = feature.unseen_values
    heavy = 333_334
    assert text == "heavy"
    assert heavy - 1_002_000 / 17 <= least <= heavy


# ---- Windows -------------------------------------------------------------------------------


def test_windows_expire() -> None:
    monitor = Monitor(REFERENCE, window="1h", slots=3)
    start = monitor._now // (3600 * 10**6) * 3600
    for hour in range(5):
        for _ in range(hour + 1):
            monitor.update(rows(10, hour), time=start + hour * HOUR)
    assert [w.rows for w in monitor.windows] == [30, 40, 50]
    assert monitor.windows[0].start.timestamp() == start + 2 * HOUR
    with pytest.raises(ValueError, match="time: expected one within the windows"):
        monitor.update(rows(1, 0), time=start + HOUR)
    monitor.update(rows(1, 0), time=start + 2 * HOUR)  # late, but not too late
    assert [w.rows for w in monitor.windows] == [31, 40, 50]
    assert monitor.report().rows == 121
    begin = datetime.datetime.fromtimestamp(start + 3 * HOUR, datetime.UTC)
    assert monitor.report((begin, begin + datetime.timedelta(hours=1))).rows == 40


def test_the_last_hours() -> None:
    monitor = Monitor(REFERENCE, window="1h", slots=24)
    for hour in range(10):
        monitor._clock_offset = hour * 3600 * 10**6
        monitor.update(rows(10, hour))
    assert monitor.report("1h").rows == 10
    assert monitor.report("150m").rows == 30
    assert monitor.report(datetime.timedelta(hours=4)).rows == 40
    assert monitor.report().rows == 100


@pytest.mark.parametrize("in_file", [False, True])
def test_clocks_that_jump(tmp_path: Path, in_file: bool) -> None:
    monitor = Monitor(REFERENCE, path=tmp_path if in_file else None, window="1h", slots=4)
    year = 365 * 86400 * 10**6
    for offset in (0, -3600 * 10**6, 10 * year, 0, -50 * year, 3600 * 10**6, -100 * year):
        monitor._clock_offset = offset
        monitor.update(rows(10, 1))
        assert monitor.report("1h").rows >= 10
        assert monitor.report().rows == sum(w.rows for w in monitor.windows)
    assert REFERENCE._core.sound(block(monitor))


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"window": "1 fortnight"}, ValueError, "window: expected a time such as"),
        ({"window": 0}, ValueError, "window"),
        ({"window": float("nan")}, ValueError, "window"),
        ({"window": []}, TypeError, "window: expected str, timedelta or seconds, got list"),
        ({"slots": 0}, ValueError, "slots: expected 1 to 10000"),
        ({"slots": 10**9}, ValueError, "slots: expected 1 to 10000"),
    ],
)
def test_bad_options(options: dict[str, Any], error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        Monitor(REFERENCE, **options)
    with pytest.raises(TypeError, match="reference: expected a Reference, got int"):
        Monitor(3)  # type: ignore[arg-type]


# ---- Several processes ---------------------------------------------------------------------


def test_four_processes_count_as_one(tmp_path: Path) -> None:
    code = "for i in range(int(sys.argv[1]), 200, 4):\n    monitor.update(rows(i + 1, i))\n"
    head = (
        "import sys\nfrom fastcore import Monitor\nfrom tests.monitor_data import reference, rows\n"
        f"monitor = Monitor(reference(), path={str(tmp_path)!r}, window='365d')\n"
    )
    children = [
        subprocess.Popen([sys.executable, "-c", head + code, str(i)], cwd=Path(__file__).parents[1])
        for i in range(4)
    ]
    watcher = Monitor(REFERENCE, path=tmp_path, window="365d")
    while any(child.poll() is None for child in children):
        watcher.report()  # at every moment a whole one
    assert [child.returncode for child in children] == [0] * 4
    one = Monitor(REFERENCE, window="365d")
    for i in range(200):
        one.update(rows(i + 1, i))
    assert_same_counts(REFERENCE, block(watcher), block(one))
    assert not watcher.problems
    assert not files(tmp_path, ".live")  # all have ended, and are folded


def test_threads_count_as_one() -> None:
    monitor, one = (Monitor(REFERENCE, window="365d") for _ in range(2))
    parts = [Columns.from_numpy(rows(n, n)) for n in (1, 2, 100, 3000)]
    errors = []

    def work() -> None:
        try:
            for _ in range(100):
                for part in parts:
                    monitor.update(part)
                monitor.report()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    for _ in range(800):
        for part in parts:
            one.update(part)
    assert_same_counts(REFERENCE, block(monitor), block(one))


def test_a_child_has_a_file_of_its_own(tmp_path: Path) -> None:
    code = """
monitor.update(rows(10, 1))
(parents,) = [name for name in os.listdir(monitor._directory.path) if name.endswith(".live")]
before = open(monitor._directory.path + "/" + parents, "rb").read()
child = os.fork()
if not child:
    monitor.update(rows(20, 2))
    monitor.update_one(dict(x=1.0, f=1.0, k=1, t="a", b=True, d=None))
    assert monitor.report().rows == 31, monitor.report()
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
assert open(monitor._directory.path + "/" + parents, "rb").read() == before
assert monitor.report().rows == 31
print("ok")
"""
    assert in_child(tmp_path, code) == "ok\n"
    assert Monitor(REFERENCE, path=tmp_path).report().rows == 31


def test_a_child_keeps_no_lock_of_its_parents(tmp_path: Path) -> None:
    code = """
monitor.update(rows(10, 1))
if not os.fork():  # outlives its parent, and counts nothing
    os.close(1)
    os.close(2)
    sys.stdin.read()
    os._exit(0)
print("ok")
"""
    stay, go = os.pipe()
    head = (
        "import os, sys\nfrom fastcore import Monitor\n"
        "from tests.monitor_data import reference, rows\n"
        f"monitor = Monitor(reference(), path={str(tmp_path)!r})\n"
    )
    subprocess.run(
        [sys.executable, "-c", head + code],
        stdin=stay,
        cwd=Path(__file__).parents[1],
        check=True,
        timeout=120,
        capture_output=True,
    )
    os.close(stay)
    assert Monitor(REFERENCE, path=tmp_path).report().rows == 10
    assert not files(tmp_path, ".live")
    os.close(go)


def test_a_child_of_a_monitor_in_memory_begins_with_nothing(tmp_path: Path) -> None:
    code = """
plain = Monitor(reference())
plain.update(rows(10, 1))
child = os.fork()
if not child:
    assert plain.report().rows == 0
    plain.update(rows(5, 1))
    assert plain.report().rows == 5
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
assert plain.report().rows == 10
"""
    in_child(tmp_path, code)


# ---- Elsewhere -----------------------------------------------------------------------------


def test_merging_is_adding(tmp_path: Path) -> None:
    one, two = Monitor(REFERENCE, path=tmp_path), Monitor(REFERENCE)
    one.update(rows(100, 1))
    two.update(rows(50, 2))
    both = REFERENCE._core.count(
        Columns.concat([Columns.from_numpy(rows(100, 1)), Columns.from_numpy(rows(50, 2))])
    )
    copy = Monitor.from_bytes(one.to_bytes())
    copy.merge(two)
    assert_same_counts(REFERENCE, block(copy), both)
    one.merge(two.to_bytes())
    assert_same_counts(REFERENCE, block(one), both)
    assert_same_counts(REFERENCE, block(Monitor(REFERENCE, path=tmp_path)), both)
    with pytest.raises(ValueError, match="other: expected a monitor of the same reference"):
        one.merge(Monitor(REFERENCE, window="2h"))
    with pytest.raises(ValueError, match="other: expected a monitor of the same reference"):
        one.merge(Monitor(reference(seed=2)).to_bytes())


@given(data=st.data())
@examples(60)
def test_damaged_bytes_are_refused(data: st.DataObject) -> None:
    monitor = Monitor(Reference.fit({"x": np.arange(20.0)}))
    monitor.update({"x": np.arange(5.0)})
    content = bytearray(monitor.to_bytes())
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= data.draw(st.integers(1, 255))
    if data.draw(st.booleans()):
        content = content[:at]
    with pytest.raises(ValueError, match=r"^(data|window|slots): "):
        Monitor.from_bytes(bytes(content))


def test_a_monitor_is_not_pickled() -> None:
    with pytest.raises(TypeError, match="to_bytes"):
        pickle.dumps(Monitor(REFERENCE))


def test_alerts_name_what_to_look_at() -> None:
    fitted = Reference.fit({"x": np.arange(1000.0), "t": np.array(["a", "b"] * 500, object)})
    monitor = Monitor(fitted)
    assert monitor.alerts() == []
    x = np.arange(1000.0) + 500
    x[0] = np.inf
    monitor.update({"x": x, "t": np.array(["a", "new"] * 500, object)})
    found = {(alert.feature, alert.kind) for alert in monitor.alerts()}
    assert found == {(f, k) for f in "xt" for k in ("drift", "unseen")} | {("x", "infinite")}


def test_what_it_looks_like(tmp_path: Path) -> None:
    monitor = Monitor(REFERENCE, path=tmp_path)
    monitor.update(rows(10, 1))
    assert repr(monitor) == (
        f"Monitor: 10 rows in 1 of 24 windows of 1:00:00, 6 features, {tmp_path}"
    )


# ---- What goes along -----------------------------------------------------------------------


def test_bytes_carry_tests_and_alpha() -> None:
    monitor = Monitor(REFERENCE, tests="ks_2samp", alpha=0.3)
    monitor.update(rows(300, 1, shift=2.0))
    found = Monitor.from_bytes(monitor.to_bytes())
    assert (found.tests, found.alpha) == (("psi", "ks_2samp"), 0.3)
    assert (monitor.tests, monitor.alpha) == (("psi", "ks_2samp"), 0.3)
    assert found.report().to_dict() == monitor.report().to_dict()
    assert "x" in found.report().alarms
    assert Monitor(REFERENCE, alpha=np.float32(0.25)).alpha == 0.25  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="alpha: expected a number or None, got str"):
        Monitor(REFERENCE, alpha="0.1")  # type: ignore[arg-type]
    silent = Monitor(REFERENCE, alpha=None)
    silent.merge(monitor.to_bytes())  # its own options stay
    assert (silent.tests, silent.alpha, silent.report().rows) == (None, None, 300)
    assert Monitor.from_bytes(silent.to_bytes()).report()["x"].sequential is None
    with pytest.raises(ValueError, match="tests: expected some of psi"):
        Monitor(REFERENCE, tests=["psi", "nonsense"])


def test_bytes_of_version_1_and_forged_options() -> None:
    monitor = Monitor(REFERENCE, tests="ks_2samp", alpha=0.3)
    monitor.update(rows(30, 1))
    data, size = monitor.to_bytes(), _HEAD.size
    head = list(_HEAD.unpack_from(data))
    rest = data[size + head[2] :]

    def forged(options: bytes, version: int = 2) -> bytes:
        return _HEAD.pack(head[0], version, len(options), *head[3:]) + options + rest

    old = Monitor.from_bytes(forged(b"", version=1))
    assert (old.tests, old.alpha, old.report().rows) == (None, 0.05, 30)
    for options in (
        *(b"", b"{}", b"[]", b"null", b"\xff", b"[" * 20_000, b'{"alpha": 0.1}'),
        *(b'{"alpha": 2.0, "tests": null}', b'{"alpha": NaN, "tests": null}'),
        *(b'{"alpha": "0.1", "tests": null}', b'{"alpha": 0.1, "tests": ["nonsense"]}'),
        *(b'{"alpha": true, "tests": null}', b'{"alpha": 0.1, "tests": 3}'),
    ):
        with pytest.raises(ValueError, match="data: is damaged"):
            Monitor.from_bytes(forged(options))
    with pytest.raises(ValueError, match="has version 3; this fastcore reads versions 1 to 2"):
        Monitor.from_bytes(forged(b"", version=3))


@pytest.mark.parametrize("way", ["file", "bytes", "merge"])
def test_windows_of_the_future_hide_none_that_have_begun(tmp_path: Path, way: str) -> None:
    """A process whose clock was a century ahead ended: those that count now are all there."""
    slots, ahead = 3, Monitor(REFERENCE, path=tmp_path if way == "file" else None, slots=3)
    for i in range(slots):
        ahead._clock_offset = (876_000 + i) * 3600 * 10**6
        ahead.update(rows(7, 2))
    watch = Monitor(REFERENCE, path=tmp_path if way == "file" else None, slots=slots)
    watch.update(rows(10, 1))
    if way != "file":
        watch.merge(ahead.to_bytes() if way == "bytes" else ahead)
    del ahead
    for hour in range(slots):
        watch._clock_offset = hour * 3600 * 10**6
        watch.update(rows(10, 1))
        assert watch.report("1h").rows >= 10
        assert sum(w.rows == 7 for w in watch.windows) == slots - 1 - hour
    assert [w.rows for w in watch.windows] == [20, 10, 10]


def test_rows_of_the_future_are_there_at_once() -> None:
    """Within one store the rows that come have the place, also before they are folded."""
    watch = Monitor(REFERENCE, slots=2)
    begin = watch._now // (3600 * 10**6) * 3600
    watch.update(rows(2000, 1))
    watch.update(rows(5, 1), time=begin + 200 * HOUR)
    assert [w.rows for w in watch.windows] == [5]
    watch.update(rows(2000, 1), time=begin + 200 * HOUR)
    assert [w.rows for w in watch.windows] == [2005]
