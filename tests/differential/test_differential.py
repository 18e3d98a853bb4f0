"""A short search in every run of the suite; the long one is a command, and a step of CI."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable

import pytest

from ..profiles import SCALES, chosen
from . import routes
from . import search as module
from .making import PLAIN
from .plans import PLAIN as NAMES
from .plans import Plan, simpler
from .search import Differs, Judge, compare, judge_of, search

SCALE = SCALES[chosen()]


def test_equals_pydantic() -> None:
    tally = search(int(5000 * SCALE), seed=20, per_type=25)
    # What is searched is neither all right nor all wrong, and of every kind.
    assert tally.outcomes["accepted"] > tally.documents // 4
    assert tally.outcomes["refused"] > tally.documents // 4
    assert tally.outcomes["no JSON"] > tally.documents // 50
    assert {"model", "dataclass", "typed", "named", "tagged", "union", "recursive"} <= set(
        tally.kinds
    )


def test_routes_answer_as_fastapi_does() -> None:
    again = "tests.differential.routes.compare"
    tally = search(int(500 * SCALE), 23, 10, routes.judge_of, again)
    assert tally.outcomes["accepted"] > tally.documents // 5
    assert tally.outcomes["refused"] > tally.documents // 5


SCALARS: list[Plan] = [
    *[(kind, {}) for kind in ("int", "float", "bool", "str", "bytes")],
    *[("plain", kind) for kind in ("decimal", "date", "datetime", "time", "timedelta", "uuid")],
    ("literal", ["a", "1", 1, True, None]),
    ("enum", "Enum", ["1", 2, True]),
    ("enum", "IntEnum", [1, 4]),
    ("enum", "StrEnum", ["4", "x"]),
    ("optional", ("plain", "decimal")),
]
DOCUMENTS = (
    b'"4" "4.5" "1" "x" "true" "2020-01-01" "12:00:00" "P1D" "2020-01-01T00:00:00" "1577836800" '
    b'"6ba7b810-9dad-11d1-80b4-00c04fd430c8" 4 4.5 4.0 1 0 -1 1e3 86400 1577836800.5 true null'
)


@pytest.mark.parametrize("judge_of", [judge_of, routes.judge_of], ids=["schema", "route"])
def test_every_pair_of_scalars_in_a_smart_union(judge_of: Callable[[Plan], Judge | None]) -> None:
    """JSON and Python mode convert different things, and the first that need not convert wins."""
    for pair in itertools.permutations(SCALARS, 2):
        judge = judge_of(("union", list(pair), "smart"))
        assert judge is not None
        for data in DOCUMENTS.split():
            ours, theirs = judge(data)
            assert ours == theirs, (pair, data)


def test_every_named_type_has_a_plan() -> None:
    assert set(PLAIN) == set(NAMES)


def test_a_difference_is_found_and_made_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if an integer of 3 were taken for 4 wherever it stands in a list."""

    def wrong(plan: Plan) -> Judge | None:
        judge = judge_of(plan)
        if judge is None or "'list', ('int'" not in repr(plan):
            return judge
        return lambda data: (judge(data)[0] if b"3" not in data else "wrong", judge(data)[1])

    with pytest.raises(Differs) as caught:
        search(200_000, seed=1, per_type=50, make_judge=wrong)
    assert caught.value.plan == ("list", ("int", {}), {})
    assert caught.value.data == b"3"
    # The message says how to see it again.
    shown = str(caught.value).split("compare(", 1)[1].split("\n", 1)[0]
    assert ast.literal_eval("(" + shown) == (caught.value.plan, caught.value.data)
    compare(caught.value.plan, caught.value.data)  # which is no difference without the fault
    monkeypatch.setattr(module, "judge_of", wrong)
    with pytest.raises(Differs):
        compare(caught.value.plan, caught.value.data)


def test_simpler_plans_end() -> None:
    plan: Plan = ("model", {"f": (("list", ("int", {"ge": 3}), {}), "default", None)}, {}, "after")
    seen = [plan]
    for _ in range(50):
        less = next(simpler(seen[-1]), None)
        if less is None:
            break
        seen.append(less)
    assert len(seen) < 10
