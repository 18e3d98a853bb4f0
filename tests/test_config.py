"""Numbers of threads and the switches from the environment."""

import os
from collections.abc import Iterator

import pytest

import fastcore
from fastcore import _config, _core

PARALLEL = bool(_core.build_info()["openmp"])


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("FASTCORE_NUM_THREADS", "OMP_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    fastcore.set_num_threads(None)
    yield
    fastcore.set_num_threads(None)


def expect(number: int) -> int:
    """Without OpenMP everything runs on one thread, and says so."""
    return number if PARALLEL else 1


def test_argument_then_setting_then_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert fastcore.get_num_threads() == expect(len(os.sched_getaffinity(0)))
    monkeypatch.setenv("OMP_NUM_THREADS", "7,2")
    assert fastcore.get_num_threads() == expect(7)
    monkeypatch.setenv("FASTCORE_NUM_THREADS", "6")
    assert fastcore.get_num_threads() == expect(6)
    fastcore.set_num_threads(5)
    assert fastcore.get_num_threads() == expect(5)
    assert _config.thread_count(4) == expect(4)
    fastcore.set_num_threads(None)
    assert fastcore.get_num_threads() == expect(6)


@pytest.mark.parametrize(("value", "error"), [(0, ValueError), (-1, ValueError)])
def test_too_few(value: int, error: type[Exception]) -> None:
    with pytest.raises(error, match=f"n: expected at least 1, got {value}"):
        fastcore.set_num_threads(value)
    with pytest.raises(error, match=f"threads: expected at least 1, got {value}"):
        _config.thread_count(value)


@pytest.mark.parametrize("value", ["2", 2.0, True])
def test_not_an_integer(value: object) -> None:
    with pytest.raises(TypeError, match="n: expected an int, got "):
        fastcore.set_num_threads(value)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["0", "-1", "two", "1.5"])
def test_bad_environment_is_named(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("FASTCORE_NUM_THREADS", text)
    with pytest.raises(ValueError, match="FASTCORE_NUM_THREADS: expected an integer >= 1"):
        fastcore.get_num_threads()


@pytest.mark.parametrize(
    ("text", "disabled"), [(None, False), ("", False), ("0", False), ("1", True), ("yes", True)]
)
def test_the_way_back(monkeypatch: pytest.MonkeyPatch, text: str | None, disabled: bool) -> None:
    monkeypatch.delenv("FASTCORE_DISABLE", raising=False)
    if text is not None:
        monkeypatch.setenv("FASTCORE_DISABLE", text)
    assert _config.disabled() is disabled
