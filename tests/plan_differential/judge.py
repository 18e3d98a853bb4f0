"""Whether a plan does what its estimator does with an input."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl

from fastcore import Plan, UnsupportedError

from ..mirror.shadow import any_of
from ..plan_compare import assert_bits, assert_near, outcome
from ..plan_table import TOLERANCES

#: Relative to the value and to 1, by the dtype's size.
LIMITS = {8: 1e-9, 4: 1e-4, 2: 1e-2}
#: What tells of memory that a plan does not take, and what each estimator says but once.
SILENT = ("Could not adhere to working_memory config", "Your stop_words may be inconsistent")


#: Containers that estimators do not take, and that stand for frames.
BY_NAME = ("rows", "named", "columns")


#: What is said of Arrow's tables, of which plans take more: texts as documents, say.
ARROW = ("LargeStringScalar", "the container provided is: pyarrow.Table", "a bytes-like object")


class Judge:
    """The plans of an estimator: as it is compiled, and as a file that was loaded."""

    def __init__(self, est: Any) -> None:
        self.est = est
        self.plan = Plan.from_sklearn(est)
        self.in_place = "copy=False" in repr(est)
        self.close = any_of(est, set(TOLERANCES))
        self.native = self.plan._recipe is not None
        self.loaded: Any = None
        if self.native:
            try:
                self.loaded = Plan._from_bytes(self.plan.__reduce__()[1][0])
            except UnsupportedError:
                self.native = False
        self.taken = 0  # inputs that a plan without anybody to ask had an answer for

    def check(self, make: Callable[[], Any]) -> None:
        """Raise AssertionError for a difference."""
        container, X = self.plan._open(make())
        given = X if container in BY_NAME else make()
        rows = container in BY_NAME
        if rows and self.in_place:
            return  # nothing of the caller's is there to be changed
        if rows:
            asked = self.plan._original_input
            theirs = said(lambda: self.est.transform(asked(given, container, False)))
        else:
            theirs = said(lambda: self.est.transform(given))
        if container == "arrow" and theirs[1] and any(what in theirs[1][1] for what in ARROW):
            return
        mine = make()
        ours = said(lambda: self.plan.transform(mine))
        assert unordered(ours[1]) == unordered(theirs[1]), f"raised {ours[1]} for {theirs[1]}"
        assert ours[2] == theirs[2], f"warned {ours[2]} for {theirs[2]}"
        if not rows:
            assert_unchanged(mine, given)
        # Iterators are read once, and copy=False changes what was given.
        again = make if hasattr(given, "__next__") or self.in_place else lambda: mine
        if container == "rows" and getattr(theirs[0], "dtype", np.dtype(float)).kind == "O":
            # A column of None alone, which pandas takes for objects, is NaN.
            theirs = (theirs[0].astype(getattr(ours[0], "dtype", object)), *theirs[1:])
        if theirs[1] is None:
            if container in ("rows", "columns") and isinstance(ours[0], np.ndarray):
                # Rows lie row by row, whatever the frame that they stand for.
                assert_values(ours[0], theirs[0], self.close)
            else:
                self.equal(ours[0], theirs[0])
            self._asked_for(again, theirs[0], theirs[2])
        if rows:
            self._one_by_one(mine, ours)
        self._loaded(again, theirs)

    def names(self) -> None:
        """The names of the output, and what compiling it says."""
        ours = said(lambda: list(self.plan.get_feature_names_out()))
        theirs = said(lambda: list(self.est.get_feature_names_out()))
        assert ours == theirs, f"names {ours} for {theirs}"
        if self.loaded is not None and theirs[1] is None:
            loaded = said(lambda: list(self.loaded.get_feature_names_out()))
            assert loaded[0] == theirs[0] or loaded[1][0] is UnsupportedError, loaded

    def equal(self, ours: Any, theirs: Any) -> None:
        assert_equal(ours, theirs, self.close)

    def _asked_for(self, make: Callable[[], Any], theirs: Any, warned: Any) -> None:
        """float32, and an output that is given."""
        if getattr(theirs, "dtype", None) not in (np.float64, np.float32):
            return
        with np.errstate(all="ignore"):
            expected = theirs.astype(np.float32)
        X = make()
        single, error, _ = said(lambda: self.plan.transform(X, dtype=np.float32))
        assert error is None, error
        assert type(single) is type(theirs)
        if isinstance(theirs, np.ndarray) or hasattr(theirs, "indptr"):
            assert_values(single, expected, self.close)
        if isinstance(theirs, np.ndarray):
            out = np.full(
                theirs.shape, 7.0, dtype=theirs.dtype, order="F" if len(theirs) % 2 else "C"
            )
            X = make()
            got, error, told = said(lambda: self.plan.transform(X, out=out))
            assert error is None, error
            assert got is out
            assert told == warned
            assert_values(out, theirs, self.close)

    def _one_by_one(self, X: Any, whole: Any) -> None:
        if not isinstance(X, list) or whole[1] is not None or not hasattr(whole[0], "shape"):
            return
        if isinstance(whole[0], pd.DataFrame) or not isinstance(whole[0], np.ndarray):
            return
        for k in range(min(3, len(X))):
            alone = said(lambda k=k: self.plan.transform([X[k]]))
            one = said(lambda k=k: self.plan.transform_one(X[k]))
            assert one[1] == alone[1], f"transform_one raised {one[1]} for {alone[1]}"
            if one[1] is None:
                assert_values(one[0], alone[0][0], self.close)

    def _loaded(self, make: Callable[[], Any], theirs: Any) -> None:
        """A loaded plan has nobody to ask: it gives the same, or refuses."""
        if self.loaded is None:
            return
        X = make()
        value, error, told = said(lambda: self.loaded.transform(X))
        if error is None:
            assert theirs[1] is None, f"a loaded plan gave a value for {theirs[1]}"
            if isinstance(value, np.ndarray):
                assert_values(value, theirs[0], self.close)
            else:
                self.equal(value, theirs[0])
            assert told == theirs[2], f"a loaded plan warned {told} for {theirs[2]}"
            self.taken += 1
        else:
            known = (TypeError, ValueError, KeyError, UnsupportedError, AttributeError)
            same = error == theirs[1]  # polars', of names that come twice
            assert same or issubclass(error[0], known), f"a loaded plan raised {error}"


def said(call: Callable[[], Any]) -> Any:
    with np.errstate(all="ignore"):
        value, error, told = outcome(call)
    return value, error, [each for each in told if not each[1].startswith(SILENT)]


def unordered(error: Any) -> Any:
    """An error without the order of a set in its text."""
    if error is None or "Found unknown categories" not in error[1]:
        return error
    return error[0], sorted(error[1].replace("[", " ").replace("]", " ").replace(",", " ").split())


# ---- Equality ------------------------------------------------------------------------------------


def assert_unchanged(ours: Any, theirs: Any) -> None:
    """What ``copy=False`` did to the input, the plan did too."""
    if isinstance(theirs, np.ndarray) and theirs.dtype.kind in "fiu":
        np.testing.assert_array_equal(ours, theirs, "the input")
    elif isinstance(theirs, pd.DataFrame):
        pd.testing.assert_frame_equal(ours, theirs, check_exact=True)
    elif hasattr(theirs, "indptr"):
        np.testing.assert_array_equal(ours.data, theirs.data, "the input")


def assert_equal(ours: Any, theirs: Any, close: bool) -> None:
    """The same kind of object, with the same dtypes, order and bits."""
    assert type(ours) is type(theirs), f"{type(ours)} for {type(theirs)}"
    if isinstance(theirs, pd.DataFrame):
        assert list(ours.columns) == list(theirs.columns)
        assert type(ours.columns) is type(theirs.columns)
        assert ours.columns.dtype == theirs.columns.dtype
        assert ours.index.equals(theirs.index), f"index {ours.index} for {theirs.index}"
        assert type(ours.index) is type(theirs.index)
        assert list(ours.dtypes) == list(theirs.dtypes)
        for i in range(theirs.shape[1]):
            a, b = ours.iloc[:, i], theirs.iloc[:, i]
            if b.dtype in (np.float64, np.float32):
                assert_values(a.to_numpy(), b.to_numpy(), close)
            else:
                pd.testing.assert_series_equal(a, b, check_exact=True)
    elif hasattr(theirs, "equals"):  # polars
        assert ours.schema == theirs.schema, f"{ours.schema} for {theirs.schema}"
        if close:
            assert_values(ours.to_numpy(), theirs.to_numpy(), close)
        elif pl.Object in theirs.dtypes:
            assert repr(ours.rows()) == repr(theirs.rows())
        else:
            assert ours.equals(theirs)
    elif isinstance(theirs, np.ndarray) or hasattr(theirs, "indptr"):
        if isinstance(theirs, np.ndarray):
            for order in ("f_contiguous", "c_contiguous"):
                a, b = getattr(ours.flags, order), getattr(theirs.flags, order)
                assert a == b, f"{order} is {a} for {b}"
        assert_values(ours, theirs, close)
    elif hasattr(theirs, "toarray"):
        assert_values(ours.toarray(), theirs.toarray(), close)
    else:
        assert str(ours) == str(theirs)


def assert_values(ours: Any, theirs: Any, close: bool) -> None:
    assert ours.dtype == theirs.dtype, f"{ours.dtype} for {theirs.dtype}"
    assert ours.shape == theirs.shape, f"{ours.shape} for {theirs.shape}"
    if hasattr(theirs, "indptr"):
        assert ours.format == theirs.format
        for name in ("indptr", "indices", "data"):
            assert_values(getattr(ours, name), getattr(theirs, name), close)
    elif theirs.dtype.kind == "O":
        same = pd.testing.assert_series_equal
        near = {"rtol": LIMITS[8], "atol": LIMITS[8]} if close else {"check_exact": True}
        same(pd.Series(ours.ravel()), pd.Series(theirs.ravel()), **near)
        assert [type(v) for v in ours.ravel()] == [type(v) for v in theirs.ravel()]
    elif close and theirs.dtype.kind == "f":
        limit = LIMITS[theirs.dtype.itemsize]
        size = np.max(np.abs(np.where(np.isfinite(theirs), theirs, 1.0)), initial=1.0)
        assert_near(ours, theirs, limit * size)
    else:
        assert_bits(ours, theirs)
