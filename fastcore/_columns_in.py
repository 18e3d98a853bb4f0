"""Rows, arrays and frames into what ``_core.Columns._build`` takes, and back.

A column on its way in is a pair of its specification ``(name, kind, items, nullable, utc, texts,
flags)`` and its data: a list of values (None is null), or a tuple of an array and a mask.
"""

import datetime
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from . import _core

# The order of `fc_column_kind`.
FLOAT64, FLOAT32, INT64, INT32, BOOL, CODE, STRING, TIME, OBJECT = range(9)
KIND_NAMES = "float64 float32 int64 int32 bool code str time object".split()
# The C enum of flags.
FLAG_LISTED, FLAG_DATE, FLAG_NESTED = 1, 2, 4

_DTYPES = ("float64", "float32", "int64", "int32", "bool", "int32", "", "datetime64[us]", "")
_INT64 = range(-(2**63), 2**63)

Spec: TypeAlias = tuple[str, int, int, bool, bool, tuple[str, ...] | None, int]
Column: TypeAlias = tuple[Spec, Any]


def split(columns: list[Column]) -> tuple[list[Spec], list[Any]]:
    """Specifications and data apart, as ``_build`` takes them."""
    return [spec for spec, _ in columns], [data for _, data in columns]


def _spec(
    name: str,
    kind: int,
    *,
    items: int | None = None,
    nullable: bool = False,
    utc: bool = False,
    texts: Iterable[str] | None = None,
    flags: int = 0,
) -> Spec:
    if items is not None:
        flags |= FLAG_LISTED
    whole = None if texts is None else tuple(texts)
    return (name, kind, 1 if items is None else items, nullable, utc, whole, flags)


# ---- values ----


def from_values(name: str, values: list[Any], flags: int = 0) -> Column:
    """A column whose kind is the narrowest that holds all values."""
    values = [v.item() if isinstance(v, np.generic) else v for v in values]
    present = [value for value in values if value is not None]
    nullable = len(present) < len(values)
    if present and all(isinstance(value, (list, tuple)) for value in present):
        kind = _kind_of([item for value in present for item in value])
        size = len(present[0])
        if (
            kind in (FLOAT64, INT64, BOOL)
            and size
            and all(len(value) == size for value in present)
            and not any(item is None for value in present for item in value)
        ):
            return _spec(name, kind, items=size, nullable=nullable, flags=flags), values
        return _spec(name, OBJECT, nullable=nullable, flags=flags), values
    kind = _kind_of(present)
    if kind == TIME:
        aware = {_is_aware(value) for value in present}
        dates = {not isinstance(value, datetime.datetime) for value in present}
        if len(aware) > 1 or len(dates) > 1:  # they have no order in common, so no column either
            return _spec(name, OBJECT, nullable=nullable, flags=flags), values
        flags |= FLAG_DATE if dates == {True} else 0
        return _spec(name, TIME, nullable=nullable, utc=aware == {True}, flags=flags), values
    return _spec(name, kind, nullable=nullable, flags=flags), values


def _is_aware(value: Any) -> bool:
    return isinstance(value, datetime.datetime) and value.utcoffset() is not None


def _kind_of(values: list[Any]) -> int:
    if all(isinstance(value, bool) for value in values):
        return BOOL if values else FLOAT64
    if any(isinstance(value, bool) for value in values):
        return OBJECT
    if all(isinstance(value, int) for value in values):
        return INT64 if all(value in _INT64 for value in values) else OBJECT
    if all(isinstance(value, (int, float)) for value in values):
        return FLOAT64
    if all(isinstance(value, str) for value in values):
        return STRING
    if all(isinstance(value, datetime.date) for value in values):
        return TIME
    return OBJECT


def from_rows(rows: Iterable[Mapping[str, Any]]) -> list[Column]:
    whole = list(rows)
    for i, row in enumerate(whole):
        if not isinstance(row, Mapping):
            raise TypeError(f"rows: expected mappings, got {type(row).__name__} at {i}")
    return _flatten(whole, "", 0)


