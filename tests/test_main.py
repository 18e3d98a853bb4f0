"""The command line: what each command prints, and its exit code."""

import json
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from sklearn.preprocessing import StandardScaler

import fastcore
from fastcore import __main__ as command_line
from fastcore import _doctor


class Item(BaseModel):
    """A type for `explain`."""

    price: float
    code: str


SCALER = StandardScaler().fit([[1.0, 2.0], [3.0, 5.0]])
NUMBER = 3
HERE = __name__


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = command_line.main(arguments)
    out, err = capsys.readouterr()
    return code, out, err


def test_info(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "info", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out) == fastcore.build_info()
    code, out, _ = run(capsys, "info")
    assert code == 0
    assert fastcore.__version__ in out


def test_build_info_says_what_is_used() -> None:
    info = fastcore.build_info()
    assert info["simd"] in info["simd_compiled"]
    assert info["simd_compiled"][0] == "generic"
    assert info["threads"] == fastcore.get_num_threads()
    assert info["variant"] in ("release", "debug", "asan", "tsan", "cov")
    assert int(info["numpy_abi"], 16) >= 0x02000000
    assert Path(info["extension"]).is_file()


def test_doctor(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "doctor", "--json")
    assert (code, err) == (0, "")
    found = json.loads(out)
    assert found["ok"] is True
    assert Path(found["folder"]) == Path(fastcore.__file__).resolve().parent
    assert found["libraries"]["numpy"]
    code, out, _ = run(capsys, "doctor")
    assert code == 0
    assert "all is well" in out


def test_doctor_names_a_broken_extension(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fastcore._core", None)
    found = _doctor.examine()
    assert found.exit_code == 1
    assert "fastcore._core does not load" in found.broken[0]


def test_explain(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "explain", f"{HERE}:Item", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out) == json.loads(
        json.dumps(fastcore.Schema(Item).explain().to_dict(), default=str)
    )
    code, out, _ = run(capsys, "explain", f"{HERE}:Item")
    assert code == 0
    assert "price" in out


def test_explain_takes_a_fitted_estimator(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "explain", f"{HERE}:SCALER", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out) == json.loads(
        json.dumps(fastcore.Plan.from_sklearn(SCALER).explain().to_dict(), default=str)
    )


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("nothing", 2),
        (":x", 2),
        ("json:", 2),
        ("no_such_module:x", 1),
        (f"{HERE}:no_such_name", 1),
        (f"{HERE}:NUMBER", 1),
    ],
)
def test_explain_says_what_is_wrong(
    capsys: pytest.CaptureFixture[str], name: str, code: int
) -> None:
    found, out, err = run(capsys, "explain", name)
    assert (found, out) == (code, "")
    assert err.startswith("fastcore: explain: ")


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["info", "--nonsense"], ["explain"]])
def test_wrong_usage_is_2(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        command_line.main(arguments)
    assert stopped.value.code == 2
    assert "usage" in capsys.readouterr().err


def test_bench_outside_a_checkout(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(command_line, "__file__", str(tmp_path / "fastcore" / "__main__.py"))
    code, out, err = run(capsys, "bench", "--quick")
    assert (code, out) == (1, "")
    assert "needs a checkout" in err


@pytest.mark.parametrize(
    ("command", "module"), [("demo", "fastcore.demo"), ("bench", "benchmarks.run")]
)
def test_the_rest_goes_to_the_command(
    monkeypatch: pytest.MonkeyPatch, command: str, module: str
) -> None:
    given: list[list[str]] = []

    def main(arguments: list[str]) -> int:
        given.append(arguments)
        return 7

    stand_in: Any = types.ModuleType(module)
    stand_in.main = main
    monkeypatch.setitem(sys.modules, module, stand_in)
    monkeypatch.setattr(sys, "path", list(sys.path))
    assert command_line.main([command, "--once", "--json", "x"]) == 7
    assert given == [["--once", "--json", "x"]]


def test_missing_extra_is_a_sentence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # None stands for a package that is not installed: its import fails, and no spec is found.
    for name in ("rich", "uvicorn"):
        monkeypatch.setitem(sys.modules, name, None)
    code, out, err = run(capsys, "demo")
    assert (code, out) == (1, "")
    assert err.startswith("fastcore: the demo needs rich, uvicorn: ")
    assert err.count("\n") == 1
    assert "fastcore-ml[demo]" in err


def test_interrupt_is_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(as_json: bool) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(command_line, "_info", interrupted)
    assert command_line.main(["info"]) == 130


def test_without_rich_it_is_plain_text(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("rich", "rich.console", "rich.table", "rich.text"):
        monkeypatch.setitem(sys.modules, name, None)
    code, out, _ = run(capsys, "info")
    assert code == 0
    assert any(line.split() == ["version", fastcore.__version__] for line in out.splitlines())


def test_as_a_program() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "fastcore", "info", "--json"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["version"] == fastcore.__version__
