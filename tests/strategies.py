"""Hypothesis strategies: types of the schema's language, and documents that nearly fit them.

A *plan* is a small tree that says what a type is; from it come the type (`make`) and documents:
right ones, ones with one thing wrong, and wild ones.
"""

from __future__ import annotations

import collections
import dataclasses
import datetime
import decimal
import enum
import functools
import json
import pathlib
import types
import uuid
from collections.abc import Sequence
from typing import Annotated, Any, Literal, NotRequired, Union, get_origin

from hypothesis import strategies as st
from pydantic import (
    UUID4,
    AfterValidator,
    AliasChoices,
    AliasPath,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    PrivateAttr,
    RootModel,
    StringConstraints,
    TypeAdapter,
    create_model,
    model_validator,
)
from pydantic_core import (
    PydanticCustomError,
    PydanticKnownError,
    PydanticOmit,
    PydanticUseDefault,
)
from typing_extensions import TypedDict

from .differential.compare import CALLS
from .samples import (
    DATES,
    DECIMALS,
    DURATIONS,
    FLOATS,
    HARD_CLOCKS,
    HARD_DECIMALS,
    HARD_DURATIONS,
    HARD_TIMES,
    HARD_UUIDS,
    INTS,
    KEYS,
    TEXTS,
    TIMES,
    UUIDS,
)

Plan = tuple[Any, ...]


# ---- Types -------------------------------------------------------------------------------


def _bounds(low: int, high: int) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {},
        optional={
            "ge": st.integers(low, high),
            "gt": st.integers(low, high),
            "le": st.integers(low, high),
            "lt": st.integers(low, high),
        },
    )


_LENGTHS = st.fixed_dictionaries(
    {}, optional={"min_length": st.integers(0, 2), "max_length": st.integers(1, 4)}
)
_DIGITS = st.builds(
    lambda bounds, digits: {**bounds, **digits},
    _bounds(-3, 9),
    st.fixed_dictionaries(
        {}, optional={"max_digits": st.integers(1, 4), "decimal_places": st.integers(0, 3)}
    ),
)
_FORMS = st.fixed_dictionaries(
    {},
    optional={
        **{key: st.booleans() for key in ("strip_whitespace", "to_lower", "to_upper")},
        "max_length": st.integers(1, 4),
    },
)
SCALARS = st.one_of(
    st.tuples(st.just("int"), _bounds(-3, 9)),
    st.tuples(st.just("float"), _bounds(-3, 9)),
    st.tuples(st.just("str"), _LENGTHS),
    st.tuples(st.just("bool")),
    st.tuples(st.just("none")),
    st.tuples(st.just("any")),
    st.tuples(st.just("literal"), st.lists(st.sampled_from(
        ["a", "b", "é", 'q"', "x" * 20, 1, 2, -7, None]), min_size=1, unique=True)),
    st.tuples(st.just("enum"), st.lists(st.sampled_from(
        ["a", "b", "é", 1, 2]), min_size=1, unique=True), st.sampled_from(["", "str", "int"])),
    st.tuples(st.sampled_from(["date", "datetime", "time", "timedelta", "uuid", "uuid4"])),
    st.tuples(st.just("decimal"), _DIGITS),
    st.tuples(st.just("form"), _FORMS),
    st.tuples(st.just("bytes"), _LENGTHS),
    st.tuples(st.sampled_from(["multiple", "strip", "path"])),
)  # fmt: skip


#: What `_after` does.
AFTERS = st.sampled_from(
    ["same", "repr", "value", "assert", "custom", "known", "omit", "default", "nested"]
)


#: Where a field's value is: under its name (None), an alias, a path below a key, or one of several.
PATHS = st.sampled_from(
    [("p", 0), ("p", -1), ("p", 1), ("q", "x"), ("q", "x", 0), ("r",), ("p", "x")]
)
ALIASES = st.one_of(
    st.none(),
    KEYS,
    st.tuples(st.just("path"), PATHS),
    st.tuples(st.just("choices"), st.lists(PATHS, min_size=1, max_size=3, unique=True)),
)


