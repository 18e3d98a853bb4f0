"""Nothing grows with the number of calls; a step of CI has the long run."""

from __future__ import annotations

import gc
from typing import Any

import pytest
from pydantic import TypeAdapter

from .profiles import chosen
from .references import everything, growing, quietly, search

pytestmark = pytest.mark.once


def test_nothing_grows() -> None:
    alone = TypeAdapter(int).validate_json
    if growing([("pydantic", quietly(alone, b'"x"'), 200)], everything()):
        return  # a pydantic that keeps something of each error itself (2.13)
    assert search(*((60, 2) if chosen() == "short" else (120, 10))) == []


class Own:
    """Something that was there before."""


def test_what_leaks_is_found(request: pytest.FixtureRequest) -> None:
    kept: list[Any] = []
    held: list[Any] = []
    request.addfinalizer(gc.unfreeze)
    watched = everything()
    gc.freeze()  # for the sake of speed alone
    for leak in (lambda: kept.append([0]), lambda: held.append(Own)):
        found = growing(
            [("clean", lambda: [0], 200), ("leak", leak, 200), ("too", list, 200)], watched
        )
        assert len(found) == 1
        assert found[0].startswith("leak: ")
    assert growing([("clean", lambda: [None], 200)], watched) == []
