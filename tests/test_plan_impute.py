"""Imputers and indicators of missing values."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, given
from hypothesis import strategies as st
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer, KNNImputer, MissingIndicator, SimpleImputer
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from fastcore import Plan, UnsupportedError

from .plan_compare import assert_same, compare, outcome
from .profiles import examples

quick = examples(60, phases=(Phase.generate, Phase.shrink))


def fitted(est, X):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return est.fit(X)


def native(est, X):
    """The plan's own output and warnings, which are the estimator's; to ask it would raise."""
    plan = Plan.from_sklearn(est, strict=True)
    plan._original = None
    ours, theirs = outcome(lambda: plan.transform(X)), outcome(lambda: est.transform(X))
    assert theirs[1] is None
    assert ours[1:] == theirs[1:]
    assert_same(ours[0], theirs[0])


MARKERS = [np.nan, pd.NA, -1, -1.0, 0.1, np.float32(2.5), np.int64(-1)]
STRATEGIES = ["mean", "median", "most_frequent", "constant", np.sum]


@st.composite
def imputers(draw):
    """An imputer with every option, fitted on columns of which some may be all missing."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    marker = draw(st.sampled_from(MARKERS))
    hole = np.nan if marker is pd.NA else marker
    width = draw(st.integers(2, 4))

    def rows(count, empty):
        X = np.round(rng.normal(size=(count, width)) * 2, draw(st.integers(0, 1)))
        X[rng.random(X.shape) < 0.2] = hole
        X[:, empty] = hole
        return X.astype(draw(st.sampled_from([np.float64, np.float32])))

    strategy = draw(st.sampled_from(STRATEGIES))
    est = SimpleImputer(
        missing_values=marker,
        strategy=strategy,
        fill_value=draw(st.sampled_from([None, -2])) if strategy == "constant" else None,
        add_indicator=draw(st.booleans()),
        keep_empty_features=draw(st.booleans()),
    )
    empty = draw(st.lists(st.integers(1, width - 1), max_size=width - 1))
    return fitted(est, rows(20, empty)), rows(draw(st.integers(1, 300)), [])


@given(imputers())
@quick
def test_numbers(case):
    est, X = case
    if outcome(lambda: est.transform(X))[1] is None:
        native(est, X)
    else:
        compare(est, X)
    compare(est, np.where(X > 1, np.inf, X))
    compare(est, np.where(X > 1, np.nan, X))


@given(
    st.sampled_from(["mean", "most_frequent", "constant"]),
    st.sampled_from([np.nan, -1, 2]),
    st.booleans(),
    st.sampled_from([np.int64, np.int8, np.uint8]),
)
@quick
def test_integers(strategy, marker, indicator, dtype):
    X = np.abs(np.random.default_rng(3).integers(-3, 4, (30, 3))).astype(dtype)
    X[:, 0] += 1
    est = SimpleImputer(missing_values=marker, strategy=strategy, add_indicator=indicator)
    fitted(est, X)
    for given_ in (X, X.astype(np.float64), X.astype(np.int32)):
        compare(est, given_)
    before = make_pipeline(est, StandardScaler())
    native(fitted(before, X), X)


def test_a_frame_is_warned_of_by_name():
    frame = pd.DataFrame({"a": [1.0, np.nan, 3.0], "b": [np.nan] * 3, "c": [np.nan, 2.0, 2.0]})
    est = fitted(SimpleImputer(), frame)
    native(est, frame)
    plan = Plan.from_sklearn(est)
    with pytest.warns(UserWarning, match=r"\['b'\]"):
        plan.transform_one({"a": 1.0, "b": None, "c": 2.0})
    native(fitted(make_pipeline(est, StandardScaler()), frame), frame)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserWarning, match="Skipping features"):
            plan.transform(frame)


