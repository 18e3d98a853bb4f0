"""Requests to models, columns, matrices and errors: W1 (one record), W3 and W4 (1,000 of them).

Peers get the fastest code that we could write with their library, each writing into a buffer of
its own. "FastAPI's way" is what a FastAPI endpoint does before its first line runs: ``json.loads``,
then pydantic in Python mode with ``from_attributes``.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import chain
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, TypeAdapter, ValidationError, create_model

from benchmarks._harness import Case, Peer, Run
from benchmarks._workloads import (
    CODES,
    FORMS,
    Batch,
    Country,
    Device,
    Plan,
    Record,
    w1,
    w3,
)
from fastcore import Row, Rows, Schema, Table

Matrix = NDArray[np.float32]

PLAN, COUNTRY, DEVICE = (CODES[name] for name in ("plan", "country", "device"))
COUNT, ROWS, WIDTH = 64, 1000, len(Record.model_fields)


class Instances(BaseModel):
    """W3, as one writes it with fastcore."""

    instances: Rows[Record]


def values(r: Any) -> tuple[float, ...]:
    """The matrix row of a model or struct; strings become their codes."""
    return (
        *(r.age, r.tenure_days, r.order_count, r.device_count, r.yearly_income),
        *(r.account_balance, r.spend_30d, r.spend_90d, r.mean_basket, r.discount_share),
        *(r.latitude, r.longitude, r.returned_share, r.open_rate, r.click_rate, r.risk_score),
        *(PLAN[r.plan], COUNTRY[r.country], DEVICE[r.device], r.loyalty_member),
    )


RANGES = {
    name: tuple(getattr(rule, side) for rule in field.metadata for side in ("ge", "le")
                if hasattr(rule, side))
    for name, field in Record.model_fields.items()
}  # fmt: skip


def by_hand(record: dict[str, Any]) -> list[float]:
    """Pure Python: the same checks on a parsed record, without objects for the errors."""
    row: list[float] = []
    for name, limits in RANGES.items():
        value = record[name]
        if name in CODES:
            row.append(CODES[name][value])
        elif not limits:
            if value is not True and value is not False:
                raise ValueError(name)
            row.append(value)
        elif type(value) not in (int, float) or not limits[0] <= value <= limits[1]:
            raise ValueError(name)
        else:
            row.append(value)
    return row


def _msgspec() -> tuple[Callable[[bytes], Any], Callable[[bytes], Any]] | tuple[None, None]:
    """Decoders of a record and of a batch, with the same constraints."""
    try:
        import msgspec
    except ImportError:
        return None, None
    from typing import Annotated

    def limited(name: str) -> Any:
        low, high = RANGES[name]
        base = Record.model_fields[name].annotation
        return Annotated[base, msgspec.Meta(ge=low, le=high)]

    literals = {"plan": Plan, "country": Country, "device": Device, "loyalty_member": bool}
    fields = [(name, literals.get(name) or limited(name)) for name in RANGES]
    struct = msgspec.defstruct("Struct", fields, gc=False)
    batch = msgspec.defstruct("Structs", [("instances", list[struct])])  # type: ignore[valid-type]
    return msgspec.json.Decoder(struct).decode, msgspec.json.Decoder(batch).decode


def _polars() -> ModuleType | None:
    try:
        import polars
    except ImportError:
        return None
    return polars


def _fastapi(type_: Any) -> Callable[[bytes], Any]:
    validate = TypeAdapter(type_).validate_python
    return lambda body: validate(json.loads(body), from_attributes=True)


def w1_model(form: str) -> Case:
    """One record to a pydantic model's instance."""
    documents = w1(form, COUNT)
    schema: Schema[Record] = Schema(Record)
    fastapi = _fastapi(Record)
    compact = w1("compact", COUNT)

    def run(validate: Callable[[bytes], Any], bodies: list[bytes] = documents) -> Run:
        return lambda: [validate(body) for body in bodies]

    must = (2.3, 7.0) if form == "compact" else (None, None)
    peers = [
        Peer("pydantic", run(Record.model_validate_json), must[0], 2.8 if must[0] else None),
        Peer("FastAPI's way", run(fastapi), must[1], 9.0 if must[1] else None),
    ]
    if form != "compact":
        peers.append(Peer("ours, compact", run(schema.validate_json, compact), 0.6, 0.8))
    return Case(f"W1 {form} -> model", run(schema.validate_json), peers, per_run=COUNT)


