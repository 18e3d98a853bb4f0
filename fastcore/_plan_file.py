"""The file of a plan, in the form of `_container`."""

from __future__ import annotations

import os
from typing import Any

from . import _container
from ._plan_tree import Recipe, recipe_in, recipe_out

MAGIC = b"FCPLAN\x00\n"
VERSION = 2


def save(path: str | os.PathLike[str], recipe: Recipe) -> None:
    """Write a plan, whole or not at all."""
    data, arrays = recipe_out(recipe)
    _container.write(path, _container.pack(MAGIC, VERSION, data, arrays))


def load(path: str | os.PathLike[str]) -> Recipe:
    """Read into private memory, check, and make the recipe."""
    with open(path, "rb") as file:
        data = file.read()
    try:
        content, arrays = _container.unpack(MAGIC, VERSION, data, "a plan file")
        return _recipe(content, arrays)
    except ValueError as error:
        raise ValueError(f"path: {os.fspath(path)!r} {error}") from None


def _recipe(content: Any, arrays: Any) -> Recipe:
    try:
        return recipe_in(content, arrays)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise ValueError(f"is no valid plan: {error}") from None
