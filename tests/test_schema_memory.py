"""Schemas shared by threads, on small stacks, and where every allocation fails in turn."""

from __future__ import annotations

import _testcapi
import ctypes
import dataclasses
import datetime
import decimal
import json
import sys
import threading
import uuid
from typing import Annotated, Any, Literal

import numpy as np
import pytest
from pydantic import (
    AfterValidator,
    BaseModel,
    Field,
    PlainValidator,
    StringConstraints,
    TypeAdapter,
)

from fastcore import Array, Schema, Shape, _core
from fastcore._config import disabled

from .test_schema import WHOLE, Flat, Tree, described, outcome
from .test_schema_native import Cat, Dog, Plain, Typed
from .test_schema_objects import (
    Defaulted,
    Many,
    Named,
    Numbers,
    Pair,
    Pathed,
    PathedData,
    Private,
    Wide,
)


def _picky(value: int) -> int:
    if value > 2:
        raise ValueError("too much")
    return value


@dataclasses.dataclass
class Slotted:
    __slots__ = ("a",)
    a: int


class Mixed(BaseModel):
    """What is made in C beyond models, lists and scalars."""

    pair: tuple[int, str]
    many: tuple[float, ...]
    few: set[int] = Field(max_length=3)
    kept: frozenset[str]
    day: datetime.date
    time: datetime.datetime
    ident: uuid.UUID
    clock: datetime.time
    span: datetime.timedelta
    price: Annotated[decimal.Decimal, Field(gt=0, max_digits=5)]
    count: decimal.Decimal
    share: decimal.Decimal
    form: Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True)]
    raw: bytes
    typed: Typed
    plain: Plain
    slotted: Slotted
    pet: Annotated[Cat | Dog, Field(discriminator="kind")]
    either: int | str | list[int] | None


class Arrays(BaseModel):
    """What becomes arrays: small, large, below lists, and refused."""

    ids: Array[np.int64]
    matrix: Annotated[Array[np.float32], Shape("n", 2)]
    many: list[Array[np.float16]] = []


ARRAYS = json.dumps(
    {"ids": [1, 2, 2**40], "matrix": [[i, 0.5] for i in range(6000)], "many": [[1, 2], []]}
).encode()


class Chain(BaseModel):
    link: Chain | int | None = None
    pet: Annotated[Ring | Dog, Field(discriminator="kind")] | None = None


class Ring(BaseModel):
    kind: Literal["ring"]
    chain: tuple[Chain] | None = None


Chain.model_rebuild()


class Late(BaseModel):
    a: int

    def model_post_init(self, context: Any) -> None:
        _picky(self.a)


@dataclasses.dataclass
class Inits:
    a: int
    b: dataclasses.InitVar[int] = 0

    def __post_init__(self, b: int) -> None:
        _picky(b)


class Ways(BaseModel):
    """Fields that are found in several ways."""

    named: Named
    pathed: Pathed
    data: PathedData
    many: Many  # type: ignore[valid-type]


WAYS = json.dumps(
    {
        "named": {"a": 1, "B": "x"},
        "pathed": {"p": [1], "x": "y"},
        "data": {"p": [1, 2]},
        "many": {f"k{i}": [i + 10] for i in range(40)},
    }
).encode()


class Hooks(BaseModel):
    """Instances on which methods are called, and instances around one value."""

    numbers: Numbers
    private: Private
    defaulted: Defaulted
    late: Late
    pair: Pair
    wide: Wide
    inits: Inits


