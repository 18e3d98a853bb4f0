"""From a record type to its `Layout`: which columns it has, and a core schema that fills them.

The rewritten core schema accepts what the record's own accepts, with the same errors, but for two
rules: no float is NaN or infinite, and integers that become columns have 64 bits. pydantic-core
puts a class's finished validator in the place of each ``model`` and ``dataclass`` node that it
meets, which would undo the rewriting; `_instances` says what is done about it.
"""

import dataclasses
import datetime
import enum
import types
import typing
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any

import typing_extensions
from pydantic import BaseModel, PydanticUserError, TypeAdapter
from pydantic.errors import PydanticUndefinedAnnotation
from pydantic_core import PydanticUndefined, SchemaError, SchemaValidator, core_schema

from . import _identity as _identity
from ._dump import Member
from ._instances import Checked, Node, bare, instance
from ._layout import (
    BOOL,
    CODE,
    DATE,
    FLOAT64,
    INT64,
    INT64_MAX,
    INT64_MIN,
    LISTED,
    NESTED,
    OBJECT,
    STRING,
    TIME,
    ColumnSpec,
    Layout,
)
from .errors import UnsupportedError

#: Keys of a core schema under which other core schemas stand (alone, in lists, dicts or pairs).
_CHILDREN = frozenset(
    {
        "schema",
        "items_schema",
        "keys_schema",
        "values_schema",
        "fields",
        "choices",
        "steps",
        "json_schema",
        "python_schema",
        "lax_schema",
        "strict_schema",
        "extras_schema",
        "extras_keys_schema",
        "arguments_schema",
        "var_args_schema",
        "var_kwargs_schema",
        "return_schema",
    }
)
#: Nodes through which the type of a field shows. (A plain function may return anything.)
_FUNCTIONS = ("function-before", "function-after", "function-wrap")
_RECORDS = ("model", "dataclass", "typed-dict")
#: What a class must be for a validator around it to be taken as returning that class.
_SCALARS = (int, float, bool, str, datetime.date, datetime.datetime)


def compile_record(kind: str, record: Any) -> Layout:
    """The layout of ``Rows[record]`` or ``Row[record]``.

    Raises
    ------
    UnsupportedError
        `record` is no model, dataclass or TypedDict, has no fields or two columns of one name.
    pydantic.errors.PydanticUndefinedAnnotation
        `record` refers to a class that does not exist yet.
    """
    source = _core_schema(record)
    compiler = _Compiler(record, source)
    rewritten = compiler.top()
    return Layout(
        kind,
        source=source,
        record=rewritten,
        specs=compiler.specs,
        members=tuple(compiler.members),
    )


#: The records whose core schemas are being made in this context.
_under_way: ContextVar[tuple[Any, ...]] = ContextVar("_under_way", default=())


def _core_schema(record: Any) -> Node:
    above = _under_way.get()
    if record in above:
        name = getattr(record, "__name__", repr(record))
        raise UnsupportedError(
            f"{name} holds rows of itself, and a column cannot hold columns; use list[{name}] there"
        )
    token = _under_way.set((*above, record))
    try:
        return dict(TypeAdapter(record).core_schema)
    except PydanticUserError as error:
        if error.code != "class-not-fully-defined":
            raise
        # Said in the way that makes pydantic finish the surrounding model later.
        name = getattr(record, "__name__", repr(record))
        raise PydanticUndefinedAnnotation(name, f"name {name!r} is not defined yet") from error
    finally:
        _under_way.reset(token)


class _Column(typing.NamedTuple):
    """What a field becomes; `kind` None stands for a nested record."""

    kind: int | None
    nullable: bool
    items: int = 1
    utc: bool | None = False
    texts: tuple[str, ...] = ()
    flags: int = 0


