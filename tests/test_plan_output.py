"""Plans' outputs of every dtype, dense and sparse, by C alone."""

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import (
    Binarizer,
    MaxAbsScaler,
    OneHotEncoder,
    OrdinalEncoder,
    StandardScaler,
)

from fastcore import Plan

from .plan_compare import alone, assert_same, compare, native

DTYPES = ["b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f4", "f8"]


@pytest.fixture
def codes():
    return np.random.default_rng(0).integers(0, 5, (70, 3))


@pytest.mark.parametrize("dtype", DTYPES)
def test_encoders_of_every_dtype(codes, dtype):
    words = np.array(["a", "b", "c", "d", "e"], dtype=object)[codes]
    for X in (codes, words):
        native(OneHotEncoder(dtype=dtype, sparse_output=False).fit(X), X)
        native(OneHotEncoder(dtype=dtype, handle_unknown="ignore").fit(X[:3]), X)
        native(OrdinalEncoder(dtype=dtype).fit(X), X)
        est = OrdinalEncoder(
            dtype=dtype, handle_unknown="use_encoded_value", unknown_value=100, min_frequency=16
        )
        native(est.fit(X[:40]), X)


def test_ordinals_wrap_around_as_the_original_does():
    X = np.arange(300)[:, None]
    for dtype in ("i1", "u1"):
        out = native(OrdinalEncoder(dtype=dtype).fit(X), X)
        assert out.max() < 256


@pytest.mark.parametrize("left", DTYPES)
@pytest.mark.parametrize("right", DTYPES)
def test_columns_side_by_side(codes, left, right):
    """The dtype of what is together is NumPy's promotion, sparse or dense."""
    parts = [
        ("a", OrdinalEncoder(dtype=left), [0]),
        ("b", OneHotEncoder(dtype=right, sparse_output=False), [1]),
        ("c", OneHotEncoder(dtype=right), [2]),
    ]
    for threshold in (0, 1):
        native(ColumnTransformer(parts, sparse_threshold=threshold).fit(codes), codes)
    both = [(name, make_pipeline(encoder)) for name, encoder, _ in parts[:2]]
    native(FeatureUnion(both).fit(codes), codes)


@pytest.mark.parametrize("dtype", DTYPES)
def test_passthrough(codes, dtype):
    X = codes.astype(dtype)
    parts = [("p", "passthrough", [1, 0]), ("h", OneHotEncoder(dtype="i1"), [2])]
    for threshold in (0, 1):
        est = ColumnTransformer(parts, sparse_threshold=threshold).fit(X)
        native(est, X)
        native(est, X[:1])
        native(est, np.asfortranarray(X)[::-2])
    frame = pd.DataFrame({"a": X[:, 0], "b": codes[:, 1].astype(np.int16), "c": X[:, 2]})
    est = ColumnTransformer([("a", "passthrough", ["a"]), ("r", "passthrough", ["b", "c"])])
    compare(est.fit(frame), frame)


def test_integers_past_the_panels_are_the_originals(codes):
    """Panels are floats: from 2**53 on, integers that stay integers are not known exactly."""
    X = codes.astype(np.int64)
    est = ColumnTransformer([("p", "passthrough", [0]), ("q", "passthrough", [1, 2])]).fit(X)
    native(est, X)
    edge = 2**53 - 1
    X[:3, 0] = [edge, -edge, 0]
    native(est, X)
    for big in (edge + 1, -edge - 1, 2**63 - 1, -(2**63)):
        X[5, 1] = big
        assert compare(est, X)
        assert Plan.from_sklearn(est).transform(X)[5, 1] == big
    wide = X.astype(np.uint64)
    wide[5, 1] = 2**64 - 1
    assert compare(est, wide)


def test_binarized_integers(codes):
    native(Binarizer(threshold=2).fit(codes), codes)
    native(Binarizer(threshold=0).fit(codes), codes.astype(np.uint8))
    assert native(Binarizer().fit(codes), np.asfortranarray(codes)).flags.f_contiguous
    X = codes.copy()
    Plan.from_sklearn(Binarizer(threshold=2, copy=False).fit(codes)).transform(X)
    np.testing.assert_array_equal(X, codes > 2)


def test_asked_for_as_floats(codes):
    words = np.array(["a", "b", "c", "d", "e"], dtype=object)[codes]
    for sparse in (False, True):
        est = OneHotEncoder(dtype=np.int32, sparse_output=sparse).fit(words)
        plan, theirs = alone(est), est.transform(words)
        for dtype in (np.float32, np.float64):
            assert_same(plan.transform(words, dtype=dtype), theirs.astype(dtype))
    plan = alone(OrdinalEncoder(dtype=np.int64).fit(words))
    for dtype in (np.float32, np.float64):
        out = np.empty(codes.shape, dtype=dtype)
        assert plan.transform(words, out=out) is out
        np.testing.assert_array_equal(out, codes)
    # By way of a double, this one would be rounded twice.
    X = np.array([[2**25 + 1, 2**53 + 2**29 + 1]])
    est = ColumnTransformer([("p", "passthrough", [0]), ("q", "passthrough", [1])]).fit(X)
    np.testing.assert_array_equal(
        Plan.from_sklearn(est).transform(X, dtype=np.float32), X.astype(np.float32)
    )


def test_one_row_has_the_dtype_of_many(codes):
    frame = pd.DataFrame(codes, columns=list("abc")).astype(str)
    est = OrdinalEncoder(dtype=np.int16).fit(frame)
    plan = alone(est)
    row = plan.transform_one(frame.iloc[0].to_dict())
    assert_same(row, est.transform(frame)[0])


def test_later_steps_read_integers(codes):
    for scaler in (StandardScaler(), MaxAbsScaler()):
        for dtype in ("i8", "u1", "f4"):
            encoder = OneHotEncoder(dtype=dtype, sparse_output=False)
            native(make_pipeline(encoder, scaler).fit(codes), codes)
            native(make_pipeline(OrdinalEncoder(dtype=dtype), scaler).fit(codes), codes)


def test_many_rows_and_threads(codes):
    X = np.tile(codes, (3000, 1))
    for sparse in (0, 1):
        parts = [("p", "passthrough", [0]), ("h", OneHotEncoder(dtype=np.int64), [1, 2])]
        est = ColumnTransformer(parts, sparse_threshold=sparse).fit(X)
        assert_same(alone(est).transform(X, threads=2), est.transform(X))
        assert_same(alone(est).transform(X, threads=1), est.transform(X))
