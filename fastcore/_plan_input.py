"""Reading what ``Plan.transform`` is given: which container it is, what its columns hold, and each
column as a vector that a program takes.

Everything here answers None where it isn't certain; the caller then asks the original.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ._lowering import Lowered, Source
from ._plan_tree import Recipe

#: Texts of fewer rows are looked up one by one; Arrow's kernels have a price to begin with.
ARROW_ROWS = 64


def container_of(X: Any) -> str:
    """``array pandas polars arrow columns rows``, or ``other``: exact types only."""
    cls = type(X)
    if cls is np.ndarray:
        return "array"
    module = cls.__module__.partition(".")[0]
    name = cls.__name__
    if module == "pandas" and name == "DataFrame":
        return "pandas"
    if module == "polars" and name == "DataFrame":
        return "polars"
    if module == "pyarrow" and name == "Table":
        return "arrow"
    columns = sys.modules.get("fastcore.columns")
    if columns is not None and isinstance(X, columns.Columns):
        return "columns"
    if cls is list and X and as_mapping(X[0]) is not None:
        return "rows"
    return "other"


def as_mapping(row: Any) -> Mapping[str, Any] | None:
    """A row's fields by name: of a mapping, a pydantic model or a dataclass instance."""
    if isinstance(row, dict):
        return row
    if isinstance(row, type):
        return None
    if hasattr(type(row), "model_fields") and hasattr(row, "__dict__"):
        fields: dict[str, Any] = row.__dict__
        extra = getattr(row, "__pydantic_extra__", None)
        return {**fields, **extra} if extra else fields
    if dataclasses.is_dataclass(row):
        return {f.name: getattr(row, f.name) for f in dataclasses.fields(row)}
    if isinstance(row, Mapping):
        return dict(row)
    return None


# ---- Names ------------------------------------------------------------------------------------


def names_match(given: list[Any], recipe: Recipe, used: set[int], by_name: bool) -> bool:
    """Whether a frame of these columns is read as it was fitted, without error or warning."""
    if recipe.names is None or len(set(recipe.names)) != len(recipe.names):
        return False
    if given == recipe.names:
        return True
    if not by_name or not all(type(name) is str for name in given):
        return False
    there = set(given)
    return len(there) == len(given) and all(recipe.names[i] in there for i in used)


# ---- What the columns hold --------------------------------------------------------------------


def array_tags(X: np.ndarray, columns: int) -> tuple[str, ...] | None:
    if X.ndim != 2 or X.shape[1] != columns or not X.dtype.isnative:
        return None
    if X.dtype.kind in "OU":
        return ("text" if X.dtype.kind == "O" else "category",) * columns
    tag = number_tag(X.dtype)
    return None if tag is None else (tag,) * columns


def number_tag(dtype: np.dtype[Any]) -> str | None:
    if dtype.kind in "biu" or dtype in (np.float64, np.float32):
        return dtype.str if dtype.isnative else None
    return None


def pandas_tag(dtype: Any) -> str:
    """``object`` stands for what nothing native reads."""
    if isinstance(dtype, np.dtype):
        return "text" if dtype.kind == "O" else number_tag(dtype) or "object"
    name = type(dtype).__name__
    if name == "StringDtype":
        na = getattr(dtype, "na_value", None)
        return "text" if isinstance(na, float) else "object"
    if name == "CategoricalDtype" and all(type(c) is str for c in dtype.categories):
        return "category"
    return "object"


_POLARS = {
    "Float64": "<f8",
    "Float32": "<f4",
    "Int64": "<i8",
    "Int32": "<i4",
    "Int16": "<i2",
    "Int8": "|i1",
    "UInt64": "<u8",
    "UInt32": "<u4",
    "UInt16": "<u2",
    "UInt8": "|u1",
    "Boolean": "|b1",
    "String": "text",
    "Categorical": "category",
    "Enum": "category",
}
_ARROW = {
    "double": "<f8",
    "float": "<f4",
    "int64": "<i8",
    "int32": "<i4",
    "int16": "<i2",
    "int8": "|i1",
    "uint64": "<u8",
    "uint32": "<u4",
    "uint16": "<u2",
    "uint8": "|u1",
    "bool": "|b1",
    "string": "text",
    "large_string": "text",
    "string_view": "text",
}


