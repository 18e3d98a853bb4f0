"""From an estimator to what a plan is made of: its recipe, or a mixture with the original."""

from __future__ import annotations

import copy
from typing import Any

from ._lower import NotLowered
from ._plan_calling import Counting, calls
from ._plan_labels import labels_of
from ._plan_tree import Recipe, Step, is_identity
from ._sklearn import (
    REGISTRY,
    Reader,
    class_key,
    entry,
    is_passthrough,
    names_of,
    root_of,
)
from ._sklearn_base import NotNative
from ._sklearn_labels import LABELS
from ._sklearn_text import DOCUMENTS
from .errors import UnsupportedError
from .explanation import Node


def check_version() -> None:
    """The rules of scikit-learn's arithmetic changed in 1.8; a plan knows only the newer ones."""
    import sklearn

    if tuple(int(part) for part in sklearn.__version__.split(".")[:2]) < (1, 8):
        raise ImportError(
            f"Plan needs scikit-learn 1.8 or later, found {sklearn.__version__}: "
            'python -m pip install "fastcore-ml[sklearn]"'
        )


def check_estimator(estimator: Any) -> None:
    """Raise what says best why this is not a fitted transformer."""
    from sklearn.utils.validation import check_is_fitted

    if isinstance(estimator, type):
        raise UnsupportedError(
            f"estimator: expected a fitted transformer, got the class {estimator.__name__}"
        )
    if class_key(estimator) == "sklearn.pipeline.Pipeline" and estimator.steps:
        last = estimator.steps[-1][1]
        if not is_passthrough(last) and not hasattr(last, "transform"):
            raise UnsupportedError(
                f"step {estimator.steps[-1][0]!r} ({type(last).__name__}) predicts and does not "
                "transform; pass pipeline[:-1]"
            )
    if not hasattr(estimator, "transform"):
        raise UnsupportedError(
            f"estimator: expected a fitted transformer, got {type(estimator).__name__}, which has "
            "no transform"
        )
    counts = class_key(estimator) == "sklearn.feature_extraction.text.CountVectorizer"
    if counts and not hasattr(estimator, "vocabulary_"):
        estimator._check_vocabulary()  # takes the one that it was given, as its transform does
    elif not _prefit(estimator):
        check_is_fitted(estimator)


def _prefit(estimator: Any) -> bool:
    """Whether it transforms without having been fitted: what it holds was."""
    if class_key(estimator) != "sklearn.feature_selection.SelectFromModel":
        return False
    return bool(estimator.prefit) and not hasattr(estimator, "estimator_")


def build(estimator: Any) -> tuple[Recipe | None, list[Node], Any]:
    """The recipe (None if some step is not native), the nodes, and what to ask otherwise."""
    reader = Reader()
    root = root_of(estimator)
    first = entry(estimator)
    tree = reader.read(estimator, "", names_of(first), root is not None)
    if tree is None:
        return None, reader.nodes, mixture(estimator)
    if labels_of(tree) is not None:
        assert isinstance(tree, Step)
        return Recipe(tree, tree.width, None), reader.nodes, estimator
    if root is not None:
        return Recipe(tree, 1, None, names_out(estimator), root), reader.nodes, estimator
    why = ""
    if is_identity(tree):
        if any(getattr(step, "feature_names_out", None) is not None for step in _leaves(estimator)):
            why = "may give a frame other names"
    elif first is None:
        why = "does not say how many columns it was fitted on"
    if why:
        return None, [Node("", type(estimator).__name__, False, why), *reader.nodes], estimator
    names = names_of(first)
    columns = 0 if first is None else int(first.n_features_in_)
    return Recipe(tree, columns, names, names_out(estimator)), reader.nodes, estimator


def _leaves(estimator: Any) -> list[Any]:
    """The steps of a pipeline, and of pipelines in it."""
    steps = _inner(estimator)
    return [leaf for step in steps for leaf in _leaves(step)] if steps else [estimator]


def names_out(estimator: Any) -> list[str] | None:
    try:
        return [str(name) for name in estimator.get_feature_names_out()]
    except (AttributeError, ValueError, TypeError):
        return None


# ---- Mixtures ---------------------------------------------------------------------------------


class NativeStep:
    """A native plan in the place of the transformer it was made from, or what counts in C."""

    def __init__(self, estimator: Any, plan: Any = None) -> None:
        from .plan import Plan

        self.estimator = estimator
        self.plan = Plan.from_sklearn(estimator) if plan is None else plan

    def transform(self, X: Any) -> Any:
        return self.plan.transform(X)

    def fit(self, X: Any, y: Any = None) -> Any:
        raise UnsupportedError("a plan is not fitted")

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_tags__(self) -> Any:
        return self.estimator.__sklearn_tags__()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "estimator":
            raise AttributeError(name)
        return getattr(self.estimator, name)


