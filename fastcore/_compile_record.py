"""Compiles a record (the T of ``Rows[T]`` and ``Row[T]``) into fields that fill columns."""

from __future__ import annotations

import datetime
import enum
from typing import Any

from . import _compile
from ._compile_arrays import shared_sizes
from ._layout import DATE as DAYS
from ._layout import LISTED
from ._nodes import (
    AFTER,
    BOOL,
    DATE,
    DATETIME,
    DICT,
    FLOAT,
    FROZENSET,
    IMPURE,
    INT,
    LIST,
    LITERAL,
    MODEL,
    NAMED,
    NULLABLE,
    ORIGINAL,
    ROOT,
    SET,
    STR,
    TAGGED,
    TUPLE,
    UNION,
    NotNative,
    check_config,
    check_dataclass,
    check_model,
    check_typed_dict,
    default_of,
    extra_behavior,
    field_key,
    find_in_record,
    is_strict,
)

_FLOAT64, _INT64, _BOOL, _CODE, _STRING, _TIME, _OBJECT = 0, 2, 4, 5, 6, 7, 8
(_CELL_FLOAT, _CELL_INT, _CELL_BOOL, _CELL_CODE, _CELL_TEXT, _CELL_RECORD, _CELL_TIME,
 _CELL_LIST, _CELL_OBJECT) = range(9)  # fmt: skip
_MAX_FIELDS, _MAX_DEPTH = 256, 8
_ZONES = 64  # FC_ZONES
_RECORDS = ("model", "dataclass", "typed-dict")


def compile_record(
    compiler: _compile.Compiler, layout: Any, path: tuple[Any, ...]
) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """The record's tree of fields, and the default cell of each column."""
    records = _Records(compiler, layout, path)
    records.add(layout.source, (), False)
    compiler.impure = records.inner.impure
    return tuple(records.done), tuple(records.defaults)


class _Records:
    """A record and those nested in it, being compiled."""

    def __init__(self, compiler: _compile.Compiler, layout: Any, path: tuple[Any, ...]) -> None:
        self.compiler = compiler
        self.layout = layout
        self.path = path
        self.inner = _compile.Compiler(layout.source)
        self.done: list[Any] = []
        self.defaults: list[Any] = [_blank(spec) for spec in layout.specs]
        self.columns = {tuple(spec.path): number for number, spec in enumerate(layout.specs)}
        #: The number of each column whose times may be aware or not.
        self.zones: dict[int, int] = {}
        for column, spec in enumerate(layout.specs):
            if spec.kind == _TIME and spec.utc is None:
                self.zones[column] = len(self.zones)

    def add(self, schema: Any, below: tuple[str, ...], optional: bool) -> tuple[int, bool]:
        """Adds the record (and those nested in it): its number, and whether it may be null."""
        inner = self.inner
        schema, nullable, impure = inner.peel(schema, None)
        while schema["type"] == "definition-ref":
            schema, *more = inner.peel(inner.definitions[schema["schema_ref"]], None)
            nullable, impure = nullable or more[0], impure or more[1]
        if nullable and not optional:
            raise NotNative("a null record")
        config, fields, extra = _record_of(schema)
        check_config(config)
        # Python mode wants an instance then.
        strict = schema["type"] != "typed-dict" and is_strict(schema, config)
        if impure or strict:
            inner.impure = True
        if len(below) >= _MAX_DEPTH or len(fields) > _MAX_FIELDS:
            raise NotNative("a record too deep or too wide")
        number = len(self.done)
        self.done.append(None)
        keys = [field_key(name, field, config) for name, field in fields.items()]
        if len(set(keys)) != len(keys):
            raise NotNative("two fields of one key")
        if shared_sizes(fields, inner.definitions):
            raise NotNative("sizes of one name, in the arrays of a record")
        cells = [self._field(name, field, config, below) for name, field in fields.items()]
        own = [c for place, c in self.columns.items() if place[: len(below)] == below]
        first = min(own, default=0)
        self.done[number] = (tuple(keys), tuple(cells), extra == "forbid", first, len(own))
        return number, nullable

    def _field(
        self, name: str, field: Any, config: Any, below: tuple[str, ...]
    ) -> tuple[int, int, int, int, int, int]:
        """(cell, required, node, target, nullable, zone) of a field."""
        inner, here, schema = self.inner, (*below, name), field["schema"]
        peeled = inner.peel(schema, config).schema
        if peeled["type"] == "definition-ref":
            peeled = inner.definitions[peeled["schema_ref"]]
        if peeled["type"] in _RECORDS:
            return self._nested(name, field, config, here)
        column = self.columns.get(here)
        if column is None:
            raise NotNative(f"field {name} is not one column")
        spec = self.layout.specs[column]
        if spec.kind != _OBJECT and find_in_record(schema, lambda node: "function" in node):
            raise NotNative(f"field {name}: a validator")
        compiler = self.compiler
        node = compiler.node(_resolved(inner, schema), config, (*self.path, "[]", *here))
        if compiler.nodes[node][1] & IMPURE:
            inner.impure = True
        if spec.kind == _OBJECT:
            cell = self._object(node, name)
        else:
            cell = _cell(compiler.nodes, compiler.nodes[node], spec, name)
        required = _required(field, config, spec, column, self.defaults)
        zone = self.zones.get(column, _ZONES)
        if len(self.zones) > _ZONES:
            raise NotNative(f"more than {_ZONES} columns of times with or without a zone")
        return cell, int(required), node, column, 0, zone

    def _object(self, top: int, name: str) -> int:
        """OBJECT, if C alone can make what the field holds, and runs nothing of the user's."""
        compiler = self.compiler
        stack, seen = [top], {top}
        while stack:
            number = stack.pop()
            number, _ = compiler._aliases.get(number, (number, 0))
            node = compiler.nodes[number]
            if node[0] == ORIGINAL or node[1] & IMPURE:
                raise NotNative(f"field {name}: its column is not filled natively")
            new = {child for child in _below(node) if child >= 0} - seen
            seen |= new
            stack.extend(new)
        return _CELL_OBJECT

    def _nested(
        self, name: str, field: Any, config: Any, here: tuple[str, ...]
    ) -> tuple[int, int, int, int, int, int]:
        schema = field["schema"]
        if self.layout.kind == "table":
            raise NotNative(f"field {name}: nested records in a table")
        if here not in {place[: len(here)] for place in self.columns}:
            raise NotNative(f"field {name}: a nested record that is not columns")
        found = default_of(schema, config)
        absent = schema["type"] != "default" and field.get("required") is False
        null = found is not None and not found[0] and found[1] is None
        required = not (absent or null)
        target, nullable = self.add(schema, here, True)
        return _CELL_RECORD, int(required), 0, target, int(nullable), 0


