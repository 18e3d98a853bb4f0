"""Whose memory it is: parts that change what others read, views, and the order that is left."""

import copy
import pickle

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse as sp
from sklearn.compose import ColumnTransformer
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
from sklearn.feature_selection import SelectKBest, VarianceThreshold
from sklearn.impute import IterativeImputer, KNNImputer, MissingIndicator, SimpleImputer
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import (
    Binarizer,
    FunctionTransformer,
    KBinsDiscretizer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    SplineTransformer,
    StandardScaler,
)

from fastcore import Plan, UnsupportedError
from fastcore._config import disabled

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
        if disabled():
            continue  # there are no bytes, only the estimator
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


def test_wide_indices_through_a_look():
    look = FunctionTransformer(validate=True, accept_sparse=True)
    est = make_pipeline(DictVectorizer(), look).fit([{"a": 1}])
    ours, theirs = Plan.from_sklearn(est).transform([{"a": 2}]), est.transform([{"a": 2}])
    assert_equal(ours, theirs, False)


def test_bools_in_a_frame_that_are_binned():
    est = make_pipeline(Binarizer(), KBinsDiscretizer(2, quantile_method="linear"))
    given = np.array([[0, 1], [1, 1], [1, 0]])
    est.set_output(transform="pandas")[-1].set_params(encode="ordinal")
    compare(est.fit(given), given.astype(bool))


def test_zeros_that_were_not_stored_have_no_sign():
    union = FeatureUnion([("a", "passthrough"), ("b", OneHotEncoder())])
    est = ColumnTransformer([("u", union, [0, 1])], sparse_threshold=0)
    given = np.array([[0.0, 1.0], [-0.0, 0.0], [1.0, -0.0]])
    assert_equal(Plan.from_sklearn(est.fit(given)).transform(given), est.transform(given), False)


def test_nothing_beside_float32():
    empty = ColumnTransformer([("b", StandardScaler(), [])])
    est = ColumnTransformer([("a", empty, slice(0, 2)), ("c", StandardScaler(), [0])]).fit(X)
    compare(est, X.astype(np.float32))


def test_neighbours_whose_squares_cancel():
    """The original's distances have the squares of the missing column in them, and lose by it."""
    known = np.array([[0.0, 1e30], [1, 1], [2, 2], [3, 1e9], [4, 4]])
    for column in (known[:, 1], known[:, 1] * 1e270):
        est = KNNImputer(n_neighbors=2).fit(np.c_[known[:, 0], column])
        compare(est, np.array([[0.1, np.nan], [2.2, np.nan]]))


def test_wide_indices_as_another_dtype():
    est = DictVectorizer().fit([{"a": 1}])
    ours = Plan.from_sklearn(est).transform([{"a": 2}], dtype=np.float32)
    assert ours.indices.dtype == est.transform([{"a": 2}]).astype(np.float32).indices.dtype


def test_who_fills_empty_features():
    """IterativeImputer fills them in the caller's array, where it does not copy that."""
    empty = X.copy()
    empty[:, 1] = np.nan
    est = IterativeImputer(max_iter=1, keep_empty_features=True).fit(empty.copy())
    plan = Plan.from_sklearn(est)
    for order in "CF":
        ours, theirs = empty.copy(order=order), empty.copy(order=order)
        expected = est.transform(theirs)
        np.testing.assert_allclose(plan.transform(ours), expected, rtol=1e-9)
        np.testing.assert_array_equal(ours, theirs)
    est = IterativeImputer(max_iter=1, keep_empty_features=True)
    compare(est.fit(pd.DataFrame({"a": [1, 2]})), pd.DataFrame({"a": [1.0, 2.0]}))  # read-only


def test_order_of_arrow_and_structured():
    frame = pd.DataFrame({"a": [1.0, 2, 3], "b": np.array([1, 2, 3], "u1"), "c": [0.0, 1, 2]})
    for est in (StandardScaler(), IterativeImputer(max_iter=1)):
        est.fit(frame)
        for given in (pa.Table.from_pandas(frame), pl.from_pandas(frame)):
            assert_equal(Plan.from_sklearn(est).transform(given), est.transform(given), False)
        records = frame[["a", "c"]].to_records(index=False).view(np.ndarray)
        est.fit(frame[["a", "c"]])
        expected = est.transform(frame[["a", "c"]])
        assert_equal(Plan.from_sklearn(est).transform(records), expected, False)


def test_objects_by_name_are_not_converted():
    frame = pd.DataFrame({"a": [1.0, 2], "b": ["0.5", 3]}, dtype=object)
    est = VarianceThreshold().fit(frame)
    given = {name: frame[name].to_numpy() for name in frame}
    expected = est.transform(frame)
    assert_equal(Plan.from_sklearn(est).transform(given), expected, False)


def test_arguments_of_no_function():
    est = FunctionTransformer(kw_args={"where": True}).fit(X)
    compare(est, X)
    compare(est.set_params(validate=True), X)


def test_identity_means_the_same_from_a_file():
    est = FunctionTransformer().fit(pd.DataFrame({"a": ["x", "y"]}))
    plan = Plan.from_sklearn(est)
    ours, theirs = (p.transform([{"a": "x"}]) for p in (pickle.loads(pickle.dumps(plan)), plan))
    pd.testing.assert_frame_equal(ours, theirs)


def test_terms_of_no_document():
    """Their weight has no end, which is an error, also where the lowered text would be known."""
    words = HashingVectorizer(n_features=4096, lowercase=False)
    est = make_pipeline("passthrough", words, TfidfTransformer(smooth_idf=False))
    text = "the \N{GREEK CAPITAL LETTER SIGMA}A"
    compare(est.fit([text.lower(), "the dog"]), [text])


def test_lists_of_texts_are_no_objects_for_an_indicator():
    given = [["a", 1.0], ["b", 2.0]]
    compare(MissingIndicator().fit(np.array(given, dtype=object)), given)


def test_no_columns_are_encoded():
    est = make_pipeline(MissingIndicator(), OrdinalEncoder()).set_output(transform="pandas").fit(X)
    compare(est, X)


def test_dtype_of_what_only_the_original_does():
    """SciPy's astype chooses the indices anew, whatever the dtype was."""
    given = sp.csr_matrix(np.eye(4, dtype=np.float32))
    given.indices, given.indptr = given.indices.astype("i8"), given.indptr.astype("i8")
    est = PolynomialFeatures().fit(given.toarray())
    ours = Plan.from_sklearn(est).transform(given, dtype=np.float32)
    assert ours.indices.dtype == est.transform(given).astype(np.float32).indices.dtype