HOOKS = json.dumps(
    {
        "numbers": [1, 2],
        "private": {"a": 1},
        "defaulted": [3],
        "late": {"a": 2},
        "pair": [7, "x"],
        "wide": {f"f{i}": i + 10 for i in range(40)},
        "inits": {"a": 3, "b": 2},
    }
).encode()
MIXED = json.dumps(
    {
        "pair": [1, "a"],
        "many": [1, 2.5],
        "few": [1, 2, 1],
        "kept": ["x", "y"],
        "day": "2024-02-29",
        "time": "2024-02-29T12:00:00.5+01:00",
        "ident": "12345678-1234-5678-1234-567812345678",
        "clock": "12:00:00+01:00",
        "span": "-P1DT1S",
        "price": "12.50",
        "count": 3,
        "share": 0.25,
        "form": "abc",
        "raw": "h\u00e9",
        "typed": {"a": 1},
        "plain": {"a": 2, "b": [1.5]},
        "slotted": {"a": 3},
        "pet": {"kind": "cat"},
        "either": [1, 2],
    }
).encode()


def test_eight_threads_share_a_schema() -> None:
    schema, adapter = Schema(Tree), TypeAdapter(Tree)
    texts = [
        json.dumps({"value": str(i) if i % 5 == 0 else i, "children": [{"value": i}] * (i % 50)})
        for i in range(200)
    ]
    expected = [described(adapter.validate_json(text)) for text in texts]
    failures: list[Any] = []

    def work() -> None:
        for _ in range(3):
            for text, wanted in zip(texts, expected, strict=True):
                if described(schema.validate_json(text)) != wanted:
                    failures.append(text)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_a_buffer_that_changes_meanwhile() -> None:
    """What is judged is a snapshot: whatever another thread writes, the result is consistent."""
    data = bytearray(json.dumps(list(range(1000, 6000))).encode())
    schema: Schema[list[int]] = Schema(list[int])
    stop = threading.Event()

    def scribble() -> None:
        place = 1
        while not stop.is_set():
            data[place : place + 4] = b"9999" if data[place] != ord("9") else b"1000"

    thread = threading.Thread(target=scribble)
    thread.start()
    try:
        for _ in range(200):
            numbers = schema.validate_json(data)
            assert len(numbers) == 5000
            assert numbers[1:] == list(range(1001, 6000))
    finally:
        stop.set()
        thread.join()


def test_a_small_stack_is_enough() -> None:
    schema, results = Schema(Tree), []
    # pydantic itself overflows such a stack, and a sanitizer's frames are several times as large.
    sanitized = _core.build_info()["variant"] in ("asan", "tsan", "debug")
    levels = 30 if disabled() or sanitized else 199
    text = '{"left": ' * levels + "{}" + "}" * levels
    schema.validate_json("{}")

    def run() -> None:
        results.append(schema.validate_json(text))

    old = threading.stack_size(256 * 1024)
    try:
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
    finally:
        threading.stack_size(old)
    assert len(results) == 1


def test_a_small_stack_is_enough_for_choices() -> None:
    schema, results = Schema(Chain), []
    sanitized = _core.build_info()["variant"] in ("asan", "tsan", "debug")
    levels = 9 if disabled() or sanitized else 65
    text = '{"pet": {"kind": "ring", "chain": [' * levels + '{"link": 1}' + "]}}" * levels
    schema.validate_json("{}")
    old = threading.stack_size(256 * 1024)
    try:
        thread = threading.Thread(target=lambda: results.append(schema.validate_json(text)))
        thread.start()
        thread.join()
    finally:
        threading.stack_size(old)
    assert len(results) == 1


def spoiled(text: bytes) -> list[bytes]:
    """The document with one value after the other replaced by an object."""
    whole = json.loads(text)
    return [json.dumps({**whole, key: {"odd": 1}}).encode() for key in whole]