def _flatten(rows: Sequence[Mapping[str, Any] | None], prefix: str, flags: int) -> list[Column]:
    names: dict[str, None] = {}
    for row in rows:
        if row is not None:
            names.update(dict.fromkeys(row))
    columns: list[Column] = []
    for name in names:
        if not isinstance(name, str):
            raise TypeError(f"rows: expected str as keys, got {name!r}")
        values = [None if row is None else row.get(name) for row in rows]
        if _is_record(name, values):
            columns += _flatten(values, f"{prefix}{name}.", FLAG_NESTED)
        else:
            columns.append(from_values(prefix + name, values, flags))
    return columns


def _is_record(name: str, values: list[Any]) -> bool:
    """Whether nested dicts can become columns and be put together again: no dot in any name."""
    present = [value for value in values if value is not None]
    keys = {key for value in present if isinstance(value, Mapping) for key in value}
    return (
        bool(keys)
        and "." not in name
        and all(isinstance(value, Mapping) for value in present)
        and all(isinstance(key, str) and "." not in key for key in keys)
    )


# ---- arrays ----


def from_numpy(arrays: Mapping[str, Any]) -> list[Column]:
    if not isinstance(arrays, Mapping):
        raise TypeError(f"arrays: expected a mapping of names to arrays, got {type(arrays)}")
    for name in arrays:
        if not isinstance(name, str):
            raise TypeError(f"arrays: expected str as names, got {name!r}")
    return [from_array(name, value) for name, value in arrays.items()]


def from_array(name: str, value: Any) -> Column:
    array = np.asanyarray(value)
    if array.ndim not in (1, 2) or (array.ndim == 2 and not array.shape[1]):
        raise ValueError(f"{name!r}: expected shape (n,) or (n, m) with m > 0, got {array.shape}")
    valid: Any = None
    if isinstance(array, np.ma.MaskedArray):
        mask = np.ma.getmaskarray(array)
        valid = ~mask if array.ndim == 1 else ~mask.any(axis=1)
        array = array.filled() if array.dtype.kind in "OUST" else np.asarray(array.data)
    if array.dtype.kind in "OUT":
        return _from_objects(name, array, valid)
    kind = _array_kind(name, array)
    array = np.ascontiguousarray(array, dtype=_DTYPES[kind])
    if not array.flags.aligned:
        array = array.copy()
    if kind == TIME:
        missing = np.isnat(array)
        missing = missing.any(axis=1) if array.ndim > 1 else missing
        if missing.any():
            valid = ~missing if valid is None else valid & ~missing
    items = array.shape[1] if array.ndim == 2 else None
    return _spec(name, kind, items=items, nullable=valid is not None), (array, valid)


def _from_objects(name: str, array: np.ndarray[Any, Any], valid: Any) -> Column:
    values: list[Any] = array.tolist()
    if array.dtype.kind == "T":  # StringDType: its missing value, if there is one, is no str
        values = [v if isinstance(v, str) else None for v in values]
    if valid is not None:
        values = [v if ok else None for v, ok in zip(values, valid.tolist(), strict=True)]
    if array.dtype.kind in "UT" and array.ndim == 1:
        return _spec(name, STRING, nullable=any(v is None for v in values)), values
    return from_values(name, values)


def _array_kind(name: str, array: np.ndarray[Any, Any]) -> int:
    dtype = array.dtype
    if dtype.kind == "b":
        return BOOL
    if dtype.kind == "f" and dtype.itemsize <= 8:
        return FLOAT64 if dtype.itemsize == 8 else FLOAT32
    if dtype.kind in "iu":
        if dtype.itemsize < 4 or (dtype.kind == "i" and dtype.itemsize == 4):
            return INT32
        if dtype.kind == "u" and dtype.itemsize == 8 and array.size and array.max() >= 2**63:
            raise ValueError(f"{name!r}: expected integers within the range of int64")
        return INT64
    if dtype.kind == "M":
        return TIME
    raise TypeError(f"{name!r}: expected bool, int, float, datetime64, text or object, got {dtype}")


# ---- pandas ----


