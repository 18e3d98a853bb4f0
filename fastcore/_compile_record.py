"""Compiles a record (the T of ``Rows[T]`` and ``Row[T]``) into fields that fill columns."""

from __future__ import annotations

import enum
from typing import Any

from . import _compile
from ._nodes import (
    BOOL,
    FLOAT,
    IMPURE,
    INT,
    LITERAL,
    STR,
    NotNative,
    check_config,
    check_model,
    default_of,
    extra_behavior,
    field_key,
    find_in_record,
)

_FLOAT64, _INT64, _BOOL, _CODE, _STRING = 0, 2, 4, 5, 6
_CELL_FLOAT, _CELL_INT, _CELL_BOOL, _CELL_CODE, _CELL_TEXT, _CELL_RECORD = range(6)
_MAX_FIELDS, _MAX_DEPTH = 256, 8


def compile_record(
    compiler: _compile.Compiler, layout: Any, path: tuple[Any, ...]
) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """The record's tree of fields, and the default cell of each column."""
    records: list[Any] = []
    defaults: list[Any] = [_blank(spec) for spec in layout.specs]
    columns = {tuple(spec.path): number for number, spec in enumerate(layout.specs)}
    inner = _compile.Compiler(layout.source)
    _add(compiler, inner, layout, layout.source, (), path, records, defaults, columns)
    compiler.impure = inner.impure
    return tuple(records), tuple(defaults)


def _add(
    compiler: _compile.Compiler,
    inner: _compile.Compiler,
    layout: Any,
    schema: Any,
    below: tuple[str, ...],
    path: tuple[Any, ...],
    records: list[Any],
    defaults: list[Any],
    columns: dict[tuple[str, ...], int],
) -> int:
    """Adds the record (and those nested in it) and returns its number."""
    schema, nullable, impure = inner.peel(schema, None)
    while schema["type"] == "definition-ref":
        schema, *more = inner.peel(inner.definitions[schema["schema_ref"]], None)
        nullable, impure = nullable or more[0], impure or more[1]
    if schema["type"] != "model" or nullable:
        raise NotNative(f"records of type {schema['type']!r}" if not nullable else "a null record")
    config = check_model(schema)
    check_config(config)
    if schema.get("post_init"):
        raise NotNative("private attributes or model_post_init")
    if impure or schema.get("strict", config.get("strict")):
        inner.impure = True
    if len(below) >= _MAX_DEPTH or len(schema["schema"]["fields"]) > _MAX_FIELDS:
        raise NotNative("a record too deep or too wide")
    number = len(records)
    records.append(None)
    keys, fields = [], []
    for name, field in schema["schema"]["fields"].items():
        here = (*below, name)
        keys.append(field_key(name, field, config))
        node_schema = field["schema"]
        peeled = inner.peel(node_schema, config).schema
        if peeled["type"] == "definition-ref":
            peeled = inner.definitions[peeled["schema_ref"]]
        if peeled["type"] == "model":
            if node_schema["type"] == "default":
                raise NotNative(f"field {name}: a nested record with a default")
            if layout.kind == "table":
                raise NotNative(f"field {name}: nested records in a table")
            target = _add(
                compiler, inner, layout, node_schema, here, path, records, defaults, columns
            )
            fields.append((_CELL_RECORD, 1, 0, target))
            continue
        if find_in_record(node_schema, lambda node: "function" in node):
            raise NotNative(f"field {name}: a validator")
        column = columns.get(here)
        if column is None:
            raise NotNative(f"field {name} is not one column")
        spec = layout.specs[column]
        node = compiler.node(_resolved(inner, node_schema), config, (*path, "[]", *here))
        if compiler.nodes[node][1] & IMPURE:
            inner.impure = True
        cell = _cell(compiler.nodes[node], spec, name)
        required = _required(node_schema, config, spec, column, defaults)
        fields.append((cell, int(required), node, column))
    if len(set(keys)) != len(keys):
        raise NotNative("two fields of one key")
    forbid = extra_behavior(schema["schema"], config) == "forbid"
    records[number] = (tuple(keys), tuple(fields), forbid)
    return number


def _resolved(inner: _compile.Compiler, schema: Any) -> Any:
    """The field's schema with a reference at its end replaced by what it refers to."""
    if schema["type"] == "definition-ref":
        return inner.definitions[schema["schema_ref"]]
    if schema["type"] in ("default", "nullable", "definitions"):
        return {**schema, "schema": _resolved(inner, schema["schema"])}
    return schema


def _cell(node: tuple[Any, ...], spec: Any, name: str) -> int:
    kind = node[0]
    if spec.items == 1:
        if kind == FLOAT and spec.kind == _FLOAT64:
            return _CELL_FLOAT
        if kind == INT and spec.kind == _INT64:
            return _CELL_INT
        if kind == LITERAL and spec.kind == _INT64 and node[3] and not node[2]:
            return _CELL_INT
        if kind == BOOL and spec.kind == _BOOL:
            return _CELL_BOOL
        if kind == LITERAL and spec.kind == _CODE and node[2] == tuple(spec.texts):
            return _CELL_CODE
        if kind == STR and spec.kind == _STRING:
            return _CELL_TEXT
    raise NotNative(f"field {name}: its column is not filled natively")


def _blank(spec: Any) -> Any:
    """A value that any cell of the column takes, where no default is needed."""
    if spec.nullable:
        return None
    blank = {_FLOAT64: 0.0, _INT64: 0, _BOOL: False, _STRING: ""}.get(spec.kind)
    if blank is None and spec.kind == _CODE and spec.texts:
        blank = spec.texts[0]
    return blank


def _required(schema: Any, config: Any, spec: Any, column: int, defaults: list[Any]) -> bool:
    """False if the default is one that the column can hold; it is then noted in `defaults`."""
    found = default_of(schema, config)
    if found is None or found[0]:
        return True  # a missing field is then the original's to fill
    value = found[1]
    if isinstance(value, enum.Enum):
        value = value.value
    fits = (
        spec.nullable
        if value is None
        else {
            _FLOAT64: isinstance(value, float | int) and not isinstance(value, bool),
            _INT64: type(value) is int and -(2**63) <= value < 2**63,
            _BOOL: isinstance(value, bool),
            _CODE: isinstance(value, str) and value in (spec.texts or ()),
            _STRING: isinstance(value, str),
        }.get(spec.kind, False)
    )
    if fits:
        defaults[column] = value
    return not fits
