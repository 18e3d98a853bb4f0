"""Readers of fitted imputers."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._plan_tree import Step
from ._sklearn_base import Make, NotNative, is_nan, refuse_in_place


def _impute(est: Any) -> Step:
    refuse_in_place(est)
    marker = est.missing_values
    statistics = est.statistics_
    missing = np.array([value is None or value != value for value in statistics], dtype=bool)
    if missing.any() and not est.keep_empty_features:
        raise NotNative("drops features without observed values, with a warning each time")
    columns = None
    if est.add_indicator:
        columns = np.asarray(est.indicator_.features_, dtype=np.int64)
        if est.indicator_.features == "all":
            columns = np.arange(len(statistics), dtype=np.int64)
    if not is_nan(marker):
        plain = isinstance(marker, (int, float)) and not isinstance(marker, (bool, np.generic))
        if not plain or float(np.float32(marker)) != marker:
            raise NotNative(f"missing_values={marker!r}")
        marker = float(marker)
    else:
        marker = None
    kind = est._fit_dtype.kind
    same = est.strategy in ("most_frequent", "constant")
    # A constant's dtype must fit the input's: scikit-learn refuses to put 0.5 among integers.
    fits = np.dtype(est._fill_dtype).str if est.strategy == "constant" else None
    params: dict[str, Any] = {
        "marker": marker,
        "indicator": columns,
        "any_dtype": same,
        "constant": fits,
    }
    if kind == "O":
        if not all(isinstance(value, str) for value in statistics) or marker is not None:
            raise NotNative("fitted on objects that are not texts")
        if columns is not None:
            raise NotNative("add_indicator on texts")
        return Step("impute_text", {"fill": [str(v) for v in statistics]}, len(statistics))
    if kind not in "fiu" or est._fit_dtype == np.float16:
        raise NotNative(f"fitted on {est._fit_dtype}")
    if np.dtype(est._fill_dtype).kind not in "fiu":
        raise NotNative(f"fills with {est._fill_dtype}")
    fill = statistics.astype(est._fill_dtype).astype(np.float64)
    return Step("impute", {"fill": fill, **params}, len(fill))


REGISTRY: dict[str, Make] = {
    "sklearn.impute.SimpleImputer": _impute,
}
