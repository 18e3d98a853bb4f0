"""Compiles pydantic's core schema into the program that the C kernel runs.

Every node becomes a tuple (``src/python/py_program.c`` says what is in it). A node is native only
where C's acceptance is certain to be the original's; all others are `ORIGINAL`, which hands their
bytes to a validator made of just that node.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from ._rewrite import CoreSchema, find
from .explanation import Node

ORIGINAL, ANY, NONE, BOOL, INT, FLOAT, STR, LITERAL, LIST, DICT, MODEL, ROWS, ROW = range(13)
NULLABLE, COLUMNAR = 1, 2
_REQUIRED, _SHARED, _COPY, _FACTORY = range(4)

#: Configuration that does not bear on the validation of JSON, or that is read below.
_KNOWN_CONFIG = frozenset(
    "title strict extra_fields_behavior allow_inf_nan from_attributes revalidate_instances "
    "str_max_length str_min_length str_strip_whitespace str_to_lower str_to_upper "
    "coerce_numbers_to_str ser_json_bytes ser_json_inf_nan ser_json_temporal ser_json_timedelta "
    "serialize_by_alias validate_by_alias validate_by_name validate_default cache_strings "
    "hide_input_in_errors polymorphic_serialization regex_engine typed_dict_total val_json_bytes "
    "url_preserve_empty_path".split()
)
_INT64 = (-(2**63), 2**63 - 1)
_MAX_KEYS = 4096  # FC_KEYS_MAX: fields of a model, texts of a Literal
#: Factories that run no code of the user's.
_PLAIN_FACTORIES = (list, dict, set, frozenset, tuple, str, int, float, bool)
_ATOMS = (str, bytes, int, float, bool, type(None))


class NotNative(Exception):
    """Why a node is the original's; the text goes into the explanation."""


class Program(NamedTuple):
    nodes: tuple[tuple[Any, ...], ...]
    root: int
    originals: list[tuple[CoreSchema, CoreSchema | None]]  # schema and enclosing config, by node
    definitions: list[CoreSchema]  # what references in them refer to
    layouts: dict[int, Any]  # the record layout of ROWS and ROW nodes
    route: bool  # what C accepts is also what Python mode gives
    report: list[Node]


def compile_schema(schema: CoreSchema) -> Program:
    compiler = Compiler(schema)
    root = compiler.node(schema, None, ())
    compiler.finish()
    kinds = compiler.nodes[root][0]
    return Program(
        tuple(compiler.nodes),
        root,
        compiler.originals,
        schema["definitions"] if schema["type"] == "definitions" else [],
        compiler.layouts,
        compiler.route and kinds != ORIGINAL,
        compiler.report,
    )


