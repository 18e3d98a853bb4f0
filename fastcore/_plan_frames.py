"""The frames that plans make, as ``set_output`` asks for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from ._lowering import Lowered

#: From here on float64 does not know each integer.
INEXACT = 2.0**53


def make(
    lowered: Lowered,
    values: np.ndarray | None,
    X: Any,
    container: str,
    fitted: list[str] | None,
    fortran: bool,
) -> Any:
    """The frame of a program's output, or None where only the original can tell.

    ``values`` are the computed columns together (None if there are none). X is what was given,
    perhaps in another order than columns of the names ``fitted``. ``fortran``: what was computed
    lies so in a frame of pandas' (which puts it so where it copies).
    """
    out = lowered.frame
    assert out is not None
    names = out.framed.names
    parts: list[tuple[Any, Any]] = []  # an array, or the number of an input column
    for first, last, dtype in out.slots:
        if dtype is None:
            parts.append((None, first))
            continue
        assert values is not None
        block = values[:, first:last]
        if dtype != values.dtype:
            integers = dtype.kind in "iu" and values.dtype.kind == "f"
            if integers and not (np.abs(block) < INEXACT).all():
                return None
            block = block.astype(dtype)
        parts.append((block, 0))
    if out.framed.kind == "polars":
        return _polars(parts, names or ())
    if container != "pandas":
        if any(block is None for block, _ in parts):
            return None
        return _pandas(parts, list(X) if names is None else names, None, None, fortran)
    labels = X.columns if names is None else names
    if fitted is not None:
        # Names that the frame does not have are of columns that nothing reads.
        parts = [
            (block, column if block is not None else X.columns.get_loc(fitted[column]))
            for block, column in parts
        ]
    if len(parts) > 1 and lowered.order != "FF" and all(block is None for block, _ in parts):
        # Chosen at once, as pandas' own memory: each by itself would be a block of its own.
        parts = [(None, [column for _, column in parts])]
    return _pandas(parts, labels, X, X.index if out.framed.indexed else None, fortran)


def _pandas(parts: list[tuple[Any, Any]], labels: Any, X: Any, index: Any, fortran: bool) -> Any:
    import pandas as pd

    made = []
    for block, column in parts:
        if block is not None:
            made.append(pd.DataFrame(block, index=index, copy=None if fortran else False))
        else:
            made.append(X.iloc[:, column if isinstance(column, list) else [column]])
    frame = made[0] if len(made) == 1 else pd.concat(made, axis=1)
    frame.columns = np.array(labels, dtype=object) if isinstance(labels, tuple) else labels
    return frame


def _polars(parts: list[tuple[Any, Any]], names: tuple[str, ...]) -> Any:
    import polars as pl

    if len(parts) == 1:
        return pl.DataFrame(parts[0][0], schema=list(names), orient="row")
    columns = [block[:, j] for block, _ in parts for j in range(block.shape[1])]
    return pl.DataFrame([pl.Series(n, c) for n, c in zip(names, columns, strict=True)])
