"""What the readers of fitted transformers share."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ._plan_tree import Step

#: From a fitted transformer to its step.
Make = Callable[[Any], Step]


class NotNative(Exception):
    """This transformer, fitted like this, is not compiled; the text says why."""


def is_nan(value: Any) -> bool:
    """Whether a parameter is a float NaN (not None, not pandas.NA)."""
    return isinstance(value, float) and math.isnan(value)


def refuse_in_place(est: Any) -> None:
    """``copy=False`` is scikit-learn's to do."""
    if not est.copy:
        raise NotNative("copy=False changes its input in place")


def single(*arrays: np.ndarray) -> int:
    """1 if the constants are float32: then float32 input is computed in float32."""
    dtypes = {array.dtype for array in arrays}
    if dtypes == {np.dtype(np.float32)}:
        return 1
    if dtypes == {np.dtype(np.float64)}:
        return 0
    raise NotNative(f"constants of {', '.join(map(str, dtypes))}")