def _deeper(inner: st.SearchStrategy[Plan]) -> st.SearchStrategy[Plan]:
    field = st.tuples(
        inner,
        st.sampled_from(["required", "required", "default", "factory", "validated"]),
        ALIASES,
    )
    return st.one_of(
        st.tuples(st.just("list"), inner, _LENGTHS),
        st.tuples(st.just("dict"), inner, _LENGTHS),
        st.tuples(st.just("optional"), inner),
        st.tuples(st.just("tuple"), inner, inner),
        st.tuples(st.sampled_from(["many", "set", "frozenset"]), inner, _LENGTHS),
        st.tuples(st.just("sequence"), inner),
        st.tuples(
            st.just("union"),
            st.lists(inner, min_size=2, max_size=3),
            st.sampled_from(["smart", "smart", "left_to_right"]),
        ),
        st.tuples(st.just("after"), inner, AFTERS),
        # What it replaces is not run; and pydantic refuses discriminators below it.
        st.tuples(st.just("plain"), SCALARS, AFTERS),
        st.tuples(
            st.just("tagged"),
            st.dictionaries(
                st.sampled_from(["cat", "dog", "é"]),
                st.dictionaries(st.sampled_from(["f", "g"]), inner, max_size=2),
                min_size=2,
                max_size=3,
            ),
            st.sampled_from(["model", "typed", "dataclass"]),
        ),
        st.tuples(
            st.sampled_from(["typed", "dataclass", "slots"]),
            st.dictionaries(
                st.sampled_from(["f", "g", "h", "size"]),
                st.tuples(
                    inner,
                    st.sampled_from(["required", "default", "factory"]),
                    ALIASES,
                ),
                max_size=4,
            ),
            st.fixed_dictionaries(
                {},
                optional={
                    "extra": st.sampled_from(["allow", "forbid", "ignore"]),
                    "strict": st.just(True),
                },
            ),
            st.sampled_from(["", "", "", "post", "only", "unread", "only unread"]),
            AFTERS,
        ),
        st.tuples(
            st.just("model"),
            st.dictionaries(st.sampled_from(["f", "g", "h", "size"]), field, max_size=4),
            st.fixed_dictionaries(
                {},
                optional={
                    "extra": st.sampled_from(["allow", "forbid", "ignore"]),
                    "strict": st.just(True),
                    "populate_by_name": st.just(True),
                    "str_strip_whitespace": st.just(True),
                },
            ),
            st.sampled_from(["", "", "", "private", "validator", "post", "private post"]),
            AFTERS,
        ),
        st.tuples(
            st.just("named"),
            st.dictionaries(
                st.sampled_from(["f", "g", "h", "size"]),
                st.tuples(inner, st.sampled_from(["required", "default", "list"])),
                max_size=4,
            ),
        ),
        st.tuples(
            st.just("root"), inner, st.sampled_from(["", "", "private", "post", "default"]), AFTERS
        ),
    )


PLANS: st.SearchStrategy[Plan] = st.recursive(SCALARS, _deeper, max_leaves=8)


def make(plan: Plan) -> Any:
    """The type that the plan describes."""
    kind = plan[0]
    if kind in ("int", "float", "str"):
        base: Any = {"int": int, "float": float, "str": str}[kind]
        return Annotated[base, Field(**plan[1])] if plan[1] else base
    if kind in ("list", "dict"):
        inner = make(plan[1])
        base = list[inner] if kind == "list" else dict[str, inner]  # type: ignore[valid-type]
        return Annotated[base, Field(**plan[2])] if plan[2] else base
    if kind == "optional":
        inner = make(plan[1])
        return None if inner is None else inner | None
    if kind == "tuple":
        return tuple[make(plan[1]), make(plan[2])]  # type: ignore[misc]
    if kind in ("many", "set", "frozenset"):
        inner = make(plan[1])
        base = {"many": tuple[inner, ...], "set": set[inner], "frozenset": frozenset[inner]}[kind]  # type: ignore[valid-type]
        return Annotated[base, Field(**plan[2])] if plan[2] else base
    if kind == "sequence":
        return Sequence[make(plan[1])]  # type: ignore[misc]
    if kind == "bytes":
        return Annotated[bytes, Field(**plan[1])] if plan[1] else bytes
    if kind == "decimal":
        return Annotated[decimal.Decimal, Field(**plan[1])] if plan[1] else decimal.Decimal
    if kind == "form":
        return Annotated[str, StringConstraints(**plan[1])]
    if kind == "union":
        joined = Union[tuple(make(p) for p in plan[1])]  # type: ignore[return-value]  # noqa: UP007
        # A mode is for what is a union still, once null has been taken out of it.
        several = (
            get_origin(joined) in (Union, types.UnionType) and type(None) not in joined.__args__
        )
        odd = several and plan[2] != "smart"
        return Annotated[joined, Field(union_mode=plan[2])] if odd else joined
    if kind == "after":
        return Annotated[make(plan[1]), AfterValidator(functools.partial(_after, plan[2]))]
    if kind == "plain":
        return Annotated[make(plan[1]), PlainValidator(functools.partial(_after, plan[2]))]
    if kind == "tagged":
        return _tagged(plan)
    if kind in ("typed", "dataclass", "slots"):
        return _fields(plan)
    if kind == "literal":
        return Literal[tuple(plan[1])]
    if kind == "enum":
        return _enum(plan[1], plan[2])
    if kind == "model":
        return _model(plan)
    if kind == "root":
        return _root(plan)
    if kind == "named":
        return _named(plan)
    return {
        "bool": bool,
        "none": None,
        "any": Any,
        "date": datetime.date,
        "datetime": datetime.datetime,
        "time": datetime.time,
        "timedelta": datetime.timedelta,
        "uuid": uuid.UUID,
        "uuid4": UUID4,
        "path": pathlib.Path,
        "multiple": Annotated[int, Field(multiple_of=3)],
        "strip": Annotated[str, Field(pattern="^[a-z]*$")],
    }[kind]


