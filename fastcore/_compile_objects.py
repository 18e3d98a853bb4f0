"""Compiles objects with fields: models, dataclasses, TypedDicts."""

from __future__ import annotations

from typing import Any

from ._compile_arrays import shared_sizes
from ._nodes import (
    ABSENT,
    COPY,
    FACTORY,
    MAX_KEYS,
    MODEL,
    NAMED,
    PLAIN_FACTORIES,
    ROOT,
    SHARED,
    Base,
    NotNative,
    check_config,
    check_dataclass,
    check_model,
    check_model_class,
    check_typed_dict,
    copies_quietly,
    default_of,
    extra_behavior,
    field_ways,
    find_in_record,
    is_strict,
    making_calls,
    only,
    refuse,
    takes_info,
)
from ._rewrite import CoreSchema


class Objects(Base):
    def _model(self, schema: CoreSchema, outer: CoreSchema, path: Any) -> tuple[Any, ...]:
        if schema.get("root_model"):
            return self._root_model(schema, path)
        config = check_model(schema)
        check_config(config)
        extra = extra_behavior(schema["schema"], config)
        fields = schema["schema"]["fields"]
        init = (schema.get("post_init"), None, ())
        return self._fields(schema, config, fields, extra, "model", path, init)

    def _root_model(self, schema: CoreSchema, path: Any) -> tuple[Any, ...]:
        config = check_model_class(schema)
        check_config(config)
        if find_in_record(schema["schema"], takes_info, self.definitions):
            raise NotNative("a validator that takes info")
        child = self.node(schema["schema"], config, path)
        self.impure = is_strict(schema, config) or making_calls(schema)
        return (ROOT, schema["cls"], child, schema.get("post_init"))

    def _typed_dict(self, schema: CoreSchema, outer: CoreSchema, path: Any) -> tuple[Any, ...]:
        check_typed_dict(schema)
        config = schema.get("config") or {}
        check_config(config)
        total = schema.get("total", config.get("typed_dict_total", True))
        fields = {
            name: {**field, "required": field.get("required", total)}
            for name, field in schema["fields"].items()
        }
        extra = extra_behavior(schema, config)
        return self._fields({**schema, "cls": dict}, config, fields, extra, "dict", path)

    def _dataclass(self, schema: CoreSchema, outer: CoreSchema, path: Any) -> tuple[Any, ...]:
        check_dataclass(schema)
        config = schema.get("config") or {}
        check_config(config)
        inner = schema["schema"]
        init_only = tuple(field["name"] for field in inner["fields"] if field.get("init_only"))
        if init_only and not inner.get("collect_init_only"):
            raise NotNative(f"field {init_only[0]}: given to nobody")
        extra = extra_behavior(inner, config)
        make = "slots" if schema.get("slots") else "dataclass"
        if make == "slots" and extra == "allow":
            raise NotNative("extra keys beside slots")
        fields = {field["name"]: field for field in inner["fields"]}
        unread = [i for i, field in enumerate(inner["fields"]) if not field.get("init", True)]
        post_init = "__post_init__" if schema.get("post_init") else None
        init = (post_init, init_only if post_init or init_only else None, tuple(unread))
        return self._fields(schema, config, fields, extra, make, path, init)

    # ---- Named tuples ------------------------------------------------------------------------

    def _named_tuple(self, schema: CoreSchema, config: CoreSchema, path: Any) -> tuple[Any, ...]:
        only(schema, "cls cls_name fields")
        return self._named(schema["cls"], schema["fields"], config, path)

    def _call(self, schema: CoreSchema, config: CoreSchema, path: Any) -> tuple[Any, ...]:
        """The node that named tuples have before pydantic 2.14."""
        only(schema, "function function_name arguments_schema return_schema")
        refuse(schema, "return_schema")
        cls, arguments = schema["function"], schema["arguments_schema"]
        if not hasattr(cls, "_fields"):
            raise NotNative("a call")
        only(arguments, "arguments_schema")
        return self._named(cls, arguments["arguments_schema"], config, path)

    def _named(
        self, cls: Any, fields: list[CoreSchema], config: CoreSchema, path: Any
    ) -> tuple[Any, ...]:
        """A NAMED, if the class makes its instances as namedtuple() wrote it."""
        names = tuple(field["name"] for field in fields)
        module = getattr(getattr(cls, "__new__", None), "__globals__", {}).get("__name__", "")
        metaclass: Any = type(cls)
        written = metaclass is type and module.startswith("namedtuple_")
        inits = any("__init__" in vars(base) for base in cls.__mro__[:-1])
        if not written or inits or cls._fields != names:
            raise NotNative("a __new__ or __init__ of its own")
        schema = {"type": "named-tuple", "cls": cls}
        by_name = {field["name"]: field for field in fields}
        return self._fields(schema, config, by_name, "forbid", "named", path)

    # ---- What all have in common -------------------------------------------------------------

    def _fields(
        self,
        schema: CoreSchema,
        config: CoreSchema,
        fields: dict[str, CoreSchema],
        extra: str,
        make: str,
        path: Any,
        init: tuple[Any, ...] = (None, None, ()),
    ) -> tuple[Any, ...]:
        """A MODEL or NAMED; `init` is what py_program.c says of it."""
        # Python mode wants an instance then.
        impure = make not in ("dict", "named") and is_strict(schema, config)
        ways, defaults, children = [], [], []
        if len(fields) > MAX_KEYS:
            raise NotNative(f"more than {MAX_KEYS} fields")
        if make not in ("dict", "named") and making_calls(schema):
            impure = True  # a trial run must not call what the user wrote, nor raise
        for name, field in fields.items():
            ways.append(field_ways(name, field, config))
            default, calls = _field_default(field, config)
            impure = impure or calls
            defaults.append(default)
            if find_in_record(field["schema"], takes_info, self.definitions):
                raise NotNative(f"field {name}: a validator that takes info")
        keys, lookup = _lookup(tuple(fields), ways)
        if lookup and make == "named":
            raise NotNative("several ways to a field of a named tuple")
        sizes = shared_sizes(fields, self.definitions)
        if sizes and make == "named":
            raise NotNative("sizes of one name, in a named tuple")
        for name, field in fields.items():
            children.append(self.node(field["schema"], config, (*path, name)))
        self.impure = impure
        return (
            NAMED if make == "named" else MODEL, schema["cls"], tuple(fields), keys,
            tuple(children), tuple(defaults), extra, make, sizes, init, lookup,
        )  # fmt: skip


