"""What plans take: each container and dtype natively, against the estimator given the same object
(or the DataFrame that it stands for)."""

import dataclasses
import types
from decimal import Decimal

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, OrdinalEncoder, StandardScaler

from fastcore import Columns, Plan

from .plan_compare import assert_same, compare
from .profiles import examples

PANDAS = int(pd.__version__.split(".")[0])
quick = examples(30)


class Unasked:
    """Stands in for the estimator, to prove that C answers by itself."""

    def transform(self, X):
        raise AssertionError("the estimator was asked")


def alone(est):
    """A plan that cannot ask."""
    plan = Plan.from_sklearn(est, strict=True)
    plan._original = Unasked()
    return plan


def native(est, X):
    """C gives by itself what the estimator gives."""
    assert compare(est, X, alone(est))


def stands_for(est, X, frame):
    """C gives for X, which the estimator does not take, what that gives for the frame."""
    theirs = est.transform(frame)
    assert_same(alone(est).transform(X), theirs)


def ordinal(**options):
    return OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, **options)


MATRIX = np.array([[1.0, 2.0], [3.0, 5.0], [4.0, 0.0], [0.0, 1.0]])
SCALER = StandardScaler().fit(MATRIX)
NUMBERS = ordinal().fit([[0.0, np.nan], [1.0, 1.0], [3.0, 4.0], [3.0, 5.0]])

DTYPES = [
    *("b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f4", "f8"),
    *(">i2", ">i8", ">f4", ">f8", "longdouble", "O", "U4"),
]


@pytest.mark.parametrize("dtype", [*DTYPES, "m8[s]", "M8[D]"])
def test_dtypes_of_arrays(dtype):
    values = MATRIX.astype(np.int64) if dtype[0] in "mM" else MATRIX
    X = values.astype(dtype)
    for array in (X, np.asfortranarray(X), X[::-1], np.repeat(X, 2, axis=0)[::2]):
        native(SCALER, array)


@pytest.mark.parametrize("dtype", [d for d in DTYPES if d not in ("longdouble", "U4")] + ["f2"])
def test_categories_of_numbers_in_arrays(dtype):
    native(NUMBERS, MATRIX.astype(dtype))


def test_arrays_for_the_estimator():
    for X in (MATRIX.astype(np.float16), MATRIX.astype(complex), MATRIX.astype("S3"), MATRIX[0]):
        compare(SCALER, X)
    for dtype in ("U4", "M8[D]", "longdouble"):
        compare(NUMBERS, MATRIX.astype(np.int64).astype(dtype))


def test_categories_that_the_dtype_of_the_input_does_not_hold():
    """scikit-learn puts the first category in the place of an unknown one."""
    for first in (2.0, 0.5, -1.0, 300.0, np.nan):
        est = ordinal().fit([[first], [first + 1]])
        for dtype in ("b1", "u1", "i1", "i8", "f4", "O"):
            compare(est, np.array([[0], [1], [3]]).astype(dtype))


def test_unaligned_arrays():
    raw = np.zeros(MATRIX.nbytes + 1, dtype=np.uint8)
    X = raw[1:].view(np.float64).reshape(MATRIX.shape)
    X[...] = MATRIX
    assert not X.flags.aligned
    native(SCALER, X)


def objects(*rows):
    X = np.empty((len(rows), len(rows[0])), dtype=object)
    X[...] = rows
    return X


def test_objects_among_numbers():
    native(
        SCALER, objects([1, 2.5], [None, True], ["1.5", np.float32(0.1)], [Decimal("1.1"), -0.0])
    )
    native(NUMBERS, objects([1, 2.0], [True, np.nan], [np.int64(3), np.float64(5)], [-0.0, 2**60]))
    # Only what Python compares as float64 does is C's.
    for value in (None, "1", np.float32(0.1), Decimal(1), pd.NA):
        compare(NUMBERS, objects([value, 2.0]))
    for value in ("x", pd.NA, 1j, 10**400):
        compare(SCALER, objects([value, 2.0]))


@pytest.mark.parametrize("missing", [(), (None,), (np.nan,), (None, np.nan)])
def test_objects_among_texts(missing):
    est = ordinal().fit(objects(*[[t] for t in ("a", "ü", "", *missing)]))
    native(est, objects(["a"], ["ü"], [""], [None], [np.nan], [float("nan")], ["A"]))
    native(est, objects([1], [True], [1.5], ["1"], ["nan"]))
    native(est, np.array([["a"], ["a longer text than any that was fitted"]]))
    compare(est, objects(["a"], [pd.NA], [pd.NaT], [b"a"]))


