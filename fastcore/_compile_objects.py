"""Compiles objects with fields: models, dataclasses, TypedDicts."""

from __future__ import annotations

from typing import Any

from ._nodes import (
    ABSENT,
    COPY,
    FACTORY,
    MAX_KEYS,
    MODEL,
    PLAIN_FACTORIES,
    SHARED,
    Base,
    NotNative,
    check_config,
    check_model,
    copies_quietly,
    default_of,
    extra_behavior,
    field_key,
    find_in_record,
    is_strict,
    only,
    refuse,
    takes_info,
)
from ._rewrite import CoreSchema


class Objects(Base):
    def _model(self, schema: CoreSchema, outer: CoreSchema, path: Any) -> tuple[Any, ...]:
        config = check_model(schema)
        check_config(config)
        extra = extra_behavior(schema["schema"], config)
        fields = schema["schema"]["fields"]
        return self._fields(schema, config, fields, extra, "model", path)

    def _typed_dict(self, schema: CoreSchema, outer: CoreSchema, path: Any) -> tuple[Any, ...]:
        only(
            schema,
            "fields cls cls_name computed_fields strict extras_schema extra_behavior total config",
        )
        refuse(schema, "extras_schema")
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
        only(
            schema,
            "cls generic_origin cls_name schema fields post_init revalidate_instances strict "
            "frozen slots config",
        )
        refuse(schema, "post_init")
        config = schema.get("config") or {}
        check_config(config)
        inner = schema["schema"]
        if inner["type"] != "dataclass-args":
            raise NotNative(f"a validator of the whole ({inner['type']})")
        only(inner, "dataclass_name fields computed_fields collect_init_only extra_behavior")
        refuse(inner, "collect_init_only")
        for field in inner["fields"]:
            if not field.get("init", True) or field.get("init_only"):
                raise NotNative(f"field {field['name']}: not given, or given to __post_init__ only")
        extra = extra_behavior(inner, config)
        make = "slots" if schema.get("slots") else "dataclass"
        if make == "slots" and extra == "allow":
            raise NotNative("extra keys beside slots")
        fields = {field["name"]: field for field in inner["fields"]}
        return self._fields(schema, config, fields, extra, make, path)

    def _fields(
        self,
        schema: CoreSchema,
        config: CoreSchema,
        fields: dict[str, CoreSchema],
        extra: str,
        make: str,
        path: Any,
    ) -> tuple[Any, ...]:
        """A MODEL: what all objects with fields have in common."""
        # Python mode wants an instance then.
        impure = make != "dict" and is_strict(schema, config)
        keys, defaults, children = [], [], []
        if len(fields) > MAX_KEYS:
            raise NotNative(f"more than {MAX_KEYS} fields")
        cls = schema["cls"]
        if cls.__new__ is not object.__new__ and make != "dict":
            impure = True  # a trial run must not call what the user wrote
        if getattr(cls, "__abstractmethods__", None):
            impure = True  # nor raise
        for name, field in fields.items():
            keys.append(field_key(name, field, config))
            default, calls = _field_default(field, config)
            impure = impure or calls
            defaults.append(default)
            if find_in_record(field["schema"], takes_info, self.definitions):
                raise NotNative(f"field {name}: a validator that takes info")
        if len(set(keys)) != len(keys):
            raise NotNative("two fields of one key")
        for name, field in fields.items():
            children.append(self.node(field["schema"], config, (*path, name)))
        self.impure = impure
        return (
            MODEL, cls, tuple(fields), tuple(keys), tuple(children), tuple(defaults), extra, make,
        )  # fmt: skip


def _field_default(field: CoreSchema, config: CoreSchema) -> tuple[tuple[int, Any] | None, bool]:
    """How a missing field gets its value, and whether that calls what the user wrote.

    None: it is required, or pydantic's to fill.
    """
    found = default_of(field["schema"], config)
    if found is None:
        absent = field["schema"]["type"] != "default" and field.get("required") is False
        return ((ABSENT, None) if absent else None), False
    is_factory, value = found
    if is_factory:
        return (FACTORY, value), not any(value is plain for plain in PLAIN_FACTORIES)
    try:
        hash(value)
    except Exception:  # whatever it raises, as pydantic does
        return (COPY, value), not copies_quietly(value)
    return (SHARED, value), False