def frame_names(X: Any, container: str) -> list[Any]:
    if container == "pandas":
        return list(X.columns)
    return list(X.columns) if container == "polars" else list(X.column_names)


def frame_tags(X: Any, container: str, names: list[str], given: list[Any]) -> tuple[str, ...]:
    """The tag of each fitted column; ``object`` for those that are not there."""
    if container == "pandas":
        tags = [pandas_tag(dtype) for dtype in X.dtypes]
    elif container == "polars":
        tags = [_POLARS.get(type_name(dtype), "object") for dtype in X.dtypes]
    else:
        tags = [_ARROW.get(str(field.type), "object") for field in X.schema]
    if given == names:
        return tuple(tags)
    by_name = dict(zip(given, tags, strict=True))
    return tuple(by_name.get(name, "object") for name in names)


def type_name(dtype: Any) -> str:
    """A polars dtype is a class or an instance."""
    return dtype.__name__ if isinstance(dtype, type) else type(dtype).__name__


# ---- Columns as vectors -----------------------------------------------------------------------


def text_codes(lowered: Lowered, which: int, texts: Any) -> np.ndarray | None:
    """Codes of a vector of objects."""
    values = np.empty(len(texts), dtype=object)
    values[:] = texts
    return lowered.program.codes(which, values)


def arrow_codes(source: Source, texts: Any, null_code: int) -> np.ndarray | None:
    """Codes of an Arrow array of texts, by Arrow's own hash table."""
    import pyarrow as pa
    import pyarrow.compute as pc

    table = source.table
    assert table is not None
    if isinstance(texts, pa.ChunkedArray):
        texts = texts.combine_chunks()
        if isinstance(texts, pa.ChunkedArray):
            texts = pa.concat_arrays(texts.chunks)
    texts = texts.cast(pa.large_string())
    known = pa.array(list(table), type=pa.large_string())
    found = pc.fill_null(pc.index_in(texts, value_set=known, skip_nulls=True), -1)
    codes = np.array(found.to_numpy(zero_copy_only=False), dtype=np.int32)
    if len(table) and list(table.values()) != list(range(len(table))):
        codes = np.append(np.array(list(table.values()), dtype=np.int32), np.int32(-1))[codes]
    if texts.null_count:
        codes[pc.is_null(texts).to_numpy(zero_copy_only=False)] = null_code
    return codes


def dictionary_codes(
    lowered: Lowered, which: int, texts: list[str], codes: np.ndarray, null_code: int
) -> np.ndarray | None:
    """The dictionary is looked up once; then codes are gathered. -1 is null."""
    known = text_codes(lowered, which, texts)
    if known is None:
        return None
    gathered: np.ndarray = np.append(known, np.int32(null_code))[codes]
    return gathered


def pandas_column(X: Any, name: str, lowered: Lowered, which: int) -> np.ndarray | None:
    column = X[name]
    source = lowered.sources[which]
    if source.table is None:
        return np.asarray(column.to_numpy())
    if type(column.dtype).__name__ == "CategoricalDtype":
        codes = column.cat.codes.to_numpy()
        texts = list(column.cat.categories)
        return dictionary_codes(lowered, which, texts, codes, source.nan_code)
    if type(column.dtype).__name__ == "StringDtype":
        if len(column) >= ARROW_ROWS and column.dtype.storage == "pyarrow":
            import pyarrow as pa

            return arrow_codes(source, pa.array(column.array), source.nan_code)
        column = column.astype(object)
    return lowered.program.codes(which, column.to_numpy())


def polars_column(X: Any, name: str, lowered: Lowered, which: int) -> np.ndarray | None:
    column = X[name]
    source = lowered.sources[which]
    if source.table is None:
        values = column.to_numpy()
        return (
            None
            if column.null_count() and values.dtype != column.head(0).to_numpy().dtype
            else values
        )
    if type_name(column.dtype) != "String":
        column = column.cast(sys.modules["polars"].String)
    if len(column) >= ARROW_ROWS and "pyarrow" in sys.modules:
        return arrow_codes(source, column.to_arrow(), source.none_code)
    return text_codes(lowered, which, column.to_list())


