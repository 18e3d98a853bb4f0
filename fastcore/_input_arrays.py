"""Reading NumPy arrays: matrices, structured arrays, arrays by name, and lists of lists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ._lowering import Lowered, Source
from ._plan_tree import Tree, begins_with

#: Python's and NumPy's numbers that hash and compare as their float64 does.
_EXACT = frozenset((float, int, bool, np.float64, np.int64, np.int32, np.uint8, np.bool_))


def number_tag(dtype: np.dtype[Any]) -> str | None:
    """The tag of a dtype of numbers."""
    return dtype.str if dtype.kind in "biuf" else None


def array_tags(X: np.ndarray, columns: int) -> tuple[str, ...] | None:
    if X.ndim != 2 or X.shape[1] != columns:
        return None
    kind = X.dtype.kind
    tag = number_tag(X.dtype) or {"O": "text", "U": "category"}.get(kind)
    if kind in "mM":  # NumPy makes numbers of them: the count of units
        tag = X.dtype.str
    return None if tag is None else (tag,) * columns


def as_numbers(values: np.ndarray, source: Source | None = None) -> np.ndarray | None:
    """What NumPy's conversion to float64 makes of values that no program reads as they are.

    None where it fails, or where a look-up by Python's equality might see something else.
    """
    kind = values.dtype.kind
    if kind in "biu" or values.dtype in (np.float64, np.float32):
        if values.dtype.isnative and values.flags.aligned:
            return values  # itself: np.require makes a view, and callers know theirs by identity
        native = values.dtype.newbyteorder("=")
        return np.require(values, dtype=native, requirements="A")
    if (
        kind == "O"
        and source is not None
        and source.exact
        and not _EXACT.issuperset(map(type, values.tolist()))
    ):
        return None
    try:
        with np.errstate(all="ignore"):
            return values.astype(np.float64)
    except (ValueError, TypeError, OverflowError):
        return None


def array_vectors(X: np.ndarray, lowered: Lowered) -> Any | None:
    """A matrix of numbers is read where it is; texts are looked up column by column."""
    if X.dtype.kind not in "OU" and not any(s.table is not None for s in lowered.sources):
        return as_numbers(X)
    vectors = []
    for which, source in enumerate(lowered.sources):
        vector = object_vector(X[:, source.column], lowered, which)
        if vector is None:
            return None
        vectors.append(vector)
    return tuple(vectors)


def object_vector(values: np.ndarray, lowered: Lowered, which: int) -> np.ndarray | None:
    """Objects or NumPy's texts, as codes or as numbers."""
    source = lowered.sources[which]
    if source.text:
        return values.astype(object)
    if source.table is None:
        return as_numbers(values, source)
    return lowered.program.codes(which, values.astype(object, copy=False))


# ---- Lists of lists ---------------------------------------------------------------------------


def array_of_lists(
    X: list[Any] | tuple[Any, ...], as_objects: bool, tree: Tree
) -> np.ndarray | None:
    """The array that scikit-learn makes of rows without names.

    ``as_objects``: for a ColumnTransformer, which makes objects of all.
    """
    try:
        array = np.asarray(X, dtype=object if as_objects else None)
    except ValueError:  # rows of several lengths
        return None
    if array.ndim != 2:
        return None
    if array.dtype.kind in "SU" and begins_with(tree, "missing"):
        return None  # an error: only imputers and encoders make objects of NumPy's texts
    if array.dtype.kind in "SU":
        return np.asarray(X, dtype=object)
    # Other dtypes than Python's own come of arrays within the list, which scikit-learn converts.
    return array if array.dtype in (np.float64, np.int64, np.bool_, object) else None


# ---- Arrays by name ---------------------------------------------------------------------------


def arrays_by_name(X: Any) -> dict[str, np.ndarray] | None:
    """One-dimensional arrays of one length, of a mapping or a structured array."""
    if isinstance(X, np.ndarray):
        if X.ndim != 1 or not X.dtype.names:
            return None
        return {name: np.require(X[name], requirements="A") for name in X.dtype.names}
    arrays = {}
    for name, values in X.items():
        if type(name) is not str or type(values) not in (np.ndarray, list, tuple):
            return None
        try:
            arrays[name] = np.asarray(values)
        except ValueError:
            return None
    if len({array.shape for array in arrays.values()}) != 1:
        return None
    return arrays if all(array.ndim == 1 for array in arrays.values()) else None


def named_tag(dtype: np.dtype[Any]) -> str:
    """Missing texts of arrays mean what was missing at fit, as those of rows do."""
    number = number_tag(dtype) if dtype.isnative else None
    return number or ("auto" if dtype.kind in "OU" else "object")


def named_column(
    X: Mapping[str, np.ndarray], name: str, lowered: Lowered, which: int
) -> np.ndarray | None:
    values = X[name]
    if values.dtype.kind not in "OU" and lowered.sources[which].table is not None:
        return None
    return object_vector(values, lowered, which)
