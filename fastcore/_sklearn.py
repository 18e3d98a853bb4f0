"""From fitted scikit-learn transformers to trees.

``REGISTRY`` has one row for each class that is compiled: a function from the fitted transformer to
a :class:`~fastcore._plan_tree.Step`. What it cannot express it refuses with :class:`NotNative`, and
that transformer then runs as it is. Only exact classes count: a subclass may do anything.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ._plan_tree import Chain, Parallel, Part, Step, Tree
from .explanation import Node


class NotNative(Exception):
    """This transformer, fitted like this, is not compiled; the text says why."""


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _copies(est: Any) -> None:
    if not est.copy:
        raise NotNative("copy=False changes its input in place")


# ---- One function a class ---------------------------------------------------------------------


def _impute(est: Any) -> Step:
    _copies(est)
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
    if not _is_nan(marker):
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


def _standardize(est: Any) -> Step:
    _copies(est)
    params: dict[str, Any] = {}
    if est.with_mean:
        params["mean"] = np.asarray(est.mean_, dtype=np.float64)
    if est.with_std:
        params["scale"] = np.asarray(est.scale_, dtype=np.float64)
    return Step("standardize", params, int(est.n_features_in_))


def _single(*arrays: np.ndarray) -> int:
    """1 if the constants are float32: then float32 input is computed in float32."""
    dtypes = {array.dtype for array in arrays}
    if dtypes == {np.dtype(np.float32)}:
        return 1
    if dtypes == {np.dtype(np.float64)}:
        return 0
    raise NotNative(f"constants of {', '.join(map(str, dtypes))}")


def _minmax(est: Any) -> Step:
    _copies(est)
    params: dict[str, Any] = {
        "scale": est.scale_.astype(np.float64),
        "min": est.min_.astype(np.float64),
        "single": _single(est.scale_, est.min_),
    }
    if est.clip:
        params["clip"] = np.array(est.feature_range, dtype=np.float64)
    return Step("minmax", params, len(est.scale_))


def _maxabs(est: Any) -> Step:
    _copies(est)
    params = {
        "scale": est.scale_.astype(np.float64),
        "single": _single(est.scale_),
        "clip": int(getattr(est, "clip", False)),
    }
    return Step("maxabs", params, len(est.scale_))


def _categories(est: Any) -> list[Any]:
    """Each feature's categories: a float64 vector, or a list of str, None and nan."""
    out: list[Any] = []
    for values in est.categories_:
        if values.dtype.kind in "biuf" and values.dtype != np.float16:
            if values.dtype.kind in "iu" and len(values) and np.abs(values).max() >= 2**53:
                raise NotNative("integer categories beyond 2**53")
            out.append(values.astype(np.float64))
            continue
        items = values.tolist()
        texts = [v for v in items if isinstance(v, str)]
        rest = [v for v in items if not isinstance(v, str)]
        if values.dtype.kind not in "OU" or not all(v is None or _is_nan(v) for v in rest):
            raise NotNative("categories that are neither numbers nor texts")
        out.append([str(v) for v in texts] + rest)
    return out


def _grouping(est: Any, feature: int) -> Any:
    if not getattr(est, "_infrequent_enabled", False):
        return None
    return est._default_to_infrequent_mappings[feature]


def _onehot(est: Any) -> Step:
    dropped = est._drop_idx_after_grouping
    speaks = est.handle_unknown in ("error", "warn") or est.drop is not None
    tables, offset = [], 0
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
        unknown = -2 if speaks else -1
        if est.handle_unknown == "infrequent_if_exist" and not speaks and mapping is not None:
            unknown = offset + int(mapping[est._infrequent_indices[i][0]])
        tables.append(np.array([*table, unknown], dtype=np.int64))
        offset += est._n_features_outs[i]
    params = {
        "categories": _categories(est),
        "tables": tables,
        "width": int(offset),
        "dtype": np.dtype(est.dtype).str,
        "sparse": bool(est.sparse_output),
    }
    return Step("onehot", params, len(tables))


def _ordinal(est: Any) -> Step:
    dtype = np.dtype(est.dtype)
    if dtype.kind not in "fiu" or dtype.itemsize < 4:
        raise NotNative(f"dtype={dtype}")
    known = est.handle_unknown == "error"
    tables = []
    for i, values in enumerate(est.categories_):
        mapping = _grouping(est, i)
        missing = est._missing_indices.get(i)
        table: list[float] = []
        for code in range(len(values)):
            at = code if mapping is None or code == missing else int(mapping[code])
            table.append(float(est.encoded_missing_value if at == missing else at))
        table.append(0.0 if known else float(est.unknown_value))
        tables.append(np.array(table).astype(dtype).astype(np.float64))
    params = {
        "categories": _categories(est),
        "tables": tables,
        "unknown": int(not known),
        "dtype": dtype.str,
    }
    return Step("ordinal", params, len(tables))


