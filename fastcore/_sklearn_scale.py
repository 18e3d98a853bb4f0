"""Readers of fitted scalers."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._plan_tree import Step
from ._sklearn_base import Make, refuse_in_place, single


def _standardize(est: Any) -> Step:
    refuse_in_place(est)
    params: dict[str, Any] = {}
    if est.with_mean:
        params["mean"] = np.asarray(est.mean_, dtype=np.float64)
    if est.with_std:
        params["scale"] = np.asarray(est.scale_, dtype=np.float64)
    return Step("standardize", params, int(est.n_features_in_))


def _minmax(est: Any) -> Step:
    refuse_in_place(est)
    params: dict[str, Any] = {
        "scale": est.scale_.astype(np.float64),
        "min": est.min_.astype(np.float64),
        "single": single(est.scale_, est.min_),
    }
    if est.clip:
        params["clip"] = np.array(est.feature_range, dtype=np.float64)
    return Step("minmax", params, len(est.scale_))


def _maxabs(est: Any) -> Step:
    refuse_in_place(est)
    params = {
        "scale": est.scale_.astype(np.float64),
        "single": single(est.scale_),
        "clip": int(getattr(est, "clip", False)),
    }
    return Step("maxabs", params, len(est.scale_))


REGISTRY: dict[str, Make] = {
    "sklearn.preprocessing.MaxAbsScaler": _maxabs,
    "sklearn.preprocessing.MinMaxScaler": _minmax,
    "sklearn.preprocessing.StandardScaler": _standardize,
}
