"""Sizes of one name in the arrays of one instance: the same everywhere, as in `Shape`.

A field's validator sees the values of the fields before it, but not what their types say of them.
So each array that such a validator has let through is remembered, for as long as it lives, with the
field and the config object of the class whose field it was: the two tell which field of which class
that is.
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from typing import Any, NoReturn

import numpy as np
from pydantic_core import PydanticCustomError

Array = np.ndarray[Any, Any]
#: By id of an array: the array, and by id of a config and field: the config and the named sizes.
_Places = dict[tuple[int, str], tuple[Any, dict[str, int]]]
_seen: dict[int, tuple[weakref.ref[Array], _Places]] = {}


def disagree(name: str, expected: int, actual: int) -> NoReturn:
    raise PydanticCustomError(
        "array_dimension",
        "Dimension '{name}' should have {expected} items, not {actual}",
        {"name": name, "expected": expected, "actual": actual},
    )


def names_of(shape: tuple[int | str, ...]) -> list[tuple[str, int]]:
    """The names of a shape's sizes, and at which dimension each stands first."""
    first: dict[str, int] = {}
    for dimension, size in enumerate(shape):
        if isinstance(size, str) and size:
            first.setdefault(size, dimension)
    return list(first.items())


class Agreement:
    """A validator, with info, of arrays that have passed their own."""

    def __init__(self, shape: tuple[int | str, ...]) -> None:
        self.names = names_of(shape)

    def __call__(self, array: Any, info: Any) -> Any:
        data = getattr(info, "data", None)
        if not isinstance(data, dict) or not isinstance(array, np.ndarray):
            return array  # not a field
        sizes = {name: array.shape[dimension] for name, dimension in self.names}
        for field, value in data.items():
            found = _sizes(value, info.config, field)
            for name, size in sizes.items():
                if found.get(name, size) != size:
                    disagree(name, found[name], size)
        # Before 2.14 pydantic does not say which field of a model it is.
        _remember(array, info.config, info.field_name or "", sizes)
        return array


def _sizes(value: Any, config: Any, field: str) -> Mapping[str, int]:
    """The named sizes of what a field of the class holds, if its validator has seen it."""
    if not isinstance(value, np.ndarray):
        return {}
    entry = _seen.get(id(value))
    if entry is None or entry[0]() is not value:
        return {}
    place = entry[1].get((id(config), field)) or entry[1].get((id(config), ""))
    return place[1] if place is not None and place[0] is config else {}


def _remember(array: Array, config: Any, field: str, sizes: dict[str, int]) -> None:
    key = id(array)
    entry = _seen.get(key)
    if entry is None or entry[0]() is not array:

        def forget(dead: Any) -> None:
            now = _seen.get(key)
            if now is not None and now[0] is dead:
                del _seen[key]

        entry = (weakref.ref(array, forget), {})
        _seen[key] = entry
    entry[1][id(config), field] = (config, sizes)
