"""Readers of fitted scalers: what keeps the shape of its input."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._plan_tree import Step
from ._sklearn_base import Make, NotNative, in_place, single


def _double(values: Any) -> np.ndarray:
    return np.asarray(values, dtype=np.float64)


def _narrow(scale: np.ndarray) -> int:
    """1 if the scales are float32: sparse input is multiplied by their reciprocals."""
    return int(np.asarray(scale).dtype == np.float32)


def _standardize(est: Any) -> Step:
    params: dict[str, Any] = {"in_place": in_place(est)}
    if est.with_mean:
        params["mean"] = _double(est.mean_)
    if est.with_std:
        params["scale"] = _double(est.scale_)
        params["narrow"] = _narrow(est.scale_)
    return Step("standardize", params, int(est.n_features_in_))


def _minmax(est: Any) -> Step:
    params: dict[str, Any] = {
        "in_place": in_place(est),
        "scale": _double(est.scale_),
        "min": _double(est.min_),
        "low": _double(est.data_min_),
        "high": _double(est.data_max_),
        "single": single(est.scale_, est.min_),
    }
    if est.clip:
        params["clip"] = _double(est.feature_range)
    return Step("minmax", params, len(est.scale_))


def _maxabs(est: Any) -> Step:
    params = {
        "in_place": in_place(est),
        "scale": _double(est.scale_),
        "single": single(est.scale_),
        "clip": int(getattr(est, "clip", False)),
        "narrow": _narrow(est.scale_),
    }
    return Step("maxabs", params, len(est.scale_))


def _robust(est: Any) -> Step:
    params: dict[str, Any] = {"in_place": in_place(est)}
    constants = []
    if est.with_centering:
        params["center"] = _double(est.center_)
        constants.append(est.center_)
    if est.with_scaling:
        params["scale"] = _double(est.scale_)
        params["narrow"] = _narrow(est.scale_)
        constants.append(est.scale_)
    params["single"] = single(*constants)
    return Step("robust", params, int(est.n_features_in_))


def _normalize(est: Any) -> Step:
    norms = {"max": 0, "l1": 1, "l2": 2}
    params = {"in_place": in_place(est), "norm": norms[est.norm]}
    return Step("normalize", params, int(est.n_features_in_))


def _binarize(est: Any) -> Step:
    threshold = est.threshold
    # A Python number takes float32's side, a NumPy number its own.
    weak = type(threshold) in (int, float, bool)
    params = {
        "in_place": in_place(est),
        "threshold": float(threshold),
        "single": int(weak),
    }
    if weak and abs(threshold) > float(np.finfo(np.float32).max):
        raise NotNative("a threshold that is none of float32's numbers")
    if not weak and np.dtype(type(threshold)).kind in "iu" and abs(int(threshold)) > 2**53:
        raise NotNative("a threshold that is none of float64's numbers")
    return Step("binarize", params, int(est.n_features_in_))


def _center(est: Any) -> Step:
    single(est.K_fit_rows_, est.K_fit_all_)
    params = {"rows": _double(est.K_fit_rows_), "all": float(est.K_fit_all_)}
    return Step("center", params, len(est.K_fit_rows_))


REGISTRY: dict[str, Make] = {
    "sklearn.preprocessing.Binarizer": _binarize,
    "sklearn.preprocessing.KernelCenterer": _center,
    "sklearn.preprocessing.MaxAbsScaler": _maxabs,
    "sklearn.preprocessing.MinMaxScaler": _minmax,
    "sklearn.preprocessing.Normalizer": _normalize,
    "sklearn.preprocessing.RobustScaler": _robust,
    "sklearn.preprocessing.StandardScaler": _standardize,
}
