"""One row of a plan by way of the original: what ``transform_one`` does where C refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from . import _plan_calls, _plan_input

if TYPE_CHECKING:
    from .plan import Plan


def slowly(plan: Plan, row: Any, missing_keys: str, names: list[str] | None) -> np.ndarray:
    """The row's vector; ``names`` are those of the fitted columns."""
    _, _, nan = _plan_calls.check_arguments(None, None, None, missing_keys)
    if plan._root is not None:
        return _asked(plan, [row], "samples", nan)
    fields = None if isinstance(row, (list, tuple)) else _plan_input.as_mapping(row)
    if fields is None and (isinstance(row, (str, bytes)) or not hasattr(row, "__len__")):
        raise TypeError(
            "row: expected a mapping, a sequence, a pydantic model or a dataclass "
            f"instance, got {type(row).__name__}"
        )
    if fields is None and names is not None:
        if len(row) != len(names):
            raise ValueError(f"row: expected {len(names)} values, got {len(row)}")
        fields = dict(zip(names, row, strict=True))
    if plan._warns and (fields is None or names is not None) and not plan._configured():
        found, said = plan._unseen().row(row if fields is None else fields, nan)
        if found is not None:
            plan._rows += 1
            _plan_calls.warn(said, 5)
            return found
    given, container = ([row], "other") if fields is None else ([fields], "rows")
    return _asked(plan, given, container, nan)


def _asked(plan: Plan, given: Any, container: str, nan: bool) -> np.ndarray:
    result = plan._ask(given, container, nan)
    plan._rows += 1
    if hasattr(result, "toarray"):
        result = result.toarray()
    return cast("np.ndarray", np.asarray(result)[0])