class _Compiler:
    def __init__(self, record: Any, source: Node) -> None:
        self.record_type = record
        self.specs: list[ColumnSpec] = []
        self.members: list[Member] = []  # of the record being walked
        self.definitions: dict[str, Node] = {}
        self.renamed: dict[str, Node | None] = {}
        if source["type"] == "definitions":
            self.definitions = {node["ref"]: node for node in source["definitions"]}
            source = source["schema"]
        self.source = source

    def top(self) -> Node:
        """Fills `specs`; the rewritten record."""
        name = getattr(self.record_type, "__name__", repr(self.record_type))
        leaf, nullable, _ = self._peel(self.source)
        if nullable or leaf["type"] not in _RECORDS or leaf.get("root_model"):
            raise UnsupportedError(
                f"{name} cannot be the record of Rows or Row: expected a pydantic model (no "
                f"RootModel), a dataclass or a TypedDict, found {leaf['type']!r}; for other items "
                "use a list"
            )
        node = self._chain(self.source, False, lambda n, real: self._record(n, real, (), False, ()))
        if not self.specs:
            raise UnsupportedError(f"{name} has no fields, so Rows and Row of it have no columns")
        seen: set[str] = set()
        for spec in self.specs:
            if spec.name in seen:
                raise UnsupportedError(
                    f"{name} has two columns named {spec.name!r}; rename one of the fields"
                )
            seen.add(spec.name)
        definitions = self._renamed_definitions()
        if definitions:
            return dict(core_schema.definitions_schema(node, definitions))  # type: ignore[arg-type]
        return node

    # -- looking through -------------------------------------------------------------------------

    def _peel(self, node: Node) -> tuple[Node, bool, bool]:
        """The node that says what the values are, whether None may stand in its place, and whether
        functions stand around it."""
        nullable = functions = False
        while True:
            match node["type"]:
                case "default":
                    nullable |= node.get("default", PydanticUndefined) is None
                    node = node["schema"]
                case "nullable":
                    nullable = True
                    node = node["schema"]
                case "definition-ref":
                    node = self.definitions[node["schema_ref"]]
                case kind if kind in _FUNCTIONS:
                    functions = True
                    node = node["schema"]
                case _:
                    return node, nullable, functions

    def _chain(self, node: Node, real: bool, leaf: Callable[[Node, bool], Node]) -> Node:
        """The nodes that `_peel` goes through, rebuilt around ``leaf(node, real)``.

        `real`: user code below sees the value, so a record must be an instance of its own class.
        """
        kind = node["type"]
        if kind == "definition-ref":
            return self._chain(self.definitions[node["schema_ref"]], real, leaf)
        if kind in ("default", "nullable") or kind in _FUNCTIONS:
            inner = self._chain(node["schema"], real or kind in _FUNCTIONS, leaf)
            return {**bare(node), "schema": inner}
        return leaf(node, real)

    # -- columns ---------------------------------------------------------------------------------

    def _column(self, node: Node, annotation: Any, above: tuple[Any, ...]) -> _Column:
        leaf, nullable, functions = self._peel(node)
        if functions and not _is_told(annotation):
            return _Column(OBJECT, True)
        kind = leaf["type"]
        if kind in _RECORDS:
            if leaf.get("root_model") or _identity_of(leaf) in above:
                return _Column(OBJECT, True)
            return _Column(None, nullable)
        if kind in ("literal", "enum"):
            values = leaf["expected"] if kind == "literal" else leaf["members"]
            return _choices(values, nullable)
        if kind in ("list", "tuple"):
            return self._fixed_list(leaf, nullable)
        if kind == "datetime":
            constraint = leaf.get("tz_constraint")
            utc = None if constraint is None else constraint != "naive"
            return _Column(TIME, nullable, utc=utc)
        if kind == "date":
            return _Column(TIME, nullable, flags=DATE)
        if kind in _LEAVES:
            return _Column(_LEAVES[kind], nullable)
        return _Column(OBJECT, True)

    def _fixed_list(self, node: Node, nullable: bool) -> _Column:
        items = node.get("items_schema")
        low, high = node.get("min_length"), node.get("max_length")
        if node["type"] == "list":
            kinds = {items["type"]} if items else set()
            count = high if low == high else None
        elif node.get("variadic_item_index") is None:
            kinds = {item["type"] for item in items or ()}
            count = len(items or ())
        else:
            kinds = {item["type"] for item in items or ()}
            count = high if low == high and len(items or ()) == 1 else None
        if not count or len(kinds) != 1 or not kinds <= {"float", "int"}:
            return _Column(OBJECT, True)
        return _Column(
            FLOAT64 if kinds == {"float"} else INT64, nullable, items=count, flags=LISTED
        )

    # -- rewriting of what becomes columns -------------------------------------------------------

    def _record(
        self, node: Node, real: bool, path: tuple[str, ...], nullable: bool, above: tuple[Any, ...]
    ) -> Node:
        above = (*above, _identity_of(node))
        hints = _annotations(node)

        members: list[Member] = []
        first = len(self.specs)

        def field(name: str, outer: Node, required: bool) -> Node:
            child, null = (*path, name), nullable or not required
            inner, content = self._field(outer["schema"], hints.get(name), child, null, above)
            may_be_null = self._peel(outer["schema"])[1]
            if not outer.get("serialization_exclude"):
                alias = outer.get("serialization_alias", name)
                omitted = not required and not may_be_null
                members.append(Member(name, alias, omitted, omitted or may_be_null, content))
            return {**bare(outer), "schema": inner}

        def fields(inner: Node, _real: bool) -> Node:
            out = {**bare(inner), **self._extras(inner)}
            if inner["type"] == "dataclass-args":
                out["fields"] = [
                    self._other(f) if f.get("init_only") else field(f["name"], f, True)
                    for f in inner["fields"]
                ]
            else:
                total = inner["type"] != "typed-dict" or inner.get("total", True)
                out["fields"] = {
                    name: field(name, f, bool(f.get("required", total)))
                    for name, f in inner["fields"].items()
                }
            return out

        if node["type"] == "typed-dict":
            out = fields(node, real)
        else:
            out = instance(node, self._chain(node["schema"], False, fields), real)
        self.members = members
        if node.get("custom_init"):  # its fields were validated by the class's own rules
            check = Checked(tuple(self.specs[first:]), len(path))
            return dict(core_schema.no_info_after_validator_function(check, out))
        return out

    def _extras(self, node: Node) -> Node:
        keys = ("extras_schema", "extras_keys_schema")
        return {key: self._children(node[key]) for key in keys if key in node}

    def _field(
        self,
        node: Node,
        annotation: Any,
        path: tuple[str, ...],
        nullable: bool,
        above: tuple[Any, ...],
    ) -> tuple[Node, "int | tuple[Member, ...]"]:
        """The field's node rewritten; its column or, of a nested record, members."""
        column = self._column(node, annotation, above)
        null = nullable or column.nullable
        if column.kind is None:
            out = self._chain(node, False, lambda n, real: self._record(n, real, path, null, above))
            return out, tuple(self.members)
        flags = column.flags | (NESTED if len(path) > 1 else 0)
        spec = ColumnSpec(
            name=".".join(path),
            kind=column.kind,
            items=column.items,
            nullable=null,
            utc=column.utc,
            texts=column.texts,
            flags=flags,
            path=path,
        )
        self.specs.append(spec)
        if column.kind == OBJECT:
            return self._other(node), len(self.specs) - 1
        return self._chain(node, False, lambda n, _: self._leaf(n)), len(self.specs) - 1

    def _leaf(self, node: Node) -> Node:
        out = self._other(node)
        if node["type"] == "list":
            out["items_schema"] = _bounded(out["items_schema"])
        elif node["type"] == "tuple":
            out["items_schema"] = [_bounded(item) for item in out["items_schema"]]
        return _bounded(out)

    # -- rewriting of everything else ------------------------------------------------------------

    def _other(self, node: Node) -> Node:
        kind = node["type"]
        if kind == "definition-ref":
            return {**node, "schema_ref": self._renamed(node["schema_ref"])}
        out = bare(node)
        for key in node.keys() & _CHILDREN:
            out[key] = self._children(node[key])
        if kind == "float":
            out["allow_inf_nan"] = False
        elif kind == "union":
            out["choices"] = [
                new if isinstance(old, tuple) else self._labelled(old, new)
                for old, new in zip(node["choices"], out["choices"], strict=True)
            ]
        elif kind in ("model", "dataclass"):
            return instance(node, out["schema"], True)
        return out

    def _children(self, value: Any) -> Any:
        if isinstance(value, dict):
            if isinstance(value.get("type"), str):
                return self._other(value)
            return {key: self._children(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._children(item) for item in value]
        if isinstance(value, tuple):
            return tuple(self._children(item) for item in value)
        return value

    def _labelled(self, old: Node, new: Node) -> Any:
        # A union names its choices in `loc` by their validators, which rewriting renames.
        try:
            title = SchemaValidator(
                core_schema.definitions_schema(old, list(self.definitions.values()))
            ).title
        except SchemaError:
            return new
        return (new, title)

    def _renamed(self, ref: str) -> str:
        # A name that JSON Schema does not shorten to that of the original.
        name = f"fastcore-{ref.replace('.', '-')}"
        if ref not in self.renamed:
            self.renamed[ref] = None  # it may refer to itself
            node = {**self._other(self.definitions[ref]), "ref": name}
            # JSON Schemas visit all definitions, but describe the record by its own.
            node["metadata"] = {"pydantic_js_functions": [lambda _schema, _handler: {}]}
            self.renamed[ref] = node
        return name

    def _renamed_definitions(self) -> list[Node]:
        return [node for node in self.renamed.values() if node is not None]


_LEAVES = {"float": FLOAT64, "int": INT64, "bool": BOOL, "str": STRING}


def _identity_of(node: Node) -> Any:
    return node.get("cls") or node.get("ref") or id(node)


def _bounded(node: Node) -> Node:
    if node["type"] != "int":
        return node
    low = max(node.get("ge", INT64_MIN), INT64_MIN)
    high = min(node.get("le", INT64_MAX), INT64_MAX)
    out = dict(node)
    if not node.get("gt", INT64_MIN - 2) >= INT64_MIN - 1:
        out["ge"] = low
    if not node.get("lt", INT64_MAX + 2) <= INT64_MAX + 1:
        out["le"] = high
    return out


def _choices(values: list[Any], nullable: bool) -> _Column:
    plain = [value.value if isinstance(value, enum.Enum) else value for value in values]
    nullable = nullable or None in plain
    plain = [value for value in plain if value is not None]
    kinds = {type(value) for value in plain}
    if plain and all(isinstance(value, str) for value in plain):
        return _Column(CODE, nullable, texts=tuple(dict.fromkeys(map(str, plain))))
    if kinds == {bool}:
        return _Column(BOOL, nullable)
    if kinds == {int} and all(INT64_MIN <= value <= INT64_MAX for value in plain):
        return _Column(INT64, nullable)
    return _Column(OBJECT, True)


def _annotations(node: Node) -> Mapping[str, Any]:
    """Annotations of a record's fields; empty where they cannot be had."""
    cls = node.get("cls")
    fields = getattr(cls, "__pydantic_fields__", None)
    if isinstance(fields, dict):
        return {name: field.annotation for name, field in fields.items()}
    try:
        return typing_extensions.get_type_hints(cls, include_extras=True) if cls else {}
    except (NameError, TypeError):
        return {}


def _is_told(annotation: Any) -> bool:
    """Whether values under validators can be taken to be what the core schema says.

    A type of its own making often is a function around ``str`` that returns something else.
    """
    while True:
        origin = typing.get_origin(annotation)
        if origin in (
            typing.Annotated,
            typing_extensions.Required,
            typing_extensions.NotRequired,
            typing_extensions.ReadOnly,
        ):
            annotation = typing.get_args(annotation)[0]
        elif origin in (typing.Union, types.UnionType):
            rest = [arg for arg in typing.get_args(annotation) if arg is not type(None)]
            if len(rest) != 1:
                return False
            annotation = rest[0]
        else:
            break
    if origin is not None:
        return origin in (list, tuple, typing.Literal) or _is_record(origin)
    return annotation in _SCALARS or _is_record(annotation) or _is_enum(annotation)


def _is_enum(cls: Any) -> bool:
    return isinstance(cls, type) and issubclass(cls, enum.Enum)


def _is_record(cls: Any) -> bool:
    if not isinstance(cls, type):
        return False
    return (
        issubclass(cls, BaseModel)
        or dataclasses.is_dataclass(cls)
        or typing_extensions.is_typeddict(cls)
    )
