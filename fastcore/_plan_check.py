"""Plan against estimator: the largest difference of each output column."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ._plan_tree import Chain, Parallel, Tree
from .explanation import Node


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


#: Steps that add up in another order than NumPy or BLAS do: how near float64 and float32 come,
#: relative to the largest value (docs/plans.md says why). All others have the same bits.
AGREEMENT = {
    "IncrementalPCA": (1e-12, 1e-6),
    "PCA": (1e-12, 1e-6),
    "TruncatedSVD": (1e-12, 1e-6),
    "Normalizer": (1e-12, 1e-6),
    "KernelCenterer": (1e-12, 1e-6),
    "KNNImputer": (1e-9, 2e-5),
    "IterativeImputer": (1e-9, 2e-5),
}


def remark(kind: str, params: dict[str, Any]) -> str:
    """What ``explain()`` says of a native step of that class."""
    if kind not in AGREEMENT or (kind == "Normalizer" and params.get("norm") == 0):
        return ""
    double, single = AGREEMENT[kind]
    return f"agrees to {double:g}, float32 to {single:g}"


def tolerance(nodes: Iterable[Node]) -> tuple[float, float]:
    """Of a plan of these steps: the loosest of what was remarked; zeros for the same bits."""
    found = [AGREEMENT[n.kind] for n in nodes if n.native and n.reason.startswith("agrees to ")]
    return max(found, default=(0.0, 0.0))


def _offset(tree: Tree) -> float:
    """The largest number that a matrix product takes off its sums: the size of its terms."""
    if isinstance(tree, Chain):
        return max(map(_offset, tree.steps), default=0.0)
    if isinstance(tree, Parallel):
        return max((_offset(part.tree) for part in tree.parts), default=0.0)
    offset = tree.params.get("offset") if tree.kind == "project" else None
    if offset is None or not np.size(offset):
        return 0.0
    scale = tree.params.get("scale")
    return float(np.abs(offset / (1.0 if scale is None else scale)).max())


def agree(ours: Any, theirs: Any, nodes: Iterable[Node] = (), tree: Tree | None = None) -> bool:
    """Whether two results are equal, but for their dtype where ours was asked to have another.

    Steps that only come near may be as far apart as they are said to be.
    """
    a, b = dense(ours), dense(theirs)
    if a.shape != b.shape:
        return False
    near = tolerance(nodes)
    if near[0] and a.dtype.kind == b.dtype.kind == "f":
        bound = near[min(a.dtype.itemsize, b.dtype.itemsize) < 8]
        a, b = a.astype(np.float64), b.astype(np.float64)
        largest = float(np.abs(b, where=np.isfinite(b), out=np.zeros_like(b)).max(initial=0.0))
        largest += _offset(tree) if tree is not None else 0.0
        return bool(np.allclose(a, b, rtol=0.0, atol=bound * largest, equal_nan=True))
    if a.dtype.kind not in "fiub" or b.dtype.kind not in "fiub":
        return not any(differences(ours, theirs, None).values())
    return bool(np.array_equal(a, b.astype(a.dtype), equal_nan=a.dtype.kind == "f"))
