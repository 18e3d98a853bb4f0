"""Whose memory it is: parts that change what others read, views, and the order that is left."""

import copy

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.compose import ColumnTransformer
from sklearn.feature_selection import SelectKBest
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import (
    Binarizer,
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    PolynomialFeatures,
    SplineTransformer,
    StandardScaler,
)

from fastcore import Plan, UnsupportedError

from .plan_compare import compare
from .plan_differential.judge import assert_equal

X = np.random.default_rng(3).normal(size=(9, 4))
INDICATED = SimpleImputer(add_indicator=True)  # of nothing: np.hstack makes C's order


def looks():
    return FunctionTransformer(validate=True)


def in_place():
    return StandardScaler(copy=False)


def union():
    return FeatureUnion([("as it is", "passthrough"), ("a", in_place()), ("b", MinMaxScaler())])


CASES = {
    "a union behind a step": make_pipeline(SimpleImputer(), union()),
    "a union": union(),
    "a slice": ColumnTransformer([("a", in_place(), slice(0, 3)), ("b", MinMaxScaler(), [0, 1])]),
    "a slice behind a step": make_pipeline(
        SimpleImputer(),
        ColumnTransformer([("a", in_place(), slice(0, 3)), ("b", MinMaxScaler(), [0, 1])]),
    ),
    "through a look": make_pipeline(
        SimpleImputer(), FeatureUnion([("a", make_pipeline(looks(), in_place())), ("b", looks())])
    ),
    "what was given": make_pipeline(looks(), in_place()),
    "views": ColumnTransformer([("a", StandardScaler(), slice(0, 3))]),
    "views with steps": ColumnTransformer([("a", SimpleImputer(), slice(0, 4, 2))]),
    "views of views": make_pipeline(
        SimpleImputer(),
        ColumnTransformer([("a", "passthrough", slice(0, 3))], transformer_weights={"a": 2}),
    ),
    "an empty indicator": make_pipeline(INDICATED, Binarizer()),
    "an empty indicator of columns": ColumnTransformer(
        [("a", make_pipeline(INDICATED, MissingIndicator(features="all")), [1, 0, 2])]
    ),
    "a look": make_pipeline(SplineTransformer(), looks()),
    "no more than a look": looks(),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("framed", [False, True])
def test_memory(name, framed):
    names = list("abcd")
    est = copy.deepcopy(CASES[name])
    est.fit(pd.DataFrame(X, columns=names) if framed else X.copy())
    plan = Plan.from_sklearn(est)
    for array in (X, np.asfortranarray(X), X.astype(np.float32), (9 * X).astype(int)):
        given = pd.DataFrame(array, columns=names) if framed else array
        theirs, ours = copy.deepcopy(given), copy.deepcopy(given)
        expected = est.transform(theirs)
        assert_equal(plan.transform(ours), expected, False)
        np.testing.assert_array_equal(ours, theirs)  # changed alike
        try:
            loaded = Plan._from_bytes(plan.__reduce__()[1][0]).transform(copy.deepcopy(given))
        except (UnsupportedError, ValueError):
            continue
        assert_equal(loaded, expected, False)


def test_memory_of_a_sparse_matrix():
    given = sp.random(9, 4, 0.5, format="csr", random_state=0)
    scaler = MaxAbsScaler(copy=False)
    parts = [("a", scaler), ("b", looks().set_params(accept_sparse=True))]
    for est in (FeatureUnion(parts), make_pipeline(MaxAbsScaler(), FeatureUnion(parts))):
        plan = Plan.from_sklearn(est.fit(given.copy()))
        assert_equal(plan.transform(given.copy()), est.transform(given.copy()), False)


@pytest.mark.parametrize("mask", [slice(None), [0, 2, 3], slice(2, 6)])
def test_order_of_a_frame_that_is_chosen_from(mask):
    """NumPy's function is given the frame of a selector that keeps (nearly) all."""
    wanted = np.isin(np.arange(8), np.arange(8)[mask])
    chosen = SelectKBest(lambda A, y: wanted * 1.0, k=int(wanted.sum()))
    function = FunctionTransformer(np.abs, validate=True)
    est = make_pipeline(SimpleImputer(), SplineTransformer(2, degree=1), chosen, function)
    for order in "CF":
        frame = pd.DataFrame(X.copy(order=order), columns=list("abcd"), copy=False)
        est.set_output(transform="pandas").fit(frame, X[:, 0])
        assert_equal(Plan.from_sklearn(est).transform(frame), est.transform(frame), False)


def test_ends_of_degree_0():
    est = SplineTransformer(degree=0, n_knots=2, sparse_output=True).fit([[0.0, 1], [1, 0]])
    compare(est, np.array([[0.0, 4.0], [-3.0, 1.0], [4.0, 0.5]]))


def test_no_columns_in_a_frame():
    given = np.array([[None], [None], ["1"]], dtype=object)
    est = SimpleImputer(strategy="most_frequent", add_indicator=True)
    compare(est.set_output(transform="pandas").fit(given), given)


def test_dtype_of_what_only_the_original_does():
    """SciPy's astype chooses the indices anew, whatever the dtype was."""
    given = sp.csr_matrix(np.eye(4, dtype=np.float32))
    given.indices, given.indptr = given.indices.astype("i8"), given.indptr.astype("i8")
    est = PolynomialFeatures().fit(given.toarray())
    ours = Plan.from_sklearn(est).transform(given, dtype=np.float32)
    assert ours.indices.dtype == est.transform(given).astype(np.float32).indices.dtype
