"""``transform`` of scikit-learn's classes, shadowed: the original's result, and a note if a plan's
differs in anything."""

from __future__ import annotations

import copy
import functools
import threading
import warnings
from collections import Counter
from typing import Any

import numpy as np
import pandas as pd
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.utils import all_estimators

from fastcore import Plan, UnsupportedError

from ..plan_compare import assert_bits, assert_near

#: Their bits depend on the memory order or on the batch in scikit-learn itself (sums, BLAS).
CLOSE = {
    "IncrementalPCA", "IterativeImputer", "KNNImputer", "KernelCenterer", "Normalizer", "PCA",
    "TruncatedSVD",
}  # fmt: skip

#: Warnings that a plan has no cause to give: it takes no working memory.
SILENT = "Could not adhere to working_memory config"
#: What was seen since the beginning: calls of each class, by how the plan was made.
seen: Counter[tuple[str, str]] = Counter()
#: Differences of the test that runs.
differences: list[str] = []


class _Guard:
    """While a call is shadowed, what it calls is not; ``asked``: the plan went to the original."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.asked = False


guard = _Guard()


class Shadowed:
    """In the place of a class's ``transform``, outside of what ``set_output`` wraps it in."""

    def __init__(self, original: Any, owner: type) -> None:
        self.original, self.owner = original, owner

    def __get__(self, est: Any, cls: type | None = None) -> Any:
        bound = self.original.__get__(est, cls)
        if est is None:
            return bound
        # Of subclasses that call their parent's: theirs is the whole, and compared.
        holder = next(k for k in type(est).__mro__ if "transform" in vars(k))
        if holder is not self.owner:
            return bound

        @functools.wraps(bound)
        def transform(*args: Any, **kwargs: Any) -> Any:
            if len(args) != 1 or kwargs:
                return bound(*args, **kwargs)
            if not guard.lock.acquire(blocking=False):
                guard.asked = True
                return bound(*args)
            try:
                return shadow(est, bound, args[0])
            finally:
                guard.lock.release()

        return transform


def install() -> None:
    """Shadow all that transforms: vectorizers are not listed among the transformers."""
    holders = {
        holder
        for _, cls in all_estimators()
        if hasattr(cls, "transform")
        for holder in cls.__mro__
        if "transform" in vars(holder) and holder.__module__.startswith("sklearn.")
    }
    from sklearn.pipeline import Pipeline

    for holder in {*holders, Pipeline}:
        holder.transform = Shadowed(vars(holder)["transform"], holder)


# ---- One call -----------------------------------------------------------------------------------


def shadow(est: Any, bound: Any, X: Any) -> Any:
    """The original's outcome, warnings and exception as well, after the plan's was compared."""
    twin = _twin(est)  # before the call, which may draw random numbers
    given, other = _twice(X)
    theirs, error, said = _outcome(lambda: bound(given))
    asked = []

    def ours() -> Any:
        plan, how = _compiled(twin)
        guard.asked = False
        try:
            return plan.transform(other), plan
        finally:
            asked.append("asked" if how == "native" and guard.asked else how)

    mine, our_error, we_said = _outcome(ours)
    how = asked[0] if asked else "refused"
    seen[type(est).__name__, how] += 1
    try:
        pairs = ((repr(our_error), repr(error)), (_texts(we_said), _texts(said)))
        for our_text, their_text in pairs:
            assert our_text == their_text, f"{our_text} for {their_text}"
        if error is None:
            assert_equal(mine[0], theirs, size_of(est, other))
            check_names(mine[1], est)
        assert_changed_alike(other, given)
    except Exception as difference:
        text = str(difference) or repr(difference)
        differences.append(f"{est!r} ({how}) on {type(X).__name__}:\n{text}"[:3000])
    for each in said:
        warnings.warn_explicit(each.message, each.category, each.filename, each.lineno)
    if error is not None:
        raise error
    return theirs


def _compiled(est: Any) -> tuple[Plan, str]:
    try:
        return Plan.from_sklearn(est, strict=True), "native"
    except UnsupportedError:
        return Plan.from_sklearn(est), "fallback"


def _twin(est: Any) -> Any:
    """A copy, for calls may draw random numbers; stop words are known by their identity."""
    params = est.get_params() if hasattr(est, "get_params") else {}
    kept = [value for name, value in params.items() if name.endswith("stop_words")]
    return _copied(est, {id(value): value for value in kept})


