"""Lowering of bins, polynomials, splines and projections: other columns than were given."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ._lower_scale import numeric
from ._lowering import (
    CSR,
    FLOAT32,
    FLOAT64,
    I32,
    Lowering,
    NotLowered,
    Piece,
    Special,
    Value,
    panel_type,
)
from ._plan_tree import Step


def converted(low: Lowering, value: Value, dtype: str | None) -> Piece:
    """The input as floats; with ``dtype``, as those."""
    piece = low.floats(value)
    if dtype is None or np.dtype(dtype) == piece.dtype:
        return piece
    type_ = panel_type(np.dtype(dtype))
    if value.columns is not None:
        panel = low.numbers(value.columns, type_)
    else:
        panel = low.join(value.pieces, None, type_)
    return replace(piece, panel=panel, dtype=np.dtype(dtype))


def bins(low: Lowering, step: Step, value: Value) -> Value:
    p = step.params
    tags = [column.tag for column in value.columns or ()]
    framed = value.columns is None and value.frame is not None and value.frame.kind == "pandas"
    bools = framed and {piece.dtype for piece in value.pieces} == {np.dtype(bool)}
    if bools or (low.container == "pandas" and (tags == ["number"] or set(tags) == {"|b1"})):
        raise NotLowered("what scikit-learn has pandas convert, and then gets read-only")
    piece = converted(low, value, p["dtype"])
    params = {"edges": p["edges"], "counts": p["counts"]}
    if "low" in p:  # not in files of version 2
        low.ranged(piece.panel, p["low"], p["high"])
    if p["encode"] == "ordinal":
        panel = low.step("discretize", [piece.panel], panel_type(piece.dtype), piece.width, params)
        return Value(pieces=(replace(piece, panel=panel),))
    columns = p["counts"] + 1
    params["offsets"] = np.cumsum(columns) - columns
    panel = low.step("discretize", [piece.panel], I32, piece.width, params)
    made = Piece(panel, int(columns.sum()), piece.dtype, onehot=True)
    return Value(pieces=(made,), sparse=p["encode"] == "onehot")


def polynomial(low: Lowering, step: Step, value: Value) -> Value:
    p = step.params
    piece = low.floats(value)
    type_ = panel_type(piece.dtype)
    params = {"left": p["left"], "right": p["right"]}
    panel = low.step("polynomial", [piece.panel], type_, len(p["left"]), params)
    made = replace(piece, panel=panel, width=len(p["left"]), order=2 * p["order"])
    if p["keep"] is not None:
        which = [int(j) for j in p["keep"]]
        made = replace(made, panel=low.join((made,), which, type_), width=len(which))
    return Value(pieces=(made,))


def spline(low: Lowering, step: Step, value: Value) -> Value:
    piece = numeric(low, value)
    if piece.dtype == np.float16:
        raise NotLowered("float16 stays float16")
    dtype = piece.dtype if piece.dtype in (FLOAT32, FLOAT64) else FLOAT64
    p = step.params
    width = step.width * (p["splines"] - 1 + p["bias"])
    low.ranged(piece.panel, p["low"], p["high"])
    params = {key: item for key, item in p.items() if key not in ("order", "sparse")}
    if p.get("sparse"):  # float64 whatever was given
        if dtype == FLOAT32 and p["mode"] in (1, 2):
            raise NotLowered("ends of the range in float32")
        panel = low.step("spline", [piece.panel], CSR, width, params)
        return Value(pieces=(Piece(panel, width, FLOAT64, csr=True),), sparse=True)
    panel = low.step("spline", [piece.panel], panel_type(dtype), width, params)
    # Without the bias, columns are chosen by a list: NumPy makes Fortran's order of that.
    order = 2 * p["order"] if p["bias"] else "FF"
    return Value(pieces=(Piece(panel, width, dtype, order=order),))


def project(low: Lowering, step: Step, value: Value) -> Value:
    p = step.params
    # TruncatedSVD takes integers as they are, PCA makes floats of them.
    piece = numeric(low, value) if p["numeric"] else low.floats(value)
    dtype = np.result_type(piece.dtype, np.dtype(p["dtype"]))
    width = len(p["matrix"]) // step.width
    params = {key: p[key] for key in ("matrix", "offset", "scale")}
    panel = low.step("project", [piece.panel], panel_type(dtype), width, params)
    return Value(pieces=(Piece(panel, width, dtype),))


SPECIAL: dict[str, Special] = {
    "bins": bins,
    "polynomial": polynomial,
    "project": project,
    "spline": spline,
}
