"""Readers of fitted imputers."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np

from ._plan_tree import Step
from ._sklearn_base import Make, NotNative, in_place, is_nan

FLOAT32_MAX = float(np.finfo(np.float32).max)


def _marker(value: Any) -> float | str | None:
    """What is missing: a number, None for NaN, or ``"na"`` for whatever pandas calls missing."""
    if is_nan(value):
        return None
    if type(value).__name__ == "NAType":
        return "na"
    # NumPy compares float32 with a Python number as float32, with its own scalars as float64.
    plain = isinstance(value, numbers.Real) and not isinstance(value, (bool, np.bool_))
    if not plain or abs(value) > min(FLOAT32_MAX, 2.0**53 if value == int(value) else FLOAT32_MAX):
        raise NotNative(f"missing_values={value!r}")
    if isinstance(value, np.generic) and float(np.float32(value)) != float(value):
        raise NotNative(f"missing_values={value!r} is no float32")
    return float(value)


def _dropped(est: Any, missing: np.ndarray) -> str:
    """scikit-learn's warning of features that it leaves out, given at each call."""
    features = np.arange(len(missing))[missing]
    if hasattr(est, "feature_names_in_"):
        features = est.feature_names_in_[features]
    return (
        f"Skipping features without any observed values: {features}. At least one non-missing "
        f"value is needed for imputation with strategy='{est.strategy}'."
    )


def _impute(est: Any) -> Step:
    marker = "none" if est.missing_values is None else _marker(est.missing_values)
    statistics = est.statistics_
    missing = np.array([value is None or value != value for value in statistics], dtype=bool)
    params: dict[str, Any] = {"in_place": in_place(est), "kept": None, "warning": None}
    if missing.any() and not est.keep_empty_features:
        params["kept"] = np.flatnonzero(~missing).astype(np.int64)
        params["warning"] = _dropped(est, missing)
    kind, fill_dtype = est._fit_dtype.kind, np.dtype(est._fill_dtype)
    if kind == "O":
        return _impute_text(est, marker, statistics, missing, params)
    if marker == "none":
        raise NotNative("missing_values=None among numbers")
    if kind not in "fiu" or est._fit_dtype == np.float16:
        raise NotNative(f"fitted on {est._fit_dtype}")
    if fill_dtype.kind not in "fiu":
        raise NotNative(f"fills with {fill_dtype}")
    fill = np.where(missing, 0, statistics) if params["kept"] is not None else statistics
    constant = est.strategy == "constant"
    params |= {
        "fill": fill.astype(fill_dtype).astype(np.float64),
        "marker": None if marker == "na" else marker,
        "indicator": _features(est),
        "any_dtype": constant or est.strategy == "most_frequent",
        # A constant's dtype must fit the input's: scikit-learn refuses to put 0.5 among integers.
        "constant": fill_dtype.str if constant else None,
    }
    return Step("impute", params, len(statistics))


def _features(est: Any) -> np.ndarray | None:
    """The features that an imputer's indicator has a column for."""
    if not est.add_indicator:
        return None
    return np.asarray(est.indicator_.features_, dtype=np.int64)


def _impute_text(
    est: Any,
    marker: float | str | None,
    statistics: np.ndarray,
    missing: np.ndarray,
    params: dict[str, Any],
) -> Step:
    texts = list(statistics[~missing])
    if not all(isinstance(value, str) for value in texts) or isinstance(marker, float):
        raise NotNative("fitted on objects that are not texts")
    if missing.any() and params["kept"] is None:
        raise NotNative("fills texts with something else")
    params["indicator"] = _features(est)
    fill = [None if hole else str(v) for v, hole in zip(statistics, missing, strict=True)]
    params |= {"fill": fill, "na": marker == "na", "none": marker == "none"}
    return Step("impute_text", params, len(fill))


def _indicate(est: Any) -> Step:
    if est.sparse is True:
        raise NotNative("sparse=True makes a CSC matrix")
    if getattr(est, "_precomputed", False):
        raise NotNative("fitted on a mask")
    marker = "none" if est.missing_values is None else _marker(est.missing_values)
    # None and pandas.NA are missing among texts only.
    texts = marker if isinstance(marker, str) else None
    columns = np.asarray(est.features_, dtype=np.int64)
    width = int(est._n_features)
    strict = est.features == "missing-only" and est.error_on_new
    params = {
        "columns": columns,
        "marker": None if texts else marker,
        "texts": texts,
        "forbidden": np.setdiff1d(np.arange(width), columns).astype(np.int64) if strict else None,
    }
    return Step("missing", params, width)


