"""Lowering of imputers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ._lower_scale import numeric, refuse_in_place
from ._lowering import (
    FLOAT32,
    FLOAT64,
    Lowering,
    NotLowered,
    Piece,
    Special,
    Value,
    panel_type,
)
from ._plan_tree import Step


def impute(low: Lowering, step: Step, value: Value) -> Value:
    p = step.params
    refuse_in_place(low, step, value)
    piece = _given(low, step, value)
    integers = piece.dtype.kind in "iu"
    fits = not p["constant"] or np.can_cast(p["constant"], piece.dtype, casting="same_kind")
    if integers and not fits:
        raise NotLowered(f"a constant of {np.dtype(p['constant'])} among {piece.dtype}")
    if integers and p["marker"] is None and p["indicator"] is None and p["kept"] is None:
        return value
    type_ = panel_type(piece.dtype)
    fill = p["fill"].astype(piece.dtype).astype(np.float64) if integers else p["fill"]
    params = {"fill": fill, "marker": p["marker"]}
    panel = low.step("impute", [piece.panel], type_, piece.width, params)
    pieces = (replace(piece, panel=panel),)
    if p["kept"] is not None:
        pieces = low.select(Value(pieces=pieces), p["kept"].tolist()).pieces
    if p["indicator"] is not None and len(p["indicator"]):
        params = {"columns": p["indicator"], "marker": p["marker"]}
        shown = low.step("missing", [piece.panel], type_, len(p["indicator"]), params)
        pieces += (Piece(shown, len(p["indicator"]), piece.dtype),)
    return Value(pieces=pieces)


def _given(low: Lowering, step: Step, value: Value) -> Piece:
    """The input as the strategy's validation sees it."""
    if not step.params["any_dtype"]:
        return low.floats(value)
    if value.columns is None:
        if any(piece.dtype.kind != "f" for piece in value.pieces):
            raise NotLowered("integers from an earlier step")
        return low.floats(value)
    dtype = low.number_dtype(value.columns)
    if dtype.kind not in "iu" and dtype not in (FLOAT64, FLOAT32):
        raise NotLowered(f"{dtype} input")
    return Piece(low.numbers(value.columns, panel_type(dtype)), step.width, dtype)


def impute_text(low: Lowering, step: Step, value: Value) -> Value:
    columns = value.columns
    if columns is None or any(c.tag not in ("text", "auto") for c in columns):
        raise NotLowered("an imputer of texts needs columns of texts")
    if any(c.fill is not None for c in columns):
        raise NotLowered("texts imputed twice")
    na = step.params["na"]
    return Value(
        columns=tuple(
            replace(c, tag="text" if c.tag == "text" else "auto", fill=fill, fills_none=na)
            for c, fill in zip(columns, step.params["fill"], strict=True)
            if fill is not None
        )
    )


def missing(low: Lowering, step: Step, value: Value) -> Value:
    """MissingIndicator: whatever numbers there are."""
    piece = numeric(low, value)
    if piece.dtype.kind == "b":
        raise NotLowered("MissingIndicator refuses bool")
    params = {**step.params, "strict": 1}
    width = len(step.params["columns"])
    panel = low.step("missing", [piece.panel], panel_type(piece.dtype), width, params)
    return Value(pieces=(Piece(panel, width, np.dtype(bool)),))


SPECIAL: dict[str, Special] = {
    "impute": impute,
    "impute_text": impute_text,
    "missing": missing,
}
