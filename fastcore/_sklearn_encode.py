"""Readers of fitted encoders of categories."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._plan_tree import Step
from ._sklearn_base import Make, NotNative

#: scikit-learn's, of columns with categories that were not seen at fit.
WARNING = (
    "Found unknown categories in columns {columns} during transform. "
    "These unknown categories will be encoded as "
)


def known_values(values: np.ndarray) -> Any:
    """Categories as a float64 vector, or as one of integers that float64 does not hold, or a list.

    Lists have what stands in arrays of objects: texts, numbers, bools, None and nan.
    """
    if values.dtype.kind in "biuf" and values.dtype.itemsize <= 8:
        ends = (
            [abs(int(v)) for v in (*values[:1], *values[-1:])] if values.dtype.kind in "iu" else []
        )
        large = max(ends, default=0) >= 2**53
        if large and int(values[-1]) >= 2**63:  # NumPy 2.0 overflows where it compares them
            raise NotNative("categories beyond int64")
        return values.astype(f"{values.dtype.kind}8" if large else np.float64)
    if values.dtype.kind not in "OU":
        raise NotNative(f"categories of {values.dtype}")
    return [_plain(value) for value in values.tolist()]


def _plain(value: Any) -> Any:
    """Python's own of NumPy's scalars, which hash and compare alike."""
    if isinstance(value, (str, np.bool_, np.integer, np.float64)):
        value = value.item() if isinstance(value, np.generic) else str(value)
    if value is None or type(value) in (str, int, float, bool):
        return value
    raise NotNative(f"a category of type {type(value).__name__}")


def _categories(est: Any) -> list[Any]:
    """Each feature's categories, see :func:`known_values`."""
    return [known_values(values) for values in est.categories_]


def _grouping(est: Any, feature: int) -> Any:
    if not getattr(est, "_infrequent_enabled", False):
        return None
    return est._default_to_infrequent_mappings[feature]


def _number_dtype(est: Any) -> np.dtype[Any]:
    """The dtype of the output: one that programs store."""
    dtype: np.dtype[Any] = np.dtype(est.dtype)
    if dtype.kind not in "biuf" or dtype.itemsize > 8 or dtype == np.float16:
        raise NotNative(f"dtype={dtype}")
    return dtype


def _onehot(est: Any) -> Step:
    dropped = est._drop_idx_after_grouping
    ignores = est.handle_unknown != "error"
    warns = ignores and (est.handle_unknown == "warn" or est.drop is not None)
    tables, unseen, offset = [], [], 0
    for i, values in enumerate(est.categories_):
        mapping = _grouping(est, i)
        drop = None if dropped is None else dropped[i]
        table = []
        for code in range(len(values)):
            at = code if mapping is None else int(mapping[code])
            if drop is not None and at == drop:
                table.append(-1)
            else:
                table.append(offset + at - (drop is not None and at > drop))
        unknown = -1 if ignores else -2
        if est.handle_unknown in ("infrequent_if_exist", "warn") and mapping is not None:
            unknown = table[est._infrequent_indices[i][0]]
        unseen.append(unknown)
        tables.append(np.array([*table, -2 if warns else unknown], dtype=np.int64))
        offset += est._n_features_outs[i]
    params: dict[str, Any] = {
        "categories": _categories(est),
        "tables": tables,
        "width": int(offset),
        "dtype": _number_dtype(est).str,
        "sparse": bool(est.sparse_output),
    }
    if warns:
        params["unknown"] = np.array(unseen, dtype=np.int64)
        params["said"] = WARNING + (
            "all zeros" if est.handle_unknown == "ignore" else "the infrequent category."
        )
    return Step("onehot", params, len(tables))


def _ordinal(est: Any) -> Step:
    dtype = _number_dtype(est)
    known = est.handle_unknown == "error"
    tables = []
    for i, values in enumerate(est.categories_):
        mapping = _grouping(est, i)
        missing = est._missing_indices.get(i)
        codes = np.arange(len(values) + 1)
        if mapping is not None:
            codes[: len(mapping)] = mapping
        # Assigned as scikit-learn does: each value is converted for itself, and may wrap around.
        table = codes.astype(dtype)
        if missing is not None:
            table[:-1][codes[:-1] == missing] = est.encoded_missing_value
        table[-1] = 0 if known else est.unknown_value
        tables.append(table.astype(np.float64))
    params = {
        "categories": _categories(est),
        "tables": tables,
        "unknown": int(not known),
        "dtype": dtype.str,
    }
    return Step("ordinal", params, len(tables))


def _target(est: Any) -> Step:
    """For each output column a table of its feature's codes, and the mean for what is unknown.

    Of a target of several classes a feature has as many columns, one beside the other.
    """
    features = len(est.categories_)
    means = np.atleast_1d(np.asarray(est.target_mean_, dtype=np.float64))
    if len(est.encodings_) != features * len(means):
        raise NotNative("encodings of another number than features and classes")
    tables = [
        np.append(np.asarray(encoding, dtype=np.float64), means[i % len(means)])
        for i, encoding in enumerate(est.encodings_)
    ]
    params = {"categories": _categories(est), "tables": tables}
    return Step("target", params, features)


REGISTRY: dict[str, Make] = {
    "sklearn.preprocessing.OneHotEncoder": _onehot,
    "sklearn.preprocessing.OrdinalEncoder": _ordinal,
    "sklearn.preprocessing.TargetEncoder": _target,
}