#: Estimators that predict by ``X @ coef_ + intercept_``.
_LINEAR = {
    f"sklearn.linear_model.{name}"
    for name in (
        "ARDRegression BayesianRidge ElasticNet ElasticNetCV HuberRegressor Lasso LassoCV "
        "LinearRegression Ridge RidgeCV"
    ).split()
}


def _iterate(est: Any) -> Step:
    if est.sample_posterior:
        raise NotNative("sample_posterior=True draws random numbers")
    if est.verbose:
        raise NotNative("verbose prints")
    initial = _impute(est.initial_imputer_)
    if initial.kind != "impute":
        raise NotNative("fitted on texts")
    target, start, neighbor, coef, intercept = [], [0], [], [], []
    for step in est.imputation_sequence_:
        cls = type(step.estimator)
        name = f"{cls.__module__.split('._')[0]}.{cls.__qualname__}"
        if name not in _LINEAR or step.estimator.coef_.ndim != 1:
            raise NotNative(f"estimator {cls.__name__}")
        target.append(step.feat_idx)
        neighbor.append(np.asarray(step.neighbor_feat_idx, dtype=np.int64))
        start.append(start[-1] + len(neighbor[-1]))
        coef.append(np.asarray(step.estimator.coef_, dtype=np.float64))
        intercept.append(float(step.estimator.intercept_))
    empty = np.asarray(est._is_empty_feature)
    kept = np.ones(len(empty), dtype=bool) if est.keep_empty_features else ~empty
    width = int(kept.sum())
    low, high = getattr(est, "_min_value", -np.inf), getattr(est, "_max_value", np.inf)
    params = {
        "initial": initial.params["fill"],
        "marker": initial.params["marker"],
        "warning": initial.params["warning"],
        "kept": None if kept.all() else np.flatnonzero(kept).astype(np.int64),
        "indicator": _features(est),
        "target": np.array(target, dtype=np.int64),
        "start": np.array(start, dtype=np.int64),
        "neighbor": np.concatenate([np.zeros(0, dtype=np.int64), *neighbor]),
        "coef": np.concatenate([np.zeros(0), *coef]),
        "intercept": np.array(intercept, dtype=np.float64),
        "low": np.broadcast_to(low, (width,)).astype(np.float64),
        "high": np.broadcast_to(high, (width,)).astype(np.float64),
        "known": empty[kept].astype(np.int64),
        "writes": int(est.keep_empty_features),
    }
    return Step("iterate", params, len(empty))


def _neighbors(est: Any) -> Step:
    if est.metric != "nan_euclidean" or est.weights not in ("uniform", "distance"):
        raise NotNative("a metric or weights of your own")
    if est.n_neighbors > 64 or len(est._valid_mask) > 2048:
        raise NotNative("more than 64 neighbours, or 2048 columns")
    marker = _marker(est.missing_values)
    if marker == "na":
        raise NotNative("missing_values=pandas.NA")
    known = np.ma.array(est._fit_X.astype(np.float64), mask=est._mask_fit_X)
    valid = np.asarray(est._valid_mask, dtype=bool)
    if not valid.any():
        raise NotNative("nothing was observed")
    params = {
        "in_place": in_place(est),
        "fit": known.filled(np.nan),
        "k": int(est.n_neighbors),
        "distance": int(est.weights == "distance"),
        "mean": known.mean(axis=0).filled(0.0),
        "valid": valid.astype(np.int64),
        "marker": marker,
        "kept": None if est.keep_empty_features else np.flatnonzero(valid),
        "indicator": _features(est),
    }
    return Step("neighbors", params, len(valid))


REGISTRY: dict[str, Make] = {
    "sklearn.impute.IterativeImputer": _iterate,
    "sklearn.impute.KNNImputer": _neighbors,
    "sklearn.impute.MissingIndicator": _indicate,
    "sklearn.impute.SimpleImputer": _impute,
}