class Compiler:
    def __init__(self, schema: CoreSchema) -> None:
        self.definitions: dict[str, CoreSchema] = {}
        self.nodes: list[tuple[Any, ...]] = []
        self.originals: list[tuple[CoreSchema, CoreSchema | None]] = []
        self.layouts: dict[int, Any] = {}
        self.report: list[Node] = []
        self.route = True
        self._root = schema
        self._known: dict[tuple[str, int], int] = {}  # definitions compiled, or under way
        self._aliases: dict[int, int] = {}  # nodes that are another one, or null
        self._collect(schema)

    def _collect(self, schema: CoreSchema) -> None:
        def note(node: CoreSchema) -> bool:
            if node.get("type") == "definitions":
                for definition in node["definitions"]:
                    self.definitions.setdefault(definition["ref"], definition)
            elif isinstance(node.get("ref"), str):
                self.definitions.setdefault(node["ref"], node)
            return False

        find(schema, note)

    # ---- Nodes ---------------------------------------------------------------------------

    def node(self, schema: CoreSchema, config: CoreSchema | None, path: tuple[Any, ...]) -> int:
        """The number of the node for `schema` below the model whose config is `config`."""
        inner, nullable = self._peel(schema)
        if inner["type"] == "definition-ref":
            return self._refer(schema, inner["schema_ref"], nullable, config, path)
        return self._place(schema, inner, nullable, config, path)

    def _peel(self, schema: CoreSchema) -> tuple[CoreSchema, bool]:
        """What stands below nullable, definitions and default nodes, and whether null may."""
        nullable = False
        while True:
            kind = schema["type"]
            plain_default = kind == "default" and schema.get("on_error", "raise") == "raise"
            if kind == "nullable":
                nullable = True
            elif not plain_default and (kind != "definitions" or schema is not self._root):
                return schema, nullable  # definitions inside the tree are good below them only
            schema = schema["schema"]

    def _refer(
        self, schema: CoreSchema, ref: str, nullable: bool, config: Any, path: tuple[Any, ...]
    ) -> int:
        target = self.definitions.get(ref)
        if target is None:
            return self._place(schema, schema, False, config, path)
        # A model brings its own config; anything else is read under that of its surroundings.
        key = (ref, id(config) if config and target["type"] != "model" else 0)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = len(self.nodes)
            inner, null_inside = self._peel(target)
            if inner["type"] == "definition-ref":
                known = self._place(target, {"type": "reference"}, False, config, path)
            else:
                self._place(target, inner, null_inside, config, path)
        if not nullable:
            return known
        number = self._reserve(schema, config)
        self._aliases[number] = known
        return number

    def _reserve(self, schema: CoreSchema, config: CoreSchema | None) -> int:
        self.nodes.append((ORIGINAL, 0))
        self.originals.append((schema, config))
        return len(self.nodes) - 1

    def _place(
        self,
        schema: CoreSchema,
        inner: CoreSchema,
        nullable: bool,
        config: CoreSchema | None,
        path: tuple[Any, ...],
    ) -> int:
        kind = inner["type"]
        number = self._reserve(schema, inner.get("config") if kind == "model" else config)
        line = len(self.report)
        self.report.append(Node(_text(path), kind, True))
        try:
            layout = (inner.get("metadata") or {}).get("fastcore")
            if layout is not None:
                self.nodes[number] = self._frame(number, layout, nullable, path)
                self.report[line] = Node(_text(path), layout.kind, True)
                return number
            compile_kind = getattr(self, "_" + kind.replace("-", "_"), None)
            if compile_kind is None:
                raise NotNative(f"nodes of type {kind!r} go to pydantic")
            if config is not None:
                self._check_config(config)
            made = compile_kind(inner, config or {}, path)
            self.nodes[number] = (made[0], (NULLABLE if nullable else 0), *made[1:])
        except NotNative as reason:
            del self.report[line + 1 :]
            self.report[line] = Node(_text(path), kind, False, str(reason))
            self.nodes[number] = (ORIGINAL, 0)
        return number

    def finish(self) -> None:
        """Resolve the aliases, and mark the models that lead to columns."""
        for number, target in self._aliases.items():
            kind, flags, *rest = self.nodes[target]
            nullable = NULLABLE if kind != ORIGINAL else 0
            self.nodes[number] = (kind, flags | nullable, *rest)
            if target in self.layouts:
                self.layouts[number] = self.layouts[target]
        changed = True
        while changed:
            changed = False
            for number, (kind, flags, *rest) in enumerate(self.nodes):
                leads = kind in (ROWS, ROW) or (
                    kind == MODEL and any(self.nodes[child][1] & COLUMNAR for child in rest[3])
                )
                if leads and not flags & COLUMNAR:
                    self.nodes[number] = (kind, flags | COLUMNAR, *rest)
                    changed = True

    @staticmethod
    def _check_config(config: CoreSchema) -> None:
        unknown = sorted(set(config) - _KNOWN_CONFIG)
        if unknown:
            raise NotNative(f"config {', '.join(unknown)}")

    # ---- Scalars -------------------------------------------------------------------------

    def _any(self, schema: CoreSchema, config: CoreSchema, path: Any) -> tuple[Any, ...]:
        return (ANY,)

    def _none(self, schema: CoreSchema, config: CoreSchema, path: Any) -> tuple[Any, ...]:
        return (NONE,)

    def _bool(self, schema: CoreSchema, config: CoreSchema, path: Any) -> tuple[Any, ...]:
        return (BOOL,)

    def _int(self, schema: CoreSchema, config: CoreSchema, path: Any) -> tuple[Any, ...]:
        _only(schema, "ge gt le lt strict multiple_of")
        _refuse(schema, "multiple_of")
        bounds = [schema[key] for key in ("ge", "gt", "le", "lt") if schema.get(key) is not None]
        if not all(type(bound) is int for bound in bounds):
            raise NotNative("a bound that is not an int")
        low = [schema["ge"]] if schema.get("ge") is not None else []
        low += [schema["gt"] + 1] if schema.get("gt") is not None else []
        high = [schema["le"]] if schema.get("le") is not None else []
        high += [schema["lt"] - 1] if schema.get("lt") is not None else []
        least, most = max([_INT64[0], *low]), min([_INT64[1], *high])
        if least > _INT64[1] or most < _INT64[0]:
            raise NotNative("bounds beyond 64 bits")
        return (INT, least if low else None, most if high else None, False, False)

    def _float(self, schema: CoreSchema, config: CoreSchema, path: Any) -> tuple[Any, ...]:
        _only(schema, "ge gt le lt strict multiple_of allow_inf_nan")
        _refuse(schema, "multiple_of")
        limits: dict[str, float] = {}
        for key in ("ge", "gt", "le", "lt"):
            if schema.get(key) is not None:
                try:
                    limits[key] = float(schema[key])
                except (TypeError, ValueError, OverflowError):
                    raise NotNative(f"the bound {key} is no float") from None
                if math.isnan(limits[key]):
                    raise NotNative(f"the bound {key} is NaN")
        low, low_open = _tighter(limits.get("ge"), limits.get("gt"), max)
        high, high_open = _tighter(limits.get("le"), limits.get("lt"), min)
        return (FLOAT, low, high, low_open, high_open)

    def _str(self, schema: CoreSchema, config: CoreSchema, path: Any) -> tuple[Any, ...]:
        _only(
            schema,
            "min_length max_length strict coerce_numbers_to_str pattern strip_whitespace to_lower "
            "to_upper ascii_only regex_engine",
        )
        _refuse(schema, "pattern strip_whitespace to_lower to_upper ascii_only")
        for key in ("strip_whitespace", "to_lower", "to_upper"):
            if schema.get(key) is None and config.get("str_" + key):
                raise NotNative(f"config str_{key}")
        least, most = schema.get("min_length"), schema.get("max_length")
        least = config.get("str_min_length") if least is None else least
        most = config.get("str_max_length") if most is None else most
        return (STR, -1 if least is None else least, -1 if most is None else most)

    def _literal(self, schema: CoreSchema, config: CoreSchema, path: Any) -> tuple[Any, ...]:
        _only(schema, "expected")
        return _choices((value, value) for value in schema["expected"])

    def _enum(self, schema: CoreSchema, config: CoreSchema, path: Any) -> tuple[Any, ...]:
        _only(schema, "cls members sub_type missing strict")
        if schema.get("sub_type") == "float":
            raise NotNative("an enum of floats")
        if schema.get("strict", config.get("strict")):
            self.route = False  # Python mode then wants the member itself
        return _choices((member.value, member) for member in schema["members"])

    # ---- Containers ----------------------------------------------------------------------

    def _list(self, schema: CoreSchema, config: CoreSchema, path: Any) -> tuple[Any, ...]:
        _only(schema, "items_schema min_length max_length fail_fast strict")
        _refuse(schema, "fail_fast")
        child = self.node(schema.get("items_schema") or {"type": "any"}, config, (*path, "[]"))
        return (LIST, child, *_lengths(schema))

    def _dict(self, schema: CoreSchema, config: CoreSchema, path: Any) -> tuple[Any, ...]:
        _only(schema, "keys_schema values_schema min_length max_length fail_fast strict")
        _refuse(schema, "fail_fast")
        keys, null_keys = self._peel(schema.get("keys_schema") or {"type": "any"})
        if keys["type"] not in ("str", "any") or null_keys:
            raise NotNative(f"keys of type {keys['type']!r}")
        if keys["type"] == "str" and self._str(keys, config, path)[1:] != (-1, -1):
            raise NotNative("keys with a length")
        child = self.node(schema.get("values_schema") or {"type": "any"}, config, (*path, "{}"))
        return (DICT, child, *_lengths(schema))

    def _model(self, schema: CoreSchema, outer: CoreSchema, path: Any) -> tuple[Any, ...]:
        config = check_model(schema)
        self._check_config(config)
        if schema.get("strict", config.get("strict")):
            self.route = False  # Python mode then wants an instance
        keys, defaults, children = [], [], []
        fields = schema["schema"]["fields"]
        if len(fields) > _MAX_KEYS:
            raise NotNative(f"more than {_MAX_KEYS} fields")
        cls = schema["cls"]
        if cls.__new__ is not object.__new__ or getattr(cls, "__abstractmethods__", None):
            self.route = False  # a trial run must not call what the user wrote, nor raise
        for name, field in fields.items():
            keys.append(field_key(name, field, config))
            defaults.append(self._field_default(field["schema"], config))
            if find_in_record(field["schema"], _takes_info, self.definitions):
                raise NotNative(f"field {name}: a validator that takes info")
        if len(set(keys)) != len(keys):
            raise NotNative("two fields of one key")
        for name, field in fields.items():
            children.append(self.node(field["schema"], config, (*path, name)))
        extra = extra_behavior(schema, config)
        names = tuple(fields)
        return (
            MODEL, cls, names, tuple(keys), tuple(children), tuple(defaults), extra,
        )  # fmt: skip

    def _field_default(self, schema: CoreSchema, config: CoreSchema) -> tuple[int, Any] | None:
        """How a missing field gets its value; None: it is required, or pydantic's to fill."""
        found = default_of(schema, config)
        if found is None:
            return None
        is_factory, value = found
        if not is_factory:
            try:
                hash(value)
            except Exception:  # whatever it raises, as pydantic does
                if not _copies_quietly(value):
                    self.route = False
                return (_COPY, value)
            return (_SHARED, value)
        if not any(value is plain for plain in _PLAIN_FACTORIES):
            self.route = False  # a trial run must not call what the user wrote
        return (_FACTORY, value)

    # ---- Columns -------------------------------------------------------------------------

    def _frame(
        self, number: int, layout: Any, nullable: bool, path: tuple[Any, ...]
    ) -> tuple[Any, ...]:
        from ._compile_record import compile_record

        kind = {"rows": ROWS, "row": ROW}.get(layout.kind)
        if kind is None:
            raise NotNative("arrays go to pydantic")
        from .columns import Columns

        records, defaults = compile_record(self, layout, path)
        self.layouts[number] = layout
        flags = NULLABLE if nullable else 0
        specs = tuple((*spec[:4], bool(spec.utc), *spec[5:-1]) for spec in layout.specs)
        return (kind, flags, Columns, specs, records, defaults)


