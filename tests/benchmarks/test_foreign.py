"""A peer in another process: same results, its own clock, clear errors, nothing made unasked."""

import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))  # the benchmarks are no part of the wheel

from benchmarks import _foreign, _harness, drift, run  # noqa: E402
from benchmarks._foreign import ForeignError, ForeignRun, Server  # noqa: E402
from benchmarks._harness import Case, Peer  # noqa: E402

pytestmark = pytest.mark.tools

SCRIPT = """
import gc, os, sys
VERSIONS = ["tiny"]
import importlib.metadata
importlib.metadata.version = {"tiny": "1.2"}.__getitem__
calls = []
print("what a library prints is no answer")

def total(data):
    print("nor is this")
    return lambda: sum(data)

def counted(data):
    def job():
        assert not gc.isenabled()
        calls.append(data)
    return job, lambda: len(calls)

def fails(data):
    def job():
        raise KeyError(data)
    return job

def dies(data):
    def job():
        print("the last words", file=sys.stderr, flush=True)
        os._exit(7)
    return job

def unsayable(data):
    return lambda: [1, 2, lambda: 3]

JOBS = {f.__name__: f for f in (total, counted, fails, dies, unsayable)}
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    script = tmp_path / "tiny.py"
    script.write_text(SCRIPT)
    server = Server("tiny", sys.executable, script)
    yield server
    server.close()


def test_a_result_is_the_other_processes(server: Server) -> None:
    assert ForeignRun(server, "total", [1, 2, 3])() == 6
    assert ForeignRun(server, "total", [4])() == 4
    assert server.versions == {"tiny": "1.2"}


def test_the_time_is_the_one_that_it_reports(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[Any, ...]] = []

    def ask(what: str, *rest: object) -> object:
        asked.append((what, *rest[1:3]))
        return 2_500_000, None

    monkeypatch.setattr(server, "ask", ask)
    case = Case("job", lambda: None, [Peer("tiny", ForeignRun(server, "total", [1]))])
    [ratio] = _harness.measure("family", case, quick=True).ratios
    times = asked[-1][1]
    assert ratio.micros == pytest.approx(2500 / times)
    assert asked[-1] == ("run", times, "process_time_ns")
    assert asked[0] == ("open", "total", [1])


def test_it_is_called_as_often_as_asked_and_once_more_to_be_warm(server: Server) -> None:
    counted = ForeignRun(server, "counted", None)
    assert counted() == 1
    counted.timed(5, "perf_counter_ns")
    assert counted() == 1 + 6 + 1


def test_a_measured_case(server: Server) -> None:
    case = Case("job", lambda: 6, [Peer("tiny", ForeignRun(server, "total", [1, 2, 3]))])
    [ratio] = _harness.measure("family", case, quick=True).ratios
    assert ratio.peer == "tiny"
    other = Case("job", lambda: 7, case.peers)
    with pytest.raises(AssertionError, match="tiny"):
        _harness.measure("family", other, quick=True)


def test_an_error_there_is_one_here_and_the_process_goes_on(server: Server) -> None:
    with pytest.raises(ForeignError, match=r"(?s)tiny: run failed there.*KeyError: 'where'"):
        ForeignRun(server, "fails", "where")()
    with pytest.raises(ForeignError, match=r"(?s)tiny: open failed there.*KeyError: 'none'"):
        ForeignRun(server, "none", None)()
    with pytest.raises(ForeignError, match="tiny: run failed there"):
        ForeignRun(server, "unsayable", None)()
    assert ForeignRun(server, "total", [1])() == 1


def test_the_end_of_the_process_says_what_it_said_last(server: Server) -> None:
    with pytest.raises(ForeignError, match=r"tiny: its process ended with 7 at 'run'.*last words"):
        ForeignRun(server, "dies", None)()
    assert ForeignRun(server, "total", [1])() == 1  # another one


def test_a_script_that_does_not_load_says_why(tmp_path: Path) -> None:
    script = tmp_path / "broken.py"
    script.write_text("import a_library_that_is_not_here")
    server = Server("broken", sys.executable, script)
    with pytest.raises(
        ForeignError, match=r"(?s)broken: its process ended with 1 .*a_library_that_is_not_here"
    ):
        ForeignRun(server, "any", None)()


def test_nothing_is_made_unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    def made(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(_foreign, "environment", made)
    monkeypatch.setattr(_foreign, "enabled", False)
    absent = [peer.name for peer in drift.one_psi(1000).peers if peer.run is None]
    assert absent == ["evidently's psi"]


def test_the_flag_asks_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_foreign, "enabled", False)
    monkeypatch.setattr(_harness, "pin_to_one_core", lambda: None)
    monkeypatch.setattr(_harness, "show", lambda _: None)
    monkeypatch.setattr(drift, "cases", lambda quick: [])
    for flags, expected in ([], False), (["--foreign"], True), ([], False):
        assert run.main(["--family", "drift", *flags]) == 0
        assert _foreign.enabled is expected


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[list[str]]:
    """The commands that would make an environment, which are noted and not run."""
    noted: list[list[str]] = []

    def run(command: list[str], **_: object) -> None:
        noted.append(command)
        (tmp_path / "cache" / "tiny").mkdir(parents=True, exist_ok=True)

    monkeypatch.setattr(_foreign, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(subprocess, "run", run)
    return noted


def test_an_environment_is_made_once_for_its_requirements(
    commands: list[list[str]], tmp_path: Path
) -> None:
    wanted = tmp_path / "tiny.txt"
    wanted.write_text("tiny==1\n")
    python = tmp_path / "cache" / "tiny" / "bin" / "python"
    for expected in 2, 2:
        assert _foreign.environment("tiny", wanted) == python
        assert len(commands) == expected
    assert str(wanted) in commands[-1]
    wanted.write_text("tiny==2\n")
    assert _foreign.environment("tiny", wanted) == python
    assert len(commands) == 4


def test_one_that_cannot_be_made_is_absent(
    commands: list[list[str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fails(command: list[str], **_: object) -> None:
        raise subprocess.CalledProcessError(2, command)

    monkeypatch.setattr(subprocess, "run", fails)
    monkeypatch.setattr(_foreign, "enabled", True)
    monkeypatch.setattr(_foreign, "_servers", {})
    monkeypatch.setattr(_foreign, "SCRIPTS", tmp_path)
    (tmp_path / "tiny.txt").write_text("tiny==1\n")
    assert _foreign.run("tiny", "job", None) is None
    assert _foreign.run("tiny", "other", None) is None
    assert capsys.readouterr().err.count("tiny: no environment") == 1


@pytest.mark.parametrize("uv", [True, False])
def test_uv_makes_it_where_there_is_one(uv: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: "/bin/uv" if uv else None)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    made, filled = _foreign._commands(Path("there"), Path("there/bin/python"), Path("x.txt"))
    assert made[:2] == (["/bin/uv", "venv"] if uv else [sys.executable, "-m"])
    assert filled[-2:] == ["-r", "x.txt"]
    assert "there/bin/python" in filled


@pytest.mark.parametrize("name", ["evidently", "whylogs"])
def test_every_requirement_is_pinned(name: str) -> None:
    lines = (_foreign.SCRIPTS / f"{name}.txt").read_text().splitlines()
    pinned = [line for line in lines if not line.startswith("#")]
    assert any(line.startswith(f"{name}==") for line in pinned)
    assert all("==" in line for line in pinned)