def w1_matrix(form: str) -> Case:
    """One record to one row of a float32 matrix, in a buffer that is used again."""
    documents, compact = w1(form, COUNT), w1("compact", COUNT)
    decode, _ = _msgspec()
    validate, fastapi = Record.model_validate_json, _fastapi(Record)
    schema: Schema[Any] = Schema(Row[Record])

    def ours(bodies: list[bytes]) -> Run:
        out = np.empty((COUNT, WIDTH), np.float32)
        pairs = [(body, out[i : i + 1]) for i, body in enumerate(bodies)]
        parse = schema.validate_json

        def run() -> Matrix:
            for body, row in pairs:
                parse(body).matrix(out=row)
            return out

        return run

    def theirs(parse: Callable[[bytes], Any], row: Callable[[Any], Any]) -> Run:
        out = np.empty((COUNT, WIDTH), np.float32)

        def run() -> Matrix:
            for i, body in enumerate(documents):
                out[i] = row(parse(body))
            return out

        return run

    targets = [(1.8, 2.8), (8.5, 13.0), (25.0, 40.0)] if form == "compact" else [(None, None)] * 3
    peers = [
        Peer("msgspec", theirs(decode, values) if decode else None, *targets[0]),
        Peer("pydantic", theirs(validate, values), *targets[1]),
        Peer("FastAPI's way", theirs(fastapi, values), *targets[2]),
        Peer("pure Python", theirs(json.loads, by_hand)),
    ]
    if form != "compact":
        peers.append(Peer("ours, compact", ours(compact), 0.6, 0.8))
    return Case(f"W1 {form} -> Row, float32 matrix", ours(documents), peers, per_run=COUNT)


def polars_checked(pl: ModuleType, body: bytes) -> Run:
    """``polars.read_json`` with the schema given, the checks as expressions, then the matrix."""
    strings: dict[str, Any] = {name: pl.Enum(list(codes)) for name, codes in CODES.items()}
    kinds: dict[Any, Any] = {int: pl.Int64, float: pl.Float64, bool: pl.Boolean}
    dtypes = {
        name: pl.String if name in strings else kinds[field.annotation]
        for name, field in Record.model_fields.items()
    }
    schema = {"instances": pl.List(pl.Struct(dtypes))}
    checks = [
        pl.col(name).is_between(*limits).all() if limits else pl.col(name).is_not_null().all()
        for name, limits in RANGES.items()
    ]
    codes = [pl.col(name).cast(enum).to_physical() for name, enum in strings.items()]

    def run() -> Matrix:
        frame = pl.read_json(body, schema=schema)["instances"].explode().struct.unnest()
        if not all(frame.select(checks).row(0)):
            raise ValueError("a value is out of its range")
        floats = frame.with_columns(codes).cast(pl.Float32)
        return np.ascontiguousarray(floats.to_numpy())

    return run


