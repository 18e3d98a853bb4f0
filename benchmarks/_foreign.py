"""Peers that cannot be installed beside us: each in an environment and a process of its own.

``benchmarks/foreign/NAME.txt`` pins what is installed, ``benchmarks/foreign/NAME.py`` has the jobs;
``benchmarks/foreign/_serve.py`` runs them and answers over a pipe. A `ForeignRun` is a peer's run
like any other, with one difference: the harness takes the time that the other process measured
itself, by the same clock, with its collector off and on the same cores, so that the pipe and the
pickling cost the peer nothing.

Environments are made only when asked for (``--foreign``), once, under ``build/bench``. Where one
cannot be made, the table says "not installed" of its peers, as of any missing library.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib.util
import itertools
import os
import pickle
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, NoReturn

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = ROOT / "benchmarks" / "foreign"
CACHE = ROOT / "build" / "bench"

#: Seconds that a process has to end in, once its answers have.
PATIENCE = 10

#: Whether environments may be made and used; `run.py` sets it by ``--foreign``.
enabled = False

_servers: dict[str, Server | None] = {}
_keys = itertools.count()


class ForeignError(RuntimeError):
    """A peer's process failed or ended."""


class Server:
    """A process that does the jobs of a script, started when it is first needed.

    Parameters
    ----------
    name : str
        What errors call it.
    python, script : path
        The interpreter of the environment, and the module with the jobs.
    """

    def __init__(self, name: str, python: str | Path, script: Path) -> None:
        self.name = name
        self.versions: dict[str, str] = {}
        self._command = [str(python), "-I", str(SCRIPTS / "_serve.py"), str(script)]
        self._process: subprocess.Popen[bytes] | None = None
        self._errors: IO[bytes] | None = None
        self._jobs: set[int] = set()

    def start(self) -> None:
        """Start the process; its first answer is what is installed where it runs."""
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (it lives as long as the process)
        quiet = {"DO_NOT_TRACK": "1", "WHYLOGS_NO_ANALYTICS": "True"}
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env={**os.environ, **quiet},
        )
        atexit.register(self.close)
        self.versions = self._answer("start")

    def ask(self, what: str, *rest: Any) -> Any:
        """One request and its answer.

        Raises
        ------
        ForeignError
            The request failed there, or the process has ended.
        """
        if self._process is None:
            self.start()
        process = self._process
        assert process is not None
        assert process.stdin is not None
        try:
            process.stdin.write(pickle.dumps((what, *rest), protocol=4))
            process.stdin.flush()
        except BrokenPipeError:
            self._ended(what)
        return self._answer(what)

    def _answer(self, what: str) -> Any:
        process = self._process
        assert process is not None
        assert process.stdout is not None
        try:
            good, answer = pickle.load(process.stdout)
        except (EOFError, pickle.UnpicklingError):
            self._ended(what)
        if not good:
            raise ForeignError(f"{self.name}: {what} failed there:\n{answer}")
        return answer

    def _ended(self, what: str) -> NoReturn:
        process, errors = self._process, self._errors
        assert process is not None
        assert errors is not None
        try:
            status: object = process.wait(PATIENCE)
        except subprocess.TimeoutExpired:  # it wrote what is no answer
            process.kill()
            status = "no answer"
            process.wait()
        errors.seek(0)
        last = errors.read().decode(errors="replace").strip()[-2000:]
        self.close()
        raise ForeignError(f"{self.name}: its process ended with {status} at {what!r}: {last}")

    def open(self, key: int, job: str, data: Any) -> None:
        """Have a job prepared under a key, unless that is done."""
        if key not in self._jobs:
            self.ask("open", key, job, data)
            self._jobs.add(key)

    def close(self) -> None:
        """End the process: it stops by itself at the end of its input."""
        process, self._process = self._process, None
        self._jobs.clear()
        if process is None:
            return
        atexit.unregister(self.close)
        assert process.stdin is not None
        assert process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        process.wait()
        process.stdout.close()
        if self._errors is not None:
            self._errors.close()


class ForeignRun:
    """A job of a `Server`, to be a `Peer`'s run; its data go there at the first call.

    Parameters
    ----------
    server : Server
    job : str
        A name among the script's jobs.
    data : object
        What it is prepared with: only what every environment can unpickle (numbers, texts, bytes,
        lists, tuples, dicts).
    """

    def __init__(self, server: Server, job: str, data: Any) -> None:
        self.server, self.job, self._data = server, job, data
        self._key = next(_keys)

    def __call__(self) -> Any:
        """Do it once and return its result."""
        return self._run(1, "process_time_ns")[1]

    def timed(self, times: int, clock: str) -> float:
        """Seconds that ``times`` calls took there, by a clock of `time`."""
        nanoseconds: int = self._run(times, clock)[0]
        return nanoseconds * 1e-9

    def _run(self, times: int, clock: str) -> Any:
        self.server.open(self._key, self.job, self._data)
        cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
        return self.server.ask("run", self._key, times, clock, cores)


def run(name: str, job: str, data: Any) -> ForeignRun | None:
    """A peer's run in the environment of that name; None where there is none."""
    if not enabled:
        return None
    if name not in _servers:
        python = environment(name, SCRIPTS / f"{name}.txt")
        _servers[name] = Server(name, python, SCRIPTS / f"{name}.py") if python else None
    server = _servers[name]
    return ForeignRun(server, job, data) if server else None


def versions() -> Mapping[str, str]:
    """By name of a foreign peer that was used: its version and those beside it."""
    found = {}
    for name, server in _servers.items():
        if server is not None and server.versions:
            own, *others = server.versions.items()
            beside = ", ".join(f"{k} {v}" for k, v in others)
            found[name] = f"{own[1]} (own environment: {beside})"
    return found


def environment(name: str, requirements: Path) -> Path | None:
    """The interpreter of an environment with these requirements, made if it is not there.

    What was installed is noted last, so that one that was left half made is made anew, and so is
    one whose requirements have changed.
    """
    where = CACHE / name
    python, note = where / "bin" / "python", where / "installed.txt"
    wanted = f"# Python {sys.version.split()[0]}\n{requirements.read_text(encoding='utf-8')}"
    if note.is_file() and note.read_text(encoding="utf-8") == wanted:
        return python
    print(f"{name}: making an environment in {where} ...", file=sys.stderr, flush=True)
    shutil.rmtree(where, ignore_errors=True)
    try:
        for command in _commands(where, python, requirements):
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        note.write_text(wanted, encoding="utf-8")
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"{name}: no environment: {error}", file=sys.stderr)
        return None
    return python


def _commands(where: Path, python: Path, requirements: Path) -> list[list[str]]:
    """How to make it: by uv where there is one, else by venv and pip."""
    uv = [found] if (found := shutil.which("uv")) else []
    if importlib.util.find_spec("uv"):
        uv = [sys.executable, "-m", "uv"]
    if uv:
        return [
            [*uv, "venv", "-q", "-p", sys.executable, str(where)],
            [*uv, "pip", "install", "-q", "--python", str(python), "-r", str(requirements)],
        ]
    return [
        [sys.executable, "-m", "venv", str(where)],
        [str(python), "-m", "pip", "install", "-q", "-r", str(requirements)],
    ]
