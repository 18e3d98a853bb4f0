"""fastcore.plan: the Plan itself, its arguments, rows, files, threads and refusals."""

import dataclasses
import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pydantic
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import FastICA
from sklearn.exceptions import NotFittedError
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import (
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    StandardScaler,
)

from fastcore import Plan, UnsupportedError, _core


@pytest.fixture
def native(monkeypatch):
    """For what only compiled plans have: also where the suite runs with everything switched off."""
    monkeypatch.delenv("FASTCORE_DISABLE", raising=False)


@pytest.fixture
def matrix():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(700, 7))
    X[rng.random(X.shape) < 0.1] = np.nan
    return X


@pytest.fixture
def frame():
    rng = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "age": rng.normal(40, 10, 300),
            "visits": rng.integers(0, 9, 300),
            "plan": rng.choice(["free", "pro", "team"], 300),
            "city": pd.Series(rng.choice(["Oslo", "Rīga", None], 300), dtype="str"),
        }
    )


@pytest.fixture
def mixed(frame):
    """Numbers, one-hot and ordinal columns, by name."""
    return ColumnTransformer(
        [
            ("n", make_pipeline(SimpleImputer(), StandardScaler()), ["age", "visits"]),
            ("o", OneHotEncoder(handle_unknown="ignore"), ["plan", "city"]),
            ("d", OrdinalEncoder(), ["city"]),
        ],
        sparse_threshold=0,
    ).fit(frame)


# ---- Values ---------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("fitted_on", [np.float64, np.float32])
@pytest.mark.parametrize(
    "scaler",
    [
        StandardScaler(),
        StandardScaler(with_mean=False),
        MinMaxScaler(),
        MinMaxScaler((-3, 5), clip=True),
        MaxAbsScaler(),
        SimpleImputer(strategy="median", add_indicator=True),
        SimpleImputer(strategy="constant", fill_value=-1.5),
    ],
    ids=repr,
)
def test_bits_are_scikit_learns(matrix, scaler, dtype, fitted_on):
    est = scaler.fit(matrix[:90].astype(fitted_on))
    plan = Plan.from_sklearn(est, strict=True)
    X = matrix.astype(dtype)
    ours, theirs = plan.transform(X), est.transform(X)
    assert ours.dtype == theirs.dtype
    # The sign of a zero counts, the payload of a NaN does not.
    bits = np.uint64 if theirs.dtype == np.float64 else np.uint32
    same = (ours.view(bits) == np.ascontiguousarray(theirs).view(bits)) | (ours != ours)
    assert same.all()
    np.testing.assert_array_equal(ours, theirs)


def test_a_row_is_a_row_of_the_batch(matrix):
    est = make_pipeline(SimpleImputer(add_indicator=True), MinMaxScaler()).fit(matrix)
    plan = Plan.from_sklearn(est, strict=True)
    whole = plan.transform(matrix)
    for k in (0, 1, 255, 256, 699):
        np.testing.assert_array_equal(plan.transform_one(list(matrix[k])), whole[k])
        np.testing.assert_array_equal(plan.transform(matrix[k : k + 1])[0], whole[k])


def test_large_batches_are_stored_past_the_caches(matrix):
    X = np.tile(matrix, (300, 1))
    est = StandardScaler().fit(matrix)
    plan = Plan.from_sklearn(est, strict=True)
    room = np.empty(X.size + 1)
    for shift in (0, 1):
        out = room[shift : shift + X.size].reshape(X.shape)
        np.testing.assert_array_equal(plan.transform(X, out=out), est.transform(X))


def test_marker_instead_of_nan(matrix):
    X = np.where(np.isnan(matrix), -999, matrix)
    est = SimpleImputer(missing_values=-999, add_indicator=True).fit(X)
    plan = Plan.from_sklearn(est, strict=True)
    for Z in (X, X.astype(np.float32)):
        np.testing.assert_array_equal(plan.transform(Z), est.transform(Z))
    with pytest.raises(ValueError, match="contains NaN"):
        plan.transform(matrix)


def test_sparse_output_is_decided_at_fit(frame, mixed):
    for threshold in (0.3, 1.0):
        est = mixed.set_params(sparse_threshold=threshold).fit(frame)
        ours, theirs = Plan.from_sklearn(est).transform(frame), est.transform(frame)
        assert type(ours) is type(theirs)
        if threshold == 1.0:
            assert ours.format == "csr"
            assert ours.indices.dtype == theirs.indices.dtype
            ours, theirs = ours.toarray(), theirs.toarray()
        np.testing.assert_array_equal(ours, theirs)