def w3_matrix(form: str) -> Case:
    """1,000 records to columns and a float32 matrix, in a buffer that is used again."""
    document, compact = w3(form, ROWS), w3("compact", ROWS)
    _, decode = _msgspec()
    pl = _polars()
    schema: Schema[Instances] = Schema(Instances)

    def ours(body: bytes) -> Run:
        out = np.empty((ROWS, WIDTH), np.float32)
        return lambda: schema.validate_json(body).instances.matrix(out=out)

    def theirs(parse: Callable[[bytes], Any]) -> Run:
        def run() -> Matrix:
            # flat through fromiter: the quickest of five ways tried, some 10 % before np.array
            flat = chain.from_iterable(map(values, parse(document).instances))
            return np.fromiter(flat, np.float32, ROWS * WIDTH).reshape(ROWS, WIDTH)

        return run

    def python() -> Matrix:
        flat = chain.from_iterable(map(by_hand, json.loads(document)["instances"]))
        return np.fromiter(flat, np.float32, ROWS * WIDTH).reshape(ROWS, WIDTH)

    must = (7.0, 18.0, 34.0, 6.0) if form == "compact" else (None,) * 4
    aim = (10.0, 28.0, 55.0, 10.0) if form == "compact" else (None,) * 4
    peers = [
        Peer("msgspec + NumPy", theirs(decode) if decode else None, must[0], aim[0]),
        Peer("pydantic + NumPy", theirs(Batch.model_validate_json), must[1], aim[1]),
        Peer("FastAPI's way", theirs(_fastapi(Batch)), must[2], aim[2]),
        Peer("polars.read_json", polars_checked(pl, document) if pl else None, must[3], aim[3]),
        Peer("pure Python", python),
    ]
    if form != "compact":
        peers.append(Peer("ours, compact", ours(compact), 0.6, 0.8))
    return Case(f"W3 {form} -> Columns, float32 matrix", ours(document), peers)


def _msgspec_table() -> Callable[[bytes], Any] | None:
    """A decoder of W4 with the same constraints on every element."""
    try:
        import msgspec
    except ImportError:
        return None
    from typing import Annotated

    def items(name: str) -> Any:
        base: Any = Record.model_fields[name].annotation
        limits = RANGES[name]
        meta = msgspec.Meta(ge=limits[0], le=limits[1]) if limits else None
        return list[Annotated[base, meta]] if meta else list[base]  # type: ignore[valid-type]

    literals: dict[str, Any] = {"plan": list[Plan], "country": list[Country]}
    literals |= {"device": list[Device], "loyalty_member": list[bool]}
    fields = [(name, literals.get(name) or items(name)) for name in RANGES]
    decode: Callable[[bytes], Any] = msgspec.json.Decoder(
        msgspec.defstruct("Columns", fields, gc=False)
    ).decode
    return decode


def _simdjson_table(document: bytes) -> Run | None:
    """pysimdjson's buffers of numbers, held against the ranges as arrays; the rest as lists."""
    try:
        import simdjson
    except ImportError:
        return None
    parser = simdjson.Parser()
    out = np.empty((ROWS, WIDTH), np.float32)
    kinds = {name: field.annotation for name, field in Record.model_fields.items()}

    def run() -> Matrix:
        found: Any = parser.parse(document)
        for i, (name, limits) in enumerate(RANGES.items()):
            if limits:
                kind, dtype = ("i", np.int64) if kinds[name] is int else ("d", np.float64)
                cells = np.frombuffer(found[name].as_buffer(of_type=kind), dtype)
                if not limits[0] <= cells.min() or not cells.max() <= limits[1]:
                    raise ValueError(name)
                out[:, i] = cells
            elif name in CODES:
                out[:, i] = [CODES[name][cell] for cell in found[name].as_list()]
            else:
                flags = found[name].as_list()
                if not all(flag is True or flag is False for flag in flags):
                    raise ValueError(name)
                out[:, i] = flags
        return out

    return run


