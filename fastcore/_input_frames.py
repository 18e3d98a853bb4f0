"""Reading pandas and polars DataFrames."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from ._input_arrays import as_numbers, number_tag, object_vector
from ._input_arrow import ARROW_ROWS, arrow_codes, arrow_tag, dictionary_codes, text_codes
from ._lowering import Lowered

# ---- pandas -----------------------------------------------------------------------------------


def pandas_tag(dtype: Any) -> str:
    """``object`` stands for what nothing native reads."""
    if isinstance(dtype, np.dtype):
        number = number_tag(dtype) if dtype.isnative else None
        return "text" if dtype.kind == "O" else number or "object"
    name = type(dtype).__name__
    if name == "StringDtype":
        return "text" if isinstance(getattr(dtype, "na_value", None), float) else "natext"
    if name == "CategoricalDtype":
        categories = dtype.categories
        if categories.dtype.kind in "iuf":
            return "number"
        return "category" if all(type(c) is str for c in categories) else "object"
    if name == "ArrowDtype":
        tag = arrow_tag(dtype.pyarrow_dtype)
        return (
            "natext" if tag in ("text", "category") else "object" if tag == "object" else "number"
        )
    # Int64, Float32, boolean and so on.
    return "number" if getattr(dtype, "kind", "O") in "iufb" and name in _NULLABLE else "object"


_NULLABLE = {"BooleanDtype", "Float32Dtype", "Float64Dtype"} | {
    f"{sign}Int{bits}Dtype" for sign in ("", "U") for bits in (8, 16, 32, 64)
}


def pandas_column(X: Any, name: Any, lowered: Lowered, which: int) -> np.ndarray | None:
    column = X[name]
    source = lowered.sources[which]
    kind = type(column.dtype).__name__
    if kind == "CategoricalDtype":
        codes, categories = column.cat.codes.to_numpy(), column.cat.categories
        if source.table is not None:
            return dictionary_codes(lowered, which, list(categories), codes, source.nan_code)
        if categories.dtype.kind != "f" and column.hasnans:
            return None  # beside other integers pandas makes integers of NaN
        known = as_numbers(categories.to_numpy(), source)
        return None if known is None else np.append(known.astype(np.float64), np.nan)[codes]
    if source.table is None:
        if isinstance(column.dtype, np.dtype):
            return as_numbers(np.asarray(column.to_numpy()), source)
        if pandas_tag(column.dtype) == "number":
            return np.asarray(column.to_numpy(dtype=np.float64, na_value=np.nan))
        return as_numbers(column.to_numpy(dtype=object), source)
    if not isinstance(column.dtype, np.dtype):
        return _texts(column, lowered, which)
    return object_vector(column.to_numpy(), lowered, which)


def _texts(column: Any, lowered: Lowered, which: int) -> np.ndarray | None:
    """A column of one of pandas' own dtypes of texts."""
    source = lowered.sources[which]
    if not source.nulls and column.hasnans:
        return None
    arrow = getattr(column.dtype, "storage", "pyarrow") == "pyarrow"
    if arrow and (len(column) >= ARROW_ROWS or type(column.dtype).__name__ == "ArrowDtype"):
        import pyarrow as pa

        return arrow_codes(source, pa.array(column.array), source.nan_code)
    values = column.to_numpy(dtype=object)
    if column.hasnans:
        values = np.where(column.isna().to_numpy(), np.nan, values)
    return lowered.program.codes(which, values)


# ---- polars -----------------------------------------------------------------------------------

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


def polars_tag(dtype: Any) -> str:
    return _POLARS.get(type_name(dtype), "object")


def type_name(dtype: Any) -> str:
    """A polars dtype is a class or an instance."""
    return dtype.__name__ if isinstance(dtype, type) else type(dtype).__name__


def polars_column(X: Any, name: str, lowered: Lowered, which: int) -> np.ndarray | None:
    column = X[name]
    source = lowered.sources[which]
    if source.table is None:
        return None if not source.nulls and column.null_count() else as_numbers(column.to_numpy())
    text = type_name(column.dtype) == "String"
    if (len(column) >= ARROW_ROWS or not text) and "pyarrow" in sys.modules:
        return arrow_codes(source, column.to_arrow(), source.none_code)
    if not text:
        column = column.cast(sys.modules["polars"].String)
    return text_codes(lowered, which, column.to_list())