def test_categories_of_numbers_none_and_nan():
    X = np.array([["a", 1], [None, 2.5], ["b", 1], [np.nan, 7]], dtype=object)
    est = ColumnTransformer(
        [("o", OneHotEncoder(handle_unknown="ignore"), [0]), ("n", StandardScaler(), [1])]
    ).fit(X)
    plan = Plan.from_sklearn(est)
    Z = np.array([[None, 1], ["nan", 2], [float("nan"), 3], ["b", 4], [1, 5]], dtype=object)
    ours, theirs = plan.transform(Z), est.transform(Z)
    np.testing.assert_array_equal(ours, theirs)
    numbers = np.array([[1.0], [0.1], [np.nan], [5.0]])
    est = OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit(numbers)
    plan = Plan.from_sklearn(est, strict=True)
    for Z in (numbers, numbers.astype(np.float32), np.array([[1], [5], [6]]), numbers * -0.0):
        np.testing.assert_array_equal(plan.transform(Z), est.transform(Z))


# ---- Arguments --------------------------------------------------------------------------------


def test_out_and_dtype(matrix):
    est = StandardScaler().fit(matrix)
    plan = Plan.from_sklearn(est)
    want = est.transform(matrix)
    out = np.empty(want.shape)
    assert plan.transform(matrix, out=out) is out
    np.testing.assert_array_equal(out, want)
    single = np.empty(want.shape, np.float32)
    plan.transform(matrix, out=single)
    np.testing.assert_array_equal(single, want.astype(np.float32))
    np.testing.assert_array_equal(plan.transform(matrix, dtype=np.float32), single)
    for view in (np.empty((1400, 7))[::2], np.empty((7, 700)).T, np.empty((700, 9))[:, 1:8]):
        np.testing.assert_array_equal(plan.transform(matrix, out=view), want)


def test_out_may_be_the_input(matrix):
    est = StandardScaler().fit(matrix)
    plan, X = Plan.from_sklearn(est), matrix.copy()
    want = est.transform(matrix)
    np.testing.assert_array_equal(plan.transform(X, out=X), want)


def test_wrong_arguments(matrix):
    plan = Plan.from_sklearn(StandardScaler().fit(matrix))
    frozen = np.empty((700, 7))
    frozen.flags.writeable = False
    for arguments, error, text in [
        ({"out": [1]}, TypeError, "out: expected a numpy.ndarray"),
        ({"out": np.empty((700, 6))}, ValueError, r"out: expected an array of shape \(700, 7\)"),
        ({"out": np.empty((700, 7), int)}, TypeError, "out: expected float64 or float32|out:"),
        ({"out": frozen}, ValueError, "out: the array is read-only"),
        ({"out": np.empty((700, 7)), "dtype": "f4"}, ValueError, "out: expected float32"),
        ({"dtype": "i4"}, TypeError, "dtype: expected float32 or float64"),
        ({"threads": 0}, ValueError, "threads: expected at least 1, got 0"),
        ({"threads": 2.0}, TypeError, "threads: expected an int, got float"),
        ({"missing_keys": "zero"}, ValueError, "missing_keys: expected"),
    ]:
        with pytest.raises(error, match=text):
            plan.transform(matrix, **arguments)
    with pytest.raises(ValueError, match="verify: expected a share"):
        Plan.from_sklearn(StandardScaler().fit(matrix), verify=2)


def test_what_is_no_transformer(matrix):
    y = np.arange(700)
    pipe = Pipeline([("i", SimpleImputer()), ("m", LinearRegression())]).fit(matrix, y)
    with pytest.raises(UnsupportedError, match=r"'m' \(LinearRegression\).*pipeline\[:-1\]"):
        Plan.from_sklearn(pipe)
    assert Plan.from_sklearn(pipe[:-1]).transform(matrix).shape == (700, 7)
    with pytest.raises(UnsupportedError, match="no transform"):
        Plan.from_sklearn(pipe[-1])
    with pytest.raises(UnsupportedError, match="the class"):
        Plan.from_sklearn(StandardScaler)
    with pytest.raises(NotFittedError):
        Plan.from_sklearn(StandardScaler())
    with pytest.raises(TypeError, match="from_sklearn"):
        Plan()