# ---- Reading nodes -----------------------------------------------------------------------


def check_model(schema: CoreSchema) -> CoreSchema:
    """The config of a model that C can make; `NotNative` says why it cannot."""
    from pydantic import BaseModel

    _only(
        schema,
        "cls generic_origin schema custom_init root_model post_init revalidate_instances strict "
        "frozen config",
    )
    for key, reason in (
        ("custom_init", "an __init__ of its own"),
        ("root_model", "a root model"),
        ("post_init", "private attributes or model_post_init"),
    ):
        if schema.get(key):
            raise NotNative(reason)
    inner = schema["schema"]
    if inner["type"] != "model-fields":
        raise NotNative(f"a model-level validator ({inner['type']})")
    _only(
        inner,
        "fields model_name computed_fields strict extra_behavior from_attributes extras_schema "
        "extras_keys_schema",
    )
    _refuse(inner, "extras_schema extras_keys_schema")
    cls = schema["cls"]
    slots = ("__pydantic_extra__", "__pydantic_private__", "__pydantic_fields_set__")
    if not issubclass(cls, BaseModel) or any(
        getattr(cls, name) is not BaseModel.__dict__[name] for name in slots
    ):
        raise NotNative("not a subclass of BaseModel")
    return schema.get("config") or {}


def field_key(name: str, field: CoreSchema, config: CoreSchema) -> str:
    """The key that a document has for the field."""
    _only(
        field, "schema validation_alias serialization_alias serialization_exclude "
        "serialization_exclude_if frozen",
    )  # fmt: skip
    alias = field.get("validation_alias")
    if alias is None or config.get("validate_by_alias") is False:
        return name
    if config.get("validate_by_name"):
        raise NotNative(f"field {name}: by alias and by name")
    if not isinstance(alias, str):
        raise NotNative(f"field {name}: alias paths or choices")
    return alias


