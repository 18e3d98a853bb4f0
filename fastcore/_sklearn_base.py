"""What the readers of fitted transformers share."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ._plan_tree import Tree

#: From a fitted transformer to its step, or its steps.
Make = Callable[[Any], Tree]


class NotNative(Exception):
    """This transformer, fitted like this, is not compiled; the text says why."""


def before_1_9() -> bool:
    """Whether scikit-learn has no choice of sparse containers yet, for one."""
    from sklearn import get_config

    return "sparse_interface" not in get_config()


def is_nan(value: Any) -> bool:
    """Whether a parameter is a float NaN (not None, not pandas.NA)."""
    return isinstance(value, float) and math.isnan(value)


def refuse_in_place(est: Any) -> None:
    """``copy=False`` is scikit-learn's to do."""
    if not est.copy:
        raise NotNative("copy=False changes its input in place")


def in_place(est: Any) -> int:
    """1 for ``copy=False``: an input that would be changed itself is for scikit-learn to change."""
    return int(not est.copy)


def single(*arrays: np.ndarray) -> int:
    """1 if the constants are float32: then float32 input may be computed in float32."""
    dtypes = {np.asarray(array).dtype for array in arrays}
    if not dtypes <= {np.dtype(t) for t in (np.float16, np.float32, np.float64)}:
        raise NotNative(f"constants of {', '.join(sorted(map(str, dtypes)))}")
    return int(np.dtype(np.float64) not in dtypes)


def weight_of(value: Any) -> tuple[float, str | None] | None:
    """A transformer's weight as a number and, where NumPy's, its dtype; None for none."""
    if value is None:
        return None
    dtype = None
    if isinstance(value, np.generic):
        dtype = value.dtype.str
        value = value.item()
    plain = type(value) in (bool, int, float) and dtype not in ("<f2", np.longdouble().dtype.str)
    largest = 2**53 if type(value) is int else float(np.finfo(np.float64).max)
    if not plain or not abs(value) <= largest:
        raise NotNative(f"transformer_weights: {value!r}")
    return value, dtype
