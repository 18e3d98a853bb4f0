"""Lowering of frames, in which each column has its own dtype, and of weights."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ._lower_values import (
    CSR,
    FLOAT32,
    FLOAT64,
    NO_NUMBERS,
    Framed,
    FrameOut,
    NotLowered,
    Piece,
    Value,
    order_of,
    panel_type,
    together,
)
from ._plan_tree import Frame

if TYPE_CHECKING:
    from ._lowering import Lowering


def side_by_side(low: Lowering, results: list[Value], frame: Frame) -> Value:
    """Frames as one, in which each column keeps its dtype."""
    frames = [result.frame for result in results if result.frame is not None]
    if {each.kind for each in frames} != {frame.kind}:
        raise NotLowered("frames of several libraries")
    if len({each.indexed for each in frames}) > 1:
        raise NotLowered("frames of several indexes")
    framed = Framed(frame.kind, frame.names, frames[0].indexed)
    if all(result.columns is not None for result in results):
        columns = tuple(c for result in results for c in result.columns or ())
        return Value(columns=columns, order="FF", frame=framed)
    pieces = tuple(piece for result in results for piece in columns_of(low, result))
    return Value(pieces=pieces, order="FF", frame=framed)


def columns_of(low: Lowering, value: Value) -> tuple[Piece, ...]:
    """The columns of a frame, untouched ones by themselves."""
    if value.columns is None:
        return value.pieces
    pieces: list[Piece] = []
    for column in value.columns:
        if column.tag == "auto":
            pieces += low.arrays(Value(columns=(column,)))
        elif column.fill is not None or low.container != "pandas":
            raise NotLowered("untouched columns of such a frame")
        else:
            known = column.tag not in NO_NUMBERS and column.tag != "number"
            dtype = np.dtype(column.tag if known else object)
            pieces.append(Piece(0, 1, dtype, column=column))
    return tuple(pieces)


def select_apart(low: Lowering, value: Value, which: list[int], frame: Framed | None) -> Value:
    """The same of a frame whose columns have several dtypes."""
    at = [(piece, j) for piece in value.pieces for j in range(piece.width)]
    chosen = [at[i] for i in which]
    columns = tuple(piece.column for piece, _ in chosen if piece.column is not None)
    if len(columns) == len(chosen):
        return Value(columns=columns, order="FF", frame=frame)
    pieces = []
    for piece, j in chosen:
        if piece.column is None:
            panel = low.join((piece,), [j], panel_type(piece.dtype))
            piece = Piece(panel, 1, piece.dtype, order="FF")
        pieces.append(piece)
    return Value(pieces=tuple(pieces), order="FF", frame=frame)


def frame_out(framed: Framed, pieces: tuple[Piece, ...]) -> FrameOut:
    """Where the columns of a frame come from."""
    if framed.kind == "table" or (framed.names is None and not framed.indexed):
        raise NotLowered("a frame comes out")
    slots: list[tuple[int, int, np.dtype[Any] | None]] = []
    at = 0
    for piece in pieces:
        if piece.column is not None:
            slots.append((piece.column.index, 0, None))
            continue
        first, at = at, at + piece.width
        # NumPy takes None for float64.
        after = slots and slots[-1][2] is not None and slots[-1][1] == first
        if after and slots[-1][2] == piece.dtype:
            first = slots.pop()[0]
        slots.append((first, at, piece.dtype))
    return FrameOut(framed, tuple(slots) or ((0, 0, FLOAT64),))


def weighted(low: Lowering, value: Value, number: float, dtype: str | None) -> Value:
    """A block times a number, in the dtype that NumPy gives the product."""
    if value.frame is None:
        return product(low, value, low.arrays(value), number, dtype)
    # pandas computes each column for itself, and has rules of its own for NumPy's scalars and bool.
    pieces = columns_of(low, value)
    dtypes = {piece.dtype for piece in pieces}
    if value.frame.kind != "pandas" or dtype is not None or np.dtype(bool) in dtypes:
        raise NotLowered("products of a frame that are none of NumPy's")
    if len(dtypes) == 1:
        pieces = low.arrays(value)
        made = [product(low, value, pieces, number, dtype)]
    else:
        made = [product(low, value, (low.expanded(p),), number, dtype) for p in pieces]
    pieces = tuple(piece for each in made for piece in each.pieces)
    return Value(pieces=pieces, order=order_of(value), frame=value.frame)


def product(
    low: Lowering, value: Value, pieces: tuple[Piece, ...], number: float, dtype: str | None
) -> Value:
    """Pieces of one array times a number. Sparse ones keep what they store."""
    common = together([piece.dtype for piece in pieces])
    weight = number if dtype is None else np.dtype(dtype).type(number)
    try:
        product = (np.ones(1, common) * weight).dtype
    except (OverflowError, TypeError) as error:
        raise NotLowered(str(error)) from None
    params: dict[str, Any] = {"weight": float(number), "single": int(product == FLOAT32)}
    if product.kind != "f":
        limits = (0, 1) if product.kind == "b" else (np.iinfo(product).min, np.iinfo(product).max)
        # From 2**53 on, a panel does not know an integer exactly.
        params |= {"low": max(limits[0], 1.0 - 2**53), "high": min(limits[1], 2.0**53 - 1)}
    params = {key: float(p) if key in ("low", "high") else p for key, p in params.items()}
    if value.sparse:
        piece = low.stacked(value)
        panel = low.step("weigh", [piece.panel], CSR, piece.width, params)
        made = replace(piece, panel=panel, dtype=product)
        return Value(pieces=(made,), sparse=True, csc=value.csc)
    type_ = panel_type(product)
    width = sum(piece.width for piece in pieces)
    panel = low.step("weigh", [low.join(pieces, None, type_)], type_, width, params)
    order = order_of(value)
    return Value(pieces=(Piece(panel, width, product, order=order),), order=order)
