"""Readers of transformers that change a distribution's shape."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from . import _core
from ._plan_tree import Step
from ._sklearn_base import Make, NotNative, in_place, single


@cache
def _same_ndtri() -> bool:
    """Whether SciPy's function is, bit for bit, the one that plans have."""
    from scipy.special import ndtri

    sample = np.concatenate([np.linspace(0.0, 1.0, 257), 10.0 ** -np.arange(1.0, 30.0)])
    sample = np.concatenate([sample, 1.0 - sample])
    return [float(ndtri(x)) for x in sample] == [_core.plan_ndtri(x) for x in sample.tolist()]


@cache
def _same_boxcox() -> bool:
    from scipy.special import boxcox

    sample = [
        (x, y) for x in (1e-300, 0.1, 0.7, 1.0, 3.3, 5e5) for y in (-9.0, -0.3, 1e-20, 0.7, 4.0)
    ]
    return [float(boxcox(x, y)) for x, y in sample] == [_core.plan_boxcox(x, y) for x, y in sample]


@cache
def _same_yeo_johnson() -> bool:
    """Whether this scikit-learn computes it by log1p and expm1; before 1.9 it took powers."""
    from sklearn.preprocessing import PowerTransformer

    up, x = 0.7, np.linspace(0.1, 30.0, 257)
    est = PowerTransformer(standardize=False)
    est.lambdas_, est.n_features_in_ = np.array([up]), 1
    theirs = est.transform(np.concatenate([x, -x])[:, None])[:, 0]
    down = 2 - up
    ours = [np.expm1(up * np.log1p(x)) / up, -np.expm1(down * np.log1p(x)) / down]
    return bool((theirs == np.concatenate(ours)).all())


def _power(est: Any) -> Step:
    boxcox = est.method == "box-cox"
    if not boxcox and not _same_yeo_johnson():
        raise NotNative("this scikit-learn computes Yeo-Johnson in another way")
    if boxcox and not _same_boxcox():
        raise NotNative("this SciPy has another boxcox than plans")
    if not boxcox and not {"log1p", "expm1"} <= set(_core.plan_loops()):
        raise NotNative("NumPy's inner loops were not found")
    lambdas = est.lambdas_
    params: dict[str, Any] = {
        "in_place": in_place(est),
        "boxcox": int(boxcox),
        "varies": 1,  # log1p and expm1 do, between CPUs
        "single": single(lambdas),
        "lambda": lambdas.astype(np.float64),
        "rest": (2 - lambdas).astype(np.float64),  # in their own dtype
        "mean": None,
        "scale": None,
    }
    if est.standardize:
        params["mean"] = np.asarray(est._scaler.mean_, dtype=np.float64)
        params["scale"] = np.asarray(est._scaler.scale_, dtype=np.float64)
    return Step("power", params, len(lambdas))


def _quantile(est: Any) -> Step:
    normal = est.output_distribution == "normal"
    if normal and not _same_ndtri():
        raise NotNative("this SciPy has another ndtri than plans")
    params = {
        "in_place": in_place(est),
        "quantiles": np.ascontiguousarray(est.quantiles_.T, dtype=np.float64),
        "references": np.asarray(est.references_, dtype=np.float64),
        "normal": int(normal),
    }
    return Step("quantile", params, est.quantiles_.shape[1])


REGISTRY: dict[str, Make] = {
    "sklearn.preprocessing.PowerTransformer": _power,
    "sklearn.preprocessing.QuantileTransformer": _quantile,
}
