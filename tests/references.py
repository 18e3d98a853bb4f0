"""Reference counts and memory over many calls: ``python -m tests.references --calls 100000``.

Every object that was there before is asked for its count, so one more reference to ``None``, a
class or a key shows, and all blocks of memory are counted. (The total of a debug interpreter says
nothing here: wheels of pydantic-core are built without it, so what they take and we give back is
not even.) Every call gives the same each time, so what grows grows with the number of calls.
"""

from __future__ import annotations

import argparse
import gc
import io
import itertools
import random
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Annotated, Any

import numpy as np
from pydantic import AfterValidator, BaseModel, Field, OnErrorOmit

from fastcore import Array, Row, Rows, Schema, Shape, Table

from .differential.compare import CALLS
from .differential.documents import Documents
from .differential.making import act
from .differential.plans import DEEDS, Plans
from .differential.search import made
from .reference_plans import plan_calls
from .test_schema import WHOLE, Flat, Tree
from .test_schema_memory import ARRAYS, HOOKS, MIXED, Arrays, Hooks, Mixed, spoiled

Call = Callable[[], Any]


class Reading(BaseModel):
    """A record of columns, with a default for each kind."""

    x: float = Field(ge=-10)
    n: int | None = 3
    flag: bool = True
    word: str = "é"
    pair: Annotated[Array[np.float64], Shape(2)] | None = None


GOOD = b'{"x":1.5,"n":null,"flag":false,"word":"\\u00e9\\n"}'


def everything() -> list[Any]:
    """All objects that there are; `gc.freeze` would hide them."""
    gc.collect()
    tracked = gc.get_objects()
    # Not what modules say that they hold: asyncio's, in Python 3.12, names iterators that are dead
    # and kept for later, and to take one up would put it into that list twice.
    holders = [one for one in tracked if not isinstance(one, ModuleType)]
    found = {id(one): one for one in (*tracked, *gc.get_referents(*holders))}
    return [*found.values(), *range(-5, 257), None, True, False, (), "", b""]


class Counts:
    """What there is now, and how much more of it there is later."""

    def __init__(self, watched: list[Any]) -> None:
        self._watched = watched
        self._before = self._now()

    def _now(self) -> tuple[int, int]:
        gc.collect()
        return sum(map(sys.getrefcount, self._watched)), sys.getallocatedblocks()

    def grown(self) -> int:
        """By how much the larger of the two grew; from now on it counts from here."""
        before, self._before = self._before, self._now()
        return max(now - then for now, then in zip(self._before, before, strict=True))


def growing(calls: list[tuple[str, Call, int]], watched: list[Any]) -> list[str]:
    """What grows by more than once in two calls, each with how much in how many."""
    for _, call, _ in calls:
        for _ in range(10):
            call()
    counts = Counts(watched)
    for _ in range(2):  # a cache may grow once
        for _, call, times in calls:
            for _ in itertools.repeat(None, times):
                call()
        grown = counts.grown()
        if grown <= min(times for _, _, times in calls) // 2:
            return []
    if len(calls) == 1:
        return [f"{calls[0][0]}: {grown} in {calls[0][2]} calls"]
    half = len(calls) // 2
    return growing(calls[:half], watched) + growing(calls[half:], watched)


def quietly(function: Callable[..., Any], *given: Any) -> Call:
    def call() -> None:
        try:
            function(*given)
        except Exception:
            return

    return call


