"""Sparse matrices: as input of plans, between their steps, and as output."""

import warnings

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_selection import SelectFromModel, SelectKBest, VarianceThreshold
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import (
    Binarizer,
    FunctionTransformer,
    KBinsDiscretizer,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    OneHotEncoder,
    PolynomialFeatures,
    RobustScaler,
    SplineTransformer,
    StandardScaler,
)

from fastcore import Plan

from .plan_compare import alone, assert_same, compare, native, native_since_1_9
from .profiles import examples

STEPS = {
    "standard": lambda: StandardScaler(with_mean=False),
    "only": lambda: StandardScaler(with_mean=False, with_std=False),
    "maxabs": lambda: MaxAbsScaler(),
    "robust": lambda: RobustScaler(with_centering=False),
    "l1": lambda: Normalizer("l1"),
    "l2": lambda: Normalizer(),
    "max": lambda: Normalizer("max"),
    "binary": lambda: Binarizer(),
    "above": lambda: Binarizer(threshold=0.3),
    "variance": lambda: VarianceThreshold(),
    "best": lambda: SelectKBest(k=3),
    "sqrt": lambda: FunctionTransformer(np.sqrt),
    "log1p": lambda: FunctionTransformer(np.log1p),
    "rint": lambda: FunctionTransformer(np.rint),
    "same": lambda: FunctionTransformer(),
}
DTYPES = ["f8", "f4", "i8", "i4", "i2", "u1", "b1"]


def matrix(dtype="f8", rows=60, columns=6, seed=0):
    rng = np.random.default_rng(seed)
    shape = rows, columns
    values = rng.normal(size=shape) * 3 if dtype[0] == "f" else rng.integers(0, 9, shape)
    return sp.csr_matrix(np.where(rng.random(shape) < 0.4, np.abs(values), 0).astype(dtype))


def fit(est, X):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return est.fit(X, np.arange(X.shape[0]) % 2)


# ---- Input ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in STEPS if name != "same"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_matrices(name, dtype):
    X = matrix(dtype)
    est = fit(STEPS[name](), X)
    empty = sp.csr_matrix(X.shape)
    for A in (X, X[:1], X[7:31], matrix(dtype, seed=1), matrix("f4", seed=2), empty):
        compare(est, A)
    if name not in ("sqrt", "log1p", "rint") or dtype in ("f8", "f4", "i8", "i4"):
        native(est, X)
        assert_same(Plan.from_sklearn(est).transform(X, threads=2), est.transform(X))


@pytest.mark.parametrize("dtype", ["f8", "f4"])
def test_values_that_are_stored(dtype):
    """Zeros stay where they are stored; NaN and infinities are as the original has them."""
    X = matrix(dtype)
    X.data[::3] = 0
    for name in STEPS:
        est = fit(STEPS[name](), X)
        native(est, X)
        for value in (np.nan, np.inf, -np.inf, -1.5, np.finfo(dtype).max):
            A = X.copy()
            A.data[5] = value
            compare(est, A)


def test_matrices_that_are_refused():
    """What does not hold together, or not as plans read it, is the original's."""
    X = matrix()
    est = fit(StandardScaler(with_mean=False), X)
    plan = Plan.from_sklearn(est)
    unsorted = X[:, ::-1][:, ::-1].copy()
    unsorted.indices = unsorted.indices.copy()
    row = slice(unsorted.indptr[0], unsorted.indptr[1])
    unsorted.indices[row] = unsorted.indices[row][::-1]
    unsorted.has_sorted_indices = False
    twice = sp.csr_matrix(([1.0, 2.0], [1, 1], [0, 2]), shape=(1, 6))
    wide = X.copy()
    wide.indices, wide.indptr = wide.indices.astype(np.int64), wide.indptr.astype(np.int64)
    compare(est, unsorted)
    for A in (twice, wide, X[:, :5], X[:0], sp.coo_matrix(X), sp.csr_array(X), X.toarray()):
        compare(est, A)
        compare(est, A, plan)
    outside = X.copy()
    outside.indices[3] = 77  # SciPy does not look
    assert plan._native(outside, "csr", None, None, None, False) is None
    outside = X.copy()
    outside.indptr[4] = 10**6
    assert plan._native(outside, "csr", None, None, None, False) is None
    compare(fit(StandardScaler(), X.toarray()), X)
    compare(fit(Binarizer(threshold=-1), X.toarray()), X)
    compare(fit(MinMaxScaler(), X.toarray()), X)
    compare(fit(make_pipeline(FunctionTransformer(np.cos)), X.toarray()), X)
    large = sp.csr_matrix(np.array([[2**53 + 1, 0]]))
    compare(fit(MaxAbsScaler(), large), large)
    compare(fit(make_pipeline(VarianceThreshold()), matrix("i8", columns=2)), large)


