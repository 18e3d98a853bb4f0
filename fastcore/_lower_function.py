"""Lowering of NumPy's functions: which loop NumPy would choose, and where frames stay frames."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from . import _core
from ._lower_scale import numeric
from ._lowering import FLOAT32, FLOAT64, Lowering, NotLowered, Special, Value, panel_type
from ._plan_tree import Step


def ufunc(low: Lowering, step: Step, value: Value) -> Value:
    name, validate = step.params["function"], step.params["validate"]
    if name not in _core.plan_loops():
        raise NotLowered(f"this NumPy's {name} has no loop of its own")
    frame = None if validate else value.frame
    if frame is not None and frame.kind != "pandas":
        raise NotLowered("a function of a frame that is none of pandas'")
    piece = numeric(low, value)
    dtypes = {piece.dtype}
    if value.columns is not None and frame is not None and low.container == "pandas":
        # A frame's columns are computed each in its own dtype.
        dtypes = {np.dtype(column.tag) for column in value.columns}
    for dtype in dtypes:
        try:
            found = getattr(np, name).resolve_dtypes((dtype, None))
        except TypeError:
            raise NotLowered(f"{name} of {dtype} is an error") from None
        if found not in ((FLOAT64, FLOAT64), (FLOAT32, FLOAT32)) or found[0] != np.result_type(
            piece.dtype if piece.dtype.kind == "f" else FLOAT64
        ):
            raise NotLowered(f"{name} of {dtype} is computed as {found[0]}")
    low.forward = low.forward or bool(step.params["varies"])
    dtype = FLOAT32 if piece.dtype == FLOAT32 else FLOAT64
    params = {
        "name": np.frombuffer(name.encode(), dtype=np.uint8).astype(np.int64),
        "finite": validate,
        "varies": step.params["varies"],
    }
    panel = low.step("ufunc", [piece.panel], panel_type(dtype), piece.width, params)
    made = Value(pieces=(replace(piece, panel=panel, dtype=dtype),))
    return made if frame is None else replace(made, frame=frame)


def same(low: Lowering, step: Step, value: Value) -> Value:
    return value


SPECIAL: dict[str, Special] = {"same": same, "ufunc": ufunc}