def _copied(value: Any, memo: dict[int, Any] | None = None) -> Any:
    try:
        made = copy.deepcopy(value, memo)
    except Exception:  # locks, modules, generators inside
        return value
    if isinstance(value, np.ndarray) and not value.flags.writeable:
        made.setflags(write=False)
    return made


def _twice(X: Any) -> tuple[Any, Any]:
    """The input for the original and for the plan."""
    if hasattr(X, "__next__"):
        items = list(X)
        return iter(items), iter(_copied(items))
    return X, _copied(X)


def _outcome(call: Any) -> tuple[Any, Exception | None, list[warnings.WarningMessage]]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            return call(), None, caught
        except Exception as error:
            return None, error, caught


def _texts(caught: list[warnings.WarningMessage]) -> list[tuple[Any, str]]:
    texts = [(each.category, str(each.message)) for each in caught]
    return [told for told in texts if not told[1].startswith(SILENT)]


# ---- Equality -----------------------------------------------------------------------------------


def any_of(est: Any, names: set[str]) -> bool:
    """Whether it is one of these classes, or has one inside."""
    if type(est).__name__ in names:
        return True
    inner = [*getattr(est, "steps", []), *getattr(est, "transformer_list", [])]
    inner += getattr(est, "transformers_", [])
    return any(any_of(step[1], names) for step in inner)


def size_of(est: Any, X: Any) -> Any:
    """None where bits must be equal; else what a tolerance is relative to, besides the value."""
    if not any_of(est, CLOSE):
        return None
    if not hasattr(est, "explained_variance_") or not isinstance(X, np.ndarray):
        return 1.0
    size = np.abs(X).astype(float) @ np.abs(est.components_.astype(float)).T
    if getattr(est, "whiten", False):
        scale = np.sqrt(est.explained_variance_)
        size /= np.maximum(scale, np.finfo(scale.dtype).eps)  # the least that scikit-learn takes
    return size


def assert_equal(ours: Any, theirs: Any, close: Any) -> None:
    """The same kind of object with the same bits, but for the sums of `CLOSE`."""
    assert type(ours) is type(theirs), (type(ours), type(theirs))
    if close is not None and hasattr(theirs, "to_numpy"):
        assert list(ours.columns) == list(theirs.columns)
        assert_arrays(ours.to_numpy(), theirs.to_numpy(), close)
    elif isinstance(theirs, pd.DataFrame):
        pd.testing.assert_frame_equal(ours, theirs)
    elif hasattr(theirs, "format") and hasattr(theirs, "toarray"):
        assert ours.format == theirs.format
        assert ours.shape == theirs.shape
        if theirs.format in ("csr", "csc", "bsr"):
            for name in ("indptr", "indices", "data"):
                assert_arrays(getattr(ours, name), getattr(theirs, name), close)
        else:
            assert_arrays(ours.toarray(), theirs.toarray(), close)
    elif isinstance(theirs, np.ndarray):
        assert ours.flags.f_contiguous == theirs.flags.f_contiguous, "order in memory"
        assert ours.flags.c_contiguous == theirs.flags.c_contiguous, "order in memory"
        assert_arrays(ours, theirs, close)
    elif hasattr(theirs, "equals"):
        assert ours.equals(theirs)
    else:
        assert str(ours) == str(theirs)


def assert_arrays(ours: np.ndarray, theirs: np.ndarray, close: Any) -> None:
    assert ours.dtype == theirs.dtype, (ours.dtype, theirs.dtype)
    assert ours.shape == theirs.shape, (ours.shape, theirs.shape)
    if theirs.dtype.kind == "O":
        pd.testing.assert_series_equal(pd.Series(ours.ravel()), pd.Series(theirs.ravel()))
    elif close is not None and theirs.dtype.kind == "f":
        limit = 1e-10 if theirs.dtype == np.float64 else 1e-4
        assert_near(ours, theirs, limit * (np.abs(theirs) + close))
    else:
        assert_bits(ours, theirs)


def assert_changed_alike(ours: Any, theirs: Any) -> None:
    """What ``copy=False`` did to the input, the plan did too."""
    if isinstance(theirs, np.ndarray) and theirs.dtype.kind in "fiu":
        np.testing.assert_array_equal(ours, theirs)
    elif isinstance(getattr(theirs, "data", None), np.ndarray):
        np.testing.assert_array_equal(ours.data, theirs.data)


def check_names(plan: Plan, est: Any) -> None:
    """Names as a saved plan would give them."""
    if plan._recipe is None:
        return
    names, error, _ = _outcome(lambda: est.get_feature_names_out())
    assert plan._recipe.names_out == (None if error else [str(name) for name in names])
