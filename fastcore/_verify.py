"""What `Schema(verify=...)` does: now and then the original judges a document as well."""

from __future__ import annotations

import dataclasses
import logging
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import BaseModel
from pydantic_core import ValidationError

if TYPE_CHECKING:
    from .schema import Schema

_LOG = logging.getLogger("fastcore.verify")


def verified(schema: Schema[Any], data: Any) -> Any:
    """The original's answer; a difference of ours is said in the log, without the document."""
    ours, theirs = _outcome(schema._native, data), _outcome(schema._whole, data)
    if ours[0] != theirs[0]:
        where: str | None = f": {ours[0]}, not {theirs[0]}"
    else:
        where = _difference(ours[1], theirs[1], "")
    if where is not None:
        size = len(data) if hasattr(data, "__len__") else -1
        _LOG.error("%r: a document of %d bytes: not as pydantic%s", schema, size, where)
    kind, answer = theirs
    if kind == "value":
        return answer
    raise answer


def _outcome(judge: Callable[[Any], Any], data: Any) -> tuple[str, Any]:
    try:
        return "value", judge(data)
    except ValidationError as error:
        return "errors", error
    except Exception as error:  # what user code raises
        return "raised", error


def _difference(a: Any, b: Any, path: str) -> str | None:
    """Where two answers differ; None: nowhere."""
    if type(a) is not type(b):
        return f"{path}: {type(a).__name__}, not {type(b).__name__}"
    if isinstance(a, ValidationError):
        mine, own = (e.errors(include_url=False, include_context=False) for e in (a, b))
        return _difference(mine, own, path or ".errors")
    if isinstance(a, Exception):
        return None if str(a) == str(b) else path
    if isinstance(a, BaseModel):
        for name in ("__dict__", "__pydantic_fields_set__", "__pydantic_extra__"):
            found = _difference(getattr(a, name), getattr(b, name), f"{path}.{name.strip('_')}")
            if found is not None:
                return found
        return None
    if dataclasses.is_dataclass(a):
        fields = {f.name: f.name for f in dataclasses.fields(a)}
        return _first((getattr(a, n, None), getattr(b, n, None), f"{path}.{n}") for n in fields)
    if isinstance(a, dict):
        if list(a) != list(b):
            return f"{path}: its keys"
        return _first((a[key], b[key], f"{path}[{key!r}]") for key in a)
    if isinstance(a, (list, tuple)):
        if len(a) != len(b):
            return f"{path}: its length"
        return _first((x, y, f"{path}[{i}]") for i, (x, y) in enumerate(zip(a, b, strict=True)))
    return None if _equal(a, b) else path


def _first(parts: Any) -> str | None:
    return next((found for part in parts if (found := _difference(*part)) is not None), None)


def _equal(a: Any, b: Any) -> bool:
    if isinstance(a, np.ndarray):
        return bool(a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes())
    if isinstance(a, float):
        return (a == b and math.copysign(1, a) == math.copysign(1, b)) or (a != a and b != b)
    try:
        return bool(a == b)
    except Exception:  # what cannot be compared is not said to differ
        return True