def extra_behavior(schema: CoreSchema, config: CoreSchema) -> str:
    inner = schema["schema"]
    for source, key in (
        (inner, "extra_behavior"),
        (config, "extra_fields_behavior"),
    ):
        if source.get(key):
            return str(source[key])
    return "ignore"


def default_of(schema: CoreSchema, config: CoreSchema) -> tuple[bool, Any] | None:
    """(is a factory, value) of a field's default; None if it has none, or none that C can give."""
    if schema["type"] != "default":
        return None
    _only(
        schema, "schema default default_factory default_factory_takes_data on_error "
        "validate_default copy_default strict",
    )  # fmt: skip
    if schema.get("on_error", "raise") != "raise":
        raise NotNative(f"on_error {schema['on_error']!r}")
    if schema.get("default_factory_takes_data"):
        raise NotNative("a default factory that takes data")
    if schema.get("validate_default", config.get("validate_default")):
        return None  # a missing field is then the original's to judge
    if "default_factory" in schema:
        return (True, schema["default_factory"])
    return (False, schema["default"])


def _takes_info(node: CoreSchema) -> bool:
    function = node.get("function")
    return isinstance(function, dict) and function.get("type") == "with-info"


def _copies_quietly(value: Any, depth: int = 8) -> bool:
    """Whether a deep copy runs no code of the user's: builtin containers of builtin atoms."""
    if type(value) in _ATOMS:
        return True
    if type(value) not in (list, tuple, set, dict) or not depth:
        return False
    items = (*value, *value.values()) if type(value) is dict else value
    return all(_copies_quietly(item, depth - 1) for item in items)


