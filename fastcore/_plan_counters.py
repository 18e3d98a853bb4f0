"""What the programs of a plan have counted, by input column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import _core
from . import _identity as _identity

if TYPE_CHECKING:
    from ._plan_tree import Recipe


def begun(recipe: Recipe | None) -> _core.PlanCounts:
    """Counts for a plan of that recipe."""
    return _core.PlanCounts(0 if recipe is None else recipe.columns)


def by_input(counts: _core.PlanCounts, recipe: Recipe | None) -> dict[Any, dict[str, int]]:
    """By name, or by number where columns have no names."""
    rows, found = counts.read()
    names: Any = range(len(found))
    if recipe is not None and recipe.names is not None:
        names = recipe.names
    return {
        name: {"rows": rows, "missing": missing, "unknown": unknown, "outside": outside}
        for name, (missing, unknown, outside) in zip(names, found, strict=True)
    }
