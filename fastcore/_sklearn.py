"""From fitted scikit-learn transformers to trees.

Each ``_sklearn_<group>.py`` has a ``REGISTRY`` with one row for each class that is compiled: a
function from the fitted transformer to a :class:`~fastcore._plan_tree.Step`. What it cannot express
it refuses with :class:`~fastcore._sklearn_base.NotNative`, and that transformer then runs as it is.
Only exact classes count: a subclass may do anything.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from . import (
    _sklearn_encode,
    _sklearn_expand,
    _sklearn_function,
    _sklearn_impute,
    _sklearn_labels,
    _sklearn_power,
    _sklearn_project,
    _sklearn_scale,
    _sklearn_select,
    _sklearn_text,
)
from ._plan_check import remark
from ._plan_tree import Chain, Frame, Parallel, Part, Step, Tree
from ._sklearn_base import Make, NotNative, before_1_9, weight_of
from .explanation import Node

REGISTRY: dict[str, Make] = {
    **_sklearn_encode.REGISTRY,
    **_sklearn_expand.REGISTRY,
    **_sklearn_function.REGISTRY,
    **_sklearn_impute.REGISTRY,
    **_sklearn_labels.LABELS,
    **_sklearn_power.REGISTRY,
    **_sklearn_project.REGISTRY,
    **_sklearn_scale.REGISTRY,
    **_sklearn_select.REGISTRY,
    **_sklearn_text.REGISTRY,
}


# ---- The walk ---------------------------------------------------------------------------------


def class_key(est: Any) -> str:
    """``sklearn.impute.SimpleImputer`` for one: the module without its private tail."""
    cls = type(est)
    module = ".".join(part for part in cls.__module__.split(".") if not part.startswith("_"))
    return f"{module}.{cls.__qualname__}"


def output_kind(est: Any) -> str | None:
    """The frame that ``set_output``, or scikit-learn's configuration, asks for; None for arrays."""
    from sklearn import get_config

    config = getattr(est, "_sklearn_output_config", None) or {}
    kind = config.get("transform", get_config()["transform_output"])
    wraps = "transform" in getattr(est, "_sklearn_auto_wrap_output_keys", ())
    return None if kind == "default" or not wraps else str(kind)


def frame_of(est: Any, names: list[str] | None) -> Frame | None:
    """The frame that comes out of a transformer, which is given a frame of these names, or None."""
    kind = output_kind(est)
    if kind is None:
        return None
    if not hasattr(est, "get_feature_names_out"):
        # Only functions warn where an array comes out of them.
        if _is_function(est) and (names is None or est.validate):
            raise NotNative("set_output of a function without feature_names_out")
        return None
    try:
        return Frame(kind, tuple(str(name) for name in est.get_feature_names_out()))
    except ValueError as error:
        raise NotNative(f"no names for a frame: {error}") from None


def frame_without_warning(est: Any) -> str | None:
    """The frame that must come out of a function, lest there is a warning; None: anything."""
    named = est is None or isinstance(est, str) or hasattr(est, "get_feature_names_out")
    return None if named or not _is_function(est) else output_kind(est)


def _is_function(est: Any) -> bool:
    return class_key(est) == "sklearn.preprocessing.FunctionTransformer"


def is_passthrough(est: Any) -> bool:
    """``"passthrough"``, None, or the FunctionTransformer that stands in for it."""
    if est is None or (isinstance(est, str) and est == "passthrough"):
        return True
    return (
        class_key(est) == "sklearn.preprocessing.FunctionTransformer"
        and est.func is None
        and not est.validate
        and not callable(est.feature_names_out)
        and not est.kw_args  # an error
    )


def keeps_names(est: Any) -> bool:
    """Whether a frame that goes in comes out as one: through passthrough and NumPy's functions."""
    if class_key(est) == "sklearn.preprocessing.FunctionTransformer" and not est.validate:
        return (est.func is None and not est.kw_args) or type(est.func) is np.ufunc
    return is_passthrough(est)


def root_of(est: Any) -> str | None:
    """What a sample is, if it is no row of a matrix; see ``_plan_samples``."""
    key = class_key(est)
    if key in _sklearn_text.DOCUMENTS:
        return "documents"
    if key == "sklearn.feature_extraction.FeatureHasher":
        return _sklearn_text.HASHED.get(est.input_type)
    if key == "sklearn.feature_extraction.DictVectorizer":
        return "fields"
    if key == "sklearn.pipeline.Pipeline":
        return next((root_of(step) for _, step in est.steps if not is_passthrough(step)), None)
    if key == "sklearn.pipeline.FeatureUnion":
        roots = {root_of(step) for _, step in est.transformer_list if step != "drop"}
        return roots.pop() if len(roots) == 1 else None
    return None


def entry(est: Any) -> Any:
    """The estimator in it that says which columns it was fitted on, or None.

    Pipelines and unions that begin with "passthrough" do not say it themselves.
    """
    if hasattr(est, "n_features_in_"):
        return est
    inner: list[Any] = []
    if class_key(est) == "sklearn.pipeline.Pipeline":
        inner = [step for _, step in est.steps if not is_passthrough(step)][:1]
    elif class_key(est) == "sklearn.pipeline.FeatureUnion":
        inner = [step for _, step in est.transformer_list if not isinstance(step, str)]
    return next((found for step in inner if (found := entry(step)) is not None), None)


