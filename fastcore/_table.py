"""``Table[Record]``: a JSON object of arrays, column by column, as `Columns`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic_core import PydanticCustomError, SchemaValidator
from pydantic_core import core_schema as cs

from . import _identity as _identity
from ._record import compile_record
from ._rewrite import find
from .errors import UnsupportedError

Node = dict[str, Any]


class Table:
    """How the arrays of an object become columns.

    Parameters
    ----------
    record : type
        A model, dataclass or TypedDict.

    Raises
    ------
    UnsupportedError
        The record has validators of the whole, an ``__init__`` or a ``__post_init__``, or
        validators that look at other fields: there are no records for them to look at.
    """

    def __init__(self, record: Any) -> None:
        self.layout = compile_record("table", record)
        self.name = getattr(record, "__name__", repr(record))
        top, self.definitions = _opened(self.layout.record)
        self.record = top
        self.fields = self._fields(top)
        self.config = top.get("config")
        self.defaults = {
            name: self._default(name, field)
            for name, field in self.fields.items()
            if field["schema"]["type"] == "default"
        }

    def _refused(self, what: str) -> UnsupportedError:
        return UnsupportedError(
            f"Table[{self.name}]: {what}, and a table has no records; use Rows[{self.name}]"
        )

    def _fields(self, top: Node) -> dict[str, Node]:
        if top["type"] not in ("model", "dataclass", "typed-dict"):
            raise self._refused("the record has a validator of the whole")
        if top.get("custom_init") or top.get("post_init"):
            raise self._refused("the record has an __init__ or a __post_init__ of its own")
        inner = top if top["type"] == "typed-dict" else top["schema"]
        if inner["type"] not in ("model-fields", "dataclass-args", "typed-dict"):
            raise self._refused("the record has a validator of the whole")
        fields = inner["fields"]
        if isinstance(fields, list):
            fields = {field["name"]: field for field in fields}

        def takes_info(node: Node) -> bool:
            function = node.get("function")
            if not isinstance(function, dict) or function.get("type") != "with-info":
                return False
            # Our own are around the records that a field holds.
            module = getattr(function["function"], "__module__", None)
            return not str(module).startswith("fastcore._")

        for name, field in fields.items():
            if find(field["schema"], takes_info):
                raise self._refused(f"the validator of {name} asks about the record around it")
            if field["schema"].get("default_factory_takes_data"):
                raise self._refused(f"the default of {name} is made of other fields")
        return dict(fields)

    def _default(self, name: str, field: Node) -> Callable[[], Any]:
        schema: Any = field["schema"]
        if self.definitions:
            schema = cs.definitions_schema(schema, self.definitions)
        config: Any = self.config
        validator = SchemaValidator(schema, config)

        def make() -> Any:
            found: Any = validator.get_default_value()
            if found is None:
                raise UnsupportedError(f"Table[{self.name}]: the default of {name} gives nothing")
            return found.value

        return make

    def schema(self, source: bool = False) -> Node:
        """A TypedDict of lists; `source`: of what the record itself says, for its JSON schema."""
        fields, top = self.fields, self.record
        if source:
            top, _ = _opened(self.layout.source)
            fields = self._fields(top)
        made: Node = {"type": "typed-dict", "fields": {}}
        for name, field in fields.items():
            items = field["schema"]
            required = field.get("required", True)
            if items["type"] == "default":
                required, items = False, items["schema"]
            made["fields"][name] = {
                "type": "typed-dict-field",
                "schema": {"type": "list", "items_schema": items},
                "required": required,
            }
            for key in ("validation_alias", "serialization_alias"):
                if key in field:
                    made["fields"][name][key] = field[key]
        inner = top if top["type"] == "typed-dict" else top["schema"]
        for node, key in ((inner, "extra_behavior"), (top, "config")):
            if node.get(key) is not None:
                made[key] = node[key]
        return made

    def columns(self, table: Mapping[str, list[Any]]) -> Any:
        """Columns of validated lists."""
        lengths = {name: len(table[name]) for name in self.fields if name in table}
        rows = next(iter(lengths.values()), 0)
        if any(length != rows for length in lengths.values()):
            said = ", ".join(f"{name} {length}" for name, length in lengths.items())
            raise PydanticCustomError(
                "table_length",
                "Columns should have the same number of rows, not {lengths}",
                {"lengths": said},
            )
        whole = {
            name: [make() for _ in range(rows)]
            for name, make in self.defaults.items()
            if name not in table
        }
        whole |= {name: table[name] for name in lengths}
        names = list(whole)
        records = [
            dict(zip(names, cells, strict=True)) for cells in zip(*whole.values(), strict=True)
        ]
        return self.layout.to_columns(records)


def _opened(schema: Any) -> tuple[Node, list[Any]]:
    """The node at the top of a record's schema, and the definitions around it."""
    definitions: list[Any] = []
    while True:
        if schema["type"] == "definitions":
            definitions = list(schema["definitions"])
            schema = schema["schema"]
        elif schema["type"] == "definition-ref":
            ref = schema["schema_ref"]
            schema = next(node for node in definitions if node["ref"] == ref)
        else:
            return dict(schema), definitions
