"""What Columns refuse, and in which words."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from fastcore import Columns, _core
from fastcore._columns_in import BOOL, CODE, FLOAT64, INT64, STRING, TIME
from fastcore.columns import _build


def example() -> Columns:
    when = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    return Columns.from_rows(
        [
            {"user": {"age": 31}, "name": "<b>", "when": when, "score": 1, "ok": True},
            {"user": {"age": None}, "name": None, "when": None, "score": 0.5, "ok": None},
        ]
    )


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda c: c["zz"], KeyError, "no column 'zz'; the columns are"),
        (lambda c: c["\ud800"], KeyError, "no column"),
        (lambda c: c[0], TypeError, "key: expected the name of a column"),
        (lambda c: c.valid("zz"), KeyError, "no column 'zz'"),
        (lambda c: c.categories(None), TypeError, "name: expected the name"),
        (lambda c: c.matrix(), TypeError, "names: column 'name' holds text"),
        (lambda c: c.matrix(["when"]), TypeError, "names: column 'when' holds times"),
        (lambda c: c.matrix("score"), TypeError, "names: expected a sequence of column names"),
        (lambda c: c.matrix(3), TypeError, "names: expected a sequence of column names, got int"),
        (lambda c: c.matrix([3]), TypeError, "names: expected the name of a column"),
        (lambda c: c.matrix(["zz"]), KeyError, "no column 'zz'"),
        (lambda c: c.matrix(["score"], int), TypeError, "dtype: expected float32 or float64"),
        (lambda c: c.matrix(["score"], "zz"), TypeError, "dtype: 'zz' is not a dtype"),
        (lambda c: c.matrix(["score"], ">f8"), TypeError, "dtype: expected float32 or float64"),
        (lambda c: c.matrix(["score"], order="A"), ValueError, "order: expected 'C' or 'F'"),
        (lambda c: c.matrix(["score"], missing="x"), TypeError, "missing: expected a number"),
        (lambda c: c.matrix(["score"], out=[1]), TypeError, "out: expected a numpy.ndarray"),
        (lambda c: c.matrix(["score"], out=np.zeros((2, 1), int)), TypeError, "out: expected an"),
        (lambda c: c.matrix(["score"], out=np.zeros((1, 2))), ValueError, "out: expected shape"),
        (lambda c: c.matrix(["score"], out=np.zeros(2)), ValueError, "out: expected shape"),
        (lambda c: c.matrix(["score"], "f4", out=np.zeros((2, 1))), TypeError, "out: its dtype"),
        (lambda c: c.matrix(["score"], out=_frozen()), ValueError, "out: the array is read-only"),
        (lambda c: c.matrix(["score"], out=_odd()), ValueError, "out: expected an aligned array"),
        (lambda c: c.matrix(["score"], zz=1), TypeError, "unexpected keyword argument 'zz'"),
        (lambda c: c.matrix(["score"], names=1), TypeError, "multiple values for argument 'names'"),
        (lambda c: c.matrix(1, 2, 3, 4, 5, 6), TypeError, "at most 5 arguments"),
        (lambda c: Columns(), TypeError, "cannot be made directly"),
        (lambda c: _core.Columns(), TypeError, "cannot be made directly"),
        (lambda c: Columns.from_rows([1]), TypeError, "expected mappings, got int at 0"),
        (lambda c: Columns.from_rows([{1: 2}]), TypeError, "expected str as keys, got 1"),
        (lambda c: c["score"].__setitem__(0, 1), ValueError, "read-only"),
        (lambda c: c["score"].setflags(write=True), ValueError, "WRITEABLE"),
    ],
)
def test_refused(call: Callable[[Any], Any], error: type[Exception], match: str) -> None:
    c = example()
    with pytest.raises(error, match=match):
        call(c)
    assert c == example()


def _frozen() -> np.ndarray[Any, Any]:
    array = np.zeros((2, 1))
    array.flags.writeable = False
    return array


def _odd() -> np.ndarray[Any, Any]:
    return np.zeros(17, "u1")[1:].view("f8").reshape(2, 1)


F, N, C = (FLOAT64, 1, True, False, None), (INT64, 1, False, False, None), (CODE, 1, False, False)


@pytest.mark.parametrize(
    ("specs", "data", "error", "match"),
    [
        ([("a", *F)], [["x"]], TypeError, "column 'a': expected a number"),
        ([("a", *F)], [[10**400]], ValueError, "column 'a': expected a number within"),
        ([("a", *N)], [[1.5]], TypeError, "column 'a': expected an integer"),
        ([("a", *N)], [[2**63]], ValueError, "column 'a': expected an integer within"),
        ([("a", *N)], [[None]], ValueError, "column 'a': None in a column without nulls"),
        ([("a", *C, ("x",))], [["y"]], ValueError, "column 'a': 'y' is not one of its texts"),
        ([("a", *C, ("x",))], [(np.ones(1, "i4"), None)], ValueError, "outside the dictionary"),
        ([("a", *C, ("x",))], [(-np.ones(1, "i4"), None)], ValueError, "outside the dictionary"),
        ([("a", *C, ("x",))], [(np.ones(1, "i8"), None)], TypeError, "another dtype"),
        ([("a", *F)], [(np.ones((1, 1)), None)], ValueError, "another shape"),
        ([("a", *F)], [(np.ones(4)[::2], None)], ValueError, "not aligned and C-ordered"),
        ([("a", *F)], [(np.ones(2), np.ones(1, bool))], ValueError, "valid is not a bool array"),
        ([("a", *N)], [(np.ones(2, int), np.ones(2, bool))], ValueError, "without nulls"),
        ([("a", STRING, 1, True, False, None)], [[b"x"]], TypeError, "expected a str"),
        ([("a", STRING, 1, True, False, None)], [["\ud800"]], ValueError, "surrogates"),
        ([("a", TIME, 1, True, True, None)], [[dt.date(2020, 1, 1)]], ValueError, "time zone"),
        ([("a", TIME, 1, True, False, None)], [["x"]], TypeError, "expected a datetime or date"),
        ([("a", BOOL, 1, True, False, None)], [[1]], TypeError, "expected a bool"),
        ([("a", FLOAT64, 2, True, False, None)], [[[1]]], ValueError, "expected 2 values, got 1"),
        ([("a", FLOAT64, 2, True, False, None)], [["xy"]], TypeError, "expected a sequence"),
        ([("a", FLOAT64, 2, True, False, None)], [[3]], TypeError, "expected a sequence"),
        ([("a", FLOAT64, 0, True, False, None)], [[]], ValueError, "column 'a': 0 values a row"),
        ([("a", STRING, 2, True, False, None)], [[]], ValueError, "column 'a': 2 values a row"),
        ([("a", 9, 1, True, False, None)], [[]], ValueError, "expected kind from 0 to 8"),
        ([("a", "x", 1, True, False, None)], [[]], TypeError, "expected an int for kind"),
        ([(1, *F)], [[]], TypeError, "expected a str for the name"),
        ([("a",)], [[]], TypeError, "expected tuples"),
        ([("a", *F), ("a", *F)], [[], []], ValueError, "two columns have the name 'a'"),
        ([("a", *F), ("b", *F)], [[1], [1, 2]], ValueError, "'b': expected 1 rows as in 'a'"),
        ([("a", *F)], [], ValueError, "expected 1 entries, one a column, got 0"),
        ([("a", *F)], [3], TypeError, "data: expected a list"),
        ([("a", *F)], 3, TypeError, "iterable"),
    ],
)
def test_build_refuses(specs: Any, data: Any, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        _build(specs, data)


def test_a_list_that_shrinks_while_it_is_read() -> None:
    class Sly:
        def __float__(self) -> float:
            values.clear()
            return 1.0

    values: list[Any] = [Sly(), 2.0, 3.0]
    with pytest.raises(ValueError, match="the list became shorter"):
        _build([("a", *F)], [values])
