"""Columns: arrays, matrices, rows and frames against NumPy, pandas, polars and pyarrow."""

import copy
import datetime as dt
import gc
import math
import pickle
import sys
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from fastcore import Columns, _core
from fastcore._columns_in import BOOL, CODE, FLOAT32, FLOAT64, INT32, INT64, OBJECT, STRING, TIME
from fastcore.columns import _build

from .profiles import examples

UTC = dt.UTC
TEXTS = ("red", "", "grün")
SETTINGS = examples(40)

#: kind -> (strategy of one value, what stands under null)
VALUES: dict[int, tuple[st.SearchStrategy[Any], Any]] = {
    FLOAT64: (st.floats(), math.nan),
    FLOAT32: (st.floats(width=32), math.nan),
    INT64: (st.integers(-(2**63), 2**63 - 1), 0),
    INT32: (st.integers(-(2**31), 2**31 - 1), 0),
    BOOL: (st.booleans(), False),
    CODE: (st.sampled_from(TEXTS), -1),
    STRING: (st.text(), None),
    TIME: (st.datetimes().map(lambda t: t.replace(fold=0)), np.datetime64("NaT", "us")),
}
DTYPES = {FLOAT64: "f8", FLOAT32: "f4", INT64: "i8", INT32: "i4", BOOL: "?", CODE: "i4"}


@st.composite
def tables(draw: st.DrawFn, kinds: tuple[int, ...] = tuple(VALUES)) -> tuple[Any, Any]:
    """Specifications and one list a column."""
    rows = draw(st.sampled_from([0, 1, 2, 3, 5, 9, 70]))
    specs, lists = [], []
    for i in range(draw(st.integers(1, 6))):
        kind = draw(st.sampled_from(kinds))
        items = draw(st.sampled_from([None, None, 1, 3])) if kind != STRING else None
        nullable = draw(st.booleans())
        value = VALUES[kind][0]
        if items:
            value = st.lists(value, min_size=items, max_size=items)
        if nullable:
            value = st.none() | value
        texts = TEXTS if kind == CODE else None
        specs.append((f"c{i}", kind, items or 1, nullable, False, texts, 1 if items else 0))
        lists.append(
            [draw(value) for _ in range(rows)]
            if rows < 9
            else [draw(value)] * 3 + [draw(value)] * (rows - 3)
        )
    return specs, lists


def reference(spec: Any, cells: list[Any], dtype: str, missing: float) -> np.ndarray[Any, Any]:
    """A column's part of the matrix, by NumPy."""

    def plain(value: Any) -> Any:
        return TEXTS.index(value) if spec[1] == CODE else value

    listed = [c if spec[6] else (None if c is None else [c]) for c in cells]
    out = np.empty((len(cells), spec[2]), dtype)
    for r, row in enumerate(listed):
        with np.errstate(over="ignore"):
            if row is None:
                out[r] = missing
            else:
                values = np.array([plain(v) for v in row], DTYPES[spec[1]])
                out[r] = values.astype(dtype)
    return out


@SETTINGS
@given(tables(tuple(DTYPES)), st.sampled_from(["f4", "f8"]), st.sampled_from([math.nan, -9.0]))
def test_matrix_is_numpys(table: tuple[Any, Any], dtype: str, missing: float) -> None:
    specs, lists = table
    c = _build(specs, lists)
    want = np.hstack([reference(s, v, dtype, missing) for s, v in zip(specs, lists, strict=True)])
    assert_array_equal(c.matrix(dtype=dtype, missing=missing), want)
    fortran = c.matrix(dtype=dtype, order="F", missing=missing)
    assert fortran.flags.f_contiguous
    assert_array_equal(fortran, want)
    backwards = [spec[0] for spec in specs][::-1]
    parts = [reference(s, v, dtype, missing) for s, v in zip(specs, lists, strict=True)][::-1]
    assert_array_equal(c.matrix(backwards, dtype, "C", None, missing), np.hstack(parts))
    room = np.zeros((len(c) * 2, want.shape[1] * 2), dtype)
    for out in (room[::2, ::2], room[::-2, ::-2], np.zeros(want.shape[::-1], dtype).T):
        assert c.matrix(out=out, missing=missing) is out
        assert_array_equal(out, want)


