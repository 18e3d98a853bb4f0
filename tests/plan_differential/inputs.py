"""What pipelines are fitted on and given: frames and arrays."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import make_dataclass
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import scipy.sparse as sp

from fastcore.columns import Columns

from .draw import Column, Draw, column

#: How many rows inputs have.
ROWS = [1, 1, 2, 5, 5, 20, 90]
DTYPES = ["f8", "f4", "i8", "i4", "i1", "u1", "?", "f2", ">f8", ">f4", "O", "U", "c16", "M8[s]"]


def columns_of(draw: Draw, groups: list[str], by_name: bool) -> list[Column]:
    count = draw.number(1, 6)
    return [
        column(draw, f"{draw.choice('abcü')}{i}" if by_name else i, draw.choice(groups))
        for i in range(count)
    ]


# ---- Frames --------------------------------------------------------------------------------------


def frame(columns: list[Column], draw: Draw, rows: int, strange: float = 0.0) -> pd.DataFrame:
    return pd.DataFrame({each.name: each.values(draw, rows, strange) for each in columns})


def as_polars(made: pd.DataFrame) -> Any:
    """In polars, as far as it knows how."""
    columns = {}
    for name in made.columns:
        values = made[name]
        if values.dtype in (np.float16, np.complex128):
            values = values.to_numpy().real.astype(np.float32)
            columns[str(name)] = pl.Series(values)
        elif values.dtype == object:
            held = [None if value is pd.NA or value is pd.NaT else value for value in values]
            columns[str(name)] = pl.Series(held, strict=False)
        else:
            columns[str(name)] = pl.from_pandas(values, nan_to_null=False)
    return pl.DataFrame(columns)


def _reindexed(made: pd.DataFrame, draw: Draw) -> pd.DataFrame:
    rows = len(made)
    index = draw.choice(
        [
            pd.RangeIndex(5, 5 + rows),
            pd.Index([f"r{i % 3}" for i in range(rows)], name="id"),
            pd.date_range("2024-01-01", periods=rows),
            pd.MultiIndex.from_arrays([range(rows), [0] * rows]),
        ]
    )
    return made.set_axis(index, axis=0)


def _with_infinity(made: pd.DataFrame, draw: Draw) -> pd.DataFrame:
    floats = [name for name in made.columns if made[name].dtype in (np.float64, np.float32)]
    if floats and len(made):
        made.iloc[draw.number(0, len(made) - 1), made.columns.get_loc(draw.choice(floats))] = (
            draw.choice([np.inf, -np.inf, np.nan])
        )
    return made


def _renamed(made: pd.DataFrame, draw: Draw) -> Any:
    names = list(made.columns)
    how = draw.choice(["order", "extra", "less", "other", "twice", "number", "none"])
    if how == "order":
        return made[draw.some(names, len(names), len(names))]
    if how == "extra":
        return made.assign(**{f"extra{i}": 1 for i in range(draw.number(1, 2))})
    if how == "less":
        return made.drop(columns=draw.choice(names))
    if how == "other":
        return made.rename(columns={draw.choice(names): "another"})
    if how == "twice":
        return pd.concat([made, made[[draw.choice(names)]]], axis=1)
    if how == "number":
        return made.rename(columns={draw.choice(names): 7})
    return made.set_axis(range(len(names)), axis=1)


def _other_kinds(columns: list[Column], draw: Draw) -> list[Column]:
    places = draw.some(range(len(columns)), 1, 2)
    return [each.other(draw) if i in places else each for i, each in enumerate(columns)]


def frame_variant(columns: list[Column], polars: bool, draw: Draw) -> Any:
    """An input for what was fitted on a frame."""
    how = draw.choice(
        ["same"] * 3
        + ["unknown"] * 2
        + ["kinds"] * 3
        + ["infinity", "names", "index", "other library", "array", "none", "rows", "named", "rows"]
        + ["structured", "arrow", "columns", "models", "F", "keys"]
    )
    if how == "kinds":
        columns = _other_kinds(columns, draw)
    rows = 0 if how == "none" else draw.choice(ROWS)
    made = frame(columns, draw, rows, 0.2 if how == "unknown" else 0.0)
    if how == "infinity":
        made = _with_infinity(made, draw)
    if how == "names":
        made = _renamed(made, draw)
    if how == "index":
        made = _reindexed(made, draw)
    if how == "array":
        return made.to_numpy()
    if how == "rows":
        return as_rows(made)
    if how == "named":
        return {str(name): made[name].to_numpy() for name in made.columns}
    if how in FORMS:
        with suppress(TypeError, ValueError, pa.ArrowException, NotImplementedError):
            return FORMS[how](made)
    if how == "keys":
        return [{k: v for k, v in row.items() if draw.chance(0.9)} for row in as_rows(made)]
    if polars != (how == "other library") and made.columns.is_unique:
        return as_polars(made)
    return made


def as_rows(made: pd.DataFrame) -> list[dict[str, Any]]:
    """As a request has them: Python's values, None for what is missing."""
    held = made.astype(object)
    held = held.where(~made.isna(), None)
    return [
        {str(name): _python(value) for name, value in row.items()}
        for row in held.to_dict("records")
    ]


