"""Compiles arrays, and what objects ask of the sizes of theirs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ._agreement import names_of
from ._nodes import INT64, MAX_DIMS, PLAIN_FACTORIES, NotNative
from ._rewrite import CoreSchema, children, find


def array_node(layout: Any) -> tuple[Any, ...]:
    """What an ARRAY is made of: dtype, sizes, where each name stood before; no size: any shape."""
    sizes = ("",) if layout.shape is None else layout.shape
    if len(sizes) > MAX_DIMS:
        raise NotNative(f"more than {MAX_DIMS} dimensions")
    if not layout.dtype.isnative:
        raise NotNative("another byte order")
    numbers = tuple(size if isinstance(size, int) else -1 for size in sizes)
    if any(size > INT64[1] for size in numbers):
        raise NotNative("a size beyond 64 bits")
    first = dict(names_of(sizes))
    same = (first.get(str(size), d) if isinstance(size, str) else d for d, size in enumerate(sizes))
    return layout.dtype, numbers, tuple(s if s < d else -1 for d, s in enumerate(same))


def shared_sizes(
    fields: dict[str, CoreSchema], definitions: dict[str, CoreSchema]
) -> tuple[tuple[int, int, int], ...]:
    """(name, field, dimension) of the named sizes that several fields have; names are numbers.

    Raises
    ------
    NotNative
        Not each of those is the array of a field itself; or something of the user's would run
        before the sizes can be compared, and again when the original says what is wrong.
    """
    found: dict[str, list[tuple[int, int, bool]]] = {}
    for number, field in enumerate(fields.values()):
        for shape, direct in _shapes(field["schema"], definitions):
            direct = direct and len(shape) <= MAX_DIMS
            for name, dimension in names_of(shape):
                found.setdefault(name, []).append((number, dimension, direct))
    shared = [uses for uses in found.values() if len({number for number, *_ in uses}) > 1]
    if not shared:
        return ()
    if not all(direct for uses in shared for *_, direct in uses):
        raise NotNative("sizes of one name, not in arrays that are fields themselves")
    if any(_runs_code(field["schema"], definitions) for field in fields.values()):
        raise NotNative("sizes of one name, and functions")
    return tuple((n, *use[:2]) for n, uses in enumerate(shared) for use in uses)


def _layout(node: CoreSchema) -> Any:
    return (node.get("metadata") or {}).get("fastcore")


def _shapes(
    schema: CoreSchema, definitions: dict[str, CoreSchema]
) -> Iterator[tuple[tuple[int | str, ...], bool]]:
    """The shapes of the arrays that a field has for its object, and whether it is one itself."""
    stack, seen = [(schema, True)], set()
    while stack:
        node, direct = stack.pop()
        layout = _layout(node)
        if layout is not None:
            if layout.kind == "array":
                yield layout.shape or (), direct
            continue
        kind = node.get("type")
        if kind == "definition-ref" and node["schema_ref"] not in seen:
            seen.add(node["schema_ref"])
            stack.append((definitions.get(node["schema_ref"], {}), direct))
        elif kind not in ("model-fields", "dataclass-args", "typed-dict"):
            direct = direct and kind in ("default", "nullable")
            stack.extend((child, direct) for child in children(node))


def _runs_code(schema: CoreSchema, definitions: dict[str, CoreSchema]) -> bool:
    """Whether validating a field can run what the user wrote."""
    seen: set[str] = set()
    stack = [schema]
    while stack:
        node = stack.pop()
        layout = _layout(node)
        if layout is not None:
            if layout.kind != "array" and find(layout.source, _has_code):
                return True
            continue
        if _has_code(node):
            return True
        ref = node.get("schema_ref")
        if node.get("type") == "definition-ref" and ref not in seen:
            seen.add(node["schema_ref"])
            stack.append(definitions.get(node["schema_ref"], {}))
        stack.extend(children(node))
    return False


def _has_code(node: CoreSchema) -> bool:
    factory = node.get("default_factory")
    return bool(
        "function" in node
        or node.get("post_init")
        or node.get("custom_init")
        or node.get("missing")
        or (factory is not None and not any(factory is plain for plain in PLAIN_FACTORIES))
    )
