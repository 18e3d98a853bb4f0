"""Nothing grows with the number of calls; a step of CI has the long run."""

from __future__ import annotations

from typing import Any

from .references import growing, search


def test_nothing_grows() -> None:
    assert search(calls=120, types=10) == []


def test_what_leaks_is_found() -> None:
    kept: list[Any] = []
    held: list[Any] = []
    for leak in (lambda: kept.append([0]), lambda: held.append(None), lambda: held.append(Any)):
        found = growing([("clean", lambda: [0], 200), ("leak", leak, 200), ("too", list, 200)])
        assert len(found) == 1
        assert found[0].startswith("leak: ")
    assert growing([("clean", lambda: [None], 200)]) == []