@quick
@given(st.data())
def test_arrays_of_objects(data):
    """Numbers of all kinds among each other, in a scaler and an encoder."""
    cells = st.one_of(
        st.sampled_from([0, 1, 2, 3, 1.0, 3.0, 2.5, True, False, float("nan"), -0.0]),
        st.sampled_from([None, "1", "x", np.float32(3), np.int8(1), np.float64("nan"), pd.NA]),
    )
    rows = data.draw(st.lists(st.tuples(cells, cells), min_size=1, max_size=4))
    for est in (SCALER, NUMBERS):
        compare(est, objects(*rows))


# ---- Lists ------------------------------------------------------------------------------------


def test_lists_of_rows():
    for rows in ([[1, 2], [3, 4]], [[1.5, 2], [3, 4]], [(True, False)], ((1, 2), (3, 4))):
        native(SCALER, rows)
        native(NUMBERS, rows)
    native(SCALER, [[1, "2.5"], [None, 3]])
    texts = ordinal().fit([["a", "1"], ["b", "2"]])
    native(texts, [["a", "2"], ["b", None], ["c", "1"]])
    columns = ColumnTransformer([("n", StandardScaler(), [0]), ("t", ordinal(), [1])])
    native(columns.fit([[1, "a"], [2, "b"]]), [[1, "b"], [None, "a"], [3.5, None]])
    for rows in ([], [[]], [[1, 2], [3]], [[1, 2, 3]], [1, 2], [[[1, 2]]], [[1j, 2]], ["ab"]):
        compare(SCALER, rows)
    compare(SCALER, [np.float32([0.1, 0.2])])


# ---- Arrays by name ---------------------------------------------------------------------------


def mixed(rows=6):
    """A frame that most of the containers below can hold, and a pipeline fitted on it."""
    return pd.DataFrame(
        {
            "f": np.linspace(0, 1, rows),
            "g": np.linspace(0, 9, rows).astype(np.float32),
            "i": np.arange(rows) % 4,
            "b": np.arange(rows) % 2 == 0,
            "t": pd.Series(["a", "b", None, "ü", "", "a"] * rows, dtype=object)[:rows],
        }
    )


def pipeline(frame, sparse=0):
    return ColumnTransformer(
        [
            ("s", make_pipeline(SimpleImputer(), StandardScaler()), ["f", "i"]),
            ("m", MinMaxScaler(), ["g"]),
            ("b", MinMaxScaler(), ["b", "i"]),
            ("o", ordinal(), ["t"]),
            ("p", ordinal(), ["i"]),
            ("h", OneHotEncoder(handle_unknown="ignore"), ["t"]),
        ],
        sparse_threshold=sparse,
    ).fit(frame)


def test_structured_arrays_and_dicts():
    frame = mixed()
    est = pipeline(frame)
    fields = [("extra", "i1"), *[(n, frame[n].dtype) for n in reversed(frame.columns)]]
    X = np.zeros(len(frame), dtype=fields)
    for name in frame.columns:
        X[name] = frame[name]
    stands_for(est, X, frame)
    stands_for(est, X.view(np.recarray), frame)
    arrays = {name: frame[name].to_numpy() for name in frame.columns}
    stands_for(est, arrays, frame)
    stands_for(
        est, {name: array.tolist() for name, array in arrays.items()}, frame.astype({"g": float})
    )
    # None and nan mean what was missing when it was fitted; texts of NumPy's are texts.
    stands_for(
        est, {**arrays, "t": frame["t"].fillna("x").to_numpy().astype(str)}, frame.fillna("x")
    )
    assert "columns are missing: {'f'}" in str(
        error(est, {k: v for k, v in arrays.items() if k != "f"})
    )
    for bad in ({**arrays, "f": arrays["f"][:2]}, {**arrays, "f": 1.0}):
        assert error(est, bad) is not None


def error(est, X):
    with pytest.raises((ValueError, TypeError, OverflowError)) as caught:
        Plan.from_sklearn(est).transform(X)
    return caught.value


def test_arrays_by_name_without_estimator(tmp_path):
    frame = mixed()
    est = pipeline(frame)
    Plan.from_sklearn(est).save(tmp_path / "plan")
    loaded = Plan.load(tmp_path / "plan")
    arrays = {name: frame[name].to_numpy() for name in frame.columns}
    assert_same(loaded.transform(arrays), est.transform(frame))


# ---- pandas -----------------------------------------------------------------------------------

