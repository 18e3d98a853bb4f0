"""Readers of fitted decompositions whose transform is a matrix product."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._plan_tree import Step
from ._sklearn_base import Make, NotNative

#: Deviations of components, against the largest, that whitening may divide by.
SLIGHT = 1e-6


def _product(
    components: np.ndarray, offset: np.ndarray | None, scale: np.ndarray | None, numeric: int
) -> Step:
    if components.dtype not in (np.float32, np.float64):
        raise NotNative(f"components of {components.dtype}")
    constants = {"offset": offset, "scale": scale}
    params: dict[str, Any] = {
        "matrix": np.ascontiguousarray(components.T, dtype=np.float64).ravel(),
        "dtype": components.dtype.str,
        "numeric": numeric,
        **{
            k: None if v is None else np.asarray(v, np.float64).ravel()
            for k, v in constants.items()
        },
    }
    return Step("project", params, components.shape[1])


def _pca(est: Any) -> Step:
    components = np.asarray(est.components_)
    offset = scale = None
    if est.mean_ is not None:
        # Centred after the projection: the mean is projected too, by the product it always was.
        offset = np.reshape(est.mean_, (1, -1)) @ components.T
    if est.whiten:
        scale = np.sqrt(est.explained_variance_)
        scale = np.maximum(scale, np.finfo(scale.dtype).eps)
        if len(scale) and scale.min() < SLIGHT * scale.max():
            raise NotNative("whitens components of no variance: rounding, made large")
    return _product(components, offset, scale, 0)


def _svd(est: Any) -> Step:
    return _product(np.asarray(est.components_), None, None, 1)


REGISTRY: dict[str, Make] = {
    "sklearn.decomposition.IncrementalPCA": _pca,
    "sklearn.decomposition.PCA": _pca,
    "sklearn.decomposition.TruncatedSVD": _svd,
}
