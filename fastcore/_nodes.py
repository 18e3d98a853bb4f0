"""Reading pydantic's core schema: what a node says, and whether C may decide it."""

from __future__ import annotations

from typing import Any, NamedTuple

from ._rewrite import CoreSchema, children

ORIGINAL, ANY, NONE, BOOL, INT, FLOAT, STR, LITERAL, LIST, DICT, MODEL, ROWS, ROW, ARRAY = range(14)
(TUPLE, SET, FROZENSET, TAGGED, UNION, AFTER, DATE, DATETIME, UUID, BYTES, TABLE) = range(14, 25)
ROOT, NAMED, TIME, DURATION, DECIMAL, PLAIN = range(25, 31)
#: Flags of a node: null may stand there; it leads to columns; Python mode may answer otherwise than
#: JSON mode, or it calls what the user wrote.
NULLABLE, IMPURE = 1, 4
#: How a missing field gets its value.
SHARED, COPY, FACTORY, ABSENT = range(1, 5)

#: Configuration that does not bear on the validation of JSON, or that is read below.
KNOWN_CONFIG = frozenset(
    "title strict extra_fields_behavior allow_inf_nan from_attributes revalidate_instances "
    "str_max_length str_min_length str_strip_whitespace str_to_lower str_to_upper "
    "coerce_numbers_to_str ser_json_bytes ser_json_inf_nan ser_json_temporal ser_json_timedelta "
    "serialize_by_alias validate_by_alias validate_by_name validate_default cache_strings "
    "hide_input_in_errors polymorphic_serialization regex_engine typed_dict_total val_json_bytes "
    "url_preserve_empty_path".split()
)
INT64 = (-(2**63), 2**63 - 1)
MAX_DIMS = 8  # FC_SHAPE_MAX_DIMS
MAX_PARTS = 8  # FC_WAY_PARTS: of an alias path
MAX_KEYS = 4096  # FC_KEYS_MAX: fields of a model, texts of a Literal
#: Factories that run no code of the user's.
PLAIN_FACTORIES = (list, dict, set, frozenset, tuple, str, int, float, bool)
_ATOMS = (str, bytes, int, float, bool, type(None))


class NotNative(Exception):
    """Why a node is the original's; the text goes into the explanation."""


class Peeled(NamedTuple):
    """What stands below nodes that only wrap it."""

    schema: CoreSchema
    nullable: bool
    impure: bool


class Base:
    """What the parts of the compiler share; `_compile.Compiler` puts them together."""

    definitions: dict[str, CoreSchema]
    nodes: list[tuple[Any, ...]]
    #: Whether the node being compiled is `IMPURE`; set by its method, after those below it.
    impure: bool

    def node(self, schema: CoreSchema, config: CoreSchema | None, path: tuple[Any, ...]) -> int:
        """The number of the node for `schema` below the model whose config is `config`."""
        raise NotImplementedError

    def peel(self, schema: CoreSchema, config: CoreSchema | None) -> Peeled:
        """What stands below nodes that only wrap it."""
        raise NotImplementedError


# ---- Reading nodes -----------------------------------------------------------------------


def check_config(config: CoreSchema) -> None:
    """Refuse a config with a key that this version does not know."""
    unknown = sorted(set(config) - KNOWN_CONFIG)
    if unknown:
        raise NotNative(f"config {', '.join(unknown)}")


def check_model_class(schema: CoreSchema) -> CoreSchema:
    """The config of a model whose class C can make instances of; `NotNative`: why it cannot."""
    from pydantic import BaseModel

    only(
        schema,
        "cls generic_origin schema custom_init root_model post_init revalidate_instances strict "
        "frozen config",
    )
    if schema.get("custom_init"):
        raise NotNative("an __init__ of its own")
    cls = schema["cls"]
    slots = ["__pydantic_fields_set__"]
    if not schema.get("root_model"):
        slots += ["__pydantic_extra__", "__pydantic_private__"]
    if not issubclass(cls, BaseModel) or any(
        getattr(cls, name) is not BaseModel.__dict__[name] for name in slots
    ):
        raise NotNative("not a subclass of BaseModel")
    return schema.get("config") or {}