def find_in_record(
    schema: CoreSchema, wanted: Any, definitions: dict[str, CoreSchema] | None = None
) -> bool:
    """As `find`, but not among the fields of other records, which have data of their own.

    References are followed where the definitions are given. What wraps the fields of another model
    from inside it (a validator before them) still belongs to the record around it.
    """
    stack, seen = [schema], set()
    while stack:
        top = stack.pop()
        if wanted(top):
            return True
        if top.get("type") == "definition-ref":
            ref = top["schema_ref"]
            if definitions and ref in definitions and ref not in seen:
                seen.add(ref)
                stack.append(definitions[ref])
        if top.get("type") in ("model-fields", "dataclass-args", "typed-dict"):
            continue
        from ._rewrite import children

        stack.extend(children(top))
    return False


def _only(schema: CoreSchema, known: str) -> None:
    """Refuse a node with a key that this version does not know."""
    allowed = {"type", "ref", "metadata", "serialization", *known.split()}
    unknown = sorted(set(schema) - allowed)
    if unknown:
        raise NotNative(f"unknown to this version: {', '.join(unknown)}")


def _refuse(schema: CoreSchema, keys: str) -> None:
    for key in keys.split():
        if schema.get(key) not in (None, False):
            raise NotNative(key)


def _tighter(closed: float | None, opened: float | None, pick: Any) -> tuple[float | None, bool]:
    if opened is None or closed is None:
        return (closed if opened is None else opened), opened is not None
    bound = pick(closed, opened)
    return bound, bound == opened


def _lengths(schema: CoreSchema) -> tuple[int, int]:
    least, most = schema.get("min_length"), schema.get("max_length")
    return (-1 if least is None else least, -1 if most is None else most)


def _choices(pairs: Any) -> tuple[Any, ...]:
    """A LITERAL of (value in the document, object given) pairs; the first of equal values wins."""
    texts: dict[str, Any] = {}
    ints: dict[int, Any] = {}
    for value, given in pairs:
        if type(value) is str:
            if any("\ud800" <= c <= "\udfff" for c in value):
                raise NotNative("a choice with a lone surrogate")
            texts.setdefault(value, given)
        elif type(value) is int and _INT64[0] <= value <= _INT64[1]:
            ints.setdefault(value, given)
        elif value is not None:
            raise NotNative(f"a choice of type {type(value).__name__}")
    if len(texts) > _MAX_KEYS:
        raise NotNative(f"more than {_MAX_KEYS} texts")
    return (LITERAL, tuple(texts), tuple(ints), (*texts.values(), *ints.values()))


def _text(path: tuple[Any, ...]) -> str:
    return ".".join(path).replace(".[]", "[]").replace(".{}", "{}") or ""