def w4_matrix() -> Case:
    """The same records as an object of arrays."""
    rows = json.loads(w3("compact", ROWS))["instances"]
    table = {name: [row[name] for row in rows] for name in RANGES}
    document = json.dumps(table, separators=(",", ":")).encode()
    schema: Schema[Any] = Schema(Table[Record])
    buffer = np.empty((ROWS, WIDTH), np.float32)

    def matrix(column: Callable[[str], Any]) -> Matrix:
        out = np.empty((ROWS, WIDTH), np.float32)
        for i, name in enumerate(RANGES):
            cells = column(name)
            out[:, i] = [CODES[name][cell] for cell in cells] if name in CODES else cells
        return out

    decode = _msgspec_table()

    def msgspec() -> Matrix:
        found = decode(document) if decode else None
        return matrix(lambda name: getattr(found, name))

    lists: Any = TypeAdapter(
        create_model("Lists", **{  # type: ignore[call-overload]
            name: (list[field.rebuild_annotation()], ...)  # type: ignore[misc]
            for name, field in Record.model_fields.items()
        })
    )  # fmt: skip

    def pydantic() -> Matrix:
        found = lists.validate_json(document)
        return matrix(lambda name: getattr(found, name))

    def python() -> Matrix:
        found = json.loads(document)
        names = list(RANGES)
        for cells in zip(*(found[name] for name in names), strict=True):
            by_hand(dict(zip(names, cells, strict=True)))
        return matrix(found.__getitem__)

    return Case(
        "W4 -> Columns, float32 matrix",
        lambda: schema.validate_json(document).matrix(out=buffer),
        [
            Peer("pysimdjson + checks", _simdjson_table(document), 1.6, 2.0),
            Peer("msgspec + NumPy", msgspec if decode else None, 4.0, 6.0),
            Peer("pydantic + NumPy", pydantic),
            Peer("pure Python", python),
        ],
    )


def w3_errors() -> Case:
    """1,000 records, one value of record 700 out of its range: the whole list of errors."""
    valid = w3("compact", ROWS)
    document = json.loads(valid)
    document["instances"][700]["age"] = 200
    body = json.dumps(document, separators=(",", ":")).encode()
    schema: Schema[Instances] = Schema(Instances)

    def listed(validate: Callable[[Any], Any], data: Any) -> Run:
        def run() -> Any:
            try:
                validate(data)
            except ValidationError as error:
                return error.errors()
            raise AssertionError("nothing was wrong")

        return run

    python = TypeAdapter(Batch).validate_python

    def fastapi(text: bytes) -> Any:
        return python(json.loads(text), from_attributes=True)

    def whole(errors: Any, found: Any) -> None:
        assert len(errors) == 1
        assert len(found.instances) == ROWS

    return Case(
        "W3 with one bad value -> list of errors",
        listed(schema.validate_json, body),
        [
            # at most 1.3 times the valid time
            Peer("ours, valid", lambda: schema.validate_json(valid), 1 / 1.3, 1.0, whole),
            Peer("pydantic", listed(Batch.model_validate_json, body), 10.0),
            Peer("FastAPI's way", listed(fastapi, body)),
        ],
    )


def w3_lines() -> Case:
    """The records of W3 as lines of JSON, to columns and a float32 matrix."""
    rows = json.loads(w3("compact", ROWS))["instances"]
    texts = [json.dumps(row, separators=(",", ":")).encode() for row in rows]
    document, array = b"\n".join(texts), b"[" + b",".join(texts) + b"]"
    schema: Schema[Any] = Schema(Rows[Record])
    buffer = np.empty((ROWS, WIDTH), np.float32)
    record, _ = _msgspec()

    def theirs(parse: Callable[[bytes], Any]) -> Run:
        def run() -> Matrix:
            flat = chain.from_iterable(values(parse(line)) for line in document.split(b"\n"))
            return np.fromiter(flat, np.float32, ROWS * WIDTH).reshape(ROWS, WIDTH)

        return run

    return Case(
        "W3 as lines -> Columns, float32 matrix",
        lambda: schema.validate_ndjson(document).matrix(out=buffer),
        [
            Peer("ours, array", lambda: schema.validate_json(array).matrix(), 0.8, 0.9),
            Peer("msgspec + NumPy", theirs(record) if record else None),
            Peer("pydantic + NumPy", theirs(Record.model_validate_json)),
        ],
    )


def cases(quick: bool) -> list[Case]:
    """W1 and W3 in every spelling, W4, W3 otherwise; ``quick`` measures the compact ones alone."""
    forms = FORMS[:1] if quick else FORMS
    jobs = [job(form) for job in (w1_model, w1_matrix, w3_matrix) for form in forms]
    return [*jobs, w4_matrix(), w3_errors(), w3_lines()]