def from_pandas(df: Any) -> list[Column]:
    if not (hasattr(df, "columns") and hasattr(df, "iloc")):
        raise TypeError(f"df: expected a pandas.DataFrame, got {type(df).__name__}")
    columns = []
    for i, name in enumerate(df.columns):
        if not isinstance(name, str):
            raise TypeError(f"df: expected str as column names, got {name!r}")
        columns.append(from_series(name, df.iloc[:, i]))
    return columns


def from_series(name: str, series: Any) -> Column:
    dtype = series.dtype
    if hasattr(series, "cat"):
        texts = list(series.cat.categories)
        if all(isinstance(text, str) for text in texts):
            codes = np.ascontiguousarray(series.cat.codes, dtype="int32")
            valid = None if (codes >= 0).all() else codes >= 0
            return _spec(name, CODE, nullable=valid is not None, texts=texts), (codes, valid)
        return from_series(name, series.astype(series.cat.categories.dtype))
    if isinstance(dtype, np.dtype) and dtype.kind != "O":
        return from_array(name, series.to_numpy())
    missing = series.isna().to_numpy(dtype=bool)
    kind = getattr(dtype, "kind", "O")
    if kind == "M":  # with a time zone
        utc = series.dt.tz is not None
        plain = series.dt.tz_convert("UTC").dt.tz_localize(None) if utc else series
        spec, data = from_array(name, plain.to_numpy(dtype="datetime64[us]"))
        return (*spec[:4], utc, *spec[5:]), data
    if kind in "biuf":
        target = {"b": "bool", "f": "float64"}.get(kind, "uint64" if kind == "u" else "int64")
        array = series.to_numpy(dtype=target, na_value=np.nan if kind == "f" else 0)
        spec, (array, _) = from_array(name, array)
        if not missing.any():
            return spec, (array, None)
        return (*spec[:3], True, *spec[4:]), (array, ~missing)
    if kind in "OU" or str(dtype) in ("str", "string"):
        values = series.astype(object).tolist()
        cells = [None if gone else v for v, gone in zip(values, missing.tolist(), strict=True)]
        if str(dtype) in ("str", "string"):
            return _spec(name, STRING, nullable=bool(missing.any())), cells
        return from_values(name, cells)
    raise TypeError(f"{name!r}: no column can hold the dtype {dtype}")


def to_series(columns: _core.Columns, spec: Spec, pandas: Any) -> Any:
    """A column as what goes into ``pandas.DataFrame``."""
    name, kind = spec[0], spec[1]
    array = columns[name]
    valid = columns.valid(name)
    if valid is not None and valid.all():
        valid = None
    if spec[6] & FLAG_LISTED:
        cells = np.empty(len(array), dtype=object)
        for i, row in enumerate(array):
            cells[i] = row if valid is None or valid[i] else None
        return cells
    if kind == CODE:
        return pandas.Categorical.from_codes(array, categories=columns.categories(name))
    if kind == STRING and int(pandas.__version__.split(".")[0]) >= 3:
        return pandas.Series(array, dtype="str")
    if kind == TIME and spec[4]:
        return pandas.Series(array).dt.tz_localize("UTC")
    if valid is None or kind not in (INT64, INT32, BOOL):
        return array.copy()
    if kind == BOOL:
        cells = array.astype(object)
        cells[~valid] = None
        return cells
    return np.where(valid, array, np.nan)


def times(array: np.ndarray[Any, Any], utc: bool, dates: bool) -> list[Any]:
    """datetime64[us] as ``datetime`` or ``date``, also inside of lists."""

    def convert(value: Any) -> Any:
        if isinstance(value, list):
            return [convert(item) for item in value]
        if not isinstance(value, datetime.datetime):  # None, or an int beyond the year 9999
            return value
        return value.date() if dates else value.replace(tzinfo=datetime.UTC) if utc else value

    return [convert(value) for value in array.tolist()]


# ---- whole columns ----


def part(columns: _core.Columns, name: str) -> Any:
    """What ``_build`` takes for this column."""
    array = columns[name]
    if array.dtype == object:
        return array.tolist()
    return array, columns.valid(name)


