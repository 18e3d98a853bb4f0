"""Lowering of imputers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

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
    if p["any_dtype"] and value.columns is not None:
        dtype = low.number_dtype(value.columns)
        if dtype.kind == "b":
            raise NotLowered("SimpleImputer refuses bool")
        if dtype.kind in "iu":
            if p["marker"] is not None or p["indicator"] is not None:
                raise NotLowered("integers with a marker or an indicator")
            if p["constant"] and not np.can_cast(p["constant"], dtype, casting="same_kind"):
                raise NotLowered(f"a constant of {np.dtype(p['constant'])} among {dtype}")
            return value
        if dtype not in (FLOAT64, FLOAT32):
            raise NotLowered(f"{dtype} input")
        piece = Piece(low.numbers(value.columns, panel_type(dtype)), step.width, dtype)
    else:
        if p["any_dtype"] and any(piece.dtype.kind != "f" for piece in value.pieces):
            raise NotLowered("integers from an earlier step")
        piece = low.floats(value)
    type_ = panel_type(piece.dtype)
    params = {"fill": p["fill"], "marker": p["marker"]}
    panel = low.step("impute", [piece.panel], type_, piece.width, params)
    pieces = [replace(piece, panel=panel)]
    if p["indicator"] is not None and len(p["indicator"]):
        params = {"columns": p["indicator"], "marker": p["marker"]}
        shown = low.step("missing", [piece.panel], type_, len(p["indicator"]), params)
        pieces.append(Piece(shown, len(p["indicator"]), piece.dtype))
    return Value(pieces=tuple(pieces))


def impute_text(low: Lowering, step: Step, value: Value) -> Value:
    columns = value.columns
    if columns is None or any(c.tag not in ("text", "auto") for c in columns):
        raise NotLowered("an imputer of texts needs columns of texts")
    if any(c.fill is not None for c in columns):
        raise NotLowered("texts imputed twice")
    return Value(
        columns=tuple(
            replace(c, tag="text" if c.tag == "text" else "auto", fill=fill)
            for c, fill in zip(columns, step.params["fill"], strict=True)
        )
    )


SPECIAL: dict[str, Special] = {
    "impute": impute,
    "impute_text": impute_text,
}
