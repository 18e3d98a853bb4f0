"""Rows (mappings, pydantic models, dataclass instances) and arrays by name: what they stand for."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np


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


# ---- What the original is given instead --------------------------------------------------------


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
            except (TypeError, ValueError, OverflowError):
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


def frame_of_arrays(
    arrays: Mapping[str, Any], recipe_names: list[str] | None, roles: dict[int, str]
) -> Any:
    """The DataFrame of arrays by name; a missing text is what it was when the column was fitted."""
    import pandas as pd

    frame = pd.DataFrame(dict(arrays))
    for index, name in enumerate(recipe_names or ()):
        role = roles.get(index)
        if role in ("nan", "none") and name in frame.columns:
            frame[name] = _text_column(list(arrays[name]), role)
    return frame
