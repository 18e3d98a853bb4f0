"""The canonical form of a contract, and its fingerprint.

In it is what decides which documents are valid and what they become: types, constraints, keys,
defaults, what happens to other keys, strictness, and the functions that are called, by module and
qualified name. Not in it are names of classes, titles, descriptions, references, what only bears on
serialisation, and whatever differs between versions of pydantic for the same contract.
"""

from __future__ import annotations

import enum
import functools
import hashlib
import itertools
import json
import re
import sys
from typing import Any

from pydantic_core import to_jsonable_python

from ._rewrite import CoreSchema, find

#: Rises when equal contracts get another form.
VERSION = 1

_IGNORED = frozenset(
    "type ref metadata serialization serialization_alias serialization_exclude "
    "serialization_exclude_if computed_fields cls cls_repr cls_name model_name dataclass_name "
    "generic_origin title revalidate_instances from_attributes frozen slots kw_only copy_default "
    "custom_error_type custom_error_message custom_error_context auto_collapse config root_model "
    "custom_init total typed_dict_total fail_fast".split()
)
#: Keys that are true unless they say otherwise; all others are false or absent.
_TRUE = frozenset("allow_inf_nan loc_by_alias init validate_by_alias required".split())
#: Values that are the same as nothing.
_USUAL = {
    "microseconds_precision": "truncate",
    "on_error": "raise",
    "mode": "smart",
    "extra_behavior": "ignore",
    "extra_fields_behavior": "ignore",
    "regex_engine": "rust-regex",
    "val_json_bytes": "utf8",
}
_CONFIG = (
    "strict extra_fields_behavior allow_inf_nan str_max_length str_min_length str_strip_whitespace "
    "str_to_lower str_to_upper coerce_numbers_to_str validate_by_alias validate_by_name "
    "validate_default regex_engine val_json_bytes url_preserve_empty_path"
).split()


