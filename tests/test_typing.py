"""mypy and pyright, both strict, on code that uses the annotation types."""

import json
import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FILES = sorted(path for path in (ROOT / "tests" / "typing").glob("*.py"))
each_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


def run(*command: str, folder: Path) -> str:
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "MYPYPATH": "",
        "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1",
    }
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return f"{done.stdout}{done.stderr}" if done.returncode else ""


@each_file
def test_runs(path: Path) -> None:
    runpy.run_path(str(path))


@pytest.mark.tools
def test_mypy(tmp_path: Path) -> None:
    config = tmp_path / "mypy.ini"
    config.write_text("[mypy]\nstrict = true\n[mypy-fastcore.*]\nignore_errors = true\n")
    files = map(str, FILES)
    said = run("mypy", "--config-file", str(config), *files, folder=ROOT)
    assert not said, said


@pytest.mark.tools
def test_pyright(tmp_path: Path) -> None:
    config = tmp_path / "pyrightconfig.json"
    settings = {
        "include": [str(path) for path in FILES],
        "extraPaths": [str(ROOT)],
        "typeCheckingMode": "strict",
        "enableTypeIgnoreComments": False,
        "reportUnnecessaryTypeIgnoreComment": True,
    }
    config.write_text(json.dumps(settings))
    said = run("pyright", "--pythonpath", sys.executable, "--project", str(config), folder=tmp_path)
    assert not said, said