# ---- Steps of the original --------------------------------------------------------------------


class Doubling(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
        self.n_features_in_ = X.shape[1]
        return self

    def transform(self, X):
        return np.asarray(X) * 2


class Shifting(StandardScaler):
    def transform(self, X, copy=None):
        return super().transform(X) + 1


def test_other_steps_run_inside(native, matrix):
    whole = np.nan_to_num(matrix)
    for est in (
        make_pipeline(StandardScaler(), Doubling(), MinMaxScaler()),
        FeatureUnion([("a", StandardScaler()), ("b", Doubling()), ("c", FastICA())]),
        ColumnTransformer([("a", MinMaxScaler(), [0, 1]), ("b", Doubling(), [2])]),
        Shifting(),
    ):
        est.fit(whole)
        plan = Plan.from_sklearn(est)
        np.testing.assert_array_equal(plan.transform(whole), est.transform(whole))
        np.testing.assert_array_equal(plan.transform_one(whole[5]), est.transform(whole[5:6])[0])
        assert not plan.explain().native
        with pytest.raises(UnsupportedError, match=r"Doubling|Shifting|FastICA"):
            Plan.from_sklearn(est, strict=True)
        with pytest.raises(UnsupportedError):
            plan.save("never")
        with pytest.raises(UnsupportedError):
            _ = plan.fingerprint


def test_explain_names_each_step(native, mixed):
    explained = Plan.from_sklearn(mixed).explain()
    assert explained.native
    assert [node.path for node in explained] == ["n.simpleimputer", "n.standardscaler", "o", "d"]


def test_set_output_and_configuration(mixed, frame):
    from sklearn import config_context

    mixed.set_params(o__sparse_output=False).fit(frame)
    plan = Plan.from_sklearn(mixed)
    with config_context(transform_output="pandas"):
        pd.testing.assert_frame_equal(plan.transform(frame), mixed.transform(frame))
    mixed.set_output(transform="pandas")
    pd.testing.assert_frame_equal(Plan.from_sklearn(mixed).transform(frame), mixed.transform(frame))


@pytest.mark.parametrize("how", ["argument", "environment"])
def test_the_way_back(mixed, frame, monkeypatch, how):
    if how == "environment":
        monkeypatch.setenv("FASTCORE_DISABLE", "1")
    plan = Plan.from_sklearn(mixed, native=how == "environment", strict=True)
    assert not plan.explain().native
    np.testing.assert_array_equal(plan.transform(frame), mixed.transform(frame))
    row = frame.iloc[0].to_dict()
    np.testing.assert_array_equal(plan.transform_one(row), mixed.transform(frame[:1])[0])


# ---- Errors and warnings ----------------------------------------------------------------------


def test_bad_input_is_the_originals_business(mixed, frame):
    plan = Plan.from_sklearn(mixed)
    for X in (
        frame.assign(age=np.inf),
        frame.assign(city="Bergen"),
        frame.assign(age="old"),
        frame.drop(columns="age"),
        frame[:0],
        frame.to_numpy(),
        None,
        7,
        "rows",
    ):
        with pytest.raises(Exception) as theirs:  # noqa: PT011
            mixed.transform(X)
        with pytest.raises(type(theirs.value)) as ours:
            plan.transform(X)
        assert str(ours.value) == str(theirs.value)
    np.testing.assert_array_equal(plan.transform(frame), mixed.transform(frame))


def test_warnings_are_the_originals(frame):
    est = OneHotEncoder(drop="first", handle_unknown="ignore", sparse_output=False)
    est.fit(frame[["plan"]])
    plan = Plan.from_sklearn(est)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plan.transform(frame[["plan"]])
    with pytest.warns(UserWarning, match="Found unknown categories"):
        plan.transform(pd.DataFrame({"plan": ["other"]}))


# ---- Rows -------------------------------------------------------------------------------------


class Model(pydantic.BaseModel):
    age: float | None
    visits: int
    plan: str
    city: str | None


@dataclasses.dataclass
class Record:
    age: float | None
    visits: int
    plan: str
    city: str | None


def test_rows_of_each_form(mixed, frame):
    plan, want = Plan.from_sklearn(mixed), mixed.transform(frame)
    rows = [
        {**row, "city": row["city"] if isinstance(row["city"], str) else None}
        for row in frame.to_dict("records")
    ]
    models, records = [Model(**row) for row in rows], [Record(**row) for row in rows]
    for form in (rows, models, records):
        np.testing.assert_array_equal(plan.transform(form), want)
        np.testing.assert_array_equal(plan.transform_one(form[3]), want[3])
    np.testing.assert_array_equal(plan.transform_one(list(rows[3].values())), want[3])
    np.testing.assert_array_equal(plan.transform_one(tuple(rows[3].values())), want[3])
    np.testing.assert_array_equal(plan.transform_one({**rows[3], "more": object()}), want[3])


def test_numbers_in_rows_become_floats(mixed, frame):
    plan = Plan.from_sklearn(mixed)
    row = {"age": 41, "visits": True, "plan": "pro", "city": "Oslo"}
    like = pd.DataFrame([row]).astype({"age": float, "visits": float})
    want = mixed.transform(like)[0]
    np.testing.assert_array_equal(plan.transform_one(row), want)
    for age in ("41", np.float32(41), np.int64(41), np.float64(41)):
        np.testing.assert_array_equal(plan.transform_one({**row, "age": age}), want)
    with pytest.raises(ValueError, match="infinity"):
        plan.transform_one({**row, "age": float("inf")})
    with pytest.raises(ValueError, match=r"could not convert|non-numeric"):
        plan.transform_one({**row, "age": "old"})
    with pytest.raises(ValueError, match="unknown categories"):
        plan.transform_one({**row, "city": "Bergen"})


def test_missing_keys(mixed, frame):
    plan = Plan.from_sklearn(mixed)
    row = {"visits": 3, "plan": "pro", "city": "Oslo"}
    with pytest.raises(ValueError, match=r"columns are missing: \{'age'\}"):
        plan.transform_one(row)
    with pytest.raises(ValueError, match=r"columns are missing: \{'age'\}"):
        plan.transform([row])
    like = pd.DataFrame([{**row, "age": np.nan, "visits": 3.0}])
    want = mixed.transform(like)
    np.testing.assert_array_equal(plan.transform_one(row, missing_keys="nan"), want[0])
    np.testing.assert_array_equal(plan.transform([row, row], missing_keys="nan")[1], want[0])
    with pytest.raises(TypeError, match="row: expected a mapping"):
        plan.transform_one(7)
    with pytest.raises(ValueError, match="row: expected 4 values, got 2"):
        plan.transform_one([1, 2])


def test_columns(mixed, frame):
    from fastcore import Columns

    plan = Plan.from_sklearn(mixed)
    rows = [
        {**row, "city": row["city"] if isinstance(row["city"], str) else None}
        for row in frame.to_dict("records")
    ]
    columns = Columns.from_rows(rows, Record)
    np.testing.assert_array_equal(plan.transform(columns), mixed.transform(frame))


# ---- What it is -------------------------------------------------------------------------------


def test_names_and_counters(mixed, frame):
    plan = Plan.from_sklearn(mixed, verify=1.0)
    assert list(plan.get_feature_names_out()) == list(mixed.get_feature_names_out())
    assert list(plan.feature_names_in_) == list(frame.columns)
    assert plan.n_features_in_ == 4
    plan.transform(frame)
    plan.transform_one(frame.iloc[0].to_dict())
    assert plan.counters()["rows"] >= 300
    assert plan.counters()["mismatches"] == 0
    assert set(plan.check(frame).values()) == {0.0}
    plan.reset_counters()
    assert plan.counters() | {"inputs": {}} == {
        "inputs": {},
        "rows": 0,
        "verified": 0,
        "mismatches": 0,
    }
    assert "Plan of ColumnTransformer" in repr(plan)
    assert "<table>" in plan._repr_html_()


def test_verify_counts_calls_and_mismatches(native, matrix):
    est = StandardScaler().fit(matrix)
    plan = Plan.from_sklearn(est, verify=1.0)
    plan.transform(matrix)
    est.mean_ = est.mean_ + 1  # the estimator was changed behind the plan's back
    plan.transform(matrix)
    assert plan.counters() | {"inputs": {}} == {
        "inputs": {},
        "rows": 1400,
        "verified": 2,
        "mismatches": 1,
    }
    assert max(plan.check(matrix).values()) > 0.5


def test_save_and_load(native, mixed, frame, tmp_path):
    plan = Plan.from_sklearn(mixed)
    plan.save(tmp_path / "p.plan")
    loaded = Plan.load(tmp_path / "p.plan")
    assert loaded.fingerprint == plan.fingerprint
    np.testing.assert_array_equal(loaded.transform(frame), mixed.transform(frame))
    row = {"age": None, "visits": 1, "plan": "pro", "city": None}
    np.testing.assert_array_equal(loaded.transform_one(row), plan.transform_one(row))
    assert list(loaded.get_feature_names_out()) == list(mixed.get_feature_names_out())
    assert list(loaded.feature_names_in_) == list(frame.columns)
    with pytest.raises(ValueError, match=r"infinity.*column 'age', row 0: inf"):
        loaded.transform(frame.assign(age=np.inf))
    other = Plan.from_sklearn(mixed.set_params(n__standardscaler__with_mean=False).fit(frame))
    assert other.fingerprint != plan.fingerprint


# ---- Threads and memory -----------------------------------------------------------------------


def test_eight_threads_share_a_plan(mixed, frame):
    plan, want = Plan.from_sklearn(mixed), mixed.transform(frame)
    big = pd.concat([frame] * 10, ignore_index=True)
    rows = [
        row if isinstance(row["city"], str) else {**row, "city": None}
        for row in frame.to_dict("records")
    ]

    def work(k):
        for _ in range(3):
            np.testing.assert_array_equal(plan.transform(frame), want)
            np.testing.assert_array_equal(plan.transform(big, threads=k + 1)[:300], want)
            np.testing.assert_array_equal(plan.transform_one(rows[k]), want[k])
        return True

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(8)))