def _models(made: pd.DataFrame) -> list[Any]:
    kind = make_dataclass("Model", [str(name) for name in made.columns])
    return [kind(**row) for row in as_rows(made)]


def _fortran(made: pd.DataFrame) -> pd.DataFrame:
    """Of one dtype, and laid by rows or by columns."""
    order = "F" if len(made) % 2 else "C"
    values = made.to_numpy(dtype=np.float64, na_value=np.nan).copy(order=order)
    return pd.DataFrame(values, columns=made.columns, copy=False)


#: Other containers of the same columns.
FORMS: dict[str, Callable[[pd.DataFrame], Any]] = {
    "structured": lambda made: made.to_records(index=False).view(np.ndarray),
    "arrow": pa.Table.from_pandas,
    "columns": lambda made: Columns.from_rows(as_rows(made)),
    "models": _models,
    "F": _fortran,
}


def _python(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


# ---- Arrays --------------------------------------------------------------------------------------


def laid(array: np.ndarray, draw: Draw) -> np.ndarray:
    """The same values in some order of memory."""
    how = draw.choice(["C", "C", "F", "strided", "backwards", "read only", "unaligned", "columns"])
    if how == "F":
        return np.asfortranarray(array)
    if how == "strided":
        return np.repeat(np.repeat(array, 2, axis=0), 3, axis=1)[::2, ::3]
    if how == "backwards":
        return np.ascontiguousarray(array[::-1])[::-1]
    if how == "columns":
        return np.ascontiguousarray(array[:, ::-1])[:, ::-1]
    if how == "unaligned" and array.dtype.kind not in "OU":
        raw = np.zeros(array.nbytes + 1, dtype=np.uint8)
        moved = raw[1:].view(array.dtype).reshape(array.shape)
        moved[...] = array
        return moved
    if how == "read only":
        array = array.copy()
        array.flags.writeable = False
    return array


def array(columns: list[Column], draw: Draw, rows: int, dtype: str, strange: float = 0.0) -> Any:
    made = frame(columns, draw, rows, strange)
    if dtype == "O":
        return made.to_numpy(dtype=object)
    with np.errstate(all="ignore"):
        try:
            wide = made.to_numpy(dtype=np.float64, na_value=np.nan)
            whole = np.dtype(dtype).kind in "iubM"
            return (np.clip(np.nan_to_num(wide), 0, 100) if whole else wide).astype(dtype)
        except (ValueError, TypeError):
            return made.to_numpy(dtype=object)


def array_variant(columns: list[Column], dtype: str, draw: Draw) -> Any:
    """An input for what was fitted on an array."""
    how = draw.choice(
        ["same"] * 4 + ["dtype"] * 4 + ["infinity", "shape", "lists", "frame", "sparse", "subclass"]
    )
    kind = draw.choice(DTYPES) if how == "dtype" else dtype
    made = array(columns, draw, draw.choice(ROWS), kind, draw.choice([0.0, 0.1]))
    if how == "infinity" and made.dtype.kind == "f":
        made[-1, -1] = draw.choice([np.inf, -np.inf, np.nan])
    if how == "shape":
        return draw.choice([made[:, :-1], np.hstack([made, made]), made[0], made[:0], made[None]])
    if how == "lists":
        return draw.choice([made.tolist(), tuple(map(tuple, made.tolist())), list(made)])
    if how == "frame":
        return pd.DataFrame(
            made, columns=draw.choice([None, [f"c{i}" for i in range(made.shape[1])]])
        )
    if how == "sparse" and made.dtype.kind in "fiub" and made.dtype.itemsize > 2:
        return draw.choice([sp.csr_matrix, sp.csc_matrix, sp.csr_array])(made)
    if how == "subclass":
        return draw.choice([lambda x: x.view(Kept), np.ma.masked_array])(made)
    return laid(made, draw)


class Kept(np.ndarray):
    """A subclass of arrays."""
