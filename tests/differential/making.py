"""The type that a plan describes."""

from __future__ import annotations

import collections
import datetime
import decimal
import enum
import fractions
import ipaddress
import pathlib
import types
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal, Union, get_origin

import annotated_types as at
from pydantic import (
    UUID4,
    AfterValidator,
    AnyUrl,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    Field,
    HttpUrl,
    InstanceOf,
    Json,
    NaiveDatetime,
    OnErrorOmit,
    PlainValidator,
    SecretStr,
    SkipValidation,
    Strict,
    StringConstraints,
    TypeAdapter,
    ValidationInfo,
    WrapValidator,
)
from pydantic_core import (
    PydanticCustomError,
    PydanticKnownError,
    PydanticOmit,
    PydanticUseDefault,
)

from .compare import CALLS, described
from .plans import Plan

PLAIN: dict[str, Any] = {
    "none": None,
    "any": Any,
    "object": object,
    "skip": SkipValidation[int],
    "date": datetime.date,
    "datetime": datetime.datetime,
    "time": datetime.time,
    "timedelta": datetime.timedelta,
    "uuid": uuid.UUID,
    "uuid4": UUID4,
    "decimal": decimal.Decimal,
    "precise": Annotated[decimal.Decimal, Field(max_digits=4, decimal_places=2, ge=0)],
    "path": pathlib.Path,
    "url": AnyUrl,
    "httpurl": HttpUrl,
    "aware": AwareDatetime,
    "naive": NaiveDatetime,
    "ipv4": ipaddress.IPv4Address,
    "fraction": fractions.Fraction,
    "complex": complex,
    "positive": Annotated[int, at.Gt(0)],
    "interval": Annotated[float, at.Interval(ge=-1, lt=1)],
    "len": Annotated[list[int], at.Len(1, 3)],
    "multiple": Annotated[float, at.MultipleOf(0.5)],
    "predicate": Annotated[str, at.Predicate(str.islower)],
    "unit": Annotated[int, at.Unit("m"), at.Ge(1), at.doc("how far")],
    "json": Json[list[int]],
    "omit": OnErrorOmit[int],
    "secret": SecretStr,
    "callable": Callable[[], int],
    "instance": InstanceOf[int],
    "strictdate": Annotated[datetime.date, Strict()],
    "laxint": Annotated[int, Strict(False)],
    "bound date": Annotated[datetime.date, Field(ge=datetime.date(2020, 1, 1))],
}
#: Containers of one kind of items.
MANY: dict[str, Callable[[Any], Any]] = {
    "list": lambda inner: list[inner],
    "many": lambda inner: tuple[inner, ...],
    "set": lambda inner: set[inner],
    "frozenset": lambda inner: frozenset[inner],
    "sequence": lambda inner: Sequence[inner],
    "deque": lambda inner: collections.deque[inner],
}


def _limited(base: Any, limits: dict[str, Any]) -> Any:
    return Annotated[base, Field(**limits)] if limits else base


def make(plan: Plan) -> Any:
    """The plan's type; pydantic may refuse what it raises for, and some types whole."""
    from . import objects

    kind = plan[0]
    if kind == "plain":
        return PLAIN[plan[1]]
    if kind in ("int", "float", "bool", "bytes"):
        return _limited({"int": int, "float": float, "bool": bool, "bytes": bytes}[kind], plan[1])
    if kind == "str":
        odd = {"strip_whitespace", "to_lower"} & set(plan[1])
        return Annotated[str, StringConstraints(**plan[1])] if odd else _limited(str, plan[1])
    if kind == "literal":
        return Literal[tuple(plan[1])]
    if kind == "enum":
        return _enum(plan[1], plan[2])
    if kind in MANY:
        return _limited(MANY[kind](make(plan[1])), plan[2])
    if kind in ("dict", "mapping"):
        base: Any = dict if kind == "dict" else Mapping
        return _limited(base[make(plan[1]), make(plan[2])], plan[3])
    if kind == "optional":
        inner = make(plan[1])
        return None if inner is None else Union[inner, None]  # noqa: UP007
    if kind == "tuple":
        return tuple[tuple(make(inner) for inner in plan[1])]  # type: ignore[misc]
    if kind == "headed":
        return tuple[make(plan[1]), *tuple[make(plan[2]), ...]]  # type: ignore[misc]
    if kind == "strict":
        return Annotated[make(plan[1]), Strict(plan[2])]
    if kind == "union":
        return _union(plan)
    if kind == "checked":
        return Annotated[make(plan[1]), validator(*plan[2:])]
    if kind == "twice":
        inner = make(plan[1])
        return tuple[inner, list[inner], inner | None] if inner is not None else None  # type: ignore[valid-type]
    return objects.MAKERS[kind](*plan[1:])