def check_model(schema: CoreSchema) -> CoreSchema:
    """The same of a model with fields."""
    config = check_model_class(schema)
    if schema.get("root_model"):
        raise NotNative("a root model")
    inner = schema["schema"]
    if inner["type"] != "model-fields":
        raise NotNative(f"a model-level validator ({inner['type']})")
    only(
        inner,
        "fields model_name computed_fields strict extra_behavior from_attributes extras_schema "
        "extras_keys_schema",
    )
    refuse(inner, "extras_schema extras_keys_schema")
    return config


def check_typed_dict(schema: CoreSchema) -> None:
    """Refuse a TypedDict with what this version does not know."""
    only(
        schema,
        "fields cls cls_name computed_fields strict extras_schema extra_behavior total config",
    )
    refuse(schema, "extras_schema")


def check_dataclass(schema: CoreSchema) -> None:
    """The same of a dataclass."""
    only(
        schema,
        "cls generic_origin cls_name schema fields post_init revalidate_instances strict "
        "frozen slots config",
    )
    inner = schema["schema"]
    if inner["type"] != "dataclass-args":
        raise NotNative(f"a validator of the whole ({inner['type']})")
    only(inner, "dataclass_name fields computed_fields collect_init_only extra_behavior")


def field_ways(name: str, field: CoreSchema, config: CoreSchema) -> list[tuple[Any, ...]]:
    """The ways to the field's value, in the order in which they count.

    Each is a key, and keys and places below it.
    """
    only(
        field, "schema validation_alias serialization_alias serialization_exclude "
        "serialization_exclude_if frozen required name kw_only init init_only",
    )  # fmt: skip
    alias = field.get("validation_alias")
    if alias is None or config.get("validate_by_alias") is False:
        return [(name,)]
    ways = [(alias,)] if isinstance(alias, str) else [alias]
    if isinstance(alias, list) and isinstance(alias[0], list):
        ways = alias
    if config.get("validate_by_name"):
        ways = [*ways, (name,)]
    if any(len(way) > MAX_PARTS for way in ways):
        raise NotNative(f"field {name}: an alias path of more than {MAX_PARTS} parts")
    return [tuple(way) for way in ways]


def field_key(name: str, field: CoreSchema, config: CoreSchema) -> str:
    """The key that a document has for the field."""
    (key, *below), *others = field_ways(name, field, config)
    if others or below:
        raise NotNative(f"field {name}: several ways to it, or a path")
    return str(key)


def extra_behavior(fields: CoreSchema, config: CoreSchema) -> str:
    """What happens to keys that are no field's: by the node of the fields, or its config."""
    found = fields.get("extra_behavior") or config.get("extra_fields_behavior") or "ignore"
    return str(found)