def present(columns: _core.Columns, name: str) -> np.ndarray[Any, Any]:
    """The cells of a column that are not null."""
    array, valid = columns[name], columns.valid(name)
    return array if valid is None else array[valid]


def _same(ours: Any, theirs: Any) -> bool:
    return ours is theirs or bool(ours == theirs)


def equal(a: _core.Columns, b: _core.Columns) -> bool:
    if a is b:
        return True
    if len(a) != len(b) or a.names != b.names:
        return False
    return all(_equal_column(a, x, b, y) for x, y in zip(a._specs, b._specs, strict=True))


def _equal_column(a: _core.Columns, x: Spec, b: _core.Columns, y: Spec) -> bool:
    name = x[0]
    if (x[1], x[2], x[4], x[6] & ~FLAG_NESTED) != (y[1], y[2], y[4], y[6] & ~FLAG_NESTED):
        return False
    ours, theirs = a[name], b[name]
    if x[1] in (STRING, OBJECT):
        return all(map(_same, ours.tolist(), theirs.tolist()))
    if x[1] == CODE and x[5] != y[5]:
        theirs = _recode(theirs, y[5] or (), {text: i for i, text in enumerate(x[5] or ())})
    everything = np.ones(len(a), dtype=bool)
    va, vb = a.valid(name), b.valid(name)
    va, vb = everything if va is None else va, everything if vb is None else vb
    if not np.array_equal(va, vb):
        return False
    return np.array_equal(ours[va], theirs[va], equal_nan=x[1] in (FLOAT64, FLOAT32, TIME))


def _recode(codes: Any, texts: tuple[str, ...], index: dict[str, int]) -> Any:
    """Codes of one dictionary as codes of another; -2 for a text that is not in it, -1 stays."""
    table = np.array([*(index.get(text, -2) for text in texts), -1], dtype=np.int32)
    return table[codes]


def concat(parts: list[Any]) -> tuple[list[Spec], list[Any]]:
    for i, columns in enumerate(parts):
        if not isinstance(columns, _core.Columns):
            raise TypeError(f"parts: expected Columns, got {type(columns).__name__} at {i}")
    if not parts:
        raise ValueError("parts: expected at least one Columns")
    first = parts[0]
    for i, columns in enumerate(parts):
        if columns.names != first.names:
            raise ValueError(
                f"parts: expected the columns {first.names} at {i} as well, got {columns.names}"
            )
    specs, data = [], []
    for group in zip(*(columns._specs for columns in parts), strict=True):
        spec, cells = _concat_column(parts, group)
        specs.append(spec)
        data.append(cells)
    return specs, data


def _concat_column(parts: list[_core.Columns], group: tuple[Spec, ...]) -> Column:
    spec = group[0]
    name, kind = spec[0], spec[1]
    for i, other in enumerate(group):
        if (other[1], other[2], other[4], other[6]) != (kind, spec[2], spec[4], spec[6]):
            raise ValueError(
                f"parts: column {name!r} is {KIND_NAMES[kind]}[{spec[2]}] at 0 and "
                f"{KIND_NAMES[other[1]]}[{other[2]}] at {i}, or differs in its time zone"
            )
    nullable = any(other[3] for other in group)
    texts = spec[5]
    arrays = [columns[name] for columns in parts]
    if kind == CODE:
        index: dict[str, int] = {}
        for other in group:
            for text in other[5] or ():
                index.setdefault(text, len(index))
        texts = tuple(index)
        arrays = [
            _recode(array, other[5] or (), index)
            for array, other in zip(arrays, group, strict=True)
        ]
    whole: Spec = (name, kind, spec[2], nullable, spec[4], texts, spec[6])
    if kind in (STRING, OBJECT):
        return whole, [cell for array in arrays for cell in array.tolist()]
    if not nullable:
        return whole, (np.concatenate(arrays), None)
    masks = [columns.valid(name) for columns in parts]
    valid = [
        np.ones(len(columns), dtype=bool) if mask is None else mask
        for columns, mask in zip(parts, masks, strict=True)
    ]
    return whole, (np.concatenate(arrays), np.concatenate(valid))
