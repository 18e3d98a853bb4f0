"""Plans: small trees of literals that say what a type is, drawn at random.

`making.make` gives the type of a plan, `documents.Documents` documents for it. A plan printed by
`repr` and read again is the same plan, so a failing case can be written down in one line.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

Plan = tuple[Any, ...]

KEYS = ["a", "b", "c", "name", "Größe", 'q"uote', "x y", "k" * 40, "id_", "d1", "kind"]
NAMES = ["f", "g", "h", "size"]
#: Types that take no argument, by the names that `making.PLAIN` has; the first are the common ones.
PLAIN = [
    *("none", "any", "date", "datetime", "uuid", "positive", "len", "time", "decimal", "omit"),
    *("object", "skip", "timedelta", "uuid4", "path", "url", "httpurl", "aware", "naive", "ipv4"),
    *("fraction", "complex", "interval", "multiple", "predicate", "unit", "json", "secret"),
    *("callable", "instance", "strictdate", "laxint", "bound date", "precise"),
]
#: What a model has beyond its fields.
TWISTS = [
    *("private", "post_init", "after", "before", "wrap", "init", "new", "inherits", "extras"),
    *("field after", "field before", "field wrap", "field plain", "field info", "all fields"),
]
#: What validators do to some of the values.
DEEDS = ["same", "same", "repr", "value", "assert", "custom", "known", "omit", "default", "nested",
         "type"]  # fmt: skip
_KEY_PLANS: list[Plan] = [
    *[("str", {})] * 4,
    ("str", {"max_length": 3}),
    ("plain", "any"),
    ("int", {}),
    ("int", {"ge": 0, "strict": True}),
    ("float", {}),
    ("bool", {}),
    ("plain", "date"),
    ("plain", "uuid"),
    ("literal", ["a", "b", 1]),
    ("enum", "StrEnum", ["a", "b"]),
    ("enum", "IntEnum", [1, 2]),
    ("checked", ("str", {}), "after", "value", False),
]
_CONFIG: dict[str, list[Any]] = {
    "extra": ["allow", "forbid", "ignore"],
    "strict": [True, False],
    "str_strip_whitespace": [True],
    "str_max_length": [3],
    "coerce_numbers_to_str": [True],
    "allow_inf_nan": [False],
    "hide_input_in_errors": [True],
    "validate_default": [True],
    "use_enum_values": [True],
    "val_json_bytes": ["base64", "hex"],
}
_MODEL_CONFIG: dict[str, list[Any]] = {
    **_CONFIG,
    "populate_by_name": [True],
    "validate_by_name": [True],
    "loc_by_alias": [False],
    "frozen": [True],
    "from_attributes": [True],
    "title": ["Another title"],
}
_SCALARS = [*["int"] * 4, *["float"] * 3, *["str"] * 3, *["bool"] * 2, "bytes", *["plain"] * 6,
            *["literal"] * 2, *["enum"] * 2]  # fmt: skip
_COMPOUND = [*["many"] * 4, *["dict"] * 2, *["optional"] * 2, "tuple", "headed", "strict",
             *["union"] * 2, *["checked"] * 3, *["tagged"] * 2, *["typed"] * 2, "named",
             *["dataclass"] * 3, *["model"] * 7, "root", "generic", "recursive", "mutual",
             "twice"]  # fmt: skip


class Plans:
    """An endless row of plans; the same random numbers give the same ones."""

    def __init__(self, source: random.Random) -> None:
        self.source = source

    def __iter__(self) -> Iterator[Plan]:
        while True:
            yield self.plan(self.pick([0, 1, 1, 2, 2, 2, 3]))

    def pick(self, choices: Any) -> Any:
        return choices[self.source.randrange(len(choices))]

    def often(self, share: float) -> bool:
        return self.source.random() < share

    def some(self, choices: dict[str, list[Any]], share: float = 0.5) -> dict[str, Any]:
        """A dict with some of these keys, each with one of its values."""
        return {key: self.pick(values) for key, values in choices.items() if self.often(share)}

    def plan(self, depth: int) -> Plan:
        if depth <= 0 or self.often(0.08):
            kind = self.pick(_SCALARS)
            return (kind, *getattr(self, f"_{kind}")())
        kind = self.pick(_COMPOUND)
        made = getattr(self, f"_{kind}")(depth - 1)
        return made if kind in ("many", "dict") else (kind, *made)

    def inner(self, depth: int) -> Plan:
        """What stands in something else: not everywhere as deep as it may."""
        return self.plan(depth if self.often(0.6) else 0)

    # ---- Scalars -------------------------------------------------------------------------------

    def _numbers(self, low: list[Any], high: list[Any], step: list[Any]) -> dict[str, Any]:
        if self.often(0.4):
            return {}
        lower, upper = self.pick(["ge", "ge", "gt"]), self.pick(["le", "le", "lt"])
        made = self.some({lower: low, upper: high})
        rare: dict[str, list[Any]] = {"gt": low, "lt": high, "multiple_of": step}
        return {**made, **self.some(rare, 0.1), **self.some({"strict": [True, False]}, 0.15)}

    def _int(self) -> Plan:
        low, high = [-3, 0, 1, -(2**63), 2**62], [5, 9, 2**53, 2**63 - 1]
        return (self._numbers(low, high, [2, 3]),)

    def _float(self) -> Plan:
        return (self._numbers([-3, 0, -0.5, 1e-300], [5, 9.5, 1e22], [2, 0.5, 0.1]),)

    def lengths(self, share: float = 0.3) -> dict[str, Any]:
        return self.some({"min_length": [0, 1, 2], "max_length": [1, 2, 3, 4]}, share)

    def _str(self) -> Plan:
        rare = {
            "pattern": ["^[a-z]*$", "b", r"\d"],
            "strip_whitespace": [True],
            "to_lower": [True],
            "strict": [True, False],
        }
        return ({**self.lengths(), **self.some(rare, 0.08)},)

    def _bool(self) -> Plan:
        return (self.some({"strict": [True, False]}, 0.2),)

    def _bytes(self) -> Plan:
        return (self.lengths(),)

    def _plain(self) -> Plan:
        return (self.pick(PLAIN[:10] if self.often(0.5) else PLAIN),)

    def _literal(self) -> Plan:
        values = ["a", "b", "é", 'q"', "x" * 20, 1, 2, -7, None, True, False, 2**63, "1"]
        return (self.source.sample(values, self.source.randint(1, 5)),)

    def _enum(self) -> Plan:
        base = self.pick(["Enum", "StrEnum", "IntEnum", "Enum", "StrEnum", "float", "missing"])
        values = ["a", "b", "é", 1, 2, 0.5] if self.often(0.5) else ["a", "b", "c", "é"]
        return (base, self.source.sample(values, self.source.randint(1, 4)))

    # ---- Of parts ------------------------------------------------------------------------------

    def _many(self, depth: int) -> Plan:
        kinds = ["list", "list", "many", "set", "frozenset", "sequence", "deque"]
        return (self.pick(kinds), self.inner(depth), self.lengths())

    def _dict(self, depth: int) -> Plan:
        kind = self.pick(["dict", "dict", "mapping"])
        return (kind, self.pick(_KEY_PLANS), self.inner(depth), self.lengths())

    def _optional(self, depth: int) -> Plan:
        return (self.plan(depth),)

    def _tuple(self, depth: int) -> Plan:
        return ([self.inner(depth) for _ in range(self.source.randint(0, 3))],)

    def _headed(self, depth: int) -> Plan:
        return (self.inner(depth), self.inner(depth))

    _generic = _mutual = _headed

    def _twice(self, depth: int) -> Plan:
        return (self.plan(depth),)

    def _strict(self, depth: int) -> Plan:
        return (self.inner(depth), self.often(0.7))

    def _root(self, depth: int) -> Plan:
        return (self.plan(depth), self.often(0.3))

    def _recursive(self, depth: int) -> Plan:
        return (self.pick(["model", "model", "dataclass", "typed"]), self.inner(depth))

    def _union(self, depth: int) -> Plan:
        choices = [self.inner(depth) for _ in range(self.source.randint(2, 3))]
        return (choices, self.pick(["smart", "smart", "left_to_right"]))

    def _checked(self, depth: int) -> Plan:
        mode = self.pick(["after", "after", "before", "wrap", "plain"])
        return (self.inner(depth), mode, self.pick(DEEDS), self.often(0.3))

    def _tagged(self, depth: int) -> Plan:
        tags = self.source.sample(["cat", "dog", "é", 1], self.source.randint(2, 3))
        choices = {
            tag: {name: self.inner(depth) for name in ("f", "g") if self.often(0.5)} for tag in tags
        }
        how = self.pick(["field", "field", "field", "alias", "function", "strict"])
        return (choices, self.pick(["model", "model", "typed", "dataclass"]), how)

    # ---- With fields ---------------------------------------------------------------------------

    def fields(self, depth: int, presences: list[str]) -> dict[str, Any]:
        return {
            name: (self.inner(depth), self.pick(presences), self._alias())
            for name in NAMES[: self.source.randint(0, 4)]
        }

    def _alias(self) -> Any:
        chance = self.source.random()
        if chance < 0.6:
            return None
        if chance < 0.9:
            return (self.pick(["alias", "validation"]), self.pick(KEYS))
        paths = [("path", ["p", 0]), ("path", ["p", "q", -1]), ("choices", ["al", ["p", 1]])]
        return self.pick(paths)

    def config(self, choices: dict[str, list[Any]]) -> dict[str, Any]:
        """Mostly an ordinary one: the rare ones would take most from C."""
        return (
            self.some({"extra": choices["extra"]}) if self.often(0.7) else self.some(choices, 0.2)
        )

    def _typed(self, depth: int) -> Plan:
        fields = self.fields(depth, ["required", "default"])
        return (fields, self.config(_CONFIG), self.often(0.6))

    def _dataclass(self, depth: int) -> Plan:
        twists = ["slots", "frozen", "kw_only", "pydantic", "post_init", "initvar", "no init"]
        share = self.pick([0, 0, 0.15, 0.3])
        chosen = [twist for twist in twists if self.often(share)]
        fields = self.fields(depth, ["required", "default", "factory"])
        return (fields, self.config(_CONFIG), chosen)

    def _named(self, depth: int) -> Plan:
        return (self.fields(depth, ["required", "default"]),)

    def _model(self, depth: int) -> Plan:
        presences = ["required", "required", "default", "factory"]
        presences += ["data", "validated"] if self.often(0.2) else []
        twist = self.pick(TWISTS) if self.often(0.4) else ""
        return (self.fields(depth, presences), self.config(_MODEL_CONFIG), twist)


# ---- Looking into plans --------------------------------------------------------------------------


_KINDS = frozenset(
    {*_SCALARS, *_COMPOUND, "list", "set", "frozenset", "sequence", "deque", "mapping"}
)


def is_plan(value: Any) -> bool:
    return (
        isinstance(value, tuple)
        and bool(value)
        and isinstance(value[0], str)
        and value[0] in _KINDS
    )


def kinds(plan: Any) -> set[str]:
    """The kinds of types in a plan, for a count of what was tried."""
    found: set[str] = set()
    stack = [plan]
    while stack:
        top = stack.pop()
        if isinstance(top, tuple | list):
            if is_plan(top):
                found.add(f"{top[0]} {top[1]}" if top[0] == "plain" else top[0])
            stack.extend(top)
        elif isinstance(top, dict):
            stack.extend(top.values())
    return found


def simpler(value: Any) -> Iterator[Any]:
    """Plans with something left out: a part in place of the whole, fewer parts, simpler parts."""
    if isinstance(value, dict):
        for key in value:
            yield {k: v for k, v in value.items() if k != key}
        for key, inner in value.items():
            for less in simpler(inner):
                yield {**value, key: less}
    elif isinstance(value, tuple | list):
        plan = is_plan(value)
        if plan and value != ("int", {}):
            yield from (part for part in _parts(value) if is_plan(part))
            yield ("int", {})
        if isinstance(value, list):
            for at in range(len(value)):
                yield value[:at] + value[at + 1 :]
        for at, inner in enumerate(value):
            for less in simpler(inner):
                yield type(value)((*value[:at], less, *value[at + 1 :]))


def _parts(plan: Any) -> Iterator[Any]:
    for part in plan.values() if isinstance(plan, dict) else plan:
        if isinstance(part, tuple | list | dict):
            yield part
            if not is_plan(part):
                yield from _parts(part)
