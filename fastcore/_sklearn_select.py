"""Readers of fitted feature selectors: whatever chose them, they are a mask of columns."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._plan_tree import Step
from ._sklearn_base import Make, NotNative


def _select(est: Any) -> Step:
    from sklearn.utils import get_tags

    mask = np.asarray(est.get_support())
    if not mask.any():
        raise NotNative("no feature was selected: it warns at each call")
    params = {
        "columns": np.flatnonzero(mask),
        "finite": int(not get_tags(est).input_tags.allow_nan),
    }
    return Step("pick", params, len(mask))


SELECTORS = (
    "GenericUnivariateSelect",
    "RFE",
    "RFECV",
    "SelectFdr",
    "SelectFpr",
    "SelectFromModel",
    "SelectFwe",
    "SelectKBest",
    "SelectPercentile",
    "SequentialFeatureSelector",
    "VarianceThreshold",
)

REGISTRY: dict[str, Make] = {f"sklearn.feature_selection.{name}": _select for name in SELECTORS}
