"""Walking pydantic's core schemas: which keys hold schemas, and changes to the float nodes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

CoreSchema = dict[str, Any]

#: Keys of a core schema node that hold one schema.
_ONE = (
    "schema",
    "items_schema",
    "keys_schema",
    "values_schema",
    "extras_schema",
    "extras_keys_schema",
    "json_schema",
    "python_schema",
    "lax_schema",
    "strict_schema",
    "arguments_schema",
    "return_schema",
    "var_args_schema",
    "var_kwargs_schema",
)
#: Keys that hold a list of schemas (or of (schema, label) pairs, or of fields).
_MANY = ("items_schema", "choices", "steps", "definitions", "fields", "arguments_schema")


def _is_node(value: object) -> bool:
    return isinstance(value, dict) and isinstance(value.get("type"), str)


def children(node: CoreSchema) -> Iterator[CoreSchema]:
    """The schemas (and fields) directly below a node."""
    for key in dict.fromkeys(_ONE + _MANY):
        value = node.get(key)
        if _is_node(value):
            yield value  # type: ignore[misc]
        elif isinstance(value, list):
            for item in value:
                if isinstance(item, tuple):
                    item = item[0]
                if isinstance(item, dict):
                    yield item
        elif isinstance(value, dict):
            yield from (item for item in value.values() if isinstance(item, dict))


def rebuilt(node: CoreSchema, change: Callable[[CoreSchema], CoreSchema]) -> CoreSchema:
    """A copy of the tree below `node` with `change` applied to every node, inner ones first."""

    def visit(value: Any) -> Any:
        if isinstance(value, tuple):
            return (rebuilt(value[0], change), *value[1:])
        return rebuilt(value, change) if isinstance(value, dict) else value

    copy = dict(node)
    for key in dict.fromkeys(_ONE + _MANY):
        value = copy.get(key)
        if _is_node(value):
            copy[key] = visit(value)
        elif isinstance(value, list):
            copy[key] = [visit(item) for item in value]
        elif isinstance(value, dict):
            copy[key] = {name: visit(item) for name, item in value.items()}
    return change(copy)


def find(node: CoreSchema, wanted: Callable[[CoreSchema], bool]) -> bool:
    """Whether some node of the tree is wanted."""
    stack = [node]
    while stack:
        top = stack.pop()
        if wanted(top):
            return True
        stack.extend(children(top))
    return False


def finite_floats(schema: CoreSchema) -> CoreSchema:
    """The schema with every float refusing NaN and the infinities; the same object if none is."""
    if not find(schema, lambda node: node.get("type") == "float"):
        return schema

    def change(node: CoreSchema) -> CoreSchema:
        return {**node, "allow_inf_nan": False} if node.get("type") == "float" else node

    return rebuilt(schema, change)


def limit_rows(schema: CoreSchema, most: int) -> CoreSchema:
    """The schema with at most `most` records in every ``Rows`` and ``Table``."""

    def columns_limited(node: Any) -> Any:
        """The lists of a table's columns, and those alone."""
        if not isinstance(node, dict):
            return node
        if node["type"] == "typed-dict":
            fields = {
                name: {**field, "schema": {**field["schema"], "max_length": most}}
                for name, field in node["fields"].items()
            }
            return {**node, "fields": fields}
        ways = ("schema", "json_schema", "python_schema")
        return {k: columns_limited(v) if k in ways else v for k, v in node.items()}

    def limited(node: Any) -> Any:
        """The first list on each way down from a ``Rows`` is that of its records."""
        if isinstance(node, list):
            return [limited(item) for item in node]
        if not isinstance(node, dict):
            return node
        if node["type"] == "list":
            return {**node, "max_length": most}
        ways = ("schema", "json_schema", "python_schema", "choices", "steps")
        return {key: limited(value) if key in ways else value for key, value in node.items()}

    def change(node: CoreSchema) -> CoreSchema:
        layout = (node.get("metadata") or {}).get("fastcore")
        if layout is not None and layout.kind == "table":
            return dict(columns_limited(node))
        if layout is None or layout.kind != "rows":
            return node
        return dict(limited(node))

    return rebuilt(schema, change)
