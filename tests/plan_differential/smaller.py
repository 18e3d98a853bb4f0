"""The smallest pipeline, and the fewest rows and columns, that show a difference."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import FeatureUnion, Pipeline

from .cases import Case, fit
from .judge import Judge

#: So many attempts are made.
PATIENCE = 400


def smallest(case: Case, make: Callable[[], Any], text: str) -> tuple[Any, Any, Any, str]:
    """(estimator, fitted on, given, what differs)."""
    est, X, y, given = case.est, case.X, case.y, make()
    if hasattr(given, "__next__") or not differs(est, X, y, given):
        return est, X, make(), text
    tries = 0
    for _ in range(40):
        for less in _less(est, X, y, given):
            tries += 1
            if tries > PATIENCE:
                return est, X, given, text
            found = differs(*less)
            if found:
                est, X, y, given = less
                text = found
                break
        else:
            break
    return est, X, given, text


def differs(est: Any, X: Any, y: Any, given: Any) -> str | None:
    """What differs, if anything does."""
    try:
        fitted = fit(clone(est), copy.deepcopy(X), y)
        if fitted is None:
            return None
        judge = Judge(fitted)
    except Exception:
        return None
    try:
        judge.check(lambda: copy.deepcopy(given))
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:1500]
    return None


def _less(est: Any, X: Any, y: Any, given: Any) -> Iterator[tuple[Any, Any, Any, Any]]:
    for simpler in _simpler(est):
        yield simpler, X, y, given
    for name, inner, columns in getattr(est, "transformers", []):
        if not isinstance(inner, str) and isinstance(columns, list) and name:
            with suppress(Exception):  # not columns of these
                yield inner, X[columns], y, given[columns]
    rows = 0
    if hasattr(given, "shape"):
        rows = given.shape[0] if 0 < len(given.shape) < 3 else 0
    elif isinstance(given, (list, tuple)):
        rows = len(given)
    for part in (slice(0, rows // 2), slice(rows // 2, None), slice(1, None)):
        if rows > 1 and hasattr(given, "__getitem__"):
            try:
                yield est, X, y, given[part]
            except TypeError:  # a format that has no rows to choose from
                break
    for name in list(getattr(X, "columns", ())):
        if hasattr(given, "columns") and len(X.columns) > 1:
            yield est, _without(X, name), y, _without(given, name)


def _without(frame: Any, name: Any) -> Any:
    if hasattr(frame, "column_names"):  # pyarrow's
        return frame.select([each for each in frame.column_names if each != name])
    return frame[[each for each in frame.columns if each != name]]


def _simpler(est: Any) -> Iterator[Any]:
    """The estimator with something left out."""
    for kind, name in (
        (Pipeline, "steps"),
        (FeatureUnion, "transformer_list"),
        (ColumnTransformer, "transformers"),
    ):
        if isinstance(est, kind):
            parts = getattr(est, name)
            for i, part in enumerate(parts):
                if kind is not ColumnTransformer and not isinstance(part[1], str):
                    yield part[1]
                if len(parts) > 1:
                    yield _with(est, name, [*parts[:i], *parts[i + 1 :]])
                for less in _simpler(part[1]) if not isinstance(part[1], str) else ():
                    changed = [*parts[:i], (part[0], less, *part[2:]), *parts[i + 1 :]]
                    yield _with(est, name, changed)
    if isinstance(est, str) or not hasattr(est, "get_params"):
        return
    defaults = inspect.signature(type(est)).parameters
    for name, value in est.get_params(deep=False).items():
        default = defaults[name].default if name in defaults else inspect.Parameter.empty
        if default is not inspect.Parameter.empty and repr(value) != repr(default):
            yield _with(est, name, default)
    if getattr(est, "_sklearn_output_config", None):
        made = clone(est)
        made._sklearn_output_config = {}
        yield made


def _with(est: Any, name: str, value: Any) -> Any:
    return clone(est).set_params(**{name: value})