NULLABLE = ["Int8", "Int64", "UInt16", "Float32", "Float64", "int64[pyarrow]", "double[pyarrow]"]


@pytest.mark.parametrize("dtype", NULLABLE)
@pytest.mark.parametrize("missing", [False, True])
def test_nullable_numbers_of_pandas(dtype, missing):
    column = pd.Series([1, 3, None if missing else 2, 0], dtype=dtype)
    X = pd.DataFrame({0: column, 1: pd.Series([2, 5, 0, 1], dtype=dtype)})
    for est in (SCALER, NUMBERS):
        native(est, X)
        native(est, X.astype({1: np.float32}))
        native(est, X.astype({1: bool}))


@pytest.mark.parametrize("dtype", ["boolean", "bool[pyarrow]"])
def test_nullable_bools_of_pandas(dtype):
    X = pd.DataFrame({0: pd.Series([True, None, False], dtype=dtype), 1: [2.0, 5.0, 0.0]})
    native(SCALER, X)
    native(NUMBERS, X)


def test_categories_of_numbers_in_pandas():
    X = pd.DataFrame({0: pd.Series([1, 3, 4, 7], dtype="category"), 1: [2, 5, 0, 1]})
    floats = X.assign(**{"0": pd.Series([1.0, 3, None, 7], dtype="category")})[["0", 1]]
    for Y in (X, floats.rename(columns={"0": 0}), X.astype({1: "category"})):
        native(SCALER, Y)
        native(NUMBERS, Y)
    X[0] = pd.Series([1, 3, None, 7], dtype="category")
    for est in (SCALER, NUMBERS):
        compare(est, X)


@pytest.mark.parametrize(
    "pair", ["f4 i8", "f4 i2", "f4 b1", "b1 i8", "b1 f8", "f4 f8", "f2 f4", "u8 i8"]
)
def test_numbers_of_several_dtypes_in_pandas(pair):
    left, right = pair.split()
    X = pd.DataFrame({0: MATRIX[:, 0].astype(left), 1: MATRIX[:, 1].astype(right)})
    native(SCALER, X)
    native(NUMBERS, X)
    native(StandardScaler().fit(X.astype(np.float32)), X)


def test_objects_of_pandas_among_numbers():
    X = pd.DataFrame(
        {0: pd.Series([1, "2.5", None, True], dtype=object), 1: np.float32([1, 2, 3, 4])}
    )
    native(SCALER, X)
    native(
        NUMBERS, pd.DataFrame({0: pd.Series([1, 3.0, np.nan, True], dtype=object), 1: [2, 4, 5, 9]})
    )
    compare(SCALER, X.assign(**{"0": "x"}).rename(columns={"0": 0}))


TEXT_DTYPES = [
    "object",
    "str",
    "string[python]",
    "string[pyarrow]",
    "category",
    "large_string[pyarrow]",
]


@pytest.mark.parametrize("dtype", [d for d in TEXT_DTYPES if d != "str" or PANDAS >= 3])
@pytest.mark.parametrize("rows", [5, 200])
@pytest.mark.parametrize("fitted", ["neither", "none", "nan"])
def test_texts_of_pandas(dtype, rows, fitted):
    if dtype == "large_string[pyarrow]":
        dtype = pd.ArrowDtype(pa.large_string())
    cells = ["a", "ü", "", {"neither": "a", "none": None, "nan": np.nan}[fitted]]
    est = ColumnTransformer([("t", ordinal(), ["t"])]).fit(
        pd.DataFrame({"t": pd.Series(cells, dtype=object)})
    )
    given = pd.Series((["ü", None, "zz", "", "a"] * rows)[:rows], dtype=dtype)
    native(est, given.to_frame("t"))
    native(est, pd.DataFrame({"t": given, "more": 1})[::-2])
    native(est, given.dropna().to_frame("t"))


def test_imputed_texts_of_pandas():
    frame = pd.DataFrame({"t": pd.Series(["a", "b", "b", np.nan], dtype=object)})
    est = make_pipeline(SimpleImputer(strategy="most_frequent"), ordinal()).fit(frame)
    native(est, frame)
    for dtype in ("string", "category", pd.ArrowDtype(pa.string())):
        compare(est, frame.astype(dtype))
        compare(est, frame.dropna().astype(dtype))


