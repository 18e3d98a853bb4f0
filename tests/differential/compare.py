"""What came out of a call, in a form that `==` compares whole."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import decimal
import math
import uuid
from collections.abc import Callable
from typing import Any

import numpy as np
from pydantic import BaseModel, TypeAdapter
from pydantic_core import ValidationError

from fastcore import Schema

#: The calls of user code, in order, with what was given to it.
CALLS: list[Any] = []


def described(value: Any) -> Any:
    """A value with everything in it that == overlooks: types, zeros, order, fields that are set."""
    kind = type(value)
    if kind in _ATOMS:
        return (kind, value)
    if kind is float:
        return (float, "nan" if math.isnan(value) else value.hex())
    if isinstance(value, BaseModel):
        return (
            kind,
            [(k, described(v)) for k, v in value.__dict__.items()],
            sorted(value.model_fields_set),
            described(value.__pydantic_extra__),
            described(value.__pydantic_private__),
        )
    if isinstance(value, dict):
        return (kind, [(described(k), described(v)) for k, v in value.items()])
    if isinstance(value, list | tuple | collections.deque):
        return (kind, [described(v) for v in value], getattr(value, "maxlen", None))
    if isinstance(value, set | frozenset):
        return (kind, sorted(repr(described(v)) for v in value))
    if dataclasses.is_dataclass(value):
        names = [f.name for f in dataclasses.fields(value)]
        names = [*getattr(value, "__dict__", {})] or [n for n in names if hasattr(value, n)]
        return (kind, [(name, described(getattr(value, name))) for name in names])
    if isinstance(value, np.ndarray):
        return (value.dtype.str, value.shape, value.tobytes())
    if isinstance(value, datetime.datetime | datetime.time):
        return (kind, repr(value), type(value.tzinfo))
    if isinstance(value, uuid.UUID):
        return (uuid.UUID, value.int, value.is_safe)
    if isinstance(value, decimal.Decimal | complex):
        return (kind, repr(value))
    if isinstance(value, float):
        return (kind, value.hex())
    if isinstance(value, BaseException):
        return (kind, repr(value))
    return (kind, value)


_ATOMS = frozenset({int, str, bool, bytes, type(None)})


def outcome(call: Callable[[], Any]) -> Any:
    """The value, or all that can be known of the error."""
    try:
        return ("value", described(call()))
    except ValidationError as error:
        lines = [
            {**line, "input": described(line["input"]), "ctx": repr(line.get("ctx"))}
            for line in error.errors()
        ]
        return ("error", error.title, lines, str(error), _json(error))
    except Exception as error:  # what user code raises
        return ("raised", type(error), str(error))


def _json(error: ValidationError) -> Any:
    try:
        return error.json()
    except Exception as refused:  # an input that JSON cannot hold
        return (type(refused), str(refused))


def judged(call: Callable[[], Any]) -> Any:
    """The outcome, and the calls of user code on the way to it."""
    CALLS.clear()
    result = outcome(call)
    return result, list(CALLS)


def difference(schema: Schema[Any], adapter: TypeAdapter[Any], data: Any) -> Any:
    """None if both give the same, else (ours, theirs)."""
    ours = judged(lambda: schema.validate_json(data))
    theirs = judged(lambda: adapter.validate_json(data))
    return None if ours == theirs else (ours, theirs)


def assert_same(schema: Schema[Any], adapter: TypeAdapter[Any], data: Any) -> None:
    """The same value, or the same error, with the same calls of user code."""
    ours = judged(lambda: schema.validate_json(data))
    theirs = judged(lambda: adapter.validate_json(data))
    assert ours == theirs, data
