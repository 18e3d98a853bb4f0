"""One schema in many threads, on small stacks, under any recursion limit: every kind of node."""

from __future__ import annotations

import json
import random
import sys
import threading
from collections.abc import Callable
from typing import Annotated, Any, NamedTuple

import pytest
from pydantic import AfterValidator, BaseModel, Field, RootModel, TypeAdapter
from typing_extensions import TypeAliasType

from fastcore import Rows, Schema, Table, _core
from fastcore._config import disabled

from .differential.compare import outcome
from .differential.objects import recursive
from .references import GOOD, Reading
from .test_schema import WHOLE, Flat
from .test_schema_memory import ARRAYS, HOOKS, MIXED, Arrays, Hooks, Mixed, spoiled


def in_thread(run: Callable[[], Any], stack: int) -> Any:
    """What `run` returns in a thread with a stack of so many bytes."""
    results: list[Any] = []
    old = threading.stack_size(stack)
    try:
        thread = threading.Thread(target=lambda: results.append(run()))
        thread.start()
        thread.join()
    finally:
        threading.stack_size(old)
    assert len(results) == 1
    return results[0]


CASES: dict[str, tuple[Any, list[bytes]]] = {
    "flat": (Flat, [WHOLE, *spoiled(WHOLE), b"{", b"[]"]),
    "mixed": (Mixed, [MIXED, *spoiled(MIXED)]),
    "hooks": (Hooks, [HOOKS, *spoiled(HOOKS)]),
    "arrays": (Arrays, [ARRAYS, b'{"ids":[1],"matrix":[[1]]}']),
    "rows": (Rows[Reading], [b"[" + b",".join([GOOD] * 600) + b"]", b"[" + GOOD + b",{}]"]),
    "table": (Table[Flat], [b'{"a":[1,2]}', b'{"a":[1,"x"]}']),
}


@pytest.mark.parametrize("name", CASES)
def test_eight_threads_get_what_one_gets(name: str) -> None:
    type_, documents = CASES[name]
    schema: Schema[Any] = Schema(type_)
    expected = [outcome(lambda d=data: schema.validate_json(d)) for data in documents]
    fresh: Schema[Any] = Schema(type_)  # its originals are made while all are at it
    begin = threading.Barrier(8)
    different: list[bytes] = []

    def work(seed: int) -> None:
        source = random.Random(seed)
        begin.wait()
        for _ in range(10):
            for at in source.sample(range(len(documents)), len(documents)):
                if outcome(lambda at=at: fresh.validate_json(documents[at])) != expected[at]:
                    different.append(documents[at])

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not different


class Named(NamedTuple):
    inner: Named | None = None


class Rooted(BaseModel):
    root: Wrapped | None = None


class Wrapped(RootModel[list[Rooted]]):
    pass


class Checked(BaseModel):
    inner: Annotated[Checked | None, AfterValidator(lambda value: value)] = None
    extra: dict[str, Checked] = Field(default_factory=dict)


Rooted.model_rebuild()
Lists = TypeAliasType("Lists", "list[Lists] | None")
Tuples = TypeAliasType("Tuples", "tuple[Tuples, ...]")
Dicts = TypeAliasType("Dicts", "dict[str, Dicts]")
Either = TypeAliasType("Either", "list[Either] | int | dict[str, Either]")
#: Types that hold themselves, each with what stands around the innermost and with that.
DEEP: dict[str, tuple[Any, str, str, str]] = {
    "model": (recursive("model", ("int", {})), '{"value":1,"next":', '{"value":2}', "}"),
    "dataclass": (recursive("dataclass", ("int", {})), '{"value":1,"kids":[', "", "]}"),
    "typed": (recursive("typed", ("int", {})), '{"kids":[', "{}", "]}"),
    "named": (Named, '{"inner":', "null", "}"),
    "root": (Rooted, '{"root":[', "", "]}"),
    "after": (Checked, '{"inner":', "{}", "}"),
    "dict of models": (Checked, '{"extra":{"a":', "{}", "}}"),
    "list": (Lists, "[", "null", "]"),
    "tuple": (Tuples, "[", "", "]"),
    "dict": (Dicts, '{"a":', "{}", "}"),
    "union": (Either, '[{"a":', "1", "}]"),
    "any": (Any, '[{"a":', "1", "}]"),
}


@pytest.mark.parametrize("limit", [None, 1_000_000])
@pytest.mark.parametrize("name", DEEP)
def test_deep_documents_on_a_small_stack(name: str, limit: int | None) -> None:
    """As deep as a document may be, deeper, and far too deep, with 256 KiB."""
    type_, before, middle, behind = DEEP[name]
    schema: Schema[Any] = Schema(type_)
    schema.explain()
    # A sanitizer's frames are several times as large, and pydantic overflows such a stack.
    small = disabled() or _core.build_info()["variant"] in ("asan", "tsan", "debug")
    levels = (9 if small else 198) // (before.count("[") + before.count("{"))
    deep = before * levels + middle + behind * levels
    expected = outcome(lambda: TypeAdapter(type_).validate_json(deep))
    old = sys.getrecursionlimit()
    if limit:
        sys.setrecursionlimit(limit)
    try:
        value = in_thread(lambda: schema.validate_json(deep), 256 * 1024)
        refused = in_thread(
            lambda: [
                outcome(lambda t=text: schema.validate_json(t))
                for text in (before * 100_000, before * 300 + middle + behind * 300)
            ],
            256 * 1024,
        )
    finally:
        sys.setrecursionlimit(old)
    assert outcome(lambda: value) == expected
    for kind, _, lines, *_ in refused:
        assert (kind, [line["type"] for line in lines]) == ("error", ["json_invalid"])


def test_a_low_recursion_limit() -> None:
    """Nothing of ours calls itself in Python: a document is read, or is too deep for pydantic."""
    type_, before, middle, behind = DEEP["model"]
    schema: Schema[Any] = Schema(type_)
    deep = before * 150 + middle + behind * 150
    schema.validate_json(deep)
    depth = 0
    frame: Any = sys._getframe()
    while frame:
        depth, frame = depth + 1, frame.f_back
    old = sys.getrecursionlimit()
    sys.setrecursionlimit(depth + 40)
    try:
        value = schema.validate_json(deep)
    finally:
        sys.setrecursionlimit(old)
    assert json.loads(value.model_dump_json())["value"] == 1
