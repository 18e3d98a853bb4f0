"""Lowering of imputers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ._lower_scale import numeric, refuse_in_place
from ._lower_values import missing_code
from ._lowering import (
    F64,
    FLOAT32,
    FLOAT64,
    I32,
    REFUSED,
    Column,
    Lowering,
    NotLowered,
    Piece,
    Source,
    Special,
    Value,
    order_of,
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
    if integers and p["marker"] is None and p["indicator"] is None and p.get("kept") is None:
        return replace(value, frame=None)
    type_ = panel_type(piece.dtype)
    fill = p["fill"].astype(piece.dtype).astype(np.float64) if integers else p["fill"]
    params = {"fill": fill, "marker": p["marker"]}
    panel = low.step("impute", [piece.panel], type_, piece.width, params)
    pieces = (_kept(low, step, replace(piece, panel=panel)),)
    return _with_indicator(low, step, piece, pieces)


def _with_indicator(low: Lowering, step: Step, given: Piece, pieces: tuple[Piece, ...]) -> Value:
    """The imputed columns, and behind them what was missing where."""
    columns = step.params["indicator"]
    if columns is not None and len(columns):
        params = {"columns": columns, "marker": step.params["marker"]}
        shown = low.step("missing", [given.panel], panel_type(given.dtype), len(columns), params)
        order = _mask_order(step, given, len(columns))
        pieces += (Piece(shown, len(columns), given.dtype, order=order),)
    # np.hstack with no columns makes C's order.
    return Value(pieces=pieces, order="CC" if columns is not None and not len(columns) else None)


def _mask_order(step: Step, given: Piece, columns: int) -> str:
    """The memory order of a mask of what is missing: columns that are chosen lie in Fortran's."""
    if columns < step.width:
        return "FF"
    nowhere = step.params["marker"] is None and given.dtype.kind in "iu"
    return "CC" if nowhere else given.order


def _kept(low: Lowering, step: Step, piece: Piece) -> Piece:
    """Without the features that are left out."""
    kept = step.params.get("kept")  # version 2 of plan files has none
    return piece if kept is None else low.select(Value(pieces=(piece,)), kept.tolist()).pieces[0]


def _refuse_writing(low: Lowering, step: Step, value: Value) -> None:
    """With `keep_empty_features` these columns are filled in what was given, which changes it.

    That is an error where it may not be written to: frames of one block.
    """
    empty = bool(np.any(step.params["known"]))
    if value.columns is None:
        ours = value.frame is None and not (value.held and empty)
    elif low.container == "rows":
        ours = step.width > 1
    else:
        ours = low.container == "array"
        low.fills = low.fills or empty
    if not ours:
        raise NotLowered("keep_empty_features=True writes into its input")


def iterate(low: Lowering, step: Step, value: Value) -> Value:
    p = step.params
    if p.get("writes"):
        _refuse_writing(low, step, value)
    piece = replace(low.floats(value), order="FF")  # scikit-learn asks for it
    type_ = panel_type(piece.dtype)
    params = {"fill": p["initial"], "marker": p["marker"]}
    panel = low.step("impute", [piece.panel], type_, piece.width, params)
    given, filled = (_kept(low, step, replace(piece, panel=at)) for at in (piece.panel, panel))
    names = ("target", "start", "neighbor", "coef", "intercept", "low", "high", "known", "marker")
    params = {name: p[name] for name in names}
    if len(p["target"]):
        panel = low.step("iterate", [given.panel, filled.panel], type_, filled.width, params)
        filled = replace(filled, panel=panel)
    return _with_indicator(low, step, piece, (filled,))


def neighbors(low: Lowering, step: Step, value: Value) -> Value:
    p = step.params
    refuse_in_place(low, step, value)
    piece = low.floats(value)
    if piece.dtype == FLOAT32 and p["distance"]:
        raise NotLowered("weights by distances that were computed in float32")
    names = ("k", "distance", "mean", "valid", "marker")
    params = {"fit": p["fit"].ravel(), **{name: p[name] for name in names}}
    panel = low.step("neighbors", [piece.panel], panel_type(piece.dtype), piece.width, params)
    return _with_indicator(low, step, piece, (_kept(low, step, replace(piece, panel=panel)),))