@SETTINGS
@given(tables())
def test_arrays_and_masks(table: tuple[Any, Any]) -> None:
    specs, lists = table
    c = _build(specs, lists)
    assert c.names == tuple(spec[0] for spec in specs)
    assert len(c) == c.num_rows == len(lists[0])
    for spec, cells in zip(specs, lists, strict=True):
        name, kind = spec[0], spec[1]
        valid = c.valid(name)
        ok = [cell is not None for cell in cells]
        assert (valid is None) == (not spec[3])
        if valid is not None:
            assert_array_equal(valid, np.array(ok, bool))
        assert c.categories(name) == (list(TEXTS) if kind == CODE else None)
        array = c[name]
        assert array.ndim == (2 if spec[6] else 1)
        assert array.flags.writeable == (kind == STRING)
        if kind == STRING:
            assert array.tolist() == cells
            continue
        under = VALUES[kind][1]
        flat = [
            [under] * spec[2] if cell is None else cell if spec[6] else [cell] for cell in cells
        ]
        if kind == CODE:
            flat = [[TEXTS.index(v) if isinstance(v, str) else v for v in row] for row in flat]
        dtype = DTYPES.get(kind, "M8[us]")
        want = np.array(flat, dtype).reshape(array.shape)
        assert array.dtype == want.dtype
        assert_array_equal(array, want)


@SETTINGS
@given(tables())
def test_rows_pickle_copy_concat(table: tuple[Any, Any]) -> None:
    specs, lists = table
    c = _build(specs, lists)
    rows = [dict(zip(c.names, cells, strict=True)) for cells in zip(*lists, strict=True)]
    assert repr(c.to_rows()) == repr(rows)
    for again in (pickle.loads(pickle.dumps(c)), copy.copy(c), copy.deepcopy(c)):
        assert again == c
        assert type(again) is Columns
        assert again._specs == c._specs
    twice = Columns.concat([c, c])
    assert repr(twice.to_rows()) == repr(c.to_rows() * 2)
    assert (twice == c) == (len(c) == 0)


@SETTINGS
@given(tables())
def test_arrow_is_read_by_pyarrow_and_polars(table: tuple[Any, Any]) -> None:
    specs, lists = table
    c = _build(specs, lists)
    for read in (pa.table(c), pa.record_batch(c), pa.table(pa.record_batch(c).slice(1))):
        read.validate(full=True)
    whole = pa.table(c)
    frame = pl.DataFrame(c)
    assert frame.height == len(c)
    for spec, cells in zip(specs, lists, strict=True):
        field = whole.schema.field(spec[0])
        assert field.nullable == spec[3]
        assert repr(whole[spec[0]].to_pylist()) == repr(cells)
        assert repr(pa.table(pa.record_batch(c).slice(1))[spec[0]].to_pylist()) == repr(cells[1:])
        if spec[1] != TIME:  # polars gives other datetimes before the year 1
            assert repr(frame[spec[0]].to_list()) == repr(cells)


def example() -> Columns:
    return Columns.from_rows(
        [
            {
                "user": {"age": 31, "vec": [1, 2]},
                "name": "<b>&",
                "when": dt.datetime(2020, 1, 1, 12, tzinfo=dt.timezone(dt.timedelta(hours=2))),
                "day": dt.date(2020, 2, 29),
                "score": 1,
                "ok": True,
                "a.b": "q",
            },
            {
                "user": {"age": None, "vec": None},
                "name": None,
                "when": None,
                "day": None,
                "score": 0.5,
                "ok": None,
                "a.b": "r",
            },
        ]
    )


def test_rows_and_back() -> None:
    c = example()
    assert c.names == ("user.age", "user.vec", "name", "when", "day", "score", "ok", "a.b")
    assert [spec[1] for spec in c._specs] == [
        INT64, INT64, STRING, TIME, TIME, FLOAT64, BOOL, STRING,
    ]  # fmt: skip
    assert c.to_rows() == [
        {
            "user": {"age": 31, "vec": [1, 2]},
            "name": "<b>&",
            "when": dt.datetime(2020, 1, 1, 10, tzinfo=UTC),
            "day": dt.date(2020, 2, 29),
            "score": 1.0,
            "ok": True,
            "a.b": "q",
        },
        {
            "user": {"age": None, "vec": None},
            "name": None,
            "when": None,
            "day": None,
            "score": 0.5,
            "ok": None,
            "a.b": "r",
        },
    ]
    assert Columns.from_rows(c.to_rows()) == c


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, True], OBJECT),
        ([2**63], OBJECT),
        ([1, 2.5], FLOAT64),
        ([None, None], FLOAT64),
        ([[1], [1, 2]], OBJECT),
        ([[1], [None]], OBJECT),
        ([[], []], OBJECT),
        ([["a"], ["b"]], OBJECT),
        ([[1], [2.5]], FLOAT64),
        ([dt.datetime(2020, 1, 1), dt.datetime(2020, 1, 1, tzinfo=UTC)], OBJECT),
        ([dt.datetime(2020, 1, 1), dt.date(2020, 1, 1)], OBJECT),
        ([{"a.b": 1}], OBJECT),
        ([{}], OBJECT),
        ([{1: 2}], OBJECT),
        ([{"a": 1}, 2], OBJECT),
        ([np.int32(3), None], INT64),
        ([np.float64(3)], FLOAT64),
        ([np.bool_(True)], BOOL),
    ],
)
def test_kinds_of_values(values: list[Any], kind: int) -> None:
    c = Columns.from_rows([{"x": value} for value in values])
    assert c._specs[0][1] == kind
    assert c.to_rows() == [{"x": value} for value in values]