@pytest.mark.parametrize("copy", [True, False])
def test_scalers_that_work_in_place(copy):
    for est in (StandardScaler(with_mean=False), MaxAbsScaler(), Normalizer(), Binarizer()):
        est.set_params(copy=copy).fit(matrix())
        ours, theirs = matrix(), matrix()
        assert_same(Plan.from_sklearn(est).transform(ours), est.transform(theirs))
        np.testing.assert_array_equal(ours.data, theirs.data)
        compare(make_pipeline(VarianceThreshold(), est).fit(matrix()), matrix())


@pytest.mark.parametrize("name", STEPS)
def test_columns_first(name):
    """CSC: what makes CSR of it does so here, the rest is the original's."""
    X = matrix().tocsc()
    est = fit(STEPS[name](), X)
    compare(est, X)
    compare(fit(make_pipeline(STEPS[name](), Normalizer()), X), X)
    columns = ColumnTransformer([("a", STEPS[name](), [0, 3]), ("p", "passthrough", [4, 5])])
    compare(fit(columns.set_params(sparse_threshold=1), X), X)
    native(fit(StandardScaler(with_mean=False), X), X)


@pytest.mark.parametrize("dtype", ["f8", "f4", "i4"])
def test_projections(dtype):
    X = matrix(dtype)
    est = TruncatedSVD(3, random_state=0).fit(X)
    native(est, X)
    native(est, X.tocsc())
    native(est, matrix("f4", seed=4))
    encoded = make_pipeline(OneHotEncoder(), TruncatedSVD(4, random_state=0))
    native(encoded.fit(X.toarray()), X.toarray())


def test_imputers():
    X = matrix()
    X.data[::4] = np.nan
    for est in (SimpleImputer(), SimpleImputer(strategy="constant", fill_value=2.0)):
        compare(fit(est, X), X)
        native(fit(make_pipeline(est, StandardScaler(with_mean=False)), X), X)
        single = X.astype("f4")
        native(fit(make_pipeline(est, StandardScaler(with_mean=False)), single), single)
    compare(fit(SimpleImputer(add_indicator=True), X), X)


@pytest.mark.parametrize("mode", ["error", "constant", "linear", "continue", "periodic"])
@pytest.mark.parametrize("degree", [0, 1, 2, 3])
def test_splines(mode, degree):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 2))
    far = np.vstack([X, X * 3, X[:3]])
    for knots in ("uniform", np.array([[-9.0, -9], [0, 0], [1, 1], [2, 2], [9, 9]])):
        for bias in (True, False):
            est = SplineTransformer(
                4, degree, knots=knots, extrapolation=mode, include_bias=bias, sparse_output=True
            )
            try:
                est.fit(X)
            except ValueError:
                continue
            if not (mode == "periodic" and (not degree or est.bsplines_[0].c.shape[1] <= degree)):
                native_since_1_9(est, X)
            exact = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 2.0], [X[:, 0].max(), X[:, 1].min()]])
            for A in (X.astype("f4"), far, far.astype("f4"), exact, X[:1]):
                compare(est, A)
            compare(est, np.where(X > 1, np.nan, X))
            if degree or mode not in ("constant", "periodic"):
                compare(fit(make_pipeline(est, MaxAbsScaler()), X), X)
    if mode != "error" and degree:
        native_since_1_9(
            SplineTransformer(5, degree, extrapolation=mode, sparse_output=True).fit(X), far
        )


# ---- Composition ------------------------------------------------------------------------------


@pytest.mark.parametrize("threshold", [0, 1])
def test_parts_of_matrices(threshold):
    for dtype in ("f8", "f4", "i4"):
        X = matrix(dtype)
        parts = [
            ("s", StandardScaler(with_mean=False), [0, 1]),
            ("p", "passthrough", [2]),
            ("n", make_pipeline(MaxAbsScaler(), Normalizer()), [3, 5]),
        ]
        est = ColumnTransformer(
            parts, sparse_threshold=threshold, transformer_weights={"s": 2, "p": 0.5}
        )
        native(fit(est, X), X)
        native(est, X[:1])
        turned = ColumnTransformer([("s", MaxAbsScaler(), [4, 0])], sparse_threshold=threshold)
        compare(fit(turned, X), X)
        union = FeatureUnion([("a", MaxAbsScaler()), ("p", "passthrough"), ("v", SelectKBest(k=2))])
        native(fit(union, X), X)
        native(fit(make_pipeline(union, Normalizer(), Binarizer()), X), X)
    svd = FeatureUnion([("a", TruncatedSVD(2, random_state=0)), ("b", MaxAbsScaler())])
    X = matrix()
    native(fit(svd, X), X)
    native(fit(make_pipeline(TruncatedSVD(2, random_state=0), StandardScaler()), X), X)