def test_texts():
    frame = pd.DataFrame({"a": ["x", "y", "x", np.nan], "b": ["u", np.nan, "w", "w"]}, dtype=object)
    nothing = frame.assign(c=pd.Series([np.nan] * 4, dtype=object))
    none = frame.where(frame.notna(), None)
    for strategy in ("most_frequent", "constant"):
        for marker in (np.nan, pd.NA):
            imputer = SimpleImputer(missing_values=marker, strategy=strategy)
            est = make_pipeline(imputer, OneHotEncoder(handle_unknown="ignore"))
            native(fitted(est, frame), frame)
            compare(est, none)
            native(fitted(est, nothing), nothing)
            if marker is pd.NA:
                native(fitted(est, none), none)


@given(
    st.sampled_from(["missing-only", "all"]),
    st.booleans(),
    st.sampled_from([np.nan, -1.0]),
    st.sampled_from([np.float64, np.float32]),
    st.integers(0, 2**32),
)
@quick
def test_indicator(features, error_on_new, marker, dtype, seed):
    rng = np.random.default_rng(seed)
    X = np.where(rng.random((40, 4)) < [0.0, 0.3, 0.0, 0.2], marker, rng.normal(size=(40, 4)))
    est = MissingIndicator(missing_values=marker, features=features, error_on_new=error_on_new)
    both = fitted(make_union(est, SimpleImputer(missing_values=marker)), X.astype(dtype))
    native(both, X.astype(dtype))
    for bad in (np.inf, np.nan, marker):
        Y = X.astype(dtype)
        Y[3, 0] = bad
        compare(both, Y)
        compare(both.transformer_list[0][1], Y)
    X = np.nan_to_num(X, nan=-1).astype(np.int64)
    compare(est.fit(X), X)


def test_in_place():
    X = np.array([[1.0, np.nan], [3.0, 4.0]])
    est = SimpleImputer(copy=False).fit(X.copy())
    ours, theirs = X.copy(), X.copy()
    plan = Plan.from_sklearn(est, strict=True)
    np.testing.assert_array_equal(plan.transform(ours), est.transform(theirs))
    np.testing.assert_array_equal(ours, theirs)


def test_files(tmp_path):
    X = np.array([[1.0, np.nan, np.nan], [3.0, 4.0, np.nan]])
    est = fitted(SimpleImputer(missing_values=pd.NA, add_indicator=True), X)
    Plan.from_sklearn(est).save(tmp_path / "plan")
    loaded = Plan.load(tmp_path / "plan")
    with pytest.warns(UserWarning, match="Skipping features"):
        np.testing.assert_array_equal(loaded.transform(X), est.transform(X))


# ---- By other rows, and by other columns --------------------------------------------------------


def near(est, X, rtol):
    """As native(), to within a tolerance; and each row as in its batch."""
    plan = Plan.from_sklearn(est, strict=True)
    theirs = outcome(lambda: est.transform(X))
    plan._original = None
    ours = outcome(lambda: plan.transform(X))
    if ours[1] is not None:  # a tie, say: only the original can tell
        assert compare(est, X) == (theirs[1] is None)
        return False
    assert theirs[1] is None
    assert ours[2] == theirs[2]
    assert ours[0].dtype == theirs[0].dtype
    np.testing.assert_allclose(ours[0], theirs[0], rtol=rtol, atol=rtol)
    rows = [Plan.from_sklearn(est).transform(X[i : i + 1]) for i in range(3)] if not ours[2] else []
    for i, row in enumerate(rows):
        np.testing.assert_allclose(row[0], ours[0][i], rtol=rtol, atol=rtol)
    return True


def holes(rng, count, width, dtype, marker=np.nan, share=0.15):
    X = rng.normal(size=(count, width)) @ rng.normal(size=(width, width)) + rng.normal(size=width)
    hidden = rng.random(X.shape) < share
    hidden[:, 0] &= hidden[:, 1:].any(axis=1) & ~hidden[:, 1:].all(axis=1)
    X[hidden & (hidden.sum(axis=1) < width)[:, None]] = marker
    return X.astype(dtype)