def test_objects() -> None:
    thing = object()
    c = _build([("o", OBJECT, 1, True, False, None)], [[thing, None, {"a": [1]}]])
    assert c["o"].tolist() == [thing, None, {"a": [1]}]
    assert_array_equal(c.valid("o"), [True, False, True])
    assert copy.copy(c) is c
    plain = Columns.from_rows([{"o": {}}])
    assert copy.deepcopy(plain)["o"][0] is not plain["o"][0]
    with pytest.raises(TypeError, match="column 'o' holds Python objects"):
        pa.table(c)
    with pytest.raises(TypeError, match="column 'o'"):
        c.__arrow_c_schema__()
    # A cycle through a cell is collected.
    cell: list[Any] = []
    cell.append(_build([("o", OBJECT, 1, True, False, None)], [[cell]]))
    before = sys.getrefcount(Columns)
    del cell
    gc.collect()
    assert sys.getrefcount(Columns) < before


def test_numpy_in() -> None:
    c = Columns.from_numpy(
        {
            "f2": np.array([1, 2], "f2"),
            "u1": np.array([1, 255], "u1"),
            "u4": np.array([1, 2**32 - 1], "u4"),
            "u8": np.array([1, 2**63 - 1], "u8"),
            "big": np.array([1.5, np.nan], ">f8"),
            "step": np.arange(8.0).reshape(2, 4)[:, ::2],
            "t": np.array(["2020-01-01", "NaT"], "M8[D]"),
            "s": np.array(["a", "bé"]),
            "o": np.array(["a", None], object),
            "m": np.ma.masked_array([1, 2], [False, True]),
            "ms": np.ma.masked_array(["x", "y"], [True, False]),
        }
    )
    assert [spec[1] for spec in c._specs] == [
        FLOAT32, INT32, INT64, INT64, FLOAT64, FLOAT64, TIME, STRING, STRING, INT64, STRING,
    ]  # fmt: skip
    assert_array_equal(c["step"], [[0, 2], [4, 6]])
    assert c["u8"][1] == 2**63 - 1
    assert_array_equal(c["t"], np.array(["2020-01-01", "NaT"], "M8[us]"))
    assert [c.to_rows()[i][n] for n in ("s", "o", "m", "ms") for i in (0, 1)] == [
        "a", "bé", "a", None, 1, None, None, "y",
    ]  # fmt: skip
    assert c.valid("big") is None  # NaN is a number, not a null


