"""The file of a plan, in the form of `_container`: the recipe, and what guards against skew.

Version 3 holds besides the recipe: who made it (versions of fastcore, scikit-learn, NumPy and
Python), what each input column was called and held, the steps' names, and the golden rows. Version
2 held the recipe alone; it is still read.
"""

from __future__ import annotations

import os
import platform
import sys
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from . import _container
from ._plan_golden import Golden, golden_in, golden_out
from ._plan_tree import Recipe, recipe_in, recipe_out
from ._plan_valid import check_recipe
from ._version import __version__
from .explanation import Node

MAGIC = b"FCPLAN\x00\n"
VERSION, OLDEST = 3, 2
#: What reading JSON that is not as it should be may end in.
_INVALID = (
    AttributeError,
    KeyError,
    TypeError,
    ValueError,
    IndexError,
    OverflowError,
    RecursionError,
)


@dataclass
class Stored:
    """What a plan file holds."""

    recipe: Recipe
    title: str = ""
    made: dict[str, str] = field(default_factory=dict)
    inputs: list[dict[str, Any]] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    golden: Golden | None = None
    version: int = VERSION


def made_here() -> dict[str, str]:
    """The versions of what makes a plan here."""
    found = {"fastcore": __version__, "numpy": np.__version__}
    found["python"] = platform.python_version()
    sklearn = sys.modules.get("sklearn")
    if sklearn is not None:
        found["scikit-learn"] = str(sklearn.__version__)
    return found


def to_bytes(stored: Stored) -> bytes:
    """The bytes of a file of the present version."""
    data, arrays = recipe_out(stored.recipe)
    content = {
        "recipe": data,
        "title": stored.title,
        "made": stored.made,
        "inputs": stored.inputs,
        "nodes": [[node.path, node.kind] for node in stored.nodes],
        "golden": None if stored.golden is None else golden_out(stored.golden, arrays),
    }
    return _container.pack(MAGIC, VERSION, content, arrays)


def from_bytes(data: bytes) -> Stored:
    """The inverse, of any version that is read; ValueError saying what the bytes are not."""
    found = _container.version_of(MAGIC, data, "a plan file")
    if found > VERSION:
        raise ValueError(
            f"has version {found}, and this fastcore ({__version__}) reads plans up to version "
            f"{VERSION}: it was written by a newer one"
        )
    if found < OLDEST:
        raise ValueError(f"has version {found}; the oldest that is read is {OLDEST}")
    content, arrays = _container.unpack(MAGIC, found, data, "a plan file")
    try:
        stored = _stored(content, arrays, found)
        check_recipe(stored.recipe)
    except _INVALID as error:
        raise ValueError(f"is no valid plan: {error}") from None
    return stored


def _stored(content: Any, arrays: list[Any], version: int) -> Stored:
    if version == 2:
        return Stored(recipe_in(content, arrays), version=2)
    inputs = [{str(key): value for key, value in entry.items()} for entry in content["inputs"]]
    nodes = [Node(str(path), str(kind), True) for path, kind in content["nodes"]]
    golden = content["golden"]
    return Stored(
        recipe_in(content["recipe"], arrays),
        str(content["title"]),
        {str(key): str(value) for key, value in content["made"].items()},
        inputs,
        nodes,
        None if golden is None else golden_in(golden, arrays),
    )


def save(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a plan, whole or not at all."""
    _container.write(path, data)


def read(path: str | os.PathLike[str]) -> bytes:
    """The whole file in private memory: what is checked is what is used."""
    with open(path, "rb") as file:
        return file.read()