def _alias(alias: Any, name: str) -> Any:
    if isinstance(alias, str):
        return f"{alias}-{name}"
    if alias[0] == "path":
        return AliasPath(*alias[1])
    return AliasChoices(*(AliasPath(*path) if len(path) > 1 else path[0] for path in alias[1]))


def _after(what: str, value: Any) -> Any:
    """A validator that often objects."""
    CALLS.append((what, repr(value)))
    if what == "repr":
        return repr(value)
    if what == "same" or len(repr(value)) % 3:
        return value
    if what == "value":
        raise ValueError(f"no {value!r}")
    if what == "assert":
        raise AssertionError("{value} not so")
    if what == "custom":
        raise PydanticCustomError("odd", "odd {what}", {"what": repr(value)})
    if what == "known":
        raise PydanticKnownError("less_than", {"lt": 3})
    if what == "omit":
        raise PydanticOmit
    if what == "default":
        raise PydanticUseDefault
    TypeAdapter(list[int]).validate_python({"a": ["x"]})


def _tagged(plan: Plan) -> Any:
    choices = []
    for tag, fields in plan[1].items():
        fitted = {name: (inner, "required", None) for name, inner in fields.items()}
        fitted = {"kind": (("literal", [tag]), "required", None), **fitted}
        options: dict[str, Any] = {}
        choices.append(make((plan[2], fitted, options, "", "same")))
    return Annotated[Union[tuple(choices)], Field(discriminator="kind")]  # type: ignore[return-value]  # noqa: UP007


def _fields(plan: Plan) -> Any:
    """A TypedDict, or a dataclass with or without slots."""
    config = ConfigDict(**plan[2])
    annotations: dict[str, Any] = {}
    required: list[tuple[Any, ...]] = []
    optional: list[tuple[Any, ...]] = []
    for name, (inner, presence, alias) in plan[1].items():
        type_ = make(inner)
        if alias is not None:
            type_ = Annotated[type_, Field(validation_alias=_alias(alias, name))]
        annotations[name] = type_ if presence == "required" else NotRequired[type_]
        if presence == "required":
            required.append((name, type_))
        elif presence == "default":
            optional.append((name, type_, dataclasses.field(default=3)))
        else:
            optional.append((name, type_, dataclasses.field(default_factory=list)))
    if plan[0] == "typed":
        made = TypedDict("Typed", annotations)  # type: ignore[misc]
        made.__pydantic_config__ = config  # type: ignore[attr-defined]
        return made
    if "only" in plan[3]:
        optional.append(("only", dataclasses.InitVar[int], dataclasses.field(default=2)))
    if "unread" in plan[3] and config.get("extra") != "allow":  # pydantic refuses both together
        required.insert(1, ("unread", int, dataclasses.field(init=False)))
        optional.append(("given", list, dataclasses.field(default_factory=list, init=False)))
    names = [name for name, *_ in required + optional if name not in ("only", "unread")]

    def post_init(self: Any, *args: Any) -> None:
        _after(plan[4], (*args, *(getattr(self, name) for name in names)))

    made = dataclasses.make_dataclass(
        "Data",
        required + optional,
        slots=plan[0] == "slots",
        namespace={"__post_init__": post_init} if plan[3] else {},
    )
    made.__pydantic_config__ = config  # type: ignore[attr-defined]
    return made


def _enum(values: list[Any], base: str) -> Any:
    if base == "str":
        members = {f"M{i}": str(v) for i, v in enumerate(values)}
        return enum.Enum("Texts", members, type=str)
    if base == "int":
        return enum.IntEnum("Numbers", {f"M{i}": i + 1 for i, _ in enumerate(values)})
    return enum.Enum("Mixed", {f"M{i}": v for i, v in enumerate(values)})


