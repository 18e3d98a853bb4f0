"""Lowering of feature selectors."""

from __future__ import annotations

from ._lower_scale import numeric
from ._lowering import Lowering, NotLowered, Piece, Special, Value, order_of, panel_type
from ._plan_tree import Step


def pick(low: Lowering, step: Step, value: Value) -> Value:
    """The dtype is that of all columns together, also of those that are left away."""
    which = [int(j) for j in step.params["columns"]]
    # So NumPy lays out what a mask chooses. A function that only looks hands on what it was given.
    looks = bool(step.params.get("csc"))
    order = order_of(value) if looks else "FF"
    held = value.held or value.columns is not None
    if step.frame is not None and value.frame is not None and value.frame.kind == "pandas":
        return low.select(value, which)  # a frame of any columns, and nothing is looked at
    if value.columns is not None:
        if low.container == "pandas" and any(c.tag == "auto" for c in value.columns) and not looks:
            raise NotLowered("an array of objects by name, untouched")
        dtype = low.number_dtype(value.columns)
        if dtype.kind != "f" or not step.params["finite"]:
            # Nothing to check: the others are not even read.
            chosen = tuple(value.columns[j] for j in which)
            panel = low.numbers(chosen, panel_type(dtype))
            piece = Piece(panel, len(which), dtype, order=order)
            return Value(pieces=(piece,), held=looks and held)
    piece = numeric(low, value)
    type_ = panel_type(piece.dtype)
    params = {name: step.params[name] for name in ("columns", "finite")}
    panel = low.step("pick", [piece.panel], type_, len(which), params)
    return Value(pieces=(Piece(panel, len(which), piece.dtype, order=order),), held=looks and held)


SPECIAL: dict[str, Special] = {"pick": pick}