def _documents() -> Iterator[tuple[str, Any, list[bytes]]]:
    """Types, each with right documents, and one for every way in which they can be wrong."""
    syntax = [b"[", b"", b'{"a": \xff}', b'"\\ud800"', b"[" * 300, b"NaN", WHOLE[:-1]]
    yield "flat", Flat, [WHOLE, *spoiled(WHOLE), *syntax, b"{}", b'{"a":1,"a":2}']
    yield "mixed", Mixed, [MIXED, *spoiled(MIXED), b"{}"]
    yield (
        "hooks",
        Hooks,
        [HOOKS, *spoiled(HOOKS), HOOKS.replace(b'"late": {"a": 2}', b'"late": {"a": 3}')],
    )
    yield (
        "arrays",
        Arrays,
        [ARRAYS[:200], b'{"ids":[1],"matrix":[[1,2]]}', b'{"ids":["x"]}'],
    )
    yield "tree", Tree, [b'{"left":{"value":"1"},"children":[{},{"value":"x"}]}', b'{"left":[]}']
    yield (
        "omitted",
        Annotated[list[OnErrorOmit[int]], Field(min_length=2)],
        [b'[1,"x",2]', b'[1,"x"]'],
    )
    others = [GOOD, b'{"x":"2"}', b'{"x":-11}', b'{"x":1,"pair":[1,2]}', b'{"x":1,"pair":[1]}']
    others += [b"{}", b"3", b'{"x":1e999}', b'{"x":1,"n":9223372036854775808}', b'{"x":1,"word":5}']
    rows = [b"[" + GOOD + b"," + other + b"]" for other in others]
    yield "rows", Rows[Reading], rows
    yield "row", Row[Reading], [GOOD, b'{"x":"x"}', b"[]"]
    yield (
        "table",
        Table[Flat],
        [b'{"a":[1,2]}', b'{"a":[1,"x"]}', b'{"a":[1],"c":["a","b"]}', b"{}"],
    )
    for deed in sorted(set(DEEDS)):
        type_ = list[Annotated[int, AfterValidator(lambda v, deed=deed: act(deed, v))]]  # type: ignore[misc]
        yield f"after, {deed}", type_, [b"[1,100,2]", b'[100,"x"]', b"[10,10]"]
        yield f"default, {deed}", dict[str, type_], [b'{"a":[100]}', b'{"a":[1],"b":[100,7]}']  # type: ignore[valid-type]


def cases() -> Iterator[tuple[str, Call]]:
    for name, type_, documents in _documents():
        schema: Schema[Any] = Schema(type_)
        for number, data in enumerate(documents):
            yield f"{name} {number}", quietly(schema.validate_json, data)
            yield f"{name} {number}, a trial", quietly(schema.try_route_json, data)
    options: list[dict[str, Any]] = [
        {"max_errors": 1}, {"hide_input": True}, {"max_input": 3}, {"duplicate_keys": "error"},
        {"allow_nan": True}, {"max_depth": 1}, {"verify": 1.0}, {"native": False},
    ]  # fmt: skip
    for chosen in options:
        schema = Schema(Flat, **chosen)
        for data in (WHOLE, b'{"a":"x","d":["y"]}', b'{"a":1,"a":NaN}'):
            yield f"{chosen} {data[:9]!r}", quietly(schema.validate_json, data)
    lines: Schema[Any] = Schema(Rows[Reading])
    for name, data in {
        "right": GOOD + b"\n" + GOOD,
        "wrong": GOOD + b'\n{"x":"y"}',
        "no JSON": GOOD + b"\n{",
    }.items():
        yield f"lines, {name}", quietly(lines.validate_ndjson, data)
        yield (
            f"a stream, {name}",
            quietly(lambda data=data: list(lines.iter_ndjson(io.BytesIO(data), rows=1))),
        )
    yield "compiling", quietly(lambda: Schema.from_core_schema({"type": "list"}))


def random_cases(types: int) -> Iterator[tuple[str, Call]]:
    """Types and documents of the differential search, all documents of a type in each call."""
    source = random.Random(5)
    plans = iter(Plans(source))
    while types:
        plan = next(plans)
        found = made(plan)
        if found is None:
            continue
        types -= 1
        schema: Schema[Any] = Schema(found[0], allow_nan=True)
        documents = list(itertools.islice(Documents(plan, source.getrandbits(32)), 25))

        def all_of_them(schema: Schema[Any] = schema, documents: list[bytes] = documents) -> None:
            for data in documents:
                quietly(schema.validate_json, data)()

        yield repr(plan), all_of_them


def search(calls: int, types: int) -> list[str]:
    """What grows, each with how much in how many calls."""
    found = [(name, _forgetting(call), calls) for name, call in cases()]
    found += [(name, _forgetting(call), max(60, calls // 50)) for name, call in random_cases(types)]
    plans = [(name, quietly(f, *given), max(60, calls // 50)) for name, f, given in plan_calls()]
    watched = everything()
    gc.freeze()  # so that each collection looks only through what is new
    try:
        fixed, drawn = found[: len(found) - types], found[len(found) - types :]
        rest = [each for some in (drawn, plans) if some for each in growing(some, watched)]
        return growing(fixed, watched) + rest
    finally:
        gc.unfreeze()


def _forgetting(call: Call) -> Call:
    def run() -> None:
        call()
        CALLS.clear()

    return run


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.references", description=__doc__)
    parser.add_argument("--calls", type=int, default=1000, help="of each case (%(default)s)")
    parser.add_argument("--types", type=int, default=40, help="generated ones (%(default)s)")
    given = parser.parse_args()
    found = search(given.calls, given.types)
    print("\n".join(found) or "nothing grows")
    print(f"{sum(1 for _ in cases())} cases of {given.calls} calls, {given.types} types")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