def fingerprint(schema: CoreSchema, options: dict[str, Any]) -> str:
    """64 hexadecimal digits."""
    form = [VERSION, options, Canon(schema).form(schema, {})]
    text = json.dumps(form, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class Canon:
    """The canonical forms of the nodes of one schema."""

    def __init__(self, schema: CoreSchema) -> None:
        self.definitions: dict[str, CoreSchema] = {}
        self._open: list[str] = []  # the references around, outermost first
        self._closed: dict[tuple[str, str], Any] = {}
        self._reached = 0  # the outermost of them that was referred to
        self._collect(schema)

    def _collect(self, schema: CoreSchema) -> None:
        def note(node: CoreSchema) -> bool:
            if isinstance(node.get("ref"), str) and node["type"] != "definition-ref":
                self.definitions.setdefault(node["ref"], node)
            for definition in node.get("definitions", ()):
                if isinstance(definition, dict):
                    self.definitions.setdefault(definition["ref"], definition)
            return False

        find(schema, note)

    def form(self, node: CoreSchema, config: CoreSchema) -> Any:
        """The form of a node below objects with this config."""
        ref = node.get("schema_ref") if node["type"] == "definition-ref" else node.get("ref")
        if not isinstance(ref, str):
            return self._plain(node, config)
        if ref in self._open:
            depth = self._open.index(ref)
            self._reached = min(self._reached, depth)
            return ["recursion", len(self._open) - depth]
        key = (ref, repr(_settings(config)))
        if key in self._closed:
            return self._closed[key]
        target = self.definitions.get(ref, node)
        before, self._reached = self._reached, len(self._open)
        self._open.append(ref)
        found = self._plain(target, config)
        self._open.pop()
        if self._reached >= len(self._open):  # nothing around was referred to
            self._closed[key] = found
        self._reached = min(before, self._reached)
        return found

    def _plain(self, node: CoreSchema, config: CoreSchema) -> Any:
        kind = node["type"]
        layout = (node.get("metadata") or {}).get("fastcore")
        if layout is not None:
            return self._layout(layout)
        if kind == "definitions":
            return self.form(node["schema"], config)
        if kind == "json-or-python":
            return self.form(node["json_schema"], config)
        if kind == "call" and hasattr(node["function"], "_fields"):
            # A NamedTuple, to a pydantic that has no node for it.
            return [
                "named-tuple",
                self._named(node["arguments_schema"]["arguments_schema"], config),
            ]
        if kind == "named-tuple":
            return ["named-tuple", self._named(node["fields"], config)]
        if kind == "enum":
            values = [_value(member.value) for member in node["members"]]
            # Asked of the class: not every pydantic has it in the node.
            usual: Any = enum.Enum._missing_
            missing = getattr(node["cls"], "_missing_", usual)
            guesses = getattr(missing, "__func__", missing) is not usual.__func__
            return ["enum", values, *([_name(missing)] if guesses else [])]
        own = config
        if kind in ("model", "dataclass", "typed-dict"):
            own = node.get("config") or {}
        if kind == "typed-dict":
            total = node.get("total", own.get("typed_dict_total", True))
            fields = {
                n: {**f, "required": f.get("required", total)} for n, f in node["fields"].items()
            }
            node = {**node, "fields": fields}
        form = {k: self._entry(k, v, own) for k, v in node.items() if _counts(k, v, own, node)}
        if kind in ("model", "dataclass", "typed-dict"):
            form["config"] = _settings(own)
        if node.get("custom_init") or kind in ("is-instance", "is-subclass"):
            form["cls"] = _name(node["cls"])
        return [kind, form]

    def _named(self, fields: list[CoreSchema], config: CoreSchema) -> Any:
        return [[field["name"], self.form(field["schema"], config)] for field in fields]

    def _layout(self, layout: Any) -> Any:
        if layout.kind == "array":
            sizes = ["..."] if layout.shape == () else list(layout.shape or ())
            return ["array", str(layout.dtype), sizes]
        # rows, row or table: the record's own form says the rest
        return [layout.kind, Canon(layout.source).form(layout.source, {})]

    def _entry(self, key: str, value: Any, config: CoreSchema) -> Any:
        if isinstance(value, dict):
            if key == "function" and "function" in value:
                return [value["type"], _name(value["function"])]
            if isinstance(value.get("type"), str):
                return self.form(value, config)
            if key in ("fields", "choices"):
                # Fields are validated in order; choices are found by their tag.
                items = [[_value(k), self.form(v, config)] for k, v in value.items()]
                return items if key == "fields" else sorted(items, key=repr)
        if key == "default":
            return _value(value)
        if key in ("default_factory", "function", "post_init") and callable(value):
            return _name(value)
        if key == "pattern" and isinstance(value, re.Pattern):
            return [value.pattern, value.flags]
        if key == "discriminator" and callable(value):
            return _name(value)
        if isinstance(value, (list, tuple)):
            return [self._item(item, config) for item in value]
        return _value(value)

    def _item(self, item: Any, config: CoreSchema) -> Any:
        if isinstance(item, tuple) and item and isinstance(item[0], dict):
            item = item[0]  # a choice with its label
        if isinstance(item, dict) and isinstance(item.get("type"), str):
            return self.form(item, config)
        return _value(item)


def _counts(key: str, value: Any, config: CoreSchema, node: CoreSchema) -> bool:
    """Whether an entry of a node says something."""
    if key in _IGNORED or value is None:
        return key == "default"
    if key == "strict":
        return bool(value) or bool(config.get("strict"))
    if key == "fields" and node["type"] == "dataclass":
        return False  # their names, once more
    if isinstance(value, bool):
        return value != (key in _TRUE) or key == "default"
    if key in _USUAL and value == _USUAL[key]:
        return False
    return not (isinstance(value, (list, dict)) and not value and key == "metadata")


def _settings(config: CoreSchema) -> dict[str, Any]:
    """What of a config bears on validation, and is not as usual."""
    return {
        key: _value(config[key])
        for key in _CONFIG
        if config.get(key) is not None
        and config[key] != _USUAL.get(key)
        and (not isinstance(config[key], bool) or config[key] != (key in _TRUE))
    }


def _name(function: Any) -> Any:
    """Where a function or class is found; of a partial also what it is given."""
    if isinstance(function, functools.partial):
        given = [[_value(a) for a in function.args], _value(dict(function.keywords))]
        return ["partial", _name(function.func), *given]
    function = getattr(function, "__func__", function)
    module = getattr(function, "__module__", None) or type(function).__module__
    # The standard library moves classes among its private modules (pathlib._local, in 3.13).
    top, *inner = module.split(".")
    if top in sys.stdlib_module_names:
        module = ".".join([top, *itertools.takewhile(lambda part: part[:1] != "_", inner)])
    return f"{module}.{getattr(function, '__qualname__', type(function).__qualname__)}"


def _value(value: Any) -> Any:
    """A value with its type, as JSON can say it, the same in every process."""
    if value is None or (
        isinstance(value, (bool, int, str)) and type(value).__module__ == "builtins"
    ):
        return value
    if isinstance(value, enum.Enum):
        return ["enum", _value(value.value)]
    if isinstance(value, (list, tuple)):
        return [type(value).__name__, *map(_value, value)]
    if isinstance(value, dict):
        return ["dict", *([_value(k), _value(v)] for k, v in value.items())]
    if isinstance(value, (set, frozenset)):
        return [type(value).__name__, *sorted(map(_value, value), key=repr)]
    if isinstance(value, float):
        return ["float", repr(value)]
    try:
        return [type(value).__qualname__, to_jsonable_python(value)]
    except ValueError:  # what only its type can be told of
        return [_name(type(value))]