@pytest.mark.parametrize("estimator", [None, LinearRegression(), Ridge(), KNeighborsRegressor()])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_iterative(estimator, dtype):
    rng = np.random.default_rng(5)
    for options in (
        {},
        {"add_indicator": True, "min_value": -1, "max_value": 1.5},
        {"n_nearest_features": 2, "imputation_order": "random", "random_state": 3},
        {"initial_strategy": "median", "skip_complete": True, "keep_empty_features": True},
        {"missing_values": -7, "max_iter": 1},
        {"max_iter": 0},
    ):
        est = IterativeImputer(estimator, **options)
        marker = options.get("missing_values", np.nan)
        X = holes(rng, 60, 4, dtype, marker)
        X[:, 3] = marker if options.get("keep_empty_features") else X[:, 3]
        fitted(est, X)
        Y = holes(rng, 40, 4, dtype, marker)
        if isinstance(estimator, KNeighborsRegressor) and len(est.imputation_sequence_):
            with pytest.raises(UnsupportedError, match="estimator KNeighborsRegressor"):
                Plan.from_sklearn(est, strict=True)
            assert compare(est, Y)
            continue
        assert near(est, Y, 1e-9 if dtype is np.float64 else 2e-5)


def test_iterative_says_what_it_leaves_out():
    rng = np.random.default_rng(6)
    X = holes(rng, 30, 4, np.float64)
    X[:, 2] = np.nan
    est = fitted(IterativeImputer(add_indicator=True), X)
    Y = holes(rng, 20, 4, np.float64)
    assert near(est, Y, 1e-9)
    assert compare(est, np.full((2, 4), np.nan))  # alone, such rows keep their initial values
    assert not compare(est, np.where(Y > 1, np.inf, Y))
    with pytest.raises(UnsupportedError, match="sample_posterior"):
        Plan.from_sklearn(fitted(IterativeImputer(sample_posterior=True), X), strict=True)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("weights", ["uniform", "distance"])
def test_neighbors(weights, dtype):
    rng = np.random.default_rng(7)
    native_calls = 0
    for options in (
        {},
        {"n_neighbors": 1, "add_indicator": True},
        {"n_neighbors": 50},
        {"missing_values": -7, "n_neighbors": 3},
        {"keep_empty_features": True},
        {"keep_empty_features": False},
    ):
        est = KNNImputer(weights=weights, **options)
        marker = options.get("missing_values", np.nan)
        X = holes(rng, 40, 4, dtype, marker)
        if "keep_empty_features" in options:
            X[:, 2] = marker
        fitted(est, X)
        Y = holes(rng, 20, 4, dtype, marker)
        native_calls += near(est, Y, 1e-9 if dtype is np.float64 else 2e-5)
        assert not compare(est, np.where(Y > 1, np.inf, Y))
    if dtype is np.float64 and weights == "uniform":
        assert native_calls == 6
    assert native_calls or dtype is np.float32


def test_neighbors_that_tie_are_the_originals():
    X = np.array([[0.0, 1.0], [0.0, 2.0], [0.0, 5.0], [3.0, 9.0]])
    est = KNNImputer(n_neighbors=2).fit(X)
    plan = Plan.from_sklearn(est, strict=True)
    plan._original = None
    with pytest.raises(ValueError, match="X"):
        plan.transform(np.array([[0.0, np.nan]]))
    assert compare(est, np.array([[0.0, np.nan], [2.0, np.nan], [np.nan, np.nan], [1.0, 1.0]]))
    everything = np.array([[np.nan, np.nan]])
    np.testing.assert_allclose(plan.transform(everything), est.transform(everything), rtol=1e-12)


def test_files_of_both(tmp_path):
    X = holes(np.random.default_rng(9), 40, 3, np.float64)
    for est in (KNNImputer(), IterativeImputer()):
        plan = Plan.from_sklearn(fitted(est, X))
        plan.save(tmp_path / "plan")
        row = X[np.isnan(X).sum(axis=1) == 1][:1]
        np.testing.assert_array_equal(
            Plan.load(tmp_path / "plan").transform(row), plan.transform(row)
        )
