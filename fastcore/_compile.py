"""Compiles pydantic's core schema into the program that the C kernel runs.

Every node becomes a tuple (``src/python/py_program.c`` says what is in it). A node is native only
where C's acceptance is certain to be the original's; all others are `ORIGINAL`, which hands their
bytes to a validator made of just that node.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from ._compile_arrays import array_node
from ._compile_containers import Containers
from ._compile_objects import Objects
from ._compile_scalars import Scalars
from ._nodes import (
    AFTER,
    ARRAY,
    IMPURE,
    NULLABLE,
    ORIGINAL,
    ROOT,
    ROW,
    ROWS,
    TABLE,
    NotNative,
    Peeled,
    check_config,
    is_strict,
    text,
)
from ._rewrite import CoreSchema, find
from .explanation import Node

_WITH_CONFIG = ("model", "dataclass", "typed-dict")


class Program(NamedTuple):
    nodes: tuple[tuple[Any, ...], ...]
    root: int
    originals: list[tuple[CoreSchema, CoreSchema | None]]  # schema and enclosing config, by node
    definitions: list[CoreSchema]  # what references in them refer to
    layouts: dict[int, Any]  # the record layout of ROWS, ROW and TABLE nodes
    route: bool  # C may accept alone, and then gives what Python mode gives as well
    report: list[Node]


def compile_schema(schema: CoreSchema) -> Program:
    compiler = Compiler(schema)
    root = compiler.node(schema, None, ())
    compiler.finish()
    kind, flags = compiler.nodes[root][:2]
    return Program(
        tuple(compiler.nodes),
        root,
        compiler.originals,
        schema["definitions"] if schema["type"] == "definitions" else [],
        compiler.layouts,
        kind != ORIGINAL and not flags & IMPURE,
        compiler.report,
    )


class Compiler(Scalars, Containers, Objects):
    def __init__(self, schema: CoreSchema) -> None:
        self.definitions: dict[str, CoreSchema] = {}
        self.nodes: list[tuple[Any, ...]] = []
        self.originals: list[tuple[CoreSchema, CoreSchema | None]] = []
        self.layouts: dict[int, Any] = {}
        self.report: list[Node] = []
        self.impure = False
        self._lines: dict[int, int] = {}  # of the report, by node
        self._root = schema
        self._known: dict[tuple[str, int], int] = {}  # definitions compiled, or under way
        #: Nodes that are another one, with more flags.
        self._aliases: dict[int, tuple[int, int]] = {}
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
        peeled = self.peel(schema, config)
        if peeled.schema["type"] == "definition-ref":
            return self._refer(schema, peeled, config, path)
        return self._place(schema, peeled, config, path)

    def peel(self, schema: CoreSchema, config: CoreSchema | None) -> Peeled:
        nullable = impure = False
        while True:
            kind = schema["type"]
            if kind == "nullable":
                nullable = True
            elif kind == "json-or-python":
                impure = True
                schema = schema["json_schema"]
                continue
            elif kind == "lax-or-strict" and not is_strict(schema, config):
                schema = schema["lax_schema"]
                continue
            elif kind == "default":
                if schema.get("on_error", "raise") != "raise":
                    return Peeled(schema, nullable, impure)
            elif kind != "definitions" or schema is not self._root:
                # Definitions inside the tree are good below them only.
                return Peeled(schema, nullable, impure)
            schema = schema["schema"]

    def _refer(self, schema: CoreSchema, peeled: Peeled, config: Any, path: tuple[Any, ...]) -> int:
        ref = peeled.schema["schema_ref"]
        target = self.definitions.get(ref)
        if target is None:
            return self._place(schema, Peeled(schema, False, False), config, path)
        # Objects bring their own config; anything else is read under that of its surroundings.
        key = (ref, id(config) if config and target["type"] not in _WITH_CONFIG else 0)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = len(self.nodes)
            inner = self.peel(target, config)
            if inner.schema["type"] == "definition-ref":
                inner = Peeled({"type": "reference"}, False, False)
            self._place(target, inner, config, path)
        flags = _flags(peeled)
        if not flags:
            return known
        number = self._reserve(schema, config)
        self._aliases[number] = (known, flags)
        return number

    def _reserve(self, schema: CoreSchema, config: CoreSchema | None) -> int:
        self.nodes.append((ORIGINAL, 0))
        self.originals.append((schema, config))
        return len(self.nodes) - 1

    def _place(
        self,
        schema: CoreSchema,
        peeled: Peeled,
        config: CoreSchema | None,
        path: tuple[Any, ...],
    ) -> int:
        inner = peeled.schema
        kind = inner["type"]
        own = inner.get("config") if kind in _WITH_CONFIG else config
        number = self._reserve(schema, own)
        line = self._lines[number] = len(self.report)
        self.report.append(Node(text(path), kind, True))
        try:
            layout = (inner.get("metadata") or {}).get("fastcore")
            if layout is not None:
                self.nodes[number] = self._frame(number, layout, _flags(peeled), path)
                self.report[line] = Node(text(path), layout.kind, True)
                return number
            compile_kind = getattr(self, "_" + kind.replace("-", "_"), None)
            if compile_kind is None:
                raise NotNative(f"nodes of type {kind!r} go to pydantic")
            if config is not None:
                check_config(config)
            made, flags = compile_kind(inner, config or {}, path), _flags(peeled)
            self.nodes[number] = (made[0], flags | self._take_impure(), *made[1:])
        except NotNative as reason:
            self._take_impure()
            del self.report[line + 1 :]
            self.report[line] = Node(text(path), kind, False, str(reason))
            self.nodes[number] = (ORIGINAL, 0)
        return number

    def _take_impure(self) -> int:
        flags, self.impure = (IMPURE if self.impure else 0), False
        return flags

    def finish(self) -> None:
        """Resolve the aliases."""
        for number, (target, more) in self._aliases.items():
            kind, flags, *rest = self.nodes[target]
            self.nodes[number] = (kind, flags | more if kind != ORIGINAL else 0, *rest)
            if target in self.layouts:
                self.layouts[number] = self.layouts[target]
        for number in self._circles():
            self.nodes[number] = (ORIGINAL, 0)
            if number in self._lines:  # aliases have none
                node = self.report[self._lines[number]]
                line = Node(node.path, node.kind, False, "it holds itself")
                self.report[self._lines[number]] = line

    def _circles(self) -> list[int]:
        """The nodes that come back to themselves, with nothing of the document in between."""
        found = []
        for number, node in enumerate(self.nodes):
            seen: set[int] = set()
            while node[0] in (ROOT, AFTER):
                inner = node[3] if node[0] == ROOT else node[2]
                if inner in seen:
                    found.append(number)
                    break
                seen.add(inner)
                node = self.nodes[inner]
        return found

    # ---- Columns -------------------------------------------------------------------------

    def _frame(
        self, number: int, layout: Any, flags: int, path: tuple[Any, ...]
    ) -> tuple[Any, ...]:
        from ._compile_record import compile_record

        if layout.kind == "array":
            return (ARRAY, flags, *array_node(layout))
        kind = {"rows": ROWS, "row": ROW, "table": TABLE}[layout.kind]
        from .columns import Columns

        records, defaults = compile_record(self, layout, path)
        self.layouts[number] = layout
        specs = tuple((*spec[:4], bool(spec.utc), *spec[5:-1]) for spec in layout.specs)
        return (kind, flags, Columns, specs, records, defaults, layout)


def _flags(peeled: Peeled) -> int:
    return (NULLABLE if peeled.nullable else 0) | (IMPURE if peeled.impure else 0)
