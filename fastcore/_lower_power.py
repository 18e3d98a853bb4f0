"""Lowering of transformers that change a distribution's shape."""

from __future__ import annotations

from dataclasses import replace

from ._lower_scale import refuse_in_place
from ._lowering import Lowering, Special, Value, panel_type
from ._plan_tree import Step


def power(low: Lowering, step: Step, value: Value) -> Value:
    """The power, and then its scaler as StandardScaler would do it."""
    refuse_in_place(low, step, value)
    piece = low.floats(value)
    type_ = panel_type(piece.dtype)
    own = {name: step.params[name] for name in ("boxcox", "single", "lambda", "rest")}
    own["varies"] = 1  # NumPy's log1p and expm1 do, and for Box-Cox the C library's functions
    panel = low.step("power", [piece.panel], type_, piece.width, own)
    if step.params["scale"] is not None:
        scaler = {name: step.params[name] for name in ("mean", "scale")}
        panel = low.step("standardize", [panel], type_, piece.width, scaler)
    return Value(pieces=(replace(piece, panel=panel),))


def quantile(low: Lowering, step: Step, value: Value) -> Value:
    refuse_in_place(low, step, value)
    piece = low.floats(value)
    params = {name: step.params[name] for name in ("references", "normal")}
    params["quantiles"] = step.params["quantiles"].ravel()
    params["varies"] = params["normal"]  # the C library's log does
    low.ranged(piece.panel, step.params["quantiles"][:, 0], step.params["quantiles"][:, -1])
    panel = low.step("quantile", [piece.panel], panel_type(piece.dtype), piece.width, params)
    return Value(pieces=(replace(piece, panel=panel),))


SPECIAL: dict[str, Special] = {
    "power": power,
    "quantile": quantile,
}
