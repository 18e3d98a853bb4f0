"""``model`` and ``dataclass`` nodes around rewritten fields.

pydantic-core puts a class's finished validator in the place of each such node that it meets, and
the rewritten schema below the node would go unused. So models get a class of their own, a carrier,
which has none; where user code looks at the result it is made into the model's instance.
"""

import math
from typing import Any

from pydantic_core import InitErrorDetails, ValidationError, core_schema

from . import _identity as _identity
from ._layout import FLOAT64, INT64, INT64_MAX, INT64_MIN, ColumnSpec

Node = dict[str, Any]


def bare(node: Node) -> Node:
    """A copy without what only references, JSON Schema and serialisation need."""
    return {key: node[key] for key in node if key not in ("ref", "metadata", "serialization")}


class _Carrying(type):
    """Of carriers: an instance of the class they stand for counts as theirs."""

    carried: type

    def __instancecheck__(cls, instance: object) -> bool:
        return type(instance) is cls or isinstance(instance, cls.carried)


_SLOTS = (
    "__dict__",
    "__pydantic_extra__",
    "__pydantic_fields_set__",
    "__pydantic_private__",
)


def _carrier(cls: type) -> type:
    """A class to stand for the model `cls` in a ``model`` node.

    It has the name of `cls` and takes its instances for its own, but no finished validator:
    pydantic-core would use that one and pass by the rewritten schema below the node.
    """
    carrier = _Carrying(cls.__name__, (), {"__slots__": _SLOTS, "__module__": cls.__module__})
    carrier.carried = cls
    return carrier


def instance(node: Node, inner: Node, real: bool) -> Node:
    """The ``model`` or ``dataclass`` node `node` around the rewritten `inner`.

    `real`: the result must be an instance of its class; a carrier with the fields will do else.
    """
    out = bare(node)
    cls = out["cls"]
    out["schema"] = inner
    if node["type"] == "dataclass":
        # The finished validator is not used where an origin is named (its class would be shared).
        out.setdefault("generic_origin", cls)
        return out
    if out.get("custom_init"):
        return out  # the class calls its own validator, the schema here is not used
    out["cls"] = _carrier(cls)
    post_init = out.pop("post_init", None)
    if not (real or post_init or cls.__new__ is not object.__new__):
        return out
    return dict(
        core_schema.with_info_after_validator_function(_Realise(out["cls"], cls, post_init), out)
    )


class _Realise:
    """Makes the model's instance of a carrier, as pydantic-core would have made it."""

    def __init__(self, carrier: type, cls: type, post_init: str | None) -> None:
        self.carrier, self.cls, self.post_init = carrier, cls, post_init

    def __repr__(self) -> str:
        return "realise"  # in the titles of errors

    def __call__(self, value: Any, info: core_schema.ValidationInfo) -> Any:
        if type(value) is not self.carrier:
            return value  # an instance that came from outside
        cls: Any = self.cls
        instance = cls.__new__(cls)
        for name in _SLOTS:
            object.__setattr__(instance, name, getattr(value, name))
        if self.post_init:
            getattr(instance, self.post_init)(info.context)
        return instance


class Checked:
    """The rules for numbers, for a model with an ``__init__`` of its own.

    Such a class validates its fields itself, by its own schema; so they are looked at afterwards.
    """

    def __init__(self, specs: tuple[ColumnSpec, ...], depth: int) -> None:
        self.specs, self.depth = specs, depth

    def __repr__(self) -> str:
        return "checked"  # in the titles of errors

    def __call__(self, record: Any) -> Any:
        errors: list[InitErrorDetails] = []
        for spec in self.specs:
            value, loc = record, spec.path[self.depth :]
            for name in loc:
                value = value.get(name) if isinstance(value, dict) else getattr(value, name, None)
            items = value if isinstance(value, (list, tuple)) else [value]
            for index, item in enumerate(items):
                at: tuple[int | str, ...] = (*loc, index) if items is value else loc
                errors += _number_errors(spec.kind, item, at)
        if errors:
            raise ValidationError.from_exception_data(type(record).__name__, errors)
        return record


def _number_errors(kind: int, value: Any, loc: tuple[int | str, ...]) -> list[InitErrorDetails]:
    if kind == FLOAT64 and isinstance(value, float) and not math.isfinite(value):
        return [InitErrorDetails(type="finite_number", loc=loc, input=value)]
    if kind == INT64 and isinstance(value, int) and value > INT64_MAX:
        ctx = {"le": INT64_MAX}
        return [InitErrorDetails(type="less_than_equal", loc=loc, input=value, ctx=ctx)]
    if kind == INT64 and isinstance(value, int) and value < INT64_MIN:
        ctx = {"ge": INT64_MIN}
        return [InitErrorDetails(type="greater_than_equal", loc=loc, input=value, ctx=ctx)]
    return []
