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
    marker = _marker(est.missing_values)
    statistics = est.statistics_
    missing = np.array([value is None or value != value for value in statistics], dtype=bool)
    params: dict[str, Any] = {"in_place": in_place(est), "kept": None, "warning": None}
    if missing.any() and not est.keep_empty_features:
        if missing.all():
            raise NotNative("nothing is left of the output")
        params["kept"] = np.flatnonzero(~missing).astype(np.int64)
        params["warning"] = _dropped(est, missing)
    kind, fill_dtype = est._fit_dtype.kind, np.dtype(est._fill_dtype)
    if kind == "O":
        return _impute_text(est, marker, statistics, missing, params)
    if kind not in "fiu" or est._fit_dtype == np.float16:
        raise NotNative(f"fitted on {est._fit_dtype}")
    if fill_dtype.kind not in "fiu":
        raise NotNative(f"fills with {fill_dtype}")
    fill = np.where(missing, 0, statistics) if params["kept"] is not None else statistics
    constant = est.strategy == "constant"
    params |= {
        "fill": fill.astype(fill_dtype).astype(np.float64),
        "marker": None if marker == "na" else marker,
        "indicator": _indicated(est),
        "any_dtype": constant or est.strategy == "most_frequent",
        # A constant's dtype must fit the input's: scikit-learn refuses to put 0.5 among integers.
        "constant": fill_dtype.str if constant else None,
    }
    return Step("impute", params, len(statistics))


def _indicated(est: Any) -> np.ndarray | None:
    """The features that the indicator has a column for."""
    if not est.add_indicator:
        return None
    if est.indicator_.features == "all":
        return np.arange(len(est.statistics_), dtype=np.int64)
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
    if est.add_indicator:
        raise NotNative("add_indicator on texts")
    fill = [None if hole else str(v) for v, hole in zip(statistics, missing, strict=True)]
    return Step("impute_text", {**params, "fill": fill, "na": marker == "na"}, len(fill))


def _indicate(est: Any) -> Step:
    if est.sparse is True:
        raise NotNative("sparse=True makes a CSC matrix")
    if getattr(est, "_precomputed", False):
        raise NotNative("fitted on a mask")
    marker = _marker(est.missing_values)
    if marker == "na":  # scikit-learn then refuses NaN: nothing in an array of numbers is missing
        raise NotNative("missing_values=pandas.NA")
    columns = np.asarray(est.features_, dtype=np.int64)
    width = int(est._n_features)
    if not len(columns):
        raise NotNative("nothing is left of the output")
    strict = est.features == "missing-only" and est.error_on_new
    params = {
        "columns": columns,
        "marker": marker,
        "forbidden": np.setdiff1d(np.arange(width), columns).astype(np.int64) if strict else None,
    }
    return Step("missing", params, width)


REGISTRY: dict[str, Make] = {
    "sklearn.impute.MissingIndicator": _indicate,
    "sklearn.impute.SimpleImputer": _impute,
}