def arrow_column(X: Any, name: str, lowered: Lowered, which: int) -> np.ndarray | None:
    column = X.column(name)
    source = lowered.sources[which]
    if source.table is not None:
        return arrow_codes(source, column, source.none_code)
    if column.null_count and str(column.type) not in ("double", "float"):
        return None
    return np.asarray(column.to_numpy())


def columns_column(X: Any, name: str, lowered: Lowered, which: int) -> np.ndarray | None:
    """A column of fastcore's own Columns: null is what missing was at fit."""
    source = lowered.sources[which]
    values = np.asarray(X[name])
    texts = X.categories(name)
    if source.table is not None:
        if texts is not None:
            return dictionary_codes(lowered, which, list(texts), values, source.none_code)
        return lowered.program.codes(which, values) if values.dtype.kind == "O" else None
    if texts is not None or values.ndim != 1 or number_tag(values.dtype) is None:
        return None
    valid = X.valid(name)
    if valid is not None and values.dtype.kind != "f" and not valid.all():
        values = np.where(valid, values, np.nan)
    return values


COLUMN: dict[str, Callable[[Any, str, Lowered, int], np.ndarray | None]] = {
    "pandas": pandas_column,
    "polars": polars_column,
    "arrow": arrow_column,
    "columns": columns_column,
}


def frame_vectors(
    X: Any, container: str, names: list[str], lowered: Lowered, whole: bool
) -> Any | None:
    """All sources of a frame: one matrix where it holds one dtype, else a vector each."""
    if container == "pandas" and whole and not any(s.table is not None for s in lowered.sources):
        dtypes = X.dtypes
        first = dtypes.iloc[0]
        if isinstance(first, np.dtype) and (dtypes == first).all():
            return X.to_numpy()
    read = COLUMN[container]
    vectors = []
    for which, source in enumerate(lowered.sources):
        vector = read(X, names[source.column], lowered, which)
        if vector is None:
            return None
        vectors.append(vector)
    return tuple(vectors)


def array_vectors(X: np.ndarray, lowered: Lowered) -> Any | None:
    """A matrix of numbers is read where it is; texts are looked up column by column."""
    if X.dtype.kind not in "OU":
        return X
    vectors = []
    for which, source in enumerate(lowered.sources):
        if source.table is None:
            return None
        codes = lowered.program.codes(which, X[:, source.column].astype(object))
        if codes is None:
            return None
        vectors.append(codes)
    return tuple(vectors)


# ---- What the original is given instead of rows and Columns -----------------------------------


def frame_of_rows(
    rows: Sequence[Any], recipe_names: list[str] | None, roles: dict[int, str]
) -> Any:
    """The DataFrame that rows stand for: each fitted column with its fitted dtype.

    A key that no row has is a column that isn't there; one that some rows have is missing in the
    others.
    """
    import pandas as pd

    maps = [as_mapping(row) for row in rows]
    if any(m is None for m in maps):
        raise TypeError("rows: expected mappings, pydantic models or dataclass instances only")
    frame = pd.DataFrame(maps)
    if recipe_names is None:
        return frame
    for index, name in enumerate(recipe_names):
        if name not in frame.columns:
            continue
        values = [m.get(name, np.nan) for m in maps if m is not None]
        role = roles.get(index)
        if role == "number":
            try:
                frame[name] = pd.Series(values, dtype="float64")
            except (TypeError, ValueError):
                frame[name] = pd.Series(values, dtype=object)
        elif role is not None:
            frame[name] = _text_column(values, role)
        elif all(value is None for value in values):
            # Nothing tells numbers from texts; in a longer batch pandas makes NaN of either's None.
            frame[name] = pd.Series(np.nan, index=frame.index)
    return frame


def _text_column(values: list[Any], missing: str) -> Any:
    """nan for None where the pipeline was fitted on nan, as pandas' own texts have it."""
    import pandas as pd

    if missing == "nan":
        values = [np.nan if v is None else v for v in values]
    return pd.Series(values, dtype=object)