def has_names(est: Any) -> bool:
    """Whether it was fitted with feature names."""
    return getattr(est, "feature_names_in_", None) is not None


def names_of(est: Any) -> list[str] | None:
    """The feature names that it was fitted with."""
    return list(map(str, est.feature_names_in_)) if has_names(est) else None


def names_after(est: Any, names: list[str] | None) -> list[str] | None:
    """The names of what it makes of columns of these names; None for an array."""
    if class_key(est) == "sklearn.pipeline.Pipeline":
        for _, step in est.steps:
            names = names_after(step, names)
        return names
    frame = None if is_passthrough(est) and names is not None else frame_of(est, names)
    if frame is not None:
        return list(frame.names)
    return names if keeps_names(est) else None


class Reader:
    """Reads a fitted estimator; ``nodes`` then says of each step whether it is native."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []

    def read(self, est: Any, path: str, names: list[str] | None, flat: bool = False) -> Tree | None:
        """The tree, or None if some step below is not native.

        ``names``: of the columns it is given, where they come in a frame; ``flat``: it is given a
        sequence, and no matrix.
        """
        key, kind = class_key(est), type(est).__name__
        try:
            if is_passthrough(est):
                self.nodes.append(Node(path, "passthrough", True))
                if names is None:
                    return Chain([], frame_of(est, names))
                only = frame_without_warning(est)
                return Step("same", {"only": only}, len(names)) if only else Chain([])
            if key == "sklearn.pipeline.Pipeline":
                return self._pipeline(est, path, names, flat)
            if key == "sklearn.compose.ColumnTransformer":
                return self._columns(est, path, names)
            if key == "sklearn.pipeline.FeatureUnion":
                return self._union(est, path, names, flat)
            make = REGISTRY.get(key)
            if make is None:
                raise NotNative("no native form of this class")
            if key in _sklearn_labels.LABELS and path:
                raise NotNative("takes labels, and no matrix")
            if flat != (key in _sklearn_text.DOCUMENTS or key in _sklearn_text.SAMPLES):
                raise NotNative("takes 2-D input" if flat else "takes documents, and no matrix")
            if names_of(est) != names:
                raise NotNative("fitted with other feature names than it is given")
            step = make(est)
            step.frame = frame_of(est, names)
            if isinstance(step, Step) and (only := frame_without_warning(est)):
                step.params["only"] = only
        except NotNative as error:
            self.nodes.append(Node(path, kind, False, str(error)))
            return None
        except (AttributeError, KeyError, IndexError) as error:
            # Another version of scikit-learn keeps its state in another way.
            self.nodes.append(Node(path, kind, False, f"not understood: {error}"))
            return None
        self.nodes.append(Node(path, kind, True, remark(kind, getattr(step, "params", {}))))
        return step

    def _pipeline(self, est: Any, path: str, names: list[str] | None, flat: bool) -> Tree | None:
        steps: list[Tree | None] = []
        for name, step in est.steps:
            steps.append(self.read(step, f"{path}.{name}".lstrip("."), names, flat))
            if steps[-1] is not None:
                names = names_after(step, names)
            flat = flat and is_passthrough(step)
        found = [step for step in steps if step is not None]
        return Chain(found) if len(found) == len(steps) else None

    def _columns(self, est: Any, path: str, names: list[str] | None) -> Tree | None:
        if names_of(est) != names:
            raise NotNative("fitted with other feature names than it is given")
        weights = est.transformer_weights or {}
        parts: list[Part] = []
        complete = True
        for name, step, columns in est.transformers_:
            where = f"{path}.{name}".lstrip(".")
            indices = [int(i) for i in est._transformer_to_input_indices[name]]
            if isinstance(step, str) and step == "drop":
                continue
            view = isinstance(columns, slice)
            if not indices and view:  # which scikit-learn does not take for nothing
                raise NotNative(f"part {name!r} is given a slice of no columns")
            if not indices:
                continue
            scalar = isinstance(columns, (str, int, np.integer))
            given = None if names is None or scalar else [names[i] for i in indices]
            tree = self.read(step, where, given, scalar)
            if tree is None:
                complete = False
            else:
                parts.append(Part(name, indices, tree, weight_of(weights.get(name)), view))
        # Where nothing is left it does not say whether that is sparse: it makes an array.
        if not complete:
            return None
        return Parallel(parts, getattr(est, "sparse_output_", False), True, frame_of(est, names))

    def _union(self, est: Any, path: str, names: list[str] | None, flat: bool) -> Tree | None:
        weights = est.transformer_weights or {}
        parts: list[Part] = []
        complete = True
        for name, step in est.transformer_list:
            where = f"{path}.{name}".lstrip(".")
            if isinstance(step, str) and step == "drop":
                continue
            tree = self.read(step, where, names, flat)
            if tree is None:
                complete = False
            else:
                parts.append(Part(name, None, tree, weight_of(weights.get(name))))
        if not complete:
            return None
        if not parts:
            raise NotNative("nothing is left of the output")
        if output_kind(est) == "polars" and before_1_9():
            raise NotNative("a polars frame, whose equal names this scikit-learn refuses")
        return Parallel(parts, None, False, frame_of(est, names))