def _record_of(schema: Any) -> tuple[Any, dict[str, Any], str]:
    """The config of a record, its fields, and what happens to other keys."""
    kind = schema["type"]
    if kind == "model":
        config = check_model(schema)
        if schema.get("post_init"):
            raise NotNative("private attributes or model_post_init")
        return config, schema["schema"]["fields"], extra_behavior(schema["schema"], config)
    config = schema.get("config") or {}
    if kind == "typed-dict":
        check_typed_dict(schema)
        total = schema.get("total", config.get("typed_dict_total", True))
        fields = {
            name: {**field, "required": field.get("required", total)}
            for name, field in schema["fields"].items()
        }
        return config, fields, extra_behavior(schema, config)
    if kind != "dataclass":
        raise NotNative(f"records of type {kind!r}")
    check_dataclass(schema)
    inner = schema["schema"]
    if schema.get("post_init") or inner.get("collect_init_only"):
        raise NotNative("__post_init__")
    if not all(field.get("init", True) for field in inner["fields"]):
        raise NotNative("a field that is not given")
    fields = {field["name"]: field for field in inner["fields"]}
    return config, fields, extra_behavior(inner, config)


def _resolved(inner: _compile.Compiler, schema: Any) -> Any:
    """The field's schema with a reference at its end replaced by what it refers to.

    Times are without what their column asks of them.
    """
    if schema["type"] == "definition-ref":
        return inner.definitions[schema["schema_ref"]]
    if schema["type"] in ("default", "nullable", "definitions"):
        return {**schema, "schema": _resolved(inner, schema["schema"])}
    if schema["type"] == "datetime" and schema.get("tz_constraint") in ("aware", "naive"):
        # The column says it, and takes no other times.
        return {key: value for key, value in schema.items() if key != "tz_constraint"}
    return schema


def _cell(nodes: list[tuple[Any, ...]], node: tuple[Any, ...], spec: Any, name: str) -> int:
    kind = node[0]
    if spec.flags & LISTED:
        items = {nodes[child][0] for child in _items(node)}
        wanted = {_FLOAT64: FLOAT, _INT64: INT}.get(spec.kind)
        nullable = any(nodes[child][1] & NULLABLE for child in _items(node))
        if items == {wanted} and not nullable:
            return _CELL_LIST
    elif spec.items == 1:
        if spec.kind == _TIME and kind == (DATE if spec.flags & DAYS else DATETIME):
            return _CELL_TIME
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


def _items(node: tuple[Any, ...]) -> tuple[int, ...]:
    """The nodes of what a LIST or TUPLE holds."""
    if node[0] == LIST:
        return (node[2],)
    return tuple(node[2]) if node[0] == TUPLE else ()


#: Where the numbers of the nodes below a node stand, by its kind.
_BELOW = {
    **dict.fromkeys((LIST, DICT, SET, FROZENSET, TUPLE, UNION, AFTER), 2),
    ROOT: 3,
    TAGGED: 4,
    **dict.fromkeys((MODEL, NAMED), 5),
}


def _below(node: tuple[Any, ...]) -> tuple[int, ...]:
    place = _BELOW.get(node[0])
    below = () if place is None else node[place]
    return below if isinstance(below, tuple) else (below,)


def _blank(spec: Any) -> Any:
    """A value that any cell of the column takes, where no default is needed."""
    if spec.nullable:
        return None
    blank = {_FLOAT64: 0.0, _INT64: 0, _BOOL: False, _STRING: ""}.get(spec.kind)
    if blank is None and spec.kind == _CODE and spec.texts:
        blank = spec.texts[0]
    if spec.kind == _TIME:
        blank = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC if spec.utc else None)
    return [blank] * spec.items if spec.flags & LISTED else blank


def _required(field: Any, config: Any, spec: Any, column: int, defaults: list[Any]) -> bool:
    """False if the default is one that the column can hold; it is then noted in `defaults`."""
    found = default_of(field["schema"], config)
    if found is None and field["schema"]["type"] != "default" and field.get("required") is False:
        found = (False, None)  # a key that may be absent; its cell is then null
    if found is None or found[0]:
        return True  # a missing field is then the original's to fill
    value = found[1]
    if isinstance(value, enum.Enum):
        value = value.value
    fits = (
        spec.nullable
        if value is None
        else not spec.flags & LISTED
        and {
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
