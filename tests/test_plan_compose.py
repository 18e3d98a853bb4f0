"""Composition: weights, steps that do nothing, parts that leave nothing, and frames as output."""

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.feature_selection import SelectFpr, SelectKBest, VarianceThreshold
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    StandardScaler,
)

from fastcore import Plan

from .plan_compare import alone, assert_same, compare, native

WEIGHTS = [2.5, 0.1, -1, 2, 0, 0.0, True, np.float64(0.1), np.float32(0.1), np.int64(3), np.int8(2)]


@pytest.fixture
def codes():
    return np.random.default_rng(0).integers(0, 5, (70, 4))


@pytest.fixture
def frame(codes):
    words = np.array(["a", "b", "c", "d", None], dtype=object)
    return pd.DataFrame(
        {
            "f": codes[:, 0] / 3,
            "g": (codes[:, 1] / 3).astype("f4"),
            "i": codes[:, 2],
            "h": codes[:, 3].astype("i2"),
            "t": words[codes[:, 0]],
            "b": codes[:, 1] > 2,
        },
        index=np.arange(70)[::-1] * 2,
    )


# ---- Weights ----------------------------------------------------------------------------------


@pytest.mark.parametrize("weight", WEIGHTS)
def test_weights(codes, weight):
    for dtype in ("f8", "f4", "i4"):
        X = codes.astype(dtype)
        parts = [
            ("s", StandardScaler(), [0, 1]),
            ("o", OrdinalEncoder(dtype="i2"), [1]),
            ("h", OneHotEncoder(dtype="f4", sparse_output=False), [2]),
            ("p", "passthrough", [3]),
        ]
        for few in (parts, parts[:1], parts[1:2], parts[2:3], parts[3:]):
            weights = dict.fromkeys("sohp", weight)
            est = ColumnTransformer(few, transformer_weights=weights, sparse_threshold=0).fit(X)
            native(est, X)
            native(est, np.asfortranarray(X))
        union = FeatureUnion([("a", MinMaxScaler()), ("b", OrdinalEncoder())])
        union.set_params(transformer_weights={"b": weight})
        native(union.fit(X), X)