def _lookup(names: tuple[str, ...], ways: list[list[tuple[Any, ...]]]) -> tuple[Any, Any]:
    """The keys of the fields, and None; or, where a key each is not all, the ways to them.

    The keys are then of no account, but that there is one for each field.
    """
    keys = tuple(way[0] for way, *_ in ways)
    if len(set(keys)) == len(keys) and all(len(w) == 1 and len(w[0]) == 1 for w in ways):
        return keys, None
    first = {way[0]: 0 for each in ways for way in each}
    if len(first) > MAX_KEYS:
        raise NotNative(f"more than {MAX_KEYS} keys")
    first = {key: number for number, key in enumerate(first)}
    return names, (tuple(first), tuple(tuple((first[w[0]], w) for w in each) for each in ways))


def _field_default(field: CoreSchema, config: CoreSchema) -> tuple[tuple[int, Any] | None, bool]:
    """How a missing field gets its value, and whether that calls what the user wrote.

    None: it is required, or pydantic's to fill.
    """
    found = default_of(field["schema"], config)
    if found is None:
        absent = field["schema"]["type"] != "default" and (
            field.get("required") is False or not field.get("init", True)
        )
        return ((ABSENT, None) if absent else None), False
    is_factory, value = found
    if is_factory:
        return (FACTORY, value), not any(value is plain for plain in PLAIN_FACTORIES)
    try:
        hash(value)
    except Exception:  # whatever it raises, as pydantic does
        return (COPY, value), not copies_quietly(value)
    return (SHARED, value), False