@pytest.mark.parametrize(
    ("type_", "texts"),
    [
        (Flat, [WHOLE, b'{"a": "x"}', b"[", b'{"b": "yy"}', b'{"a": 1, "d": [1, "x"]}']),
        (Mixed, [MIXED, *spoiled(MIXED)]),
        (Arrays, [ARRAYS, b'{"ids": [1, "a"], "matrix": [[1], []]}', b'{"ids": [1.5, 2']),
        (list[Annotated[int, AfterValidator(_picky)]], [b"[1, 2]", b"[1, 3, 4, 5]"]),
        (list[Annotated[int, PlainValidator(_picky)]], [b"[1, 2]", b"[1, 3, 4, [5]]"]),
        (Ways, [WAYS, *spoiled(WAYS), WAYS.replace(b"[1]", b'["x"]'), WAYS.replace(b"x", b"z")]),
        (Hooks, [HOOKS, *spoiled(HOOKS), HOOKS.replace(b"2}", b"3}"), HOOKS.replace(b"3", b"4")]),
    ],
)
def test_reference_counts_stay(type_: Any, texts: list[bytes]) -> None:
    schema: Schema[Any] = Schema(type_)
    watched = [type_, None, "x", schema, Cat, Plain, Slotted, "kind", Numbers, Inits, Pair, "root"]

    def loop(times: int) -> None:
        for _ in range(times):
            for text in texts:
                outcome(lambda t=text: schema.validate_json(t))

    loop(20)
    before = [sys.getrefcount(object_) for object_ in watched]
    loop(500)
    grown = [
        sys.getrefcount(object_) - count for object_, count in zip(watched, before, strict=True)
    ]
    assert max(grown) < 50, grown


@pytest.mark.parametrize("only", [False, True])
@pytest.mark.parametrize("method", ["validate_json", "try_route_json"])
@pytest.mark.parametrize(
    ("type_", "text"),
    [
        (Flat, WHOLE),
        (Flat, b'{"a": 1, "d": [1, "x"]}'),
        (Flat, b'{"a": 1,'),
        (Flat, b"[]"),
        (Mixed, MIXED),
        (Mixed, MIXED.replace(b'"cat"', b'"cow"')),
        (Arrays, ARRAYS),
        (Arrays, b'{"ids": [1], "matrix": [[1]]}'),
        (Chain, b'{"pet": {"kind": "ring", "chain": [{"link": {"link": 1}}]}}'),
        (Hooks, HOOKS),
        (Ways, WAYS),
        (list[Private | None], b'[{"a": 1}, null]'),
        (dict[str, Numbers], b'{"x": [1]}'),
        (tuple[Pair, Wide], json.dumps([{"a": 1, "c": [2]}, list(range(40))]).encode()),
    ],
)
def test_every_failing_allocation(type_: Any, text: bytes, method: str, only: bool) -> None:
    """CPython's allocators fail at the k-th request: MemoryError or the right result, no crash.

    Only what C does alone: pydantic-core itself aborts the process in some of these places.
    """
    schema: Schema[Any] = Schema(type_)
    alone = schema.try_route_json(text) is not NotImplemented
    alone = alone or (type_ is Hooks and not disabled())  # its methods keep it out of trial runs
    call = getattr(schema, method if alone else "try_route_json")
    call(text)
    expected = described(call(text))
    for k in range(1, 2000):
        value = None
        _testcapi.set_nomemory(k, k + 1 if only else 0)
        try:
            try:
                value = call(text)
            finally:
                _testcapi.remove_mem_hooks()
        except MemoryError:
            continue
        assert described(value) == expected
        break
    assert described(call(text)) == expected
    assert k < 1999


def test_no_read_behind_the_buffer() -> None:
    """Documents that end where a page begins that may not be read."""
    libc = ctypes.CDLL(None, use_errno=True)
    page = 4096
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
    libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    at = libc.mmap(None, 2 * page, 3, 0x22, -1, 0)
    assert libc.mprotect(at + page, page, 0) == 0
    schema = Schema(Flat)
    for end in range(len(WHOLE) + 1):
        ctypes.memmove(at + page - end, WHOLE[:end], end)
        view = memoryview((ctypes.c_char * end).from_address(at + page - end)).cast("B")
        assert outcome(lambda v=view: schema.validate_json(bytes(v))) == outcome(
            lambda v=view: schema.validate_json(v)
        )
