"""Lowering of steps that are given a sparse matrix: what is not stored stays zero.

A rule for each kind of step that takes one, under ``"sparse "`` and its name; other kinds are the
original's, which mostly refuses.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ._lowering import (
    CSR,
    F64,
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

#: What NumPy finds as methods of SciPy's sparse matrices; all leave zero zero. (It asks for no
#: method where objects have operators instead: sign, floor, ceil and trunc of them are errors.)
FUNCTIONS = frozenset(
    "sin tan arcsin arctan sinh tanh arcsinh arctanh rint expm1 log1p deg2rad rad2deg sqrt".split()
)


def _floats(low: Lowering, value: Value) -> Piece:
    """The matrix as floats: integers become float64."""
    piece = low.stacked(value)
    return piece if piece.dtype in (FLOAT32, FLOAT64) else replace(piece, dtype=FLOAT64)


def _kept(low: Lowering, step: Step, value: Value) -> None:
    """Refuse what scikit-learn does to the matrix itself, and what it leaves in CSC's format."""
    if step.params.get("in_place") and value.pieces[0].panel in low.matrices:
        raise NotLowered("copy=False changes its input in place")
    if value.csc:
        raise NotLowered("a CSC matrix comes out")


def _made(piece: Piece, panel: int) -> Value:
    return Value(pieces=(replace(piece, panel=panel),), sparse=True)


def _stored(low: Lowering, piece: Piece, **params: Any) -> Value:
    params["single"] = int(piece.dtype == FLOAT32)
    return _made(piece, low.step("stored", [piece.panel], CSR, piece.width, params))


def _scale(low: Lowering, step: Step, value: Value) -> Value:
    if step.params.get("mean") is not None or step.params.get("center") is not None:
        raise NotLowered("a sparse matrix that is to be centred")
    if step.kind != "standardize" or step.params.get("in_place"):
        _kept(low, step, value)
    scale = step.params.get("scale")
    narrow = int(step.params.get("narrow", 0))
    if scale is not None:
        # The original multiplies by the reciprocals, taken in the dtype of the scales.
        scale = np.float32(1) / scale.astype(np.float32) if narrow else 1.0 / scale
    clip = int(bool(step.params.get("clip", 0)))
    return _stored(low, _floats(low, value), scale=scale, narrow=narrow, clip=clip)


def _binarize(low: Lowering, step: Step, value: Value) -> Value:
    _kept(low, step, value)
    threshold = step.params["threshold"]
    if threshold < 0:
        raise NotLowered("a sparse matrix with a threshold below zero")
    piece = low.stacked(value)
    if piece.dtype == FLOAT32 and step.params["single"]:
        threshold = float(np.float32(threshold))
    return _stored(low, piece, threshold=threshold, finite=1)


def _normalize(low: Lowering, step: Step, value: Value) -> Value:
    if step.params.get("in_place"):
        _kept(low, step, value)
    piece = _floats(low, value)
    norm = step.params["norm"] or 3  # max is the last one there
    params = {"sublinear": 0, "norm": norm, "single": int(piece.dtype == FLOAT32)}
    return _made(piece, low.step("tfidf", [piece.panel], CSR, piece.width, params))


def _pick(low: Lowering, step: Step, value: Value) -> Value:
    columns, looks = step.params["columns"], bool(step.params.get("csc"))
    held = looks and (value.held or value.pieces[0].panel in low.matrices)
    dtype = low.stacked(value).dtype
    made = low.sifted(value, [int(j) for j in columns], int(step.params["finite"]))
    if not len(columns):  # an array then, once all was looked at
        return Value(pieces=(Piece(low.panel(F64, []), 0, dtype),))
    if looks and low.stacked(value).panel in low.wide:
        low.wide.add(made.pieces[0].panel)
    return replace(made, held=held, csc=made.csc and looks)


def _project(low: Lowering, step: Step, value: Value) -> Value:
    p = step.params
    if not p["numeric"]:
        raise NotLowered("PCA of a sparse matrix")
    piece = low.stacked(value)
    dtype = np.result_type(piece.dtype, np.dtype(p["dtype"]))
    width = len(p["matrix"]) // step.width
    params = {"matrix": p["matrix"]}
    panel = low.step("project_stored", [piece.panel], panel_type(dtype), width, params)
    return Value(pieces=(Piece(panel, width, dtype),))


def _ufunc(low: Lowering, step: Step, value: Value) -> Value:
    name = step.params["function"]
    if step.params["validate"] or name not in FUNCTIONS:
        raise NotLowered(f"{name} of a sparse matrix")
    _kept(low, step, value)
    piece = low.stacked(value)
    try:
        found = getattr(np, name).resolve_dtypes((piece.dtype, None))
    except TypeError:
        raise NotLowered(f"{name} of {piece.dtype} is an error") from None
    if found not in ((FLOAT64, FLOAT64), (FLOAT32, FLOAT32)):
        raise NotLowered(f"{name} of {piece.dtype} is computed as {found[0]}")
    params = {
        "name": np.frombuffer(name.encode(), dtype=np.uint8).astype(np.int64),
        "single": int(found[0] == FLOAT32),
        "varies": step.params["varies"],
    }
    panel = low.step("ufunc", [piece.panel], CSR, piece.width, params)
    return _made(replace(piece, dtype=found[1]), panel)


def _impute(low: Lowering, step: Step, value: Value) -> Value:
    p = step.params
    piece = low.stacked(value)
    plain = p["marker"] is None and p["indicator"] is None and p.get("kept") is None
    if not plain or piece.dtype not in (FLOAT32, FLOAT64):
        raise NotLowered("an imputer of a sparse matrix with more to do than to fill NaN")
    if p.get("in_place"):
        _kept(low, step, value)
    fill = p["fill"].astype(piece.dtype).astype(np.float64)
    return replace(_stored(low, piece, fill=fill), csc=True)


SPECIAL: dict[str, Special] = {
    "sparse binarize": _binarize,
    "sparse impute": _impute,
    "sparse maxabs": _scale,
    "sparse normalize": _normalize,
    "sparse pick": _pick,
    "sparse project": _project,
    "sparse robust": _scale,
    "sparse standardize": _scale,
    "sparse ufunc": _ufunc,
}
