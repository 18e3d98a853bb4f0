"""Readers of FunctionTransformer: NumPy's own functions are called without Python."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import _core
from ._plan_tree import Step
from ._sklearn_base import Make, NotNative

#: Functions whose result is rounded correctly, or has no rounding: the same on every CPU.
EXACT = frozenset(
    "absolute ceil conjugate fabs floor negative positive reciprocal rint sign spacing sqrt square "
    "trunc".split()
)


def _function(est: Any) -> Step:
    width, validate = int(est.n_features_in_), int(bool(est.validate))
    if callable(est.feature_names_out) and not validate:
        raise NotNative("feature_names_out names the columns of frames")
    if est.kw_args:
        raise NotNative("kw_args")
    if est.func is None:
        # Not even "passthrough": the input is checked.
        return Step("pick", {"columns": np.arange(width), "finite": 1, "csc": 1}, width)
    name = getattr(est.func, "__name__", "")
    if type(est.func) is not np.ufunc or getattr(np, name, None) is not est.func:
        raise NotNative("a function that is none of NumPy's")
    if name not in _core.plan_loops():
        raise NotNative(f"numpy.{name}")
    params = {"function": name, "validate": validate, "varies": int(name not in EXACT)}
    return Step("ufunc", params, width)


REGISTRY: dict[str, Make] = {"sklearn.preprocessing.FunctionTransformer": _function}
