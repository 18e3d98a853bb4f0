"""Which steps have a lowering of their own; each ``_lower_<group>.py`` has its rows."""

from __future__ import annotations

from . import (
    _core,
    _lower_encode,
    _lower_expand,
    _lower_function,
    _lower_impute,
    _lower_labels,
    _lower_power,
    _lower_scale,
    _lower_select,
    _lower_sparse,
    _lower_text,
)
from ._lowering import Lowered, Lowering, Move, NotLowered, Special
from ._plan_tree import Recipe

__all__ = ["Lowered", "NotLowered", "lower"]

#: Kinds that do more than run the family of their name on a panel of floats.
SPECIAL: dict[str, Special] = {
    **_lower_encode.SPECIAL,
    **_lower_expand.SPECIAL,
    **_lower_function.SPECIAL,
    **_lower_impute.SPECIAL,
    **_lower_labels.SPECIAL,
    **_lower_power.SPECIAL,
    **_lower_scale.SPECIAL,
    **_lower_select.SPECIAL,
    **_lower_sparse.SPECIAL,
    **_lower_text.SPECIAL,
}


def lower(
    recipe: Recipe,
    tags: tuple[str, ...],
    container: str,
    move: Move | None = None,
    counts: _core.PlanCounts | None = None,
) -> Lowered:
    """The program of a recipe for inputs of one signature; NotLowered says why there is none.

    ``move`` moves what those functions give whose last digit varies between CPUs; the program adds
    what it counts to ``counts``.
    """
    return Lowering(recipe, tags, container, SPECIAL, move, counts).run()
