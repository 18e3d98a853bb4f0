"""FastAPI's model fields with our additions, put in the place of the originals.

FastAPI asks a ``ModelField`` for the value of a body and for the bytes of a response. Both of ours
are its field with one method more to try; everything else, the OpenAPI document included, stays.
"""

from collections.abc import Callable
from contextvars import ContextVar
from copy import copy
from types import SimpleNamespace
from typing import Any

import numpy as np
from pydantic.fields import FieldInfo
from pydantic_core import PydanticSerializationError
from starlette.requests import Request

from .._rewrite import finite_floats
from ..schema import _validator
from ._tokens import sendable

try:
    from fastapi._compat.v2 import ModelField  # where it is since 0.119
except ImportError:
    from fastapi._compat import ModelField

__all__ = ["SUSPECT", "Accepted", "BodyField", "ModelField", "ResponseField", "plain"]


class Accepted:
    """A request body that C has read and found good, on its way through FastAPI's functions."""

    __slots__ = ("request", "value")

    def __init__(self, value: Any, request: Request) -> None:
        self.value = value
        self.request = request


#: How this FastAPI says that there were none: an empty list, or (before 0.118) None.
_NO_ERRORS = ModelField(field_info=FieldInfo(annotation=int), name="probe").validate(1)[1]


#: Set while FastAPI handles a body in which something may become a non-finite float.
SUSPECT: ContextVar[bool] = ContextVar("fastcore_suspect", default=False)


class BodyField(ModelField):
    """A body parameter that takes an `Accepted` for what it is: validated."""

    def validate(self, value: Any, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
        if type(value) is Accepted:
            state = value.request.__dict__
            if "_json" not in state:
                return value.value, None if _NO_ERRORS is None else []
            # A dependency has asked for the parsed body. FastAPI would now validate that very
            # object, with whatever the dependency has done to it.
            value = state["_json"]
        if not SUSPECT.get():
            return super().validate(value, *args, **kwargs)
        valid, errors = ModelField.validate(self._finite(), value, *args, **kwargs)
        for error in errors or ():
            error["input"] = sendable(error["input"])
        return valid, errors

    def _finite(self) -> ModelField:
        """This field, with every float refusing what is not finite."""
        found: ModelField | None = self.__dict__.get("_fastcore_finite")
        if found is None:
            schema: Any = self._type_adapter.core_schema
            changed = finite_floats(schema)
            found = copy(self)
            if changed is not schema:
                found._type_adapter = SimpleNamespace(  # type: ignore[assignment]
                    validate_python=_validator(changed, None).validate_python
                )
            self.__dict__["_fastcore_finite"] = found
        return found


def plain(value: Any) -> Any:
    """What JSON has for NumPy's arrays and scalars.

    Raises
    ------
    TypeError
        For an object that is neither; pydantic's serializers report it as of unknown type.
    """
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"expected a NumPy array or scalar, got {type(value).__name__}")


def _without_numpy(value: Any) -> Any:
    """`value` with NumPy objects replaced in dicts, lists and tuples, to any depth."""
    if isinstance(value, (np.ndarray, np.generic)):
        return plain(value)
    if type(value) is dict:
        return {_without_numpy(k): _without_numpy(v) for k, v in value.items()}
    if type(value) is list:
        return [_without_numpy(v) for v in value]
    if type(value) is tuple:
        return tuple(_without_numpy(v) for v in value)
    return value


class ResponseField(ModelField):
    """A response model that understands NumPy where FastAPI's would answer 500.

    The original is always asked first, so what it can answer stays what it was.
    """

    def validate(self, value: Any, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
        result = super().validate(value, *args, **kwargs)
        if not result[1]:
            return result
        try:
            again = super().validate(_without_numpy(value), *args, **kwargs)
        except Exception:  # a user's validator that had refused, and now fails in another way
            return result
        return result if again[1] else again

    def serialize(self, value: Any, *, mode: Any = "json", **kwargs: Any) -> Any:
        return self._dump(
            super().serialize, self._type_adapter.dump_python, value, kwargs, mode=mode
        )

    def serialize_json(self, value: Any, **kwargs: Any) -> bytes:
        dumped = self._dump(super().serialize_json, self._type_adapter.dump_json, value, kwargs)
        assert isinstance(dumped, bytes)
        return dumped

    @staticmethod
    def _dump(
        original: Callable[..., Any],
        with_fallback: Callable[..., Any],
        value: Any,
        kwargs: dict[str, Any],
        **mode: Any,
    ) -> Any:
        try:
            return original(value, **mode, **kwargs)
        except PydanticSerializationError as error:
            try:
                return with_fallback(value, fallback=plain, **mode, **kwargs)
            except PydanticSerializationError:
                raise error from None
