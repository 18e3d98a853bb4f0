"""Imputers and indicators of missing values."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, given
from hypothesis import strategies as st
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from fastcore import Plan

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
