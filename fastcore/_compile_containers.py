"""Compiles containers: arrays and objects whose parts are alike, and unions."""

from __future__ import annotations

import enum
from typing import Any

from ._nodes import (
    AFTER,
    BOOL,
    BYTES,
    DATE,
    DATETIME,
    DECIMAL,
    DICT,
    DURATION,
    FLOAT,
    FROZENSET,
    INT,
    LIST,
    LITERAL,
    MAX_KEYS,
    MODEL,
    NAMED,
    NONE,
    NULLABLE,
    PLAIN,
    SET,
    STR,
    TAGGED,
    TIME,
    TUPLE,
    UNION,
    UUID,
    Base,
    NotNative,
    is_strict,
    lengths,
    only,
    refuse,
    text_node,
)
from ._rewrite import CoreSchema


class Containers(Base):
    def _list(self, schema: CoreSchema, config: CoreSchema, path: Any) -> tuple[Any, ...]:
        only(schema, "items_schema min_length max_length fail_fast strict")
        refuse(schema, "fail_fast")
        child = self.node(schema.get("items_schema") or {"type": "any"}, config, (*path, "[]"))
        return (LIST, child, *lengths(schema))

    def _dict(self, schema: CoreSchema, config: CoreSchema, path: Any) -> tuple[Any, ...]:
        only(schema, "keys_schema values_schema min_length max_length fail_fast strict")
        refuse(schema, "fail_fast")
        keys, null_keys, _ = self.peel(schema.get("keys_schema") or {"type": "any"}, config)
        if keys["type"] not in ("str", "any") or null_keys:
            raise NotNative(f"keys of type {keys['type']!r}")
        if keys["type"] == "str" and text_node(keys, config)[1:] != (-1, -1, 0):
            raise NotNative("keys with a length or a form")
        child = self.node(schema.get("values_schema") or {"type": "any"}, config, (*path, "{}"))
        return (DICT, child, *lengths(schema))

    def _tuple(self, schema: CoreSchema, config: CoreSchema, path: Any) -> tuple[Any, ...]:
        only(schema, "items_schema variadic_item_index min_length max_length fail_fast strict")
        refuse(schema, "fail_fast")
        items, variadic = schema["items_schema"], schema.get("variadic_item_index")
        if variadic is not None and (variadic != 0 or len(items) != 1):
            raise NotNative("a tuple with a head or a tail")
        children = tuple(
            self.node(item, config, (*path, "[]" if variadic == 0 else f"[{i}]"))
            for i, item in enumerate(items)
        )
        self.impure = is_strict(schema, config)
        if variadic is None:
            if lengths(schema) != (-1, -1):
                raise NotNative("a tuple with lengths")
            return (TUPLE, children, False, -1, -1)
        return (TUPLE, children, True, *lengths(schema))

    def _set(self, schema: CoreSchema, config: CoreSchema, path: Any) -> tuple[Any, ...]:
        return self._any_set(SET, schema, config, path)

    def _frozenset(self, schema: CoreSchema, config: CoreSchema, path: Any) -> tuple[Any, ...]:
        return self._any_set(FROZENSET, schema, config, path)

    def _any_set(
        self, kind: int, schema: CoreSchema, config: CoreSchema, path: Any
    ) -> tuple[Any, ...]:
        only(schema, "items_schema min_length max_length fail_fast strict")
        refuse(schema, "fail_fast")
        child = self.node(schema.get("items_schema") or {"type": "any"}, config, (*path, "[]"))
        self.impure = is_strict(schema, config)
        return (kind, child, *lengths(schema))

    # ---- Choices -------------------------------------------------------------------------

    def _tagged_union(self, schema: CoreSchema, config: CoreSchema, path: Any) -> tuple[Any, ...]:
        only(
            schema,
            "choices discriminator strict from_attributes custom_error_type custom_error_message "
            "custom_error_context",
        )
        refuse(schema, "custom_error_type")
        key = schema["discriminator"]
        if isinstance(key, list) and len(key) == 1:
            key = key[0][0] if isinstance(key[0], list) and len(key[0]) == 1 else key[0]
        if not isinstance(key, str):
            raise NotNative("a discriminator that is not one key")
        choices = schema["choices"]
        if not all(type(tag) is str for tag in choices) or len(choices) > MAX_KEYS:
            raise NotNative("tags that are not strings")
        children = tuple(
            self.node(choice, config, (*path, f"[{tag}]")) for tag, choice in choices.items()
        )
        return (TAGGED, key, tuple(choices), children)

    def _union(self, schema: CoreSchema, config: CoreSchema, path: Any) -> tuple[Any, ...]:
        only(
            schema,
            "choices auto_collapse custom_error_type custom_error_message custom_error_context "
            "mode strict",
        )
        refuse(schema, "custom_error_type")
        if schema.get("mode", "smart") != "smart":
            raise NotNative("a union from left to right")
        choices = [c[0] if isinstance(c, tuple) else c for c in schema["choices"]]
        enums = [self._enum_below(choice, config) for choice in choices]
        if any(cls is not None and _guesses(cls) for cls in enums):
            raise NotNative("an enum whose _missing_ is asked about any value")
        children = [self.node(choice, config, (*path, "|")) for choice in choices]
        nodes = [self.nodes[child] for child in children]
        return (UNION, _by_token(nodes, children, [cls is not None for cls in enums]))

    def _enum_below(self, schema: CoreSchema, config: CoreSchema) -> Any:
        """The class of the enum that the schema is, if it is one."""
        inner = self.peel(schema, config).schema
        if inner["type"] == "definition-ref":
            inner = self.definitions.get(inner["schema_ref"], inner)
        return inner["cls"] if inner["type"] == "enum" else None

    def _function_plain(self, schema: CoreSchema, config: CoreSchema, path: Any) -> tuple[Any, ...]:
        only(schema, "function json_schema_input_schema")
        function = schema["function"]
        if function["type"] != "no-info":
            raise NotNative("a validator that takes info")
        self.impure = True
        return (PLAIN, function["function"])

    def _function_after(self, schema: CoreSchema, config: CoreSchema, path: Any) -> tuple[Any, ...]:
        only(schema, "schema function")
        function = schema["function"]
        if function["type"] != "no-info":
            raise NotNative("a validator that takes info")
        child = self.node(schema["schema"], config, path)
        self.impure = not getattr(function["function"], "__fastcore_pure__", False)
        return (AFTER, child, function["function"])


