"""The notebooks of docs/ run, and print what they say they print."""

import warnings

import pytest

from tests.notebooks import DOCS, NOTEBOOKS, kept, load, run, written

FLIGHTS = DOCS / "notebooks" / "flights.ipynb"


@pytest.mark.tools  # once: it draws, and reads a year
def test_flights_by_month() -> None:
    notebook = load(FLIGHTS)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for other in (DeprecationWarning, PendingDeprecationWarning):  # of what it stands on
            warnings.simplefilter("ignore", other)
        printed, names = run(notebook, FLIGHTS.name)
    assert printed == kept(notebook), "run: python -m tests.notebooks --write"
    months = list(range(4, 13))
    found = {name: [m for m in months if name in names["alarms"][m]] for name in names["names"]}
    assert found["temp"] == found["dewp"] == months
    assert found["wind_gust"] == [m for m in months if m != 11]
    steady = ("carrier", "origin", "hour", "distance", "dep_delay")
    assert [found[name] for name in steady] == [[]] * 5
    assert [f"{names['first'][name]:%m-%d}" for name in ("temp", "dewp")] == ["03-28", "03-28"]
    assert "carrier" not in names["first"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_is_small_and_has_only_texts(path: str) -> None:
    notebook = load(DOCS / "notebooks" / path)
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert len({cell["id"] for cell in notebook["cells"]}) == len(notebook["cells"])
    text = (DOCS / "notebooks" / path).read_text(encoding="utf-8")
    assert len(text) < 20_000
    assert text == written(notebook, kept(notebook))


def test_all_are_known() -> None:
    assert [path.name for path in NOTEBOOKS] == [FLIGHTS.name]
