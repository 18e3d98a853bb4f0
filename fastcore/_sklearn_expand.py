"""Readers of fitted transformers that make other columns of numbers: bins, polynomials."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._plan_tree import Step
from ._sklearn_base import Make, NotNative, before_1_9

#: More columns than this are not computed row by row.
MAX_WIDTH = 1 << 20


def _bins(est: Any) -> Step:
    counts = np.asarray(est.n_bins_, dtype=np.int64)
    inner = [np.asarray(edges, dtype=np.float64)[1:-1] for edges in est.bin_edges_]
    if any(len(edges) + 1 != bins for edges, bins in zip(inner, counts, strict=True)):
        raise NotNative("a feature without bins")
    dtype = None if est.dtype is None else np.dtype(est.dtype).str
    if dtype not in (None, "<f4", "<f8"):
        raise NotNative(f"dtype={dtype}")
    params = {
        "edges": np.concatenate([*inner, np.zeros(0)]),
        "counts": counts - 1,
        "low": np.array([edges[0] for edges in est.bin_edges_], dtype=np.float64),
        "high": np.array([edges[-1] for edges in est.bin_edges_], dtype=np.float64),
        "encode": est.encode,
        "dtype": dtype,
    }
    return Step("bins", params, len(counts))


def polynomial_columns(
    features: int, degree: int, interaction_only: bool, include_bias: bool
) -> tuple[list[int], list[int]]:
    """Each column as an earlier column times a feature, in scikit-learn's order and arithmetic.

    -1 stands for no such factor: (-1, f) is the feature itself, (-1, -1) a column of ones.
    """
    if features > MAX_WIDTH:
        raise NotNative("too many columns")
    left, right = ([-1], [-1]) if include_bias else ([], [])
    if degree == 0:
        return left, right
    index = list(range(len(left), len(left) + features))
    left += [-1] * features
    right += range(features)
    index.append(len(left))
    for _ in range(2, degree + 1):
        starts, end = [], index[-1]
        for feature in range(features):
            starts.append(len(left))
            start = index[feature + 1] if interaction_only else index[feature]
            if start >= end:
                break
            left += range(start, end)
            right += [feature] * (end - start)
            if len(left) > MAX_WIDTH:
                raise NotNative("too many columns")
        starts.append(len(left))
        index = starts
    return left, right


def _polynomial(est: Any) -> Step:
    features, lowest = int(est.n_features_in_), int(est._min_degree)
    left, right = polynomial_columns(
        features, int(est._max_degree), bool(est.interaction_only), bool(est.include_bias)
    )
    width = int(est.n_output_features_)
    keep = list(range(len(left)))
    if lowest > 1:
        # All degrees are computed, and the lower ones cut away, but for the ones.
        bias = int(est.include_bias)
        keep = keep[:bias] + keep[len(keep) - width + bias :]
    if len(left) != est._n_out_full or len(keep) != width:
        raise NotNative("not understood: another number of columns")
    params = {
        "left": np.array(left, dtype=np.int64),
        "right": np.array(right, dtype=np.int64),
        "keep": np.array(keep, dtype=np.int64) if len(keep) < len(left) else None,
        "order": est.order,
    }
    return Step("polynomial", params, features)


EXTRAPOLATIONS = ("error", "constant", "linear", "continue", "periodic")


def _spline(est: Any) -> Step:
    degree, mode = int(est.degree), est.extrapolation
    if est.sparse_output and before_1_9():
        raise NotNative("sparse_output=True, which this scikit-learn gives as a sparse array")
    if degree > 63:
        raise NotNative("degree above 63")
    features, splines = len(est.bsplines_), int(est.bsplines_[0].c.shape[1])
    ends: dict[str, list[Any]] = {name: [] for name in ("low", "high", "first", "last")}
    tables: dict[str, list[Any]] = {
        name: [] for name in ("low_value", "high_value", "low_slope", "high_slope")
    }
    if est.sparse_output and mode == "periodic" and (splines <= degree or not degree):
        raise NotNative("sparse_output=True, with splines that meet themselves")
    used = degree
    for spline in est.bsplines_:
        # With a degree of 0 or 1, `linear` counts one more for each column than for the one before,
        # also where it looks for the ends of the range.
        low, high = spline.t[used], spline.t[-used - 1]
        first = last = used
        if mode == "linear":
            used = first = last = used + 1 if used <= 1 else used
        elif degree == 0 and est.sparse_output:
            last = splines  # its ``-degree:`` are all of them then, not none
        elif degree == 0 and splines > 1:
            last = -1  # an error there
        ends["low"].append(low)
        ends["high"].append(high)
        ends["first"].append(first)
        ends["last"].append(last)
        if mode in ("constant", "linear"):
            tables["low_value"].append(spline(low))
            tables["high_value"].append(spline(high))
            tables["low_slope"].append(spline(low, nu=1))
            tables["high_slope"].append(spline(high, nu=1))
    if max(ends["first"]) > splines:
        raise NotNative("fewer splines than the boundary needs")
    params: dict[str, Any] = {
        "degree": degree,
        "splines": splines,
        "mode": EXTRAPOLATIONS.index(mode),
        "bias": int(est.include_bias),
        "sparse": bool(est.sparse_output),
        "missing": int(getattr(est, "handle_missing", "error") == "zeros"),
        "knots": np.concatenate([spline.t for spline in est.bsplines_]).astype(np.float64),
        "order": est.order,
    }
    for name, values in ends.items():
        params[name] = np.array(values, dtype=np.float64 if name in ("low", "high") else np.int64)
    for name, values in tables.items():
        params[name] = np.concatenate(values).astype(np.float64) if values else None
    return Step("spline", params, features)


REGISTRY: dict[str, Make] = {
    "sklearn.preprocessing.KBinsDiscretizer": _bins,
    "sklearn.preprocessing.PolynomialFeatures": _polynomial,
    "sklearn.preprocessing.SplineTransformer": _spline,
}