def test_failing_allocations_are_memory_errors(native, mixed, frame):
    """In a child process: an interpreter that runs out of memory may end in other ways too."""
    code = """
import _testcapi, numpy as np, pyarrow as pa, warnings
from fastcore import Columns, _core
table = {"a": 0, "b": 1}
sources = ((0, "x", None, -1, -1), (1, "s", table, -1, -1))
blob = {"mean": np.array([1.0]), "scale": np.array([2.0])}
hot = {"table": np.array([0, 1, -1]), "counts": np.array([2])}
steps = (("standardize", (0,), 0, 1, blob), ("onehot", (1,), 2, 1, hot))
panels, pieces = ((0, (0,)), (2, (1,))), ((2, 0, 1), (3, 1, 2))
make = lambda: _core.Program(sources, panels, steps, pieces, 2, "f8")
program = make()
row, rows = {"x": 3.0, "s": "b"}, [{"x": 1, "s": "a"}] * 3
vectors = program.run_rows(rows, False)
texts = np.array(["a", "b", "c"], dtype=object)
plain = pa.table({"x": [1.0, 2.0, 3.0], "s": ["a", "b", "c"]})
columns = Columns.from_arrow(plain)
coded = Columns.from_arrow(plain.set_column(1, "s", plain["s"].dictionary_encode()))
assert program.reads(columns) and program.reads(coded)
calls = [make, lambda: make().run(columns, 3, None, None, None),
         lambda: make().run(coded, 3, None, None, None),
         lambda: program.run_row(row, False), lambda: program.run_rows(rows, False),
         lambda: program.run(vectors, 3, None, None, None),
         lambda: program.run_csr(vectors, 3, None, None),
         lambda: program.codes(1, texts)]
for call in calls:
    for width in (0, 1):
        for k in range(200):
            _testcapi.set_nomemory(k, k + 1 if width else 0)
            try:
                call()
                done = True
            except MemoryError:
                done = False
            finally:
                _testcapi.remove_mem_hooks()
            if done:
                break
        else:
            raise SystemExit("never succeeds")
print("survived", k)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("survived")


def test_program_refuses_what_does_not_hold_together():
    for arguments in [
        ((), (), (("nothing", (0,), 0, 1, {}),), (), 0, np.float64),
        ((), ((0, (0,)),), (), (), 0, np.float64),
        ((), ((9, ()),), (), (), 0, np.float64),
        ((), (), (), ((0, 0, 1),), 0, np.float64),
        ((), (), (), (), 0, object),
    ]:
        with pytest.raises(ValueError, match=r"spec|dtype"):
            _core.Program(*arguments)
    with pytest.raises(TypeError, match="tuple"):
        _core.Program([], (), (), (), 0, np.float64)
    assert "maxabs" in _core.plan_families()
