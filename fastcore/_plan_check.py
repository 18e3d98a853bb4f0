"""Plan against estimator: the largest difference of each output column."""

from __future__ import annotations

from typing import Any

import numpy as np


def dense(value: Any) -> np.ndarray:
    return np.asarray(value.toarray() if hasattr(value, "toarray") else value)


def labels(values: Any, width: int, names: Any) -> list[str]:
    """The names of the output columns; their numbers where nothing names them."""
    if hasattr(values, "columns") and len(values.columns) == width:
        return [str(name) for name in values.columns]
    if names is not None and len(names) == width:
        return [str(name) for name in names]
    return [str(number) for number in range(width)]


def differences(ours: Any, theirs: Any, names: Any) -> dict[str, float]:
    """By output column: 0.0 where equal, ``inf`` where only one is NaN, or of another kind."""
    a, b = dense(ours), dense(theirs)
    width = b.shape[1] if b.ndim == 2 else 1
    found = labels(theirs, width, names)
    alike = a.shape == b.shape and hasattr(ours, "indptr") == hasattr(theirs, "indptr")
    if hasattr(ours, "dtypes") and hasattr(theirs, "dtypes"):
        alike = alike and list(ours.dtypes) == list(theirs.dtypes)
    if not alike or a.dtype != b.dtype:
        return dict.fromkeys(found, float("inf"))
    a, b = a.reshape(len(a), width), b.reshape(len(b), width)
    return {name: _difference(a[:, j], b[:, j]) for j, name in enumerate(found)}


def _difference(a: np.ndarray, b: np.ndarray) -> float:
    if a.dtype.kind not in "fiub":
        same = [x is y or x == y or (x != x and y != y) for x, y in zip(a, b, strict=True)]
        return 0.0 if all(same) else float("inf")
    a, b = a.astype(np.float64), b.astype(np.float64)
    with np.errstate(invalid="ignore"):
        gap = np.abs(a - b)
    gap = np.where((a == b) | (np.isnan(a) & np.isnan(b)), 0.0, gap)
    return float(np.where(np.isnan(gap), np.inf, gap).max(initial=0.0))


def agree(ours: Any, theirs: Any) -> bool:
    """Whether two results are equal, but for their dtype where ours was asked to have another."""
    a, b = dense(ours), dense(theirs)
    if a.shape != b.shape:
        return False
    if a.dtype.kind not in "fiub" or b.dtype.kind not in "fiub":
        return not any(differences(ours, theirs, None).values())
    return bool(np.array_equal(a, b.astype(a.dtype), equal_nan=a.dtype.kind == "f"))
