"""Whether a recipe that was read from a file holds together, as far as its shape goes.

What steps do with their parameters is checked where they are used: counts and indices in C, when a
program is built.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from ._plan_samples import ROOTS
from ._plan_tree import Chain, Parallel, Recipe, Step, Tree

#: A plan's input columns, the depth of its tree, and its nodes: more than any pipeline has.
MAX_COLUMNS, MAX_DEPTH, MAX_NODES = 1 << 24, 100, 1 << 20
#: A weight's dtype where it has one, and the largest that is told apart from its neighbours.
WEIGHTS = {np.dtype(kind).str for kind in "?bBhHiIlLfd"}
LARGEST = np.finfo(np.float64).max
#: A dtype as ``dtype.str`` writes it: NumPy reads much more, and parses it as Python.
DTYPE = re.compile(r"[<>|=]?[A-Za-z?]\d{0,4}")


def check_recipe(recipe: Recipe) -> None:
    """ValueError if the recipe cannot have been written by ``save``."""
    columns = recipe.columns
    if type(columns) is not int or not 0 <= columns <= MAX_COLUMNS:
        raise ValueError("the number of columns")
    if recipe.root is not None and (recipe.root not in ROOTS or columns != 1 or recipe.names):
        raise ValueError("what a sample is")
    for names, count in ((recipe.names, columns), (recipe.names_out, None)):
        if names is None:
            continue
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise ValueError("names that are no texts")
        if count is not None and len(names) != count:
            raise ValueError("another number of names than of columns")
    nodes = [(recipe.tree, 0)]
    seen = 0
    while nodes:
        tree, depth = nodes.pop()
        seen += 1
        if depth > MAX_DEPTH or seen > MAX_NODES:
            raise ValueError("too many steps, or too deep")
        nodes.extend((inner, depth + 1) for inner in _inner(tree))


def _inner(tree: Tree) -> list[Tree]:
    frame = getattr(tree, "frame", None)
    if frame is not None and not (
        frame.kind in ("pandas", "polars") and all(isinstance(name, str) for name in frame.names)
    ):
        raise ValueError("a frame that is none")
    if isinstance(tree, Chain):
        return tree.steps
    if isinstance(tree, Parallel):
        if type(tree.by_name) is not bool or tree.sparse not in (None, True, False):
            raise ValueError("branches without their flags")
        for part in tree.parts:
            if not isinstance(part.name, str):
                raise ValueError("a branch without a name")
            if part.columns is not None and not _indices(part.columns):
                raise ValueError("columns of a branch that are no numbers")
            if part.weight is not None and not _is_weight(part.weight):
                raise ValueError("a weight that is no number")
        return [part.tree for part in tree.parts]
    if not isinstance(tree, Step) or not isinstance(tree.kind, str):
        raise ValueError("a step without a kind")
    if type(tree.width) is not int or not 0 <= tree.width <= np.iinfo(np.int32).max:
        raise ValueError("the width of a step")
    for key in ("dtype", "constant"):
        name = tree.params.get(key)
        if isinstance(name, str) and not DTYPE.fullmatch(name):
            raise ValueError("a dtype that is none")
    return []


def _is_weight(weight: Any) -> bool:
    """A finite number, and None or the dtype that it has."""
    if len(weight) != 2 or not isinstance(weight[0], (bool, int, float)):
        return False
    number, dtype = weight
    return abs(number) <= LARGEST and (dtype is None or dtype in WEIGHTS)


def _indices(columns: Any) -> bool:
    return isinstance(columns, list) and all(type(i) is int and i >= 0 for i in columns)
