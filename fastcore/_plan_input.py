"""Reading what ``Plan.transform`` is given: which container it is, what its columns hold, and each
column as a vector that a program takes.

Each ``_input_<containers>.py`` reads its own. Everything here answers None where it isn't certain;
the caller then asks the original.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from ._input_arrays import (
    array_of_lists,
    array_tags,
    array_vectors,
    arrays_by_name,
    named_column,
    named_tag,
)
from ._input_arrow import arrow_column, arrow_tag, columns_column
from ._input_frames import pandas_column, pandas_tag, polars_column, polars_tag
from ._input_rows import as_mapping, frame_of_arrays, frame_of_rows
from ._lowering import Lowered
from ._plan_tree import Recipe

__all__ = [
    "array_of_lists",
    "array_tags",
    "array_vectors",
    "as_mapping",
    "frame_of_arrays",
    "frame_of_rows",
    "frame_tags",
    "frame_vectors",
    "in_fortran_order",
    "labels_of",
    "open_input",
    "sparse_parts",
    "unfit",
]


def open_input(X: Any) -> tuple[str, Any]:
    """What X is, and X itself, or what was read of it where it can be read but once.

    ``array csr csc pandas polars arrow columns named rows lists``, or ``other``: exact types only.
    """
    cls = type(X)
    if cls is np.ndarray and X.dtype.names is None:
        return "array", X
    sparse = sys.modules.get("scipy.sparse")
    if sparse is not None and cls in (sparse.csr_matrix, sparse.csc_matrix):
        return ("csr" if cls is sparse.csr_matrix else "csc"), X
    module, name = cls.__module__.partition(".")[0], cls.__name__
    if name == "DataFrame" and module in ("pandas", "polars"):
        return module, X
    if module == "pyarrow" and name == "Table":
        return "arrow", X
    columns = sys.modules.get("fastcore.columns")
    if columns is not None and isinstance(X, columns.Columns):
        return "columns", X
    if cls is list or cls is tuple:
        return ("rows" if X and as_mapping(X[0]) is not None else "lists"), X
    if isinstance(X, (np.ndarray, dict)):
        arrays = arrays_by_name(X)
        return ("other", X) if arrays is None else ("named", arrays)
    if module == "pyarrow" and name == "RecordBatch":
        return "arrow", sys.modules["pyarrow"].Table.from_batches([X])
    if _is_stream(X):
        from .columns import Columns

        try:
            return "columns", Columns.from_arrow(X)
        except (TypeError, ValueError):
            return "other", X
    return "other", X


def _is_stream(X: Any) -> bool:
    """Arrow data of a library that scikit-learn does not know as a frame."""
    if isinstance(X, type) or hasattr(X, "__array__"):
        return False
    return hasattr(X, "__arrow_c_stream__") or hasattr(X, "__arrow_c_array__")


# ---- Sparse matrices --------------------------------------------------------------------------


def sparse_parts(X: Any, columns: int) -> tuple[str, Any] | None:
    """The dtype of a matrix of so many columns, and its three vectors by rows."""
    if X.ndim != 2 or X.shape[1] != columns or X.dtype.kind not in "biuf":
        return None
    if X.indices.dtype != np.int32 or X.indptr.dtype != np.int32 or X.dtype == np.float16:
        return None
    rows = X.tocsr()
    return X.dtype.str, (rows.data, rows.indices, rows.indptr)


# ---- Names ------------------------------------------------------------------------------------


def labels_of(given: list[Any], recipe: Recipe, used: set[int], by_name: bool) -> list[Any] | None:
    """The label of each fitted column in a frame of these columns.

    None if the frame is not read as it was fitted, without error or warning.
    """
    if len(set(given)) != len(given):
        return None
    names = recipe.names
    if names is None:  # fitted without names: by position, if the frame has no names either
        whole = len(given) == recipe.columns
        return given if whole and all(isinstance(n, (int, np.integer)) for n in given) else None
    if len(set(names)) != len(names):
        return None
    if given == names:
        return names
    if not by_name or not all(type(name) is str for name in given):
        return None
    there = set(given)
    return names if all(names[i] in there for i in used) else None


def has(row: Any, names: tuple[str, ...]) -> bool:
    """Whether a row has these keys; one without keys has all, in their order."""
    return not names or not isinstance(row, dict) or all(name in row for name in names)


# ---- What the columns hold --------------------------------------------------------------------


def frame_names(X: Any, container: str) -> list[Any]:
    if container == "named":
        return list(X)
    if container == "columns":
        return list(X.names)
    return list(X.column_names) if container == "arrow" else list(X.columns)


def frame_tags(X: Any, container: str, labels: list[Any], given: list[Any]) -> tuple[str, ...]:
    """The tag of each fitted column; ``object`` for those that are not there."""
    if container == "pandas":
        tags = [pandas_tag(dtype) for dtype in X.dtypes]
    elif container == "polars":
        tags = [polars_tag(dtype) for dtype in X.dtypes]
    elif container == "named":
        tags = [named_tag(array.dtype) for array in X.values()]
    else:
        tags = [arrow_tag(field.type) for field in X.schema]
    if given == labels:
        return tuple(tags)
    by_name = dict(zip(given, tags, strict=True))
    return tuple(by_name.get(label, "object") for label in labels)


# ---- Columns as vectors -----------------------------------------------------------------------


def documents(X: Any, container: str, label: Any) -> Any | None:
    """A column of texts as Python's own."""
    if container == "columns":
        values = np.asarray(X[label])
        return values if values.dtype.kind == "O" else None
    column = X.column(label) if container == "arrow" else X[label]
    if container == "named":
        array = np.asarray(column, dtype=object)
        return array if array.ndim == 1 else None
    if container == "pandas":
        return column.astype(object).to_numpy()
    return column.to_list() if container == "polars" else column.to_pylist()