def _model(plan: Plan) -> type[BaseModel]:
    fields: dict[str, Any] = {}
    for name, (inner, presence, alias) in plan[1].items():
        options: dict[str, Any] = {}
        if alias is not None:
            options["validation_alias"] = _alias(alias, name)
        if presence == "default":
            options["default"] = default(inner)
        elif presence == "factory":
            options["default_factory"] = lambda inner=inner: default(inner)
        elif presence == "validated":
            options |= {"default": default(inner), "validate_default": True}
        fields[name] = (make(inner), Field(**options))
    extras: dict[str, Any] = {}
    if plan[3] == "validator":
        extras["__validators__"] = {"keep": model_validator(mode="after")(lambda self: self)}
    base = type(
        "Base", (BaseModel,), {"model_config": ConfigDict(**plan[2]), "__module__": __name__}
    )
    return create_model("Made", __base__=_hooked(base, plan[3], plan[4]), **extras, **fields)


def _hooked(base: type[BaseModel], hooks: str, what: str) -> Any:
    """The model with private attributes, a method that is called on new instances, or both."""

    def model_post_init(self: Any, context: Any) -> None:
        assert context is None
        super(made, self).model_post_init(context)
        _after(what, (self.__dict__, self.__pydantic_private__))

    members: dict[str, Any] = {}
    if "private" in hooks:
        members = {"_seen": PrivateAttr(3), "_list": PrivateAttr(default_factory=list)}
        members["__annotations__"] = {"_seen": int, "_list": list}
    if "post" in hooks:
        members["model_post_init"] = model_post_init
    made = type("Hooked", (base,), {**members, "__module__": __name__}) if members else base
    return made


def _named(plan: Plan) -> Any:
    ordered = sorted(plan[1].items(), key=lambda field: field[1][1] != "required")
    defaults = [
        {"default": default(inner), "list": [1]}[presence]
        for _, (inner, presence) in ordered
        if presence != "required"
    ]
    made = collections.namedtuple("Named", [name for name, _ in ordered], defaults=defaults)  # type: ignore[misc]
    made.__annotations__ = {name: make(inner) for name, (inner, _) in ordered}
    return made


def _root(plan: Plan) -> Any:
    made = RootModel[make(plan[1])]  # type: ignore[misc]
    if plan[2] == "default":
        members = {"root": default(plan[1]), "__annotations__": {"root": make(plan[1])}}
        return type("Defaulted", (made,), {**members, "__module__": __name__})
    return _hooked(made, plan[2], plan[3])


def default(plan: Plan) -> Any:
    """A default that need not fit: pydantic does not look at it."""
    return {"list": [1], "dict": {"k": [2]}, "int": 4, "str": "dflt"}.get(plan[0])


# ---- Documents ---------------------------------------------------------------------------


def right(plan: Plan) -> st.SearchStrategy[Any]:
    """Values that often fit the plan's type."""
    kind = plan[0]
    if kind == "list":
        return st.lists(right(plan[1]), max_size=4)
    if kind == "dict":
        return st.dictionaries(KEYS, right(plan[1]), max_size=4)
    if kind == "optional":
        return st.one_of(st.none(), right(plan[1]))
    if kind == "tuple":
        return st.tuples(right(plan[1]), right(plan[2])).map(list)
    if kind in ("many", "set", "frozenset", "sequence"):
        return st.lists(right(plan[1]), max_size=4)
    if kind == "union":
        return st.one_of(*(right(p) for p in plan[1]))
    if kind in ("after", "plain", "root"):
        return right(plan[1])
    if kind == "tagged":
        return st.one_of(*(
            st.fixed_dictionaries({"kind": st.sampled_from([tag, tag, tag, "cow", 1]),
                                   **{name: right(inner) for name, inner in fields.items()}})
            for tag, fields in plan[1].items()
        ))  # fmt: skip
    if kind == "named":
        return _named_values(plan)
    if kind == "literal":
        return st.sampled_from(list(plan[1]))
    if kind == "enum":
        values: list[Any] = [*plan[1], 1, 2, "1"]
        return st.sampled_from(values)
    if kind in ("model", "typed", "dataclass", "slots"):
        return _objects(plan)
    simple: dict[str, st.SearchStrategy[Any]] = {
        "int": INTS,
        "float": st.one_of(FLOATS, INTS),
        "str": TEXTS,
        "bool": st.booleans(),
        "none": st.none(),
        "any": WILD,
        "date": st.one_of(DATES, st.sampled_from(["2020-13-01", 0, "0000-01-01", "1900-02-29"])),
        "datetime": st.one_of(TIMES, DATES, st.sampled_from(HARD_TIMES)),
        "uuid": st.one_of(UUIDS, st.sampled_from(HARD_UUIDS)),
        "uuid4": st.one_of(
            UUIDS,
            st.uuids(version=4).map(str),
            st.uuids(version=1).map(str),
            st.sampled_from(HARD_UUIDS),
        ),
        "bytes": TEXTS,
        "decimal": st.one_of(FLOATS, INTS, TEXTS, DECIMALS, st.sampled_from(HARD_DECIMALS)),
        "form": st.one_of(TEXTS, st.text("aB \u00e9\u3000", max_size=4)),
        "time": st.one_of(TIMES.map(lambda text: text[11:]), st.sampled_from(HARD_CLOCKS)),
        "timedelta": st.one_of(DURATIONS, st.sampled_from(HARD_DURATIONS)),
        "path": TEXTS,
        "multiple": st.integers(0, 9),
        "strip": TEXTS,
    }
    return simple[kind]