@pytest.mark.parametrize("weight", WEIGHTS)
def test_weights_of_sparse_parts(codes, weight):
    """What is stored stays stored, zeros too."""
    parts = [
        ("h", OneHotEncoder(dtype="i4", handle_unknown="ignore"), [0]),
        ("k", KBinsDiscretizer(3, quantile_method="averaged_inverted_cdf"), [1]),
        ("s", StandardScaler(), [2]),
    ]
    for few in (parts, parts[:1]):
        for threshold in (0, 1):
            est = ColumnTransformer(
                few, transformer_weights={"h": weight, "k": 3}, sparse_threshold=threshold
            ).fit(codes[:20] // 2)
            native(est, codes)
            native(est, codes[:1])
    union = FeatureUnion([(name, step) for name, step, _ in parts[:1]])
    union.set_params(transformer_weights={"h": weight}).fit(codes)
    native(union, codes)
    native(
        make_pipeline(ColumnTransformer([("u", union, [0, 1])], sparse_threshold=0)).fit(codes),
        codes,
    )


def test_weights_that_overflow_are_the_originals(codes):
    X = np.array([[1e300], [2.0], [-1e308]])
    est = ColumnTransformer([("p", "passthrough", [0])], transformer_weights={"p": 1e10}).fit(X)
    compare(est, X)  # it warns
    native(est, X[1:2])
    small = codes.astype("i1")
    for weight in (100, 1000, 2**40):
        est = ColumnTransformer([("p", "passthrough", [0])], transformer_weights={"p": weight})
        compare(est.fit(codes.astype(float)), small)
        both = ColumnTransformer(
            [("p", "passthrough", [0]), ("q", "passthrough", [1])], transformer_weights={"p": 100}
        ).fit(codes.astype(float))
        compare(both, small)  # wraps around, then stands beside others
    large = np.array([[2**53 + 1], [1]])
    compare(
        ColumnTransformer([("p", "passthrough", [0])], transformer_weights={"p": 1}).fit(large),
        large,
    )


@pytest.mark.parametrize("weight", [2.5, 3, np.float64(2.5), True])
def test_weights_of_columns_of_a_frame(frame, weight):
    for columns in (["f"], ["g"], ["g", "h"], ["i", "h"], ["b"], ["b", "f"]):
        est = ColumnTransformer([("p", "passthrough", columns)], transformer_weights={"p": weight})
        compare(est.fit(frame), frame)
        compare(est, frame[:1])
    est = ColumnTransformer([("p", "passthrough", ["g", "h"])], transformer_weights={"p": 2.5})
    native(est.fit(frame), frame)


def test_weights_that_are_no_numbers_stay_the_originals(codes):
    X = codes.astype(float)
    for weight in ([1.0, 2.0], np.ones(2), float("nan"), float("inf")):
        est = ColumnTransformer(
            [("s", StandardScaler(), [0, 1])], transformer_weights={"s": weight}
        )
        assert not Plan.from_sklearn(est.fit(X)).explain().native
        compare(est, X)


def test_weighted_plans_are_saved(codes, tmp_path):
    X = codes.astype(float)
    for weight in WEIGHTS:
        est = ColumnTransformer(
            [("s", StandardScaler(), [0, 1])], transformer_weights={"s": weight}
        )
        plan = Plan.from_sklearn(est.fit(X))
        plan.save(tmp_path / "w.plan")
        loaded = Plan.load(tmp_path / "w.plan")
        assert loaded.fingerprint == plan.fingerprint
        assert_same(loaded.transform(X), est.transform(X))


# ---- Steps that do nothing --------------------------------------------------------------------


def test_pipelines_that_begin_with_passthrough(frame, codes):
    X = codes.astype(float)
    for first in ("passthrough", None):
        for rest in (StandardScaler(), make_pipeline("passthrough", StandardScaler())):
            est = Pipeline([("p", first), ("s", rest)]).fit(X)
            native(est, X)
            assert alone(est).n_features_in_ == 4
            compare(est, X[:, :2])
    numbers = frame[["f", "g", "i"]]
    est = Pipeline([("p", "passthrough"), ("q", None), ("s", StandardScaler())]).fit(numbers)
    native(est, numbers)
    compare(est, numbers[["g", "f", "i"]])
    compare(est, numbers.to_numpy())
    plan = alone(est)
    row = dict(numbers.iloc[0])
    np.testing.assert_array_equal(plan.transform_one(row), est.transform(numbers[:1])[0])
    union = FeatureUnion([("p", "passthrough"), ("s", StandardScaler())]).fit(X)
    native(union, X)
    compare(union, X[:, :2])


def test_pipelines_that_do_nothing(frame, codes):
    """Whatever goes in, comes out: it is the same object."""
    for est in (
        Pipeline([("p", "passthrough")]),
        Pipeline([("p", None), ("q", FunctionTransformer())]),
        Pipeline([("p", Pipeline([("q", "passthrough")]))]),
        FunctionTransformer(),
    ):
        est.fit(codes)
        plan = Plan.from_sklearn(est, strict=True)
        for X in (codes, frame, codes.tolist(), codes[0]):
            assert plan.transform(X) is X
        assert plan.transform(codes, dtype=np.float32).dtype == np.float32
        assert plan.transform_one([1, 2]).tolist() == [1, 2]
    est = FunctionTransformer(feature_names_out="one-to-one").fit(frame)
    compare(est, frame)
    compare(est, frame.rename(columns={"f": "x"}))


# ---- Parts that leave nothing -----------------------------------------------------------------


def test_parts_that_leave_nothing(frame, codes):
    X, y = np.random.default_rng(1).normal(size=(70, 4)), np.arange(70) % 2
    nothing = SelectFpr(alpha=1e-30)
    for dtype in ("f8", "f4", "i4"):
        A = (X * 10).astype(dtype)
        native(SelectFpr(alpha=1e-30).fit(A, y), A)
        native(SelectKBest(k=0).fit(A, y), A)
        both = FeatureUnion([("n", nothing), ("s", StandardScaler()), ("m", SelectKBest(k=0))])
        native(both.fit(A, y), A)
        compare(both, np.where(A > 5, np.nan, A))
    native(make_pipeline(StandardScaler(), nothing).fit(X, y), X)
    gone = np.full((5, 2), np.nan)
    native(SimpleImputer().fit(gone), gone)
    native(SimpleImputer(strategy="constant", fill_value=1.0).fit(gone), gone)
    native(MissingIndicator().fit(X), X)
    native(make_pipeline(VarianceThreshold()).fit(X), X)
    compare(make_pipeline(SimpleImputer(), StandardScaler()).fit(X), gone)
    for remainder in ("drop", StandardScaler()):
        est = ColumnTransformer(
            [("d", "drop", [0]), ("e", StandardScaler(), [])], remainder=remainder
        )
        native(est.fit(X), X)
        compare(est, X[:, :2])
    est = ColumnTransformer([("d", "drop", ["f"]), ("e", StandardScaler(), [])])
    native(est.fit(frame), frame)
    native(est, frame[["t"]])
    est = ColumnTransformer(
        [("n", nothing, [0, 1]), ("s", StandardScaler(), [2]), ("e", "passthrough", [])]
    ).fit(X.astype("f4"), y)
    native(est, X.astype("f4"))