COLUMN: dict[str, Callable[[Any, Any, Lowered, int], np.ndarray | None]] = {
    "pandas": pandas_column,
    "polars": polars_column,
    "arrow": arrow_column,
    "columns": columns_column,
    "named": named_column,
}


def frame_vectors(
    X: Any, container: str, labels: list[Any], lowered: Lowered, whole: bool
) -> Any | None:
    """All sources of a frame: one matrix where it holds one dtype, else a vector each; Columns that
    C reads by itself are left as they are."""
    if container == "columns" and lowered.program.reads(X):
        return X
    plain = not any(s.table is not None or s.text for s in lowered.sources)
    if container == "pandas" and whole and plain:
        dtypes = X.dtypes
        first = dtypes.iloc[0]
        if isinstance(first, np.dtype) and first.kind in "biuf" and (dtypes == first).all():
            return array_vectors(X.to_numpy(), lowered)
    read = COLUMN[container]
    vectors = []
    for which, source in enumerate(lowered.sources):
        if source.text:
            vector = documents(X, container, labels[source.column])
        else:
            vector = read(X, labels[source.column], lowered, which)
        if vector is None:
            return None
        vectors.append(vector)
    return tuple(vectors)


# ---- Memory order -----------------------------------------------------------------------------


def in_fortran_order(X: Any, vectors: Any, container: str, order: str) -> bool:
    """Whether scikit-learn's output lies so; ``order`` is the program's."""
    if order == "CC":
        return False
    matrix = X if container == "array" else vectors
    if isinstance(matrix, np.ndarray):
        # NumPy's copies keep the order of the strides.
        rows, columns = (abs(stride) for stride in matrix.strides)
        return order[min(matrix.shape) > 1 and rows < columns] == "F"
    by_columns = container in ("pandas", "named", "polars")
    if container == "pandas" and _rows_first(vectors):
        by_columns = False
    return order[by_columns] == "F"


def unfit(lowered: Lowered, vectors: Any) -> bool:
    """Whether arrays lie so that the original does something else with them."""
    given = vectors if isinstance(vectors, tuple) else (vectors,)
    arrays = [a for a in given if isinstance(a, np.ndarray)]
    if lowered.fills and any(a.dtype.kind == "f" and a.flags.f_contiguous for a in arrays):
        return True
    return lowered.forward and any(min(a.strides, default=0) < 0 for a in arrays)


def _rows_first(vectors: tuple[np.ndarray, ...]) -> bool:
    """Whether columns of a frame lie in one matrix in C's order, as pandas 2 leaves it."""
    wide = [v for v in vectors if abs(v.strides[0]) > v.itemsize]
    if len(wide) < 2 or wide[0].dtype != wide[1].dtype:
        return False
    first, second = (v.__array_interface__["data"][0] for v in wide[:2])
    return bool(abs(first - second) < abs(wide[0].strides[0]))