@pytest.mark.parametrize("name", STEPS)
def test_steps_after_encoders(name):
    codes = np.random.default_rng(0).integers(0, 5, (70, 3))
    bins = KBinsDiscretizer(4, quantile_method="averaged_inverted_cdf")
    for X, first in (
        (codes, OneHotEncoder(handle_unknown="ignore")),
        (codes, OneHotEncoder(dtype="f4")),
        (codes, OneHotEncoder(dtype="i4")),
        (codes * 1.5, bins),
        ((codes * 1.5).astype("f4"), bins),
    ):
        est = fit(make_pipeline(first, STEPS[name]()), X)
        native(est, X)
        native(est, X[:1])
        np.testing.assert_array_equal(
            Plan.from_sklearn(est).transform_one(X[3].tolist()),
            est.transform([X[3].tolist()]).toarray()[0],
        )
        native(fit(make_pipeline(first, STEPS[name](), Normalizer()), X), X)
        mixed = ColumnTransformer([("h", first, [0, 1])], remainder=Binarizer(), sparse_threshold=1)
        native(fit(make_pipeline(mixed, STEPS[name]()), X), X)


def test_selectors_after_encoders():
    codes = np.random.default_rng(0).integers(0, 5, (70, 3))
    chosen = SelectFromModel(LinearRegression(), threshold=-1, max_features=4)
    native(fit(make_pipeline(OneHotEncoder(), chosen), codes), codes)
    native(fit(make_pipeline(OneHotEncoder(), SelectKBest(k=0)), codes), codes)
    frame = pd.DataFrame(codes, columns=list("abc")).map(lambda code: "uvwxy"[code])
    est = fit(make_pipeline(OneHotEncoder(), VarianceThreshold(0.1), MaxAbsScaler()), frame)
    native(est, frame)
    compare(fit(make_pipeline(OneHotEncoder(), PolynomialFeatures(2)), codes), codes)


def test_matrices_in_saved_plans(tmp_path):
    X = matrix()
    est = fit(make_pipeline(MaxAbsScaler(), Normalizer()), X)
    Plan.from_sklearn(est).save(tmp_path / "s.plan")
    loaded = Plan.load(tmp_path / "s.plan")
    assert_same(loaded.transform(X), est.transform(X))
    assert_same(loaded.transform(X.toarray()), est.transform(X.toarray()))
    with pytest.raises(ValueError, match="5 features"):
        loaded.transform(X[:, :5])
    bad = X.copy()
    bad.data[3] = np.inf
    with pytest.raises(ValueError, match="loaded from a file"):
        loaded.transform(bad)


def test_arguments():
    X = matrix()
    est = fit(TruncatedSVD(2, random_state=0), X)
    out = np.empty((60, 2))
    plan = alone(est)
    assert plan.transform(X, out=out) is out
    np.testing.assert_array_equal(out, est.transform(X))
    est = fit(MaxAbsScaler(), X)
    scaler = alone(est)
    assert_same(scaler.transform(X, dtype=np.float32), est.transform(X).astype("f4"))
    assert scaler.counters()["rows"] == 60
    assert set(Plan.from_sklearn(fit(MaxAbsScaler(), X)).check(X).values()) == {0.0}


@given(st.data())
@examples(40)
def test_chains(data):
    """Any steps one after the other, on any matrix."""
    dtype = data.draw(st.sampled_from(DTYPES))
    X = matrix(dtype, rows=40, seed=data.draw(st.integers(0, 99)))
    names = data.draw(st.lists(st.sampled_from(sorted(STEPS)), min_size=1, max_size=4))
    try:
        est = fit(make_pipeline(*[STEPS[name]() for name in names]), X)
    except ValueError:
        return
    compare(est, X)
    compare(est, matrix(dtype, rows=9, seed=100))
    compare(est, X.toarray())