@pytest.mark.parametrize(
    ("arrays", "error", "match"),
    [
        ({"x": np.zeros(2, complex)}, TypeError, "'x': expected bool"),
        ({"x": np.zeros((2, 2, 2))}, ValueError, "'x': expected shape"),
        ({"x": np.zeros((2, 0))}, ValueError, "'x': expected shape"),
        ({"x": np.float64(1)}, ValueError, "'x': expected shape"),
        ({"x": np.array([2**63], "u8")}, ValueError, "'x': expected integers within"),
        ({"x": np.zeros(2), "y": np.zeros(3)}, ValueError, "'y': expected 2 rows as in 'x', got 3"),
        ({1: np.zeros(2)}, TypeError, "expected str as names, got 1"),
        ([1], TypeError, "arrays: expected a mapping"),
    ],
)
def test_numpy_refused(arrays: Any, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        Columns.from_numpy(arrays)


def test_pandas() -> None:
    frame = pd.DataFrame(
        {
            "f": [1.5, np.nan],
            "i": pd.array([1, None], "Int64"),
            "b": pd.array([True, None], "boolean"),
            "cat": pd.Categorical(["b", None], ["b", "a"]),
            "num": pd.Categorical([3, 4]),
            "tz": pd.to_datetime(["2020-01-01", None]).tz_localize("Europe/Paris"),
            "t": pd.to_datetime(["2020-01-01", None]),
            "s": ["x", None],
            "o": [{"a": 1}, None],
        },
        index=[7, 9],
    )
    c = Columns.from_pandas(frame)
    assert c.to_rows()[0] == {
        "f": 1.5, "i": 1, "b": True, "cat": "b", "num": 3, "s": "x", "o": {"a": 1},
        "tz": dt.datetime(2019, 12, 31, 23, tzinfo=UTC), "t": dt.datetime(2020, 1, 1),
    }  # fmt: skip
    last = c.to_rows()[1]
    assert math.isnan(last.pop("f"))
    assert last == dict.fromkeys(("i", "b", "cat", "tz", "t", "s", "o")) | {"num": 4}
    assert c.categories("cat") == ["b", "a"]
    back = c.to_pandas()
    assert list(back.columns) == list(frame.columns)
    for name in ("f", "cat", "t", "s"):
        pd.testing.assert_series_equal(
            back[name], frame[name].reset_index(drop=True), check_dtype=name != "t"
        )
    assert str(back["tz"].dtype) == "datetime64[us, UTC]"
    assert back["i"].dtype == float
    assert back["b"].tolist() == [True, None]
    arrow = pd.DataFrame(pa.table(Columns.from_pandas(frame.drop(columns="o"))).to_pandas())
    assert arrow["cat"].tolist()[0] == "b"
    for bad, match in (
        (pd.DataFrame({1: [1]}), "expected str as column names, got 1"),
        (pd.DataFrame({"p": pd.to_timedelta([1])}), "'p': expected bool, int"),
        ([1], "df: expected a pandas.DataFrame, got list"),
    ):
        with pytest.raises(TypeError, match=match):
            Columns.from_pandas(bad)


def test_to_polars() -> None:
    frame = example().to_polars()
    assert frame["user.age"].to_list() == [31, None]
    assert frame["user.vec"].to_list() == [[1, 2], None]


def test_concat_of_codes_and_nulls() -> None:
    a = _build([("c", CODE, 1, False, False, ("x", "y"))], [["y", "x"]])
    b = _build([("c", CODE, 1, True, False, ("z", "y"))], [["y", None, "z"]])
    both = Columns.concat([a, b])
    assert both.categories("c") == ["x", "y", "z"]
    assert [row["c"] for row in both.to_rows()] == ["y", "x", "y", None, "z"]
    for parts, error, match in (
        ([], ValueError, "at least one"),
        ([a, 3], TypeError, "got int at 1"),
        ([a, Columns.from_rows([{"d": 1}])], ValueError, "expected the columns"),
        ([a, Columns.from_rows([{"c": 1}])], ValueError, "column 'c' is code"),
    ):
        with pytest.raises(error, match=match):
            Columns.concat(parts)


def test_equality() -> None:
    rows = [{"x": 1.0, "s": "a"}, {"x": math.nan, "s": None}]
    c = Columns.from_rows(rows)
    assert c == Columns.from_rows(rows)
    assert (c == 3) is False
    assert (c != Columns.from_rows(rows[:1])) is True
    for other in (
        [{"x": 1.0, "s": "a"}, {"x": None, "s": None}],
        [{"x": 1.0, "s": "b"}, {"x": math.nan, "s": None}],
        [{"s": "a", "x": 1.0}, {"s": None, "x": math.nan}],
        [{"x": 1, "s": "a"}, {"x": 2, "s": None}],
    ):
        assert c != Columns.from_rows(other)
    ab = _build([("c", CODE, 1, False, False, ("a", "b"))], [["a", "b"]])
    ba = _build([("c", CODE, 1, True, False, ("b", "a"))], [["a", "b"]])
    assert ab == ba
    assert ab != _build([("c", CODE, 1, False, False, ("a", "c"))], [["a", "c"]])
    with pytest.raises(TypeError, match="unhashable"):
        hash(c)


def test_reprs() -> None:
    c = example()
    assert repr(c).startswith("Columns: 2 rows, 8 columns\n  user.age  int64, nullable\n")
    assert "user.vec  int64[2], nullable" in repr(c)
    page = c._repr_html_()
    assert "&lt;b&gt;&amp;" in page
    assert "<b>" not in page
    wide = Columns.from_numpy({f"c{i}": np.zeros(1) for i in range(200)})
    assert repr(wide).endswith("...")
    with pytest.raises(KeyError, match="no column 'x'; the first of 200 columns are"):
        wide["x"]


def test_arrays_keep_the_owner_alive() -> None:
    array = example()["score"]
    batch = pa.record_batch(Columns.from_numpy({"x": np.arange(1000)}))
    column = batch.column(0)
    del batch
    gc.collect()
    junk = [bytearray(8000) for _ in range(100)]
    assert_array_equal(array, [1.0, 0.5])
    assert column.to_pylist() == list(range(1000))
    del junk


F = (FLOAT64, 1, True, False, None)


def test_references_stay_flat() -> None:
    c = example()
    columns, out = c.names, np.zeros((2, 3))

    def work() -> None:
        c.matrix(["score", "ok", "user.age"], out=out)
        for name in columns:
            c[name], c.valid(name), c.categories(name)
        pa.record_batch(c).column(0)
        pickle.loads(pickle.dumps(c))
        _build([("o", OBJECT, 1, True, False, None)], [[c, None]])["o"]
        for bad in (
            lambda: c["zz"],
            lambda: c.matrix(),
            lambda: _build([("a", *F)], [[1, "x"]]),
            lambda: _build([("o", *F), ("a", *F)], [[1], ["x"]]),
            lambda: c.matrix(["zz"]),
        ):
            with pytest.raises((KeyError, TypeError)):
                bad()

    watched = (Columns, _core.Columns, c, out, columns, None, True)
    work()
    gc.collect()
    before = [sys.getrefcount(x) for x in watched]
    for _ in range(300):
        work()
    gc.collect()
    after = [sys.getrefcount(x) for x in watched]
    assert all(abs(b - a) < 100 for a, b in zip(before, after, strict=True)), (before, after)


def test_failing_allocations() -> None:
    import _testcapi as testcapi

    c = example()
    specs, data = c._specs, [c._part(name) for name in c.names]
    names, out = ["score", "ok"], np.zeros((2, 2))
    objects = [("o", OBJECT, 1, True, False, None)], [[c, None]]
    calls: list[Callable[[], Any]] = [
        lambda: Columns._build(specs, data),
        lambda: Columns._build(*objects),
        lambda: c.matrix(names),
        lambda: c.matrix(names, out=out),
        lambda: (c["name"], c["score"], c.valid("score"), c.names, c._specs),
        lambda: c.__arrow_c_array__(),
        lambda: c.__arrow_c_stream__(),
        lambda: c["zz"],
    ]
    for call in calls:
        for width in (1, 0):
            for k in range(10_000):
                done = False
                testcapi.set_nomemory(k, k + 1 if width else 0)
                try:
                    try:
                        call()
                        done = True
                    finally:
                        testcapi.remove_mem_hooks()
                except MemoryError:
                    continue
                except KeyError:
                    done = True
                # Not failing may also mean that a failed allocation had a way round.
                if done and k > 60:
                    break
    assert c == example()


def test_eight_threads() -> None:
    c = Columns.from_numpy({f"c{i}": np.arange(5000.0) + i for i in range(12)})
    want = c.matrix()
    faults: list[str] = []

    def work() -> None:
        for _ in range(20):
            if not np.array_equal(c.matrix(), want):
                faults.append("matrix")
            batch = pa.record_batch(c)
            if batch.column(3)[7].as_py() != 10.0:
                faults.append("arrow")

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults


def test_subclasses() -> None:
    class Named(Columns):
        pass

    c = Named.from_rows([{"x": 1}])
    c.note = "kept"  # type: ignore[attr-defined]
    assert c.note == "kept"  # type: ignore[attr-defined]
    assert c == Columns.from_rows([{"x": 1}])

    # A cycle through the subclass's dict is found, though no cell is an object.
    before = sys.getrefcount(Named)
    c.itself = c  # type: ignore[attr-defined]
    del c
    gc.collect()
    assert sys.getrefcount(Named) < before

    class Slotted(Columns):
        __slots__ = ("mark",)

    with pytest.raises(AttributeError):
        _ = Slotted.from_rows([{"x": 1}]).mark


def test_rows_of_a_type() -> None:
    from pydantic import BaseModel, ValidationError

    class Record(BaseModel):
        x: float
        n: int = 3

    c = Columns.from_rows([{"x": 1}, {"x": 2.5, "n": 4}], Record)
    assert c.to_rows() == [{"x": 1.0, "n": 3}, {"x": 2.5, "n": 4}]
    with pytest.raises(ValidationError):
        Columns.from_rows([{"x": "no"}], Record)
