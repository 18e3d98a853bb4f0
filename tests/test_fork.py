"""Forks after parallel kernels have run; each in a process of its own, see `tests/fork`."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fastcore import _core

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "tests" / "fork"

#: A guard for what does not end, no measure of time.
PATIENCE = 300


def run(*arguments: str) -> str:
    """Run Python with the situations at hand; whatever it started and left behind is ended."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(FOLDER), str(ROOT)])}
    for name in ("FASTCORE_DISABLE", "FASTCORE_NUM_THREADS"):
        environment.pop(name, None)
    environment["OPENBLAS_NUM_THREADS"] = "1"  # threads are counted: no others than ours
    with subprocess.Popen(
        [sys.executable, *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            output, _ = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            pytest.fail(f"{arguments} hangs: {process.communicate()[0]}")
    assert process.returncode == 0, output
    return output


@pytest.mark.parametrize(
    "name",
    [
        "os_fork",
        "fork_within_a_fork",
        "fork_from_a_thread",
        "fork_beside_a_region",
        "multiprocessing_fork",
        "multiprocessing_forkserver",
        "preloaded_server",
    ],
)
def test_children_can_run_every_kernel(name: str) -> None:
    assert f"{name} passed" in run(str(FOLDER / "fork_situations.py"), name)


def test_small_work_starts_no_thread() -> None:
    """And large work does, until a fork ends the pool."""
    code = """
import os
import warnings
import numpy as np
from sklearn.preprocessing import StandardScaler
from fastcore import Plan

def tasks():
    return len(os.listdir("/proc/self/task"))

X = np.random.default_rng(0).normal(size=(100_000, 8))
plan = Plan.from_sklearn(StandardScaler().fit(X[:100]))
counts = [tasks()]
# Python 3.12 warns of a fork beside other threads, which is what this is about.
warnings.simplefilter("ignore", DeprecationWarning)
plan.transform(X[:20_000], threads=3)
counts.append(tasks())
plan.transform(X, threads=1)
counts.append(tasks())
plan.transform(X, threads=3)
counts.append(tasks())
if os.fork() == 0:
    os._exit(0)
os.wait()
counts.append(tasks())
print([count - counts[0] for count in counts])
"""
    parallel = _core.build_info()["openmp"]
    assert run("-c", code).strip() == ("[0, 0, 0, 2, 0]" if parallel else "[0, 0, 0, 0, 0]")