def _named_values(plan: Plan) -> st.SearchStrategy[Any]:
    """By place, or by name."""
    fields = sorted(plan[1].items(), key=lambda field: field[1][1] != "required")
    least = sum(presence == "required" for _, (_, presence) in fields)
    values = [right(inner) for _, (inner, _) in fields]
    by_name = {name: value for (name, _), value in zip(fields, values, strict=True)}
    required = {name: by_name.pop(name) for name, _ in fields[:least]}
    return st.one_of(
        st.integers(least, len(values)).flatmap(lambda n: st.tuples(*values[:n]).map(list)),
        st.fixed_dictionaries(required, optional={**by_name, "zz": WILD}),
    )


def _objects(plan: Plan) -> st.SearchStrategy[Any]:
    required: dict[str, Any] = {}
    optional: dict[str, Any] = {"zz": WILD}
    nested: list[st.SearchStrategy[Any]] = []
    for name, (inner, presence, alias) in plan[1].items():
        key = name if alias is None else f"{alias}-{name}"
        if isinstance(alias, tuple):
            nested.append(right(inner))
        else:
            (required if presence == "required" else optional)[key] = right(inner)
        if alias is not None:
            optional[name] = right(inner)
    if nested:
        some = st.one_of(*nested)
        items = st.lists(some, max_size=3)
        fields = {"x": st.one_of(some, items), "y": some}
        below = st.one_of(items, st.fixed_dictionaries({}, optional=fields), some)
        required |= {"p": below, "q": below}
        optional["r"] = some
    optional |= {name: INTS for name in ("only", "unread") if name in plan[3]}
    return st.fixed_dictionaries(required, optional=optional)


WILD: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), INTS, FLOATS, TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=5,
)


@st.composite
def values(draw: st.DrawFn, plan: Plan) -> Any:
    """A value that fits, fits but for one place, or is wild."""
    value = draw(st.one_of(right(plan), right(plan), WILD))
    return _spoil(draw, value) if draw(st.booleans()) else value


def _spoil(draw: st.DrawFn, value: Any) -> Any:
    """The value with one place of it replaced or left out."""
    if isinstance(value, list) and value:
        place = draw(st.integers(0, len(value) - 1))
        return [_spoil(draw, v) if i == place else v for i, v in enumerate(value)]
    if isinstance(value, dict) and value:
        place = draw(st.sampled_from(sorted(value)))
        if draw(st.integers(0, 4)) == 0:
            return {k: v for k, v in value.items() if k != place}
        return {k: _spoil(draw, v) if k == place else v for k, v in value.items()}
    return draw(WILD)


@st.composite
def documents(draw: st.DrawFn, plan: Plan) -> bytes:
    """A document for the plan: JSON in several spellings, now and then not quite JSON."""
    value = draw(values(plan))
    text = json.dumps(
        value,
        ensure_ascii=draw(st.booleans()),
        separators=draw(st.sampled_from([(",", ":"), (", ", ": "), (" ,\n", " :\t")])),
    )
    data = text.encode()
    damage = draw(st.integers(0, 19))
    if damage == 0:
        data = data[: draw(st.integers(0, len(data)))]
    elif damage == 1:
        at = draw(st.integers(0, len(data)))
        data = (
            data[:at]
            + draw(st.sampled_from([b"\xff", b"NaN", b"1e999", b"]", b'"', b"0"]))
            + data[at:]
        )
    elif damage == 2 and b"{" in data:
        # A key once more: which of the two counts?
        data = data.replace(b"{", b'{"a":null,"f":1,"f":2,', 1).replace(b",}", b"}")
    return data
