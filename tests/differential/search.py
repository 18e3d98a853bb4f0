"""The search for a difference, and the smallest case that shows it."""

from __future__ import annotations

import itertools
import random
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pydantic import PydanticUserError, TypeAdapter
from pydantic_core import SchemaError

from fastcore import Schema

from .compare import judged
from .documents import Documents
from .making import make
from .plans import Plan, Plans, kinds, simpler

#: What pydantic raises for a type that it does not take.
REFUSALS = (PydanticUserError, SchemaError, RuntimeError, TypeError, ValueError, NameError)
#: Gives our judgement of a document and the original's.
Judge = Callable[[bytes], tuple[Any, Any]]


@dataclass
class Tally:
    """What was tried."""

    types: int = 0
    documents: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        rare = ", ".join(f"{kind} {n}" for kind, n in self.kinds.most_common()[:-6:-1])
        return (
            f"{self.documents} documents of {self.types} types: "
            + ", ".join(f"{n} {name}" for name, n in self.outcomes.most_common())
            + f"; the rarest kinds: {rare}"
        )


class Differs(AssertionError):
    """A document that the two judge differently."""

    def __init__(self, plan: Plan, data: bytes, results: tuple[Any, Any], again: str) -> None:
        super().__init__(
            f"a difference; to see it again:\n"
            f"    from {again.rpartition('.')[0]} import {again.rpartition('.')[2]}\n"
            f"    {again.rpartition('.')[2]}({plan!r}, {data!r})\n"
            f"ours:   {results[0]!r}\ntheirs: {results[1]!r}"
        )
        self.plan, self.data = plan, data


def made(plan: Plan) -> Any:
    """The plan's type with its adapter, or None for what pydantic does not take."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            type_ = make(plan)
            return type_, TypeAdapter(type_)
        except REFUSALS:
            return None


def judge_of(plan: Plan) -> Judge | None:
    """`Schema` against `TypeAdapter`; None for what pydantic does not take."""
    found = made(plan)
    if found is None:
        return None
    type_, adapter = found
    # With allow_nan the contract is pydantic to the letter.
    schema: Schema[Any] = Schema(type_, allow_nan=True)
    return lambda data: (
        judged(lambda: schema.validate_json(data)),
        judged(lambda: adapter.validate_json(data)),
    )


def compare(plan: Plan, data: bytes) -> None:
    """Show a difference again.

    Raises
    ------
    Differs
        If there is one.
    """
    judge = judge_of(plan)
    assert judge is not None, "pydantic does not take this type"
    results = judge(data)
    if results[0] != results[1]:
        raise Differs(plan, data, results, "tests.differential.search.compare")


# ---- The smallest case ---------------------------------------------------------------------------


def smallest(plan: Plan, data: bytes, make_judge: Callable[[Plan], Judge | None]) -> Any:
    """(plan, document) with everything left out that is not needed for the difference."""

    def shows(plan: Plan, data: bytes) -> bool:
        try:
            judge = make_judge(plan)
        except Exception:  # a plan that means nothing any more
            return False
        if judge is None:
            return False
        ours, theirs = judge(data)
        return bool(ours != theirs)

    if not shows(plan, data):
        return plan, data  # only after the documents before it
    smaller = True
    while smaller:
        judge = make_judge(plan)
        assert judge is not None
        data = _shortest(data, judge)
        smaller = False
        for less in simpler(plan):
            # A part's document is a part of the document.
            for text in (data, *_inner_texts(data)):
                if shows(less, text):
                    plan, data, smaller = less, text, True
                    break
            if smaller:
                break
    return plan, data


def _shortest(data: bytes, judge: Judge) -> bytes:
    width = len(data) // 2
    while width:
        at = 0
        while at < len(data):
            shorter = data[:at] + data[at + width :]
            ours, theirs = judge(shorter)
            if ours != theirs:
                data = shorter
            else:
                at += width
        width //= 2
    return data


def _inner_texts(data: bytes) -> list[bytes]:
    """What stands behind a colon or in brackets, up to each place where it may end."""
    begins = [at + 1 for at, byte in enumerate(data) if byte in b":[,"]
    ends = [at for at, byte in enumerate(data) if byte in b"]},"]
    return [data[a:b].strip() for a in begins[:6] for b in ends[::-1][:6] if b > a]


# ---- The search ----------------------------------------------------------------------------------


def search(
    documents: int,
    seed: int,
    per_type: int,
    make_judge: Callable[[Plan], Judge | None] = judge_of,
    again: str = "tests.differential.search.compare",
) -> Tally:
    """Try so many documents.

    Raises
    ------
    Differs
        With the smallest case of the first difference.
    """
    tally = Tally()
    source = random.Random(seed)
    for plan in Plans(source):
        if tally.documents >= documents:
            break
        judge = make_judge(plan)
        if judge is None:
            continue
        tally.types += 1
        tally.kinds.update(kinds(plan))
        for data in itertools.islice(Documents(plan, source.getrandbits(32)), per_type):
            results = judge(data)
            if results[0] != results[1]:
                plan, data = smallest(plan, data, make_judge)
                judge = make_judge(plan)
                assert judge is not None
                again_results = judge(data)
                differs = again_results[0] != again_results[1]
                raise Differs(plan, data, again_results if differs else results, again)
            tally.documents += 1
            tally.outcomes[kind_of(results[1])] += 1
    return tally


def kind_of(result: Any) -> str:
    """accepted, refused, no JSON, or raised by user code."""
    outcome = result[0]
    if outcome[0] == "error":
        return "no JSON" if outcome[2][0]["type"] == "json_invalid" else "refused"
    return {"value": "accepted", "raised": "raised"}.get(str(outcome[0]), str(outcome[0]))
