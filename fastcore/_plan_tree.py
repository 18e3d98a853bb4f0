"""A fitted pipeline as plain data: what plans are lowered from, saved as and compared by.

A tree holds no scikit-learn object, so that a saved plan needs neither pickle nor scikit-learn.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Frame:
    """The frame that ``set_output`` makes of an output: "pandas" or "polars", and its columns."""

    kind: str
    names: tuple[str, ...]


@dataclass
class Step:
    """One transformer: its kind and parameters (arrays, numbers, texts and lists of these)."""

    kind: str
    params: dict[str, Any]
    width: int  # features in
    frame: Frame | None = None


@dataclass
class Chain:
    """Steps one after the other; an empty chain is ``passthrough``."""

    steps: list[Tree]
    frame: Frame | None = None


@dataclass
class Part:
    """A branch: its name, the columns it reads (None: all) and what it does with them."""

    name: str
    columns: list[int] | None
    tree: Tree
    #: What its output is multiplied by, and the dtype of that number if it was one of NumPy's.
    weight: tuple[float, str | None] | None = None
    #: The columns are a slice, of which NumPy makes a view.
    view: bool = False


@dataclass
class Parallel:
    """Branches side by side. ``sparse``: CSR output; None leaves it to the branches."""

    parts: list[Part]
    sparse: bool | None
    by_name: bool  # a ColumnTransformer: takes columns of a frame by name, in any order
    frame: Frame | None = None


Tree = Step | Chain | Parallel


@dataclass
class Recipe:
    """A whole plan as data."""

    tree: Tree
    columns: int
    names: list[str] | None
    names_out: list[str] | None = None
    root: str | None = None  # what a sample is, if the input is no matrix
    arrays: list[np.ndarray] = field(default_factory=list)


def entry_by_name(tree: Tree) -> bool:
    """Whether the input is taken by name: a ColumnTransformer comes first."""
    while isinstance(tree, Chain) and tree.steps:
        tree = tree.steps[0]
    return isinstance(tree, Parallel) and tree.by_name


def begins_with(tree: Tree, kind: str) -> bool:
    """Whether a step of that kind is given the input itself."""
    if isinstance(tree, Step):
        return tree.kind == kind
    inner = tree.steps[:1] if isinstance(tree, Chain) else [part.tree for part in tree.parts]
    return any(begins_with(each, kind) for each in inner)


def is_identity(tree: Tree) -> bool:
    """Whether nothing is done to the input at all."""
    if not isinstance(tree, Chain) or tree.frame is not None:
        return False
    return all(is_identity(step) for step in tree.steps)


def notices(tree: Tree) -> list[str]:
    """What the estimator warns of at each call, whatever it is given."""
    if isinstance(tree, Step):
        found = tree.params.get("warning")
        return [found] if isinstance(found, str) else []
    inner = tree.steps if isinstance(tree, Chain) else [part.tree for part in tree.parts]
    return [text for each in inner for text in notices(each)]


def used_columns(tree: Tree, columns: int) -> set[int]:
    """Input columns that must be there: those that go to the parts of what takes them by name,
    whatever these do with them.
    """
    while isinstance(tree, Chain) and tree.steps:
        tree = tree.steps[0]
    if not isinstance(tree, Parallel):
        return set(range(columns))
    if not tree.by_name:
        return set().union(*(used_columns(part.tree, columns) for part in tree.parts))
    return set().union(*(part.columns or () for part in tree.parts))


# ---- As JSON and arrays ---------------------------------------------------------------------

_NARROW = {"|b1", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<f2", "<f4"}


def pack(value: Any, arrays: list[np.ndarray]) -> Any:
    """A parameter as JSON has it; arrays are put aside, and referred to by number."""
    if isinstance(value, np.ndarray):
        if value.dtype.kind == "U":
            return {"$": "texts", "v": value.tolist()}
        plain = value.astype(np.uint64) if value.dtype.kind == "b" else value
        arrays.append(np.ascontiguousarray(plain))
        packed = {"$": "array", "i": len(arrays) - 1}
        # Files hold vectors of 64-bit numbers; what else an array is, stands beside it.
        if value.ndim != 1:
            packed["shape"] = list(value.shape)
        if value.dtype.itemsize != 8:
            packed["dtype"] = value.dtype.newbyteorder("<").str
        return packed
    if isinstance(value, (list, tuple)):
        return [pack(item, arrays) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return {"$": "float", "v": repr(value)}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(f"cannot store a {type(value).__name__}")


def unpack(value: Any, arrays: list[np.ndarray]) -> Any:
    """The inverse of :func:`pack`."""
    if isinstance(value, list):
        return [unpack(item, arrays) for item in value]
    if isinstance(value, dict):
        if value["$"] == "float":
            return float(value["v"])
        if value["$"] == "texts":
            return np.array(value["v"], dtype=str)
        array = arrays[value["i"]]
        if "dtype" in value:
            if value["dtype"] not in _NARROW:
                raise ValueError("an array of another dtype")
            array = array.astype(value["dtype"])
        return array.reshape(value["shape"]) if "shape" in value else array
    return value


def _tree_out(tree: Tree, arrays: list[np.ndarray]) -> dict[str, Any]:
    data = _node_out(tree, arrays)
    if tree.frame is not None:
        data["frame"] = [tree.frame.kind, list(tree.frame.names)]
    return data


def _node_out(tree: Tree, arrays: list[np.ndarray]) -> dict[str, Any]:
    if isinstance(tree, Step):
        params = {key: pack(value, arrays) for key, value in tree.params.items()}
        return {"step": tree.kind, "params": params, "width": tree.width}
    if isinstance(tree, Chain):
        return {"chain": [_tree_out(step, arrays) for step in tree.steps]}
    parts = [
        [part.name, part.columns, _tree_out(part.tree, arrays)]
        + ([] if part.weight is None and not part.view else [part.weight and list(part.weight)])
        + ([True] if part.view else [])
        for part in tree.parts
    ]
    return {"parts": parts, "sparse": tree.sparse, "by_name": tree.by_name}


def _tree_in(data: dict[str, Any], arrays: list[np.ndarray]) -> Tree:
    tree = _node_in(data, arrays)
    if "frame" in data:
        kind, names = data["frame"]
        tree.frame = Frame(kind, tuple(names))
    return tree


def _node_in(data: dict[str, Any], arrays: list[np.ndarray]) -> Tree:
    if "step" in data:
        params = {key: unpack(value, arrays) for key, value in data["params"].items()}
        return Step(data["step"], params, data["width"])
    if "chain" in data:
        return Chain([_tree_in(step, arrays) for step in data["chain"]])
    parts = [
        Part(name, columns, _tree_in(tree, arrays), *_part_in(*more))
        for name, columns, tree, *more in data["parts"]
    ]
    return Parallel(parts, data["sparse"], data["by_name"])


def _part_in(
    weight: list[Any] | None = None, view: bool = False
) -> tuple[tuple[float, str | None] | None, bool]:
    if weight is None:
        return None, view
    number, dtype = weight
    return (number, dtype), view


def recipe_out(recipe: Recipe) -> tuple[dict[str, Any], list[np.ndarray]]:
    """Data for JSON, and the arrays that it refers to by number."""
    arrays: list[np.ndarray] = []
    data: dict[str, Any] = {
        "columns": recipe.columns,
        "names": recipe.names,
        "names_out": recipe.names_out,
        "tree": _tree_out(recipe.tree, arrays),
    }
    if recipe.root is not None:
        data["root"] = recipe.root
    return data, arrays


def recipe_in(data: dict[str, Any], arrays: list[np.ndarray]) -> Recipe:
    """The inverse of :func:`recipe_out`."""
    tree = _tree_in(data["tree"], arrays)
    return Recipe(tree, data["columns"], data["names"], data["names_out"], data.get("root"))


def fingerprint(recipe: Recipe) -> str:
    """A hex digest that is equal for plans that compute the same, in every process."""
    data, arrays = recipe_out(recipe)
    digest = hashlib.sha256(json.dumps(data, sort_keys=True).encode())
    for array in arrays:
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()[:32]