def _union(plan: Plan) -> Any:
    joined = Union[tuple(make(choice) for choice in plan[1])]  # type: ignore[return-value]  # noqa: UP007
    # A mode is for what is a union still, once null has been taken out of it.
    several = get_origin(joined) in (Union, types.UnionType) and type(None) not in joined.__args__
    odd = several and plan[2] != "smart"
    return Annotated[joined, Field(union_mode=plan[2])] if odd else joined


def _enum(base: str, values: list[Any]) -> Any:
    if base == "StrEnum":
        return enum.StrEnum("Texts", {f"M{i}": str(v) for i, v in enumerate(values)})
    if base == "IntEnum":
        return enum.IntEnum("Numbers", {f"M{i}": i + 1 for i, _ in enumerate(values)})
    if base == "float":
        return enum.Enum("Reals", {f"M{i}": i + 0.5 for i, _ in enumerate(values)}, type=float)
    if base == "missing":

        class Guessed(enum.Enum):
            M = values[0]

            @classmethod
            def _missing_(cls, value: object) -> Any:
                CALLS.append(("missing", described(value)))
                return cls.M if value == "b" else None

        return Guessed
    return enum.Enum("Mixed", {f"M{i}": v for i, v in enumerate(values)})


# ---- What the user writes ----------------------------------------------------------------------


def act(deed: str, value: Any) -> Any:
    """What a validator does: nothing, something, or an objection to some of the values."""
    if deed == "repr":
        return repr(described(value))
    if deed == "same" or len(repr(value)) % 3:
        return value
    text = repr(described(value))  # sets have no order of their own that two runs would share
    if deed == "value":
        raise ValueError(f"no {text}")
    if deed == "assert":
        raise AssertionError("{value} not so")
    if deed == "custom":
        raise PydanticCustomError("odd", "odd {what}", {"what": text})
    if deed == "known":
        raise PydanticKnownError("less_than", {"lt": 3})
    if deed == "omit":
        raise PydanticOmit
    if deed == "default":
        raise PydanticUseDefault
    if deed == "type":
        raise TypeError(f"passes through: {text}")
    TypeAdapter(list[int]).validate_python({"a": ["x"]})


def note(what: str, value: Any, info: Any = None) -> None:
    """Write down a call of user code, with what was given to it."""
    seen = None
    if info is not None:
        data = getattr(info, "data", None)
        seen = (getattr(info, "field_name", None), described(data), info.mode, info.context)
    CALLS.append((what, described(value), seen))


def validator(mode: str, deed: str, with_info: bool) -> Any:
    """An annotation that validates so."""
    if mode == "wrap":

        def around(value: Any, handler: Callable[[Any], Any]) -> Any:
            note("wrap", value)
            return act(deed, handler(value))

        def around_info(value: Any, handler: Callable[[Any], Any], info: ValidationInfo) -> Any:
            note("wrap", value, info)
            return act(deed, handler(value))

        return WrapValidator(around_info if with_info else around)

    def plain(value: Any) -> Any:
        note(mode, value)
        return act(deed, value)

    def informed(value: Any, info: ValidationInfo) -> Any:
        note(mode, value, info)
        return act(deed, value)

    kind: Any = {"after": AfterValidator, "before": BeforeValidator, "plain": PlainValidator}[mode]
    return kind(informed if with_info else plain)


class Plainly(BaseModel):
    """A base that others inherit a field and a validator from."""

    base: int = 0