def default_of(schema: CoreSchema, config: CoreSchema) -> tuple[bool, Any] | None:
    """(is a factory, value) of a field's default; None if it has none, or none that C can give."""
    if schema["type"] != "default":
        return None
    only(
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


def making_calls(schema: CoreSchema) -> bool:
    """Whether making an instance of the node's class calls what the user wrote, or may raise."""
    cls = schema["cls"]
    if cls.__new__ is not object.__new__ or getattr(cls, "__abstractmethods__", None):
        return True
    post_init = schema.get("post_init")
    if schema["type"] == "dataclass":
        return bool(post_init)
    return post_init is not None and not _sets_private_only(cls, post_init)


def _sets_private_only(cls: Any, post_init: str) -> bool:
    """Whether the method is pydantic's own, and gives private attributes plain defaults."""
    from pydantic.fields import ModelPrivateAttr
    from pydantic_core import PydanticUndefined

    method = getattr(cls, post_init, None)
    if getattr(method, "__module__", None) != "pydantic._internal._model_construction":
        return False
    return getattr(method, "__name__", "") == "init_private_attributes" and all(
        type(private) is ModelPrivateAttr
        and private.default_factory is None
        and (private.default is PydanticUndefined or copies_quietly(private.default))
        for private in cls.__private_attributes__.values()
    )


def is_strict(schema: CoreSchema, config: CoreSchema | None) -> bool:
    """Whether values of other types are refused at this node."""
    strict = schema.get("strict")
    return bool((config or {}).get("strict") if strict is None else strict)


def takes_info(node: CoreSchema) -> bool:
    function = node.get("function")
    return isinstance(function, dict) and function.get("type") == "with-info"


def copies_quietly(value: Any, depth: int = 8) -> bool:
    """Whether a deep copy runs no code of the user's: builtin containers of builtin atoms."""
    if type(value) in _ATOMS:
        return True
    if type(value) not in (list, tuple, set, dict) or not depth:
        return False
    items = (*value, *value.values()) if type(value) is dict else value
    return all(copies_quietly(item, depth - 1) for item in items)


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
        if (top.get("metadata") or {}).get("fastcore") is not None:
            continue  # our own functions, and other records
        if wanted(top):
            return True
        if top.get("type") == "definition-ref":
            ref = top["schema_ref"]
            if definitions and ref in definitions and ref not in seen:
                seen.add(ref)
                stack.append(definitions[ref])
        if top.get("type") in ("model-fields", "dataclass-args", "typed-dict"):
            continue
        stack.extend(children(top))
    return False


def only(schema: CoreSchema, known: str) -> None:
    """Refuse a node with a key that this version does not know."""
    allowed = {"type", "ref", "metadata", "serialization", *known.split()}
    unknown = sorted(set(schema) - allowed)
    if unknown:
        raise NotNative(f"unknown to this version: {', '.join(unknown)}")


def refuse(schema: CoreSchema, keys: str) -> None:
    for key in keys.split():
        if schema.get(key) not in (None, False):
            raise NotNative(key)


def tighter(closed: Any, opened: Any, pick: Any) -> tuple[Any, bool]:
    """The bound that excludes more, and whether it is open."""
    if opened is None or closed is None:
        return (closed if opened is None else opened), opened is not None
    bound = pick(closed, opened)
    return bound, bound == opened


def lengths(schema: CoreSchema) -> tuple[int, int]:
    least, most = schema.get("min_length"), schema.get("max_length")
    return (-1 if least is None else least, -1 if most is None else most)


def choices(pairs: Any) -> tuple[Any, ...]:
    """A LITERAL of (value in the document, object given) pairs; the first of equal values wins."""
    texts: dict[str, Any] = {}
    ints: dict[int, Any] = {}
    for value, given in pairs:
        if type(value) is str:
            if any("\ud800" <= c <= "\udfff" for c in value):
                raise NotNative("a choice with a lone surrogate")
            texts.setdefault(value, given)
        elif type(value) is int and INT64[0] <= value <= INT64[1]:
            ints.setdefault(value, given)
        elif value is not None:
            raise NotNative(f"a choice of type {type(value).__name__}")
    if len(texts) > MAX_KEYS:
        raise NotNative(f"more than {MAX_KEYS} texts")
    return (LITERAL, tuple(texts), tuple(ints), (*texts.values(), *ints.values()))


def text(path: tuple[Any, ...]) -> str:
    return ".".join(path).replace(".[]", "[]").replace(".{}", "{}") or ""


def text_node(schema: CoreSchema, config: CoreSchema) -> tuple[Any, ...]:
    """A STR: its length is checked, and that blanks and case are as they have to become."""
    only(
        schema,
        "min_length max_length strict coerce_numbers_to_str pattern strip_whitespace to_lower "
        "to_upper ascii_only regex_engine",
    )
    refuse(schema, "pattern ascii_only")
    found: dict[str, Any] = {}
    for key in ("min_length", "max_length", "strip_whitespace", "to_lower", "to_upper"):
        found[key] = config.get("str_" + key) if schema.get(key) is None else schema[key]
    form = 1 if found["strip_whitespace"] else 0
    form |= 2 if found["to_lower"] else 4 if found["to_upper"] else 0
    least, most = found["min_length"], found["max_length"]
    return (STR, -1 if least is None else least, -1 if most is None else most, form)
