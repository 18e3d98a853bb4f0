"""Lowering of what keeps the shape of its input: who may work in place, and on which dtypes."""

from __future__ import annotations

from dataclasses import replace

from ._lowering import (
    FLOAT32,
    FLOAT64,
    Lowering,
    NotLowered,
    Piece,
    Special,
    Value,
    order_of,
    panel_type,
)
from ._plan_tree import Step


def refuse_in_place(low: Lowering, step: Step, value: Value) -> None:
    """With ``copy=False`` an input of floats is changed: scikit-learn's to do.

    Rows, integers and what another step made are converted or new: nothing of the caller's changes.
    """
    if not step.params.get("in_place") or value.columns is None or low.container == "rows":
        return
    if any(column.tag not in _CONVERTED for column in value.columns):
        raise NotLowered("copy=False changes its input in place")


_CONVERTED = {"|b1", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8"}


def scale(low: Lowering, step: Step, value: Value) -> Value:
    refuse_in_place(low, step, value)
    return low.elementwise(step, value)


def minmax(low: Lowering, step: Step, value: Value) -> Value:
    known = {key: item for key, item in step.params.items() if key not in ("low", "high")}
    result = scale(low, replace(step, params=known), value)
    if "low" in step.params:  # not in files of version 2
        _, inputs, *_ = low.steps[-1]
        low.ranged(inputs[0], step.params["low"], step.params["high"])
    return result


def numeric(low: Lowering, value: Value) -> Piece:
    """As check_array(dtype="numeric") would see it: numbers keep their dtype."""
    if value.sparse:
        raise NotLowered("a step that reads a sparse matrix")
    if value.columns is not None:
        dtype = low.number_dtype(value.columns)
        panel = low.numbers(value.columns, panel_type(dtype))
        return Piece(panel, len(value.columns), dtype, order=order_of(value))
    if len(value.pieces) == 1 and not value.pieces[0].onehot and not value.pieces[0].column:
        piece = replace(value.pieces[0], order=order_of(value))
        if low.types[piece.panel] == panel_type(piece.dtype):
            return piece
        # A mask lies where the numbers lay that it is of.
        return replace(piece, panel=low.join((piece,), None, panel_type(piece.dtype)))
    piece = low.joined(value)
    dtypes = {piece.dtype for piece in value.pieces}
    if not dtypes <= {FLOAT32, FLOAT64}:
        raise NotLowered("columns of several dtypes")
    return piece


def binarize(low: Lowering, step: Step, value: Value) -> Value:
    # Integers stay what they are, so with copy=False they are changed in place too.
    if step.params.get("in_place") and value.columns is not None and low.container != "rows":
        raise NotLowered("copy=False changes its input in place")
    piece = numeric(low, value)
    params = {key: item for key, item in step.params.items() if key != "in_place"}
    panel = low.step("binarize", [piece.panel], panel_type(piece.dtype), piece.width, params)
    return Value(pieces=(replace(piece, panel=panel),))


def normalize(low: Lowering, step: Step, value: Value) -> Value:
    texts = low.container == "array" and any(c.tag == "category" for c in value.columns or ())
    if texts:
        raise NotLowered("Normalizer refuses arrays of texts, where others convert them")
    return scale(low, step, value)


SPECIAL: dict[str, Special] = {
    "binarize": binarize,
    "maxabs": scale,
    "minmax": minmax,
    "normalize": normalize,
    "robust": scale,
    "standardize": scale,
}
