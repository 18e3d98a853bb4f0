"""The kernels' own tests and the committed fuzz inputs, built as plain C under sanitizers."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

# They have no interpreter in them: once is enough, however many variants the suite runs in.
pytestmark = pytest.mark.tools

C_TESTS = Path(__file__).parent / "c"


def make(target: str, *tools: str) -> str:
    missing = [tool for tool in ("make", *tools) if shutil.which(tool) is None]
    if missing:
        # The project needs a C compiler alone. Where all has to run (CI says so) this is a fault.
        absent = f"{' and '.join(missing)}: not installed, and this test needs it"
        assert os.environ.get("FASTCORE_TEST_ALL") != "1", absent
        pytest.skip(absent)
    run = subprocess.run(
        ["make", "-C", str(C_TESTS), target], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-4000:]
    return run.stdout


def test_c_tests_pass() -> None:
    summary = re.findall(r"^(\d+) passed, (\d+) failed$", make("check"), re.MULTILINE)
    assert len(summary) == 1
    passed, failed = map(int, summary[0])
    assert failed == 0
    # Every test program is counted, so the sum cannot be small when all were run.
    assert passed >= len(list(C_TESTS.glob("test_*.c")))


def test_fuzz_inputs_replay() -> None:
    assert "inputs replayed" in make("replay")


def test_public_headers_compile_alone() -> None:
    assert "json.h compiles alone" in make("headers", "g++")


def test_power_table_is_what_its_script_writes() -> None:
    folder = C_TESTS.parents[1] / "src" / "json"
    run = subprocess.run(
        [sys.executable, str(folder / "powers.py")], capture_output=True, text=True, check=True
    )
    assert run.stdout == (folder / "powers.h").read_text()
