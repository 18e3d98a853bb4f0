"""Readers of fitted feature selectors: whatever chose them, they are a mask of columns."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from ._plan_tree import Step
from ._sklearn_base import Make, NotNative


def _said_of_none(est: Any, width: int) -> str:
    """What it warns of at each call, as it keeps nothing."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        est._transform(np.zeros((1, width)))
    if [w.category for w in caught] != [UserWarning]:
        raise NotNative("no feature was selected")
    return str(caught[0].message)


def _select(est: Any) -> Step:
    from sklearn.utils import get_tags

    mask = np.asarray(est.get_support())
    params = {
        "columns": np.flatnonzero(mask).astype(np.int64),
        "warning": None if mask.any() else _said_of_none(est, len(mask)),
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