def test_frames_without_names():
    native(SCALER, pd.DataFrame(MATRIX))
    native(SCALER, pd.DataFrame(MATRIX, columns=[7, 3]))
    native(SCALER, pd.DataFrame(MATRIX).astype({0: np.int16}))
    for names in (["a", "b"], ["a", 0], [0, 0], [0.5, 1.5], [(0, 1), (0, 2)]):
        compare(SCALER, pd.DataFrame(MATRIX, columns=names))
    compare(SCALER, pd.DataFrame(np.ones((2, 3))))


# ---- polars, Arrow ----------------------------------------------------------------------------


def with_nulls():
    return {
        "f": [0.5, None, 1.0, 0.0],
        "g": [1.0, 2.0, 9.0, 4.0],
        "i": [1, 0, 2, 3],
        "b": [True, False, True, True],
        "t": ["a", None, "ü", "zz"],
    }


@pytest.mark.parametrize("type_", ["Int8", "UInt32", "Int64", "Float32", "Float64"])
def test_polars(type_):
    data = with_nulls()
    fit = pl.DataFrame(data)
    est = pipeline(fit)
    native(est, fit.with_columns(pl.col("f", "i", "g").cast(getattr(pl, type_), strict=False)))
    for kind in (pl.Categorical, pl.Enum(["a", "ü", "zz"])):
        native(est, fit.with_columns(pl.col("t").cast(kind)))
    native(est, pl.concat([fit, fit.reverse(), fit[1:3]], rechunk=False))
    native(est, pl.concat([fit] * 40)[3::3])


def test_polars_nulls_among_numbers():
    X = pl.DataFrame({"i": [1, None, 3], "b": [True, None, False], "f": [2.0, None, 5.0]})
    for est in (
        StandardScaler().fit(X),
        ColumnTransformer([("n", StandardScaler(), ["i", "b"])]).fit(X),
        ColumnTransformer([("n", ordinal(), ["i"]), ("m", ordinal(), ["f"])]).fit(X),
    ):
        native(est, X)
    # Beside texts, or as bools, nulls become None and not NaN.
    Y = X.with_columns(t=pl.Series(["a", None, "b"]))
    for columns in (["i", "t"], ["f", "t"], ["b"], ["b", "i"]):
        compare(ColumnTransformer([("n", ordinal(), columns)]).fit(Y), Y)


ARROW_TEXTS = [
    pa.string(),
    pa.large_string(),
    pa.string_view(),
    pa.dictionary(pa.int8(), pa.string()),
]


@pytest.mark.parametrize("text", ARROW_TEXTS, ids=str)
@pytest.mark.parametrize("number", [pa.float64(), pa.float32(), pa.int64(), pa.uint8()], ids=str)
def test_arrow_tables(text, number):
    data = with_nulls()
    fit = pa.table(data)
    est = pipeline(fit)
    whole = pa.table(
        {**data, "f": pa.array([1, 0, None, 1], number), "g": pa.array([1, 2, 3, 4], number)}
    )
    texts = pa.array(data["t"] if not pa.types.is_dictionary(text) else ["a", "b", "ü", "a"])
    table = whole.set_column(4, "t", texts.cast(text) if text != pa.string_view() else texts)
    native(est, table)
    native(est, pa.concat_tables([table, table.slice(1, 2), table]))
    native(est, table.select(["t", "b", "i", "g", "f"]))
    for batch in table.to_batches():
        assert_same(alone(est).transform(batch), est.transform(table))


def test_nulls_in_dictionaries_of_arrow():
    fit = pa.table(with_nulls())
    est = pipeline(fit)
    compare(est, fit.set_column(4, "t", pa.array(["a", None, "ü", "a"]).dictionary_encode()))


class Stream:
    """Arrow data of a library that nobody here knows."""

    def __init__(self, table):
        self.reader = pa.RecordBatchReader.from_batches(table.schema, table.to_batches())

    def __arrow_c_stream__(self, schema=None):
        return self.reader.__arrow_c_stream__(schema)


class Batch:
    def __init__(self, table):
        (self.batch,) = table.combine_chunks().to_batches()

    def __arrow_c_array__(self, schema=None):
        return self.batch.__arrow_c_array__(schema)


@pytest.mark.parametrize("kind", [Stream, Batch, Columns.from_arrow])
@pytest.mark.parametrize("dictionary", [False, True])
def test_any_arrow_data(kind, dictionary):
    """Null is what was missing when the column was fitted."""
    data = {**with_nulls(), "i": [1, None, 2, 3]}
    table = pa.table(data)
    if dictionary:
        table = table.set_column(4, "t", table["t"].dictionary_encode())
    frame = pd.DataFrame({**data, "t": pd.Series(data["t"], dtype=object)}).astype({"b": float})
    for missing in (None, np.nan):
        frame["t"] = pd.Series([missing if t is None else t for t in data["t"]], dtype=object)
        est = pipeline(frame)
        stands_for(est, kind(table), frame)
        stands_for(est, kind(table.slice(1, 2)), frame[1:3])