def _inner(estimator: Any) -> list[Any]:
    key = class_key(estimator)
    if key == "sklearn.pipeline.Pipeline":
        return [step for _, step in estimator.steps]
    if key == "sklearn.pipeline.FeatureUnion":
        return [step for _, step in estimator.transformer_list]
    if key == "sklearn.compose.ColumnTransformer":
        return [step for _, step, _ in estimator.transformers_]
    return []


def mixture(estimator: Any) -> Any:
    """A copy of the estimator whose native parts are plans; scikit-learn does the rest."""
    if isinstance(estimator, str) or is_passthrough(estimator):
        return estimator
    root = root_of(estimator)
    tree = Reader().read(estimator, "", names_of(entry(estimator)), root is not None)
    if tree is not None:
        known = root is not None or (entry(estimator) is not None and not is_identity(tree))
        return NativeStep(estimator) if known else estimator
    key = class_key(estimator)
    if key in DOCUMENTS and calls(estimator):
        try:
            return NativeStep(estimator, Counting(estimator))
        except (NotNative, NotLowered):
            return estimator
    if not _inner(estimator):
        return estimator
    made = copy.copy(estimator)
    if key == "sklearn.pipeline.Pipeline":
        made.steps = [(name, mixture(step)) for name, step in estimator.steps]
    elif key == "sklearn.pipeline.FeatureUnion":
        made.transformer_list = [(name, mixture(step)) for name, step in estimator.transformer_list]
    else:
        made.transformers_ = [
            (name, step if _is_scalar(columns) and not root_of(step) else mixture(step), columns)
            for name, step, columns in estimator.transformers_
        ]
    return made


def _is_scalar(columns: Any) -> bool:
    """One column given as 1-D: for text transformers; native steps take 2-D."""
    import numpy as np

    return isinstance(columns, (str, int, np.integer))


def takes_labels(estimator: Any) -> bool:
    """Whether it takes labels, and no matrix."""
    return class_key(estimator) in LABELS


# ---- What rows mean ---------------------------------------------------------------------------


#: Of so many columns it is known what they held.
MAX_ROLES = 1 << 20


def column_roles(estimator: Any) -> dict[int, str]:
    """What each input column held at fit, as far as its first step tells.

    ``"number"``; or for texts what a missing one was: ``"nan"`` or ``"none"``. Known also of steps
    that are not native, so that rows mean the same whoever transforms them.
    """
    key = class_key(estimator)
    if key == "sklearn.pipeline.Pipeline":
        steps = [step for _, step in estimator.steps if not is_passthrough(step)]
        if not steps:
            return {}
        roles = column_roles(steps[0])
        if len(steps) > 1 and class_key(steps[0]) == "sklearn.impute.SimpleImputer":
            # None that the imputer left was None at fit.
            later = column_roles(steps[1])
            roles = {i: "none" if later.get(i) == "none" else role for i, role in roles.items()}
        return roles
    if key == "sklearn.pipeline.FeatureUnion":
        found: dict[int, str] = {}
        for step in _inner(estimator):
            _add_roles(found, column_roles(step))
        return found
    if key == "sklearn.compose.ColumnTransformer":
        found = {}
        for name, step, _ in estimator.transformers_:
            where = estimator._transformer_to_input_indices[name]
            # A step that no column was selected for was never fitted.
            inner = {} if isinstance(step, str) or not len(where) else column_roles(step)
            _add_roles(found, {int(where[i]): role for i, role in inner.items()})
        return found
    categories = getattr(estimator, "categories_", None)
    if isinstance(categories, list):
        return {i: _category_role(values) for i, values in enumerate(categories)}
    fit_dtype = getattr(estimator, "_fit_dtype", None)
    if key == "sklearn.impute.SimpleImputer" and fit_dtype is not None and fit_dtype.kind == "O":
        role = "none" if estimator.missing_values is None else "nan"
        return dict.fromkeys(range(len(estimator.statistics_)), role)
    if key in REGISTRY and hasattr(estimator, "n_features_in_"):
        # Wider than any row that anybody has by name: nothing needs to be known of those.
        return dict.fromkeys(range(min(int(estimator.n_features_in_), MAX_ROLES)), "number")
    return {}


def _add_roles(found: dict[int, str], more: dict[int, str]) -> None:
    """What another step tells: texts, also of columns that one before took for numbers."""
    for index, role in more.items():
        if found.get(index, "number") == "number":
            found[index] = role


def _category_role(values: Any) -> str:
    if values.dtype.kind not in "OUS":
        return "number"
    return "none" if any(value is None for value in values.tolist()) else "nan"
