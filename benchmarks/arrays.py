"""Arrays of numbers: W5, a request of 1,000 x 128 floats, and W5f, the same of 17 digits.

Each peer gives the same two-dimensional array. "FastAPI's way" is what a FastAPI endpoint does
before its first line runs: ``json.loads``, then pydantic in Python mode. pysimdjson's ``as_buffer``
checks that the document is JSON and that all are numbers, but not the shape.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field, TypeAdapter

from benchmarks._harness import Case, Peer
from fastcore import Array, Schema, Shape, set_num_threads

ROWS, WIDTH = 1000, 128

Numbers = NDArray[Any]


class Single(BaseModel):
    """W5, as one writes it with fastcore."""

    inputs: Annotated[Array[np.float32], Shape("n", WIDTH)]


class Double(BaseModel):
    """W5f."""

    inputs: Annotated[Array[np.float64], Shape("n", WIDTH)]


class Whole(BaseModel):
    """The same of token numbers, say."""

    inputs: Annotated[Array[np.int64], Shape("n", WIDTH)]


class Floats(BaseModel):
    """W5 and W5f with pydantic alone."""

    inputs: list[Annotated[list[float], Field(min_length=WIDTH, max_length=WIDTH)]]


class Integers(BaseModel):
    """The same of integers."""

    inputs: list[Annotated[list[int], Field(min_length=WIDTH, max_length=WIDTH)]]


def document(values: Numbers) -> bytes:
    """``{"inputs": [[...]]}``, each number as short as it can be to come back the same."""
    texts = [f"[{','.join(map(np.format_float_positional, row))}]" for row in values]
    if values.dtype.kind == "i":
        return json.dumps({"inputs": values.tolist()}, separators=(",", ":")).encode()
    return f'{{"inputs":[{",".join(texts)}]}}'.replace(".,", ".0,").replace(".]", ".0]").encode()


def _msgspec(item: type) -> Callable[[bytes], Any] | None:
    try:
        import msgspec
    except ImportError:
        return None
    rows: Any = Annotated[list[item], msgspec.Meta(min_length=WIDTH, max_length=WIDTH)]  # type: ignore[valid-type]
    struct = msgspec.defstruct("Struct", [("inputs", list[rows])])
    decode: Callable[[bytes], Any] = msgspec.json.Decoder(struct).decode
    return decode


def _simdjson(kind: str) -> Callable[[bytes], Numbers] | None:
    """The numbers of a document, flat."""
    try:
        import simdjson
    except ImportError:
        return None
    parser = simdjson.Parser()
    dtype = np.dtype(np.float64 if kind == "d" else np.int64)

    def flat(body: bytes) -> Numbers:
        found: Any = parser.parse(body)
        return np.frombuffer(found["inputs"].as_buffer(of_type=kind), dtype)

    return flat


def _case(
    job: str,
    body: bytes,
    ours: type[BaseModel],
    plain: type[BaseModel],
    dtype: type[np.generic],
    musts: tuple[float | None, ...],
    aims: tuple[float | None, ...],
) -> Case:
    schema: Schema[Any] = Schema(ours)
    item, kind = (int, "i") if dtype is np.int64 else (float, "d")
    decode, flat = _msgspec(item), _simdjson(kind)
    validate = TypeAdapter(plain).validate_python

    def shaped(numbers: Any) -> Numbers:
        return np.asarray(numbers, dtype).reshape(-1, WIDTH)

    peers = [
        Peer("msgspec + NumPy", (lambda: shaped(decode(body).inputs)) if decode else None),
        Peer("pydantic + NumPy", lambda: shaped(plain.model_validate_json(body).inputs)),  # type: ignore[attr-defined]
        Peer(
            "FastAPI's way",
            lambda: shaped(validate(json.loads(body), from_attributes=True).inputs),
        ),
        Peer("pysimdjson as_buffer", (lambda: shaped(flat(body))) if flat else None),
        Peer("pure Python", lambda: shaped(json.loads(body)["inputs"])),
    ]
    held = [
        Peer(peer.name, peer.run, must, aim)
        for peer, must, aim in zip(peers, (*musts, None), (*aims, None), strict=True)
    ]
    return Case(job, lambda: schema.validate_json(body).inputs, held)


def _two_cores(body: bytes) -> Case:
    """W5 by two threads, against one."""
    schema: Schema[Any] = Schema(Single)

    def run(threads: int) -> Callable[[], Numbers]:
        def read() -> Numbers:
            set_num_threads(threads)
            found: Numbers = schema.validate_json(body).inputs
            set_num_threads(None)
            return found

        return read

    return Case("W5 on two cores", run(2), [Peer("ours, one core", run(1), 1.5, 1.8)], pin=False)


def cases(quick: bool) -> list[Case]:
    """W5, W5f and a case of integers."""
    rng = np.random.default_rng(5)
    doubles = rng.normal(size=(ROWS, WIDTH))
    integers = rng.integers(0, 50_000, size=(ROWS, WIDTH))
    return [
        _case(
            "W5 -> float32 array", document(doubles.astype(np.float32)), Single, Floats,
            np.float32, (6.0, 8.0, 30.0, 1.8), (8.0, 11.0, 40.0, 2.5),
        ),
        _case(
            "W5f, 17 digits -> float64 array", document(doubles), Double, Floats,
            np.float64, (3.5, 5.0, None, 1.3), (4.5, 7.0, None, 1.6),
        ),
        _case(
            "1,000 x 128 integers -> int64 array", document(integers), Whole, Integers,
            np.int64, (None,) * 4, (None,) * 4,
        ),
        _two_cores(document(doubles.astype(np.float32))),
    ]  # fmt: skip