def test_duckdb():
    table = pa.table(with_nulls())
    frame = table.to_pandas().astype({"t": object})
    est = pipeline(frame)
    relation = duckdb.from_arrow(table)
    got = Plan.from_sklearn(est).transform(relation)
    np.testing.assert_array_equal(got, est.transform(frame.astype({"b": float})))


def test_what_is_no_rows_of_arrow():
    series = pa.chunked_array([[1.0, 2.0]])
    compare(SCALER, series)


# ---- Rows -------------------------------------------------------------------------------------


class Model(BaseModel):
    f: float | None
    g: float
    i: int
    b: bool
    t: str | None


@dataclasses.dataclass
class Record:
    f: float | None
    g: float
    i: int
    b: bool
    t: str | None


def test_rows_of_all_kinds():
    data = with_nulls()
    frame = pd.DataFrame({**data, "t": pd.Series(data["t"], dtype=object)})
    est = pipeline(frame)
    wide = frame.astype(dict.fromkeys("fgib", float))
    rows = [dict(zip(data, values, strict=True)) for values in zip(*data.values(), strict=True)]
    plan = alone(est)
    for some in (
        rows,
        tuple(rows),
        [{**row, "more": object()} for row in rows],
        [Model(**row) for row in rows],
        [Record(**row) for row in rows],
        [UserRow(row) for row in rows],
        [types.MappingProxyType(row) for row in rows],
    ):
        assert_same(plan.transform(some), est.transform(wide))
        for row, expected in zip(some, est.transform(wide), strict=True):
            np.testing.assert_array_equal(plan.transform_one(row), expected)


class UserRow(dict):
    pass


NUMBERS_IN_ROWS = [
    *(1, 1.5, True, None, float("nan"), "2.5", " 3 ", "1_0", "nan", 2**70, Decimal("0.1")),
    *(np.float32(0.1), np.int8(3), np.bool_(True), np.float16(0.1), np.longdouble("0.1")),
    np.uint64(2**63),
]


@pytest.mark.parametrize("value", NUMBERS_IN_ROWS, ids=repr)
def test_numbers_in_rows(value):
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 1.0]})
    est = StandardScaler().fit(frame)
    stands_for(
        est, [{"a": value, "b": 1}], pd.DataFrame({"a": pd.Series([value], dtype=float), "b": 1.0})
    )


@pytest.mark.parametrize(
    "value", ["x", "", b"x", 1j, pd.NA, [1], 10**400, Decimal("sNaN")], ids=repr
)
def test_what_is_no_number_in_rows(value):
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 1.0]})
    assert error(StandardScaler().fit(frame), [{"a": value, "b": 1}]) is not None


@pytest.mark.parametrize(
    "value", ["a", "zz", None, float("nan"), 1, 1.5, True, pd.NA, ""], ids=repr
)
@pytest.mark.parametrize("missing", ["neither", "none", "nan"])
def test_texts_in_rows(value, missing):
    cells = ["a", "b", "", {"neither": "a", "none": None, "nan": np.nan}[missing]]
    frame = pd.DataFrame({"t": pd.Series(cells, dtype=object), "n": 1.0})
    est = ColumnTransformer([("t", ordinal(), ["t"]), ("n", MinMaxScaler(), ["n"])]).fit(frame)
    meant = np.nan if value is None and missing != "none" else value
    expected = est.transform(pd.DataFrame({"t": pd.Series([meant], dtype=object), "n": 1.0}))
    plan = Plan.from_sklearn(est) if value is pd.NA else alone(est)
    assert_same(plan.transform([{"t": value, "n": 1}]), expected)


def test_keys_that_rows_do_not_have():
    frame = pd.DataFrame({"t": pd.Series(["a", np.nan], dtype=object), "n": [1.0, 2.0]})
    est = ColumnTransformer([("t", ordinal(), ["t"]), ("n", MinMaxScaler(), ["n"])]).fit(frame)
    assert "columns are missing: {'n'}" in str(error(est, [{"t": "a"}]))
    whole = frame.assign(n=np.nan)
    got = alone(est).transform([{"t": "a"}, {"t": None}], missing_keys="nan")
    assert_same(got, est.transform(whole))