def _given(low: Lowering, step: Step, value: Value) -> Piece:
    """The input as the strategy's validation sees it."""
    if not step.params["any_dtype"]:
        return low.floats(value)
    if value.columns is None:
        if any(piece.dtype.kind != "f" for piece in value.pieces):
            raise NotLowered("integers from an earlier step")
        return low.joined(value)
    dtype = low.number_dtype(value.columns)
    if dtype.kind not in "iu" and dtype not in (FLOAT64, FLOAT32):
        raise NotLowered(f"{dtype} input")
    panel = low.numbers(value.columns, panel_type(dtype))
    return Piece(panel, step.width, dtype, order=order_of(value))


def impute_text(low: Lowering, step: Step, value: Value) -> Value:
    columns = value.columns
    na, none = step.params["na"], bool(step.params.get("none"))
    tags = ("text", "auto", "natext") if na else ("text", "auto")
    if columns is None or any(c.tag not in tags for c in columns):
        raise NotLowered("an imputer of texts needs columns of texts")
    if any(c.fill is not None for c in columns):
        raise NotLowered("texts imputed twice")
    filled = tuple(
        replace(c, fill=fill, fills_none=na or none, fills_nan=not none)
        for c, fill in zip(columns, step.params["fill"], strict=True)
        if fill is not None
    )
    shown = step.params.get("indicator")
    if shown is None or not len(shown):
        return Value(columns=filled)
    given = missing_texts(low, columns, "na" if na else "none" if none else "nan")
    params = {"columns": shown, "marker": None}
    panel = low.step("missing", [given], F64, len(shown), params)
    objects = np.dtype(object)
    pieces = [Piece(0, 1, objects, column=column) for column in filled]
    return Value(pieces=(*pieces, Piece(panel, len(shown), objects)))


def missing_texts(low: Lowering, columns: tuple[Column, ...], what: str) -> int:
    """A panel with NaN where a text is missing: None, NaN, or whatever pandas calls so ("na")."""
    if any(c.fill is not None for c in columns):
        raise NotLowered("texts imputed twice")
    gone = missing_code(0)
    none, nan = (-1 if what == "nan" else gone), (REFUSED if what == "none" else gone)
    sources = []
    for column in columns:
        if column.tag == "auto":
            low.texts[column.index] = "none" if what == "none" else "nan"
        codes = (gone if column.tag == "auto" and what == "nan" else none, nan)
        source = Source(column.index, {}, *codes, nulls=what != "none")
        sources.append(low.source((column.index, "missing", what, column.tag), source))
    params = {
        "table": np.tile([np.nan, 0.0], len(columns)),
        "counts": np.ones(len(columns), dtype=np.int64),
        "unknown": 1,
    }
    return low.step("ordinal", [low.panel(I32, sources)], F64, len(columns), params)


def missing(low: Lowering, step: Step, value: Value) -> Value:
    """MissingIndicator: of numbers, whatever they are, or of texts."""
    texts = step.params.get("texts")
    params = {name: p for name, p in step.params.items() if name != "texts"}
    params["strict"] = 1
    width = len(step.params["columns"])
    tags = {column.tag for column in value.columns or ()}
    if value.columns and tags == {"text"}:
        if params["marker"] is not None:
            raise NotLowered("numbers that are missing among texts")
        # Unlike an imputer's, this one's validation refuses NaN beside pandas.NA.
        panel = missing_texts(low, value.columns, "none" if texts else "nan")
        piece = Piece(panel, step.width, FLOAT64, order=order_of(value))
    elif texts:
        raise NotLowered("numbers where texts are expected")
    else:
        piece = numeric(low, value)
        if piece.dtype.kind == "b":
            raise NotLowered("MissingIndicator refuses bool")
    panel = low.step("missing", [piece.panel], panel_type(piece.dtype), width, params)
    made = Piece(panel, width, np.dtype(bool), order=_mask_order(step, piece, width))
    return Value(pieces=(made,))


SPECIAL: dict[str, Special] = {
    "impute": impute,
    "impute_text": impute_text,
    "iterate": iterate,
    "missing": missing,
    "neighbors": neighbors,
}