REGISTRY: dict[str, Callable[[Any], Step]] = {
    "sklearn.impute.SimpleImputer": _impute,
    "sklearn.preprocessing.MaxAbsScaler": _maxabs,
    "sklearn.preprocessing.MinMaxScaler": _minmax,
    "sklearn.preprocessing.OneHotEncoder": _onehot,
    "sklearn.preprocessing.OrdinalEncoder": _ordinal,
    "sklearn.preprocessing.StandardScaler": _standardize,
}


# ---- The walk ---------------------------------------------------------------------------------


def class_key(est: Any) -> str:
    """``sklearn.impute.SimpleImputer`` for one: the module without its private tail."""
    cls = type(est)
    module = ".".join(part for part in cls.__module__.split(".") if not part.startswith("_"))
    return f"{module}.{cls.__qualname__}"


def output_configured(est: Any) -> bool:
    """Whether ``set_output`` asks for something else than arrays."""
    config = getattr(est, "_sklearn_output_config", None) or {}
    return config.get("transform", "default") not in (None, "default")


def is_passthrough(est: Any) -> bool:
    """``"passthrough"``, None, or the FunctionTransformer that stands in for it."""
    if est is None or (isinstance(est, str) and est == "passthrough"):
        return True
    return (
        class_key(est) == "sklearn.preprocessing.FunctionTransformer"
        and est.func is None
        and not est.validate
    )


def has_names(est: Any) -> bool:
    """Whether it was fitted with feature names."""
    return getattr(est, "feature_names_in_", None) is not None


class Reader:
    """Reads a fitted estimator; ``nodes`` then says of each step whether it is native."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []

    def read(self, est: Any, path: str, named: bool) -> Tree | None:
        """The tree, or None if some step below is not native."""
        if is_passthrough(est):
            self.nodes.append(Node(path, "passthrough", True))
            return Chain([])
        key, kind = class_key(est), type(est).__name__
        try:
            if output_configured(est):
                raise NotNative("set_output: the estimator makes a frame")
            if key == "sklearn.pipeline.Pipeline":
                return self._pipeline(est, path, named)
            if key == "sklearn.compose.ColumnTransformer":
                return self._columns(est, path, named)
            if key == "sklearn.pipeline.FeatureUnion":
                return self._union(est, path, named)
            make = REGISTRY.get(key)
            if make is None:
                raise NotNative("no native form of this class")
            if has_names(est) != named:
                raise NotNative("fitted with other feature names than it is given")
            step = make(est)
        except NotNative as error:
            self.nodes.append(Node(path, kind, False, str(error)))
            return None
        except (AttributeError, KeyError, IndexError) as error:
            # Another version of scikit-learn keeps its state in another way.
            self.nodes.append(Node(path, kind, False, f"not understood: {error}"))
            return None
        self.nodes.append(Node(path, kind, True))
        return step

    def _pipeline(self, est: Any, path: str, named: bool) -> Tree | None:
        steps: list[Tree | None] = []
        for name, step in est.steps:
            steps.append(self.read(step, f"{path}.{name}".lstrip("."), named))
            named = named and is_passthrough(step)
        found = [step for step in steps if step is not None]
        return Chain(found) if len(found) == len(steps) else None

    def _columns(self, est: Any, path: str, named: bool) -> Tree | None:
        if has_names(est) != named:
            raise NotNative("fitted with other feature names than it is given")
        weights = est.transformer_weights or {}
        parts: list[Part] = []
        complete = True
        for name, step, columns in est.transformers_:
            where = f"{path}.{name}".lstrip(".")
            indices = [int(i) for i in est._transformer_to_input_indices[name]]
            if isinstance(step, str) and step == "drop":
                continue
            if not indices:
                continue
            scalar = isinstance(columns, (str, int, np.integer))
            if weights.get(name) is not None or scalar:
                why = "a single column, given as 1-D" if scalar else "transformer_weights"
                self.nodes.append(Node(where, type(step).__name__, False, why))
                complete = False
                continue
            tree = self.read(step, where, named)
            if tree is None:
                complete = False
            else:
                parts.append(Part(name, indices, tree))
        if not complete:
            return None
        if not parts:
            raise NotNative("nothing is left of the output")
        return Parallel(parts, bool(est.sparse_output_), True)

    def _union(self, est: Any, path: str, named: bool) -> Tree | None:
        weights = est.transformer_weights or {}
        parts: list[Part] = []
        complete = True
        for name, step in est.transformer_list:
            where = f"{path}.{name}".lstrip(".")
            if isinstance(step, str) and step == "drop":
                continue
            if weights.get(name) is not None:
                self.nodes.append(Node(where, type(step).__name__, False, "transformer_weights"))
                complete = False
                continue
            tree = self.read(step, where, named)
            if tree is None:
                complete = False
            else:
                parts.append(Part(name, None, tree))
        if not complete:
            return None
        if not parts:
            raise NotNative("nothing is left of the output")
        return Parallel(parts, None, False)
