"""What generated pipelines found (``tests.plan_differential``), each in its smallest form."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from sklearn.compose import ColumnTransformer, make_column_transformer
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer
from sklearn.feature_selection import SelectKBest, VarianceThreshold
from sklearn.impute import KNNImputer, MissingIndicator, SimpleImputer
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import (
    Binarizer,
    FunctionTransformer,
    KBinsDiscretizer,
    MinMaxScaler,
    Normalizer,
    OrdinalEncoder,
    PowerTransformer,
    RobustScaler,
    SplineTransformer,
    StandardScaler,
    TargetEncoder,
)

from fastcore import Plan, UnsupportedError

from .plan_compare import compare, outcome

X = np.random.default_rng(0).normal(size=(20, 3)).round(2) * 3
FRAME = pd.DataFrame(X, columns=list("abc")).assign(t=["x", "y"] * 10, u=["u", "v"] * 10)


def loaded(est):
    return Plan._from_bytes(Plan.from_sklearn(est, strict=True).__reduce__()[1][0])


def test_columns_that_a_reordered_frame_hands_through():
    est = make_column_transformer((OrdinalEncoder(), ["t"]), remainder="passthrough")
    est.set_output(transform="pandas").fit(FRAME)
    assert compare(est, FRAME[["u", "c", "t", "a", "b"]])
    assert compare(est, FRAME[["c", "u", "t", "b", "a"]].assign(more=1))


def test_computed_columns_behind_the_first_of_the_input():
    est = make_column_transformer(("passthrough", ["a"]), (StandardScaler(), ["b", "c"]))
    assert compare(est.set_output(transform="pandas").fit(FRAME), FRAME[:1])


def test_files_of_plans_that_hand_columns_through():
    est = make_column_transformer((OrdinalEncoder(), ["t"]), ("passthrough", ["u", "a"]))
    est.set_output(transform="pandas").fit(FRAME)
    pd.testing.assert_frame_equal(loaded(est).transform(FRAME), est.transform(FRAME))


def test_files_of_plans_that_name_too_few_columns():
    holes = np.where(np.arange(3) == 1, np.nan, X)
    est = KNNImputer(keep_empty_features=True).fit(holes)
    assert len(est.get_feature_names_out()) == 2
    np.testing.assert_array_equal(loaded(est).transform(holes), est.transform(holes))
    with pytest.raises(UnsupportedError, match="no names"):
        loaded(est).get_feature_names_out()


def test_frames_of_polars_between_steps_are_float64():
    est = make_pipeline(RobustScaler(), StandardScaler(), MinMaxScaler())
    assert compare(est.set_output(transform="polars").fit(X), X.astype(np.float32))
    est = make_pipeline(RobustScaler(), SimpleImputer(strategy="most_frequent"), Binarizer())
    assert compare(est.set_output(transform="polars").fit(X), X.astype(np.float32))


def test_a_validated_function_makes_no_frame():
    est = make_pipeline(SimpleImputer(), FunctionTransformer(validate=True))
    est.set_output(transform="pandas").fit(FRAME[["a", "b"]])
    assert compare(est, FRAME[["a", "b"]])


@pytest.mark.parametrize("dtype", ["U", "M8[s]", "m8[s]", "f2", ">f4", ">i8", "c16", "O"])
def test_dtypes_that_some_steps_refuse_or_keep(dtype):
    whole = np.abs(X).astype(np.int64)
    given = (whole if dtype[0] in "mM" else whole.astype(float)).astype(dtype)
    for est in (
        Normalizer(),
        SplineTransformer(extrapolation="constant"),
        MissingIndicator(features="all"),
        VarianceThreshold(),
        SimpleImputer(strategy="most_frequent"),
        make_union(SelectKBest(k=1), SimpleImputer()),
        make_union(Binarizer(), StandardScaler()).set_params(transformer_weights={"binarizer": 2}),
    ):
        compare(est.fit(whole, whole[:, 0] > 2), given)


def test_warnings_before_an_error_of_promotion():
    est = make_union(SelectKBest(k=0), SimpleImputer()).fit(X, X[:, 0] > 0)
    assert not compare(est, X.astype("M8[s]"))


def test_a_mask_of_float32_numbers():
    holes = np.where(X > 2, np.nan, X)
    est = make_pipeline(MissingIndicator(features="all"), SelectKBest(k=1), Binarizer())
    assert compare(est.fit(holes, X[:, 0] > 0), holes.astype(np.float32))
    est = make_pipeline(MissingIndicator(features="all"), FunctionTransformer(np.sign))
    est.steps[0][1].fit(holes)
    assert not compare(est, holes)


def test_one_column_of_a_nullable_dtype():
    frame = pd.DataFrame({"a": pd.array([0, 1, 2, 3] * 5, dtype="Int64")})
    est = KBinsDiscretizer(3, encode="ordinal").fit(frame)
    compare(est, frame)
    compare(est, frame > 1)
    compare(est, (frame > 1).astype(bool))


def test_parts_without_columns_lie_in_c_order():
    whole = pd.DataFrame(np.abs(X) + 1, columns=list("abc"))
    est = make_column_transformer((MissingIndicator(), ["a"]), (PowerTransformer(), ["b", "c"]))
    ours, theirs = Plan.from_sklearn(est.fit(whole)).transform(whole), est.transform(whole)
    assert ours.flags.f_contiguous == theirs.flags.f_contiguous
    np.testing.assert_array_equal(ours, theirs)


def test_objects_by_name_are_handed_through():
    est = make_column_transformer(("passthrough", ["a"])).fit(FRAME)
    arrays = {name: FRAME[name].to_numpy(dtype=object) for name in FRAME}
    ours, theirs = Plan.from_sklearn(est).transform(arrays), est.transform(pd.DataFrame(arrays))
    assert ours.dtype == theirs.dtype
    np.testing.assert_array_equal(ours, theirs)


def test_float16_beside_sparse_columns():
    est = ColumnTransformer(
        [("n", "passthrough", ["a"]), ("t", CountVectorizer(token_pattern="."), "t")],
        sparse_threshold=1,
    ).fit(FRAME)
    assert not compare(est, FRAME.astype({"a": np.float16}))


@pytest.mark.parametrize("name", ["sign", "floor", "ceil", "trunc", "sqrt", "rint"])
def test_functions_of_sparse_matrices(name):
    est = FunctionTransformer(getattr(np, name), accept_sparse=True)
    compare(est.fit(X), sp.csr_matrix(np.abs(X)))
    one = sp.csr_matrix([[1.0]])  # its sign is an int
    ours, theirs = (
        outcome(lambda e=e: str(e.transform(one))) for e in (Plan.from_sklearn(est), est)
    )
    assert ours == theirs
    compare(est, sp.csr_array([[1.0, 0.0]]))


def test_a_missing_category_beside_an_imputer_of_numbers():
    frame = pd.DataFrame({"a": pd.Series([np.nan] * 20, dtype="category")})
    est = make_column_transformer(
        (SimpleImputer(keep_empty_features=True), ["a"]), (TargetEncoder(), ["a"])
    )
    plan = Plan.from_sklearn(est.fit(frame, X[:, 0]))
    ours = outcome(lambda: plan.transform([{"a": None}]))
    theirs = outcome(lambda: est.transform(pd.DataFrame({"a": [np.nan]}, dtype=object)))
    assert ours[1] is None
    np.testing.assert_array_equal(ours[0], theirs[0])


def test_zeros_have_the_signs_of_scikit_learn():
    est = make_column_transformer((CountVectorizer(), "t"), ("passthrough", ["a"]))
    est.set_params(transformer_weights={"countvectorizer": -1}, sparse_threshold=0)
    hashed = make_union(HashingVectorizer(n_features=2, ngram_range=(1, 3), norm=None))
    for made, fit_on, given in (
        (SplineTransformer(), [[0.0], [2], [4], [7]], np.array([[-0.0], [0.0]])),
        (est, FRAME.assign(t="one two"), FRAME.assign(t="one")),
        (
            make_column_transformer((hashed, "t"), sparse_threshold=0).set_params(
                transformer_weights={"featureunion": -1.0}
            ),
            FRAME,
            FRAME.assign(t=["a bc de fg", "hi jk lm no"] * 10),
        ),
    ):
        made.fit(fit_on)
        ours, theirs = Plan.from_sklearn(made, strict=True).transform(given), made.transform(given)
        np.testing.assert_array_equal(ours, theirs)
        np.testing.assert_array_equal(np.signbit(ours), np.signbit(theirs))


def test_rows_of_texts_that_are_handed_through():
    frame = pd.DataFrame({"a": ["0.5", "1"] * 10})
    est = make_column_transformer((OrdinalEncoder(), ["a"]), ("passthrough", ["a"])).fit(frame)
    ours, theirs = Plan.from_sklearn(est).transform([{"a": "1"}]), est.transform(frame[1:2])
    assert ours.dtype == theirs.dtype == object
    assert ours.tolist() == theirs.tolist()


def test_arrays_of_none_by_name():
    est = make_column_transformer((OrdinalEncoder(), ["a"])).fit(pd.DataFrame({"a": [np.nan, 1]}))
    given = {"a": np.array([None, 1], dtype=object)}
    assert (
        outcome(lambda: Plan.from_sklearn(est).transform(given))[1]
        == (outcome(lambda: est.transform(pd.DataFrame(given)))[1])
    )


def test_frames_of_arrays_by_name():
    est = make_column_transformer((StandardScaler(), ["a"]), ("passthrough", ["b", "t"]))
    est.set_output(transform="pandas").fit(FRAME)
    arrays = {name: FRAME[name].to_numpy() for name in FRAME}
    pd.testing.assert_frame_equal(Plan.from_sklearn(est).transform(arrays), est.transform(FRAME))


def test_a_csc_matrix_that_a_function_validates():
    est = FunctionTransformer(validate=True, accept_sparse=True).fit(X)
    assert compare(est, sp.csr_matrix(X))
    assert compare(est, sp.csc_matrix(X))


def test_the_memory_order_of_what_frames_become():
    est = make_pipeline(SplineTransformer(), FunctionTransformer(np.abs, validate=True))
    est.set_output(transform="pandas").fit(FRAME[["a", "b"]])
    dtypes = {"a": pl.UInt8, "b": pl.Float32}
    scaled = make_column_transformer((MinMaxScaler(), ["a", "b"]))
    frame = pl.DataFrame({name: np.arange(5) for name in dtypes}, schema=dtypes)
    for made, given in ((est, FRAME[["a", "b"]]), (scaled.fit(frame), frame)):
        plan = Plan.from_sklearn(made)
        ours = outcome(lambda p=plan, g=given: p.transform(g))[0]
        theirs = outcome(lambda m=made, g=given: m.transform(g))[0]
        assert ours.flags.f_contiguous == theirs.flags.f_contiguous
        np.testing.assert_array_equal(ours, theirs)


def test_a_vocabulary_needs_no_fit():
    est = CountVectorizer(vocabulary=["one", "two"])
    assert compare(est, ["one two two", "three"])
    with pytest.raises(NotFittedError, match="Vocabulary not fitted or provided"):
        Plan.from_sklearn(CountVectorizer())


def test_polars_frames_of_objects():
    est = make_column_transformer(("passthrough", [0, 1])).set_output(transform="polars")
    given = ((True, False, True), (False, False, True))
    est.fit(X > 0)
    ours, theirs = Plan.from_sklearn(est).transform(given), est.transform(given)
    assert isinstance(ours, pl.DataFrame)
    assert ours.rows() == theirs.rows()