#: The kinds of JSON values that nodes take as their own.
_NULL, _BOOLEAN, _INTEGER, _REAL, _STRING, _ARRAY, _OBJECT = range(7)
_TOKENS = {
    NONE: {_NULL},
    BOOL: {_BOOLEAN},
    INT: {_INTEGER},
    FLOAT: {_INTEGER, _REAL},
    DECIMAL: {_INTEGER, _REAL, _STRING},
    **{kind: {_STRING} for kind in (STR, BYTES, DATE, DATETIME, TIME, DURATION, UUID)},
    **{kind: {_ARRAY} for kind in (LIST, TUPLE, SET, FROZENSET)},
    **{kind: {_OBJECT} for kind in (DICT, MODEL)},
    NAMED: {_ARRAY, _OBJECT},
}


#: Nodes that take a value of this kind by converting it.
_CONVERTED = {
    _STRING: {INT, FLOAT, BOOL, LITERAL},
    _INTEGER: {BOOL, FLOAT, STR, DATE, DATETIME, TIME, DURATION, LITERAL},
    _REAL: {INT, STR, DATE, DATETIME, TIME, DURATION, BOOL, LITERAL},
}


def _guesses(cls: Any) -> bool:
    """Whether the enum runs code for values that are none of its own."""
    return cls._missing_.__func__ is not enum.Enum._missing_.__func__  # type: ignore[attr-defined]


def _by_token(
    nodes: list[tuple[Any, ...]], numbers: list[int], enums: list[bool]
) -> tuple[int, ...]:
    """Which choice of a smart union takes each kind of value; -1: pydantic has to say.

    A choice that takes a value as its own wins over all that would have to convert it. Where two
    might take it (a string that is a Literal's, and a str) C does not decide. A member of an enum
    counts as converted itself, so that a choice before it may win; so do, to a route, the bytes of
    a string and any Decimal.
    """
    takers: list[set[int]] = [set() for _ in range(7)]
    for number, node in zip(numbers, nodes, strict=True):
        kind, flags = node[:2]
        if kind == LITERAL:
            # True and 1.0 are 1 to a Literal.
            tokens = {_STRING} if node[2] else set()
            tokens |= {_BOOLEAN, _INTEGER, _REAL} if node[3] else set()
        elif kind in _TOKENS:
            tokens = set(_TOKENS[kind])
        else:
            raise NotNative("a choice that may take any kind of value")
        if flags & NULLABLE:
            tokens.add(_NULL)
        for token in tokens:
            takers[token].add(number)
    for number, node in zip(numbers, nodes, strict=True):
        if node[0] == INT and len(takers[_INTEGER]) == 2:
            # An int is one exactly, and a float only by conversion.
            others = takers[_INTEGER] - {number}
            if all(nodes[numbers.index(other)][0] == FLOAT for other in others):
                takers[_INTEGER] = {number}
    for token, kinds in _CONVERTED.items():
        for at, number in enumerate(numbers):
            kind = nodes[at][0]
            converted = enums[at] or kind == DECIMAL or (token == _STRING and kind == BYTES)
            if converted and takers[token] == {number} and any(n[0] in kinds for n in nodes[:at]):
                takers[token] = set()
    return tuple(takers[token].pop() if len(takers[token]) == 1 else -1 for token in range(7))
