"""Dense numeric transformers against scikit-learn, bit for bit, and on the native path."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, given
from hypothesis import strategies as st
from sklearn.feature_selection import (
    RFE,
    RFECV,
    GenericUnivariateSelect,
    SelectFdr,
    SelectFpr,
    SelectFromModel,
    SelectFwe,
    SelectKBest,
    SelectPercentile,
    SequentialFeatureSelector,
    VarianceThreshold,
)
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import (
    Binarizer,
    KBinsDiscretizer,
    KernelCenterer,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    PolynomialFeatures,
    RobustScaler,
    StandardScaler,
)
from sklearn.tree import DecisionTreeRegressor

from fastcore import Plan

from .plan_compare import assert_same, compare, outcome
from .profiles import examples

quick = examples(25, phases=(Phase.generate, Phase.shrink))
FLOATS = (np.float64, np.float32)


def fit(est, X, y=None):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return est.fit(X, y)


def alone(est):
    """A plan that has nobody to ask: what it answers, C has computed."""
    plan = Plan.from_sklearn(est, strict=True)
    plan._original = plan._estimator = None
    return plan


def native(est, X):
    """C computes this input, and to the estimator's bits."""
    ours, error, said = outcome(lambda: alone(est).transform(X))
    assert error is None, error
    theirs, _, spoken = outcome(lambda: est.transform(X))
    assert said == spoken
    assert_same(ours, theirs)
    return ours


def both(est, X, plan):
    """Compares, each with a copy of its own: what ``copy=False`` changes is changed by the plan."""
    one, other = X.copy(), X.copy()
    ours, theirs = outcome(lambda: plan.transform(one)), outcome(lambda: est.transform(other))
    assert ours[1:] == theirs[1:]
    if theirs[1] is None:
        assert_same(ours[0], theirs[0])
    pd.testing.assert_frame_equal(pd.DataFrame(one), pd.DataFrame(other))


@st.composite
def scalers(draw):
    flag = st.booleans()
    kind = draw(st.sampled_from("robust norm bin kbins poly std minmax maxabs var".split()))
    copy = draw(flag)
    if kind == "robust":
        return RobustScaler(
            with_centering=draw(flag),
            with_scaling=draw(flag),
            quantile_range=draw(st.sampled_from([(25.0, 75.0), (1.0, 90.0)])),
            unit_variance=draw(flag),
            copy=copy,
        )
    if kind == "norm":
        return Normalizer("max", copy=copy)  # l1 and l2: test_row_sums_in_numpys_order
    if kind == "bin":
        thresholds = [0, 0.1, -1, np.float64(0.1), np.float32(0.1), np.int8(1), True, 1e-50]
        return Binarizer(threshold=draw(st.sampled_from(thresholds)), copy=copy)
    if kind == "kbins":
        return KBinsDiscretizer(
            n_bins=draw(st.sampled_from([2, 3, 5, 16, 17, 18, 40])),
            encode=draw(st.sampled_from(["onehot", "onehot-dense", "ordinal"])),
            strategy=draw(st.sampled_from(["uniform", "quantile"])),
            quantile_method=draw(st.sampled_from(["linear", "averaged_inverted_cdf"])),
            dtype=draw(st.sampled_from([None, np.float32, np.float64])),
        )
    if kind == "poly":
        return PolynomialFeatures(
            draw(st.sampled_from([1, 2, 3, 4, (0, 2), (2, 2), (2, 3), (3, 4)])),
            interaction_only=draw(flag),
            include_bias=draw(flag),
            order=draw(st.sampled_from("CF")),
        )
    if kind == "std":
        return StandardScaler(with_mean=draw(flag), with_std=draw(flag), copy=copy)
    if kind == "minmax":
        return MinMaxScaler(clip=draw(flag), copy=copy)
    return MaxAbsScaler(copy=copy) if kind == "maxabs" else VarianceThreshold()


def matrix(rng, rows, width, dtype=np.float64):
    """Normal values, some repeated, some zero, a row of zeros."""
    X = rng.normal(size=(rows, width)) * rng.choice([1e-3, 1, 50], width)
    X[rng.random(X.shape) < 0.1] = 0
    X[rows // 2] = 0
    return X.astype(dtype)


@quick
@given(
    st.lists(scalers(), min_size=1, max_size=2),
    st.integers(0, 99),
    st.sampled_from([1, 2, 4, 7, 9, 18]),
    st.sampled_from(FLOATS),
)
def test_chains_equal_scikit_learn_on_every_input(steps, seed, width, dtype):
    rng = np.random.default_rng(seed)
    if width > 9 and sum(type(s) is PolynomialFeatures for s in steps):
        width = 5
    X = matrix(rng, 60, width)
    est = make_pipeline(*steps)
    try:
        fit(est, X.astype(dtype))
    except (ValueError, TypeError):
        return  # no feature has enough variance; a sparse matrix on the way
    plan = Plan.from_sklearn(est, strict=True)
    whole = np.round(X).astype(np.int64)
    for Z in (whole, whole.astype(np.int8), whole > 0, X.astype(np.float16), X.astype(object)):
        both(est, Z, plan)
    for Z in (X, X.astype(np.float32)):
        if all(getattr(step, "copy", True) for step in steps):
            native(est, Z)
        both(est, Z, plan)
        both(est, Z[:1], plan)
        both(est, Z[:0], plan)
        both(est, Z[::-2], plan)
        both(est, np.where(Z > 2, np.nan, Z), plan)
        both(est, np.where(Z > 2, np.inf, Z), plan)
        both(est, pd.DataFrame(Z), plan)
    compare(est, X.tolist(), plan)


@quick
@given(scalers(), st.integers(0, 99), st.sampled_from(FLOATS))
def test_frames_with_names(est, seed, dtype):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(matrix(rng, 50, 4, dtype), columns=list("abcd"))
    try:
        fit(est, X)
    except (ValueError, TypeError):
        return
    plan = Plan.from_sklearn(est, strict=True)
    for Z in (X, X.assign(b=1), X.assign(b=True), X.astype({"c": np.float32})):
        both(est, Z, plan)
    rows = X.astype(np.float64).to_dict("records")
    wide = est.transform(X.astype(np.float64))
    np.testing.assert_array_equal(
        plan.transform_one(rows[7]), wide.toarray()[7] if hasattr(wide, "toarray") else wide[7]
    )


@pytest.mark.parametrize("width", [1, 4, 7, 8, 9, 127, 128, 129, 300])
@pytest.mark.parametrize("dtype", FLOATS)
def test_row_sums_in_numpys_order(width, dtype):
    """Rows in C order agree bit for bit; in F order NumPy itself sums otherwise."""
    X = matrix(np.random.default_rng(width), 40, width, dtype)
    for norm in ("l1", "l2", "max"):
        est = Normalizer(norm).fit(X)
        whole = native(est, X)
        np.testing.assert_array_equal(native(est, X[5:6]), whole[5:6])
        close = {"rtol": 1e-6 if dtype == np.float32 else 1e-12}
        theirs = est.transform(np.asfortranarray(X))
        np.testing.assert_allclose(alone(est).transform(np.asfortranarray(X)), theirs, **close)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("fitted", FLOATS)
def test_kernel_centerer(dtype, fitted):
    rng = np.random.default_rng(3)
    for width in (2, 9, 140):
        K = rng.normal(size=(width, width))
        est = KernelCenterer().fit(K.astype(fitted))
        native(est, K.astype(dtype)[:5])
        plan = Plan.from_sklearn(est)
        for Z in (np.where(K > 1, np.inf, K), np.where(K > 1, np.nan, K), (K * 9).astype(int)):
            compare(est, Z, plan)


def selectors():
    tree = DecisionTreeRegressor(random_state=0)
    prefit = DecisionTreeRegressor(random_state=0, max_depth=1)  # uses one feature
    return [
        VarianceThreshold(0.5),
        SelectKBest(k=3),
        SelectPercentile(percentile=40),
        SelectFpr(alpha=0.6),
        SelectFdr(alpha=0.5),
        SelectFwe(alpha=0.99),
        GenericUnivariateSelect(mode="k_best", param=2),
        SelectFromModel(LinearRegression()),
        SelectFromModel(tree, max_features=2, threshold=-np.inf),
        SelectFromModel(prefit, prefit=True),
        RFE(LinearRegression(), n_features_to_select=2),
        RFECV(LinearRegression(), cv=3, min_features_to_select=1),
        SequentialFeatureSelector(LinearRegression(), n_features_to_select=2, cv=3),
    ]


@pytest.mark.parametrize("est", selectors(), ids=lambda est: type(est).__name__)
@pytest.mark.parametrize("framed", [False, True])
def test_selectors(est, framed):
    rng = np.random.default_rng(5)
    X = matrix(rng, 60, 6)
    y = (X[:, 1] + rng.normal(size=60) > 0).astype(int)
    if framed:
        X = pd.DataFrame(X, columns=list("abcdef"))
    if getattr(est, "prefit", False):
        est.estimator.fit(X, y)
    fit(est, X, y)
    assert 0 < est.get_support().sum() < 6
    native(est, X)
    native(make_pipeline(est, StandardScaler()).fit(X, y), X)
    plan = Plan.from_sklearn(est, strict=True)
    kept = int(np.flatnonzero(est.get_support())[0])
    left = int(np.flatnonzero(~est.get_support())[0])
    for column in (kept, left):
        for bad in (np.nan, np.inf):
            Z = X.copy()
            (Z.iloc if framed else Z)[3, column] = bad
            compare(est, Z, plan)
    compare(est, X.astype(np.float32), plan)
    compare(est, X.astype(np.int64), plan)
    compare(est, X.astype(str), plan)
    if framed:
        whole = dict.fromkeys(np.array(list("abcdef"))[est.get_support()], np.int64)
        compare(est, X.astype(whole), plan)
        compare(est, X.astype(dict.fromkeys(whole, np.float32)), plan)
        compare(est, X[list("bacdef")], plan)


def test_a_selector_behind_branches():
    X = matrix(np.random.default_rng(1), 50, 3)
    union = FeatureUnion([("b", KBinsDiscretizer(3, encode="onehot-dense")), ("p", "passthrough")])
    est = make_pipeline(union, SelectFromModel(LinearRegression(), threshold=-1, max_features=4))
    native(fit(est, X, X[:, 0]), X)


def test_no_feature_selected_is_the_originals_to_say():
    X = matrix(np.random.default_rng(1), 50, 3)
    est = fit(SelectFpr(alpha=0.0), X, X[:, 0] > 0)
    plan = Plan.from_sklearn(est)
    assert not plan.explain().native
    compare(est, X, plan)


@pytest.mark.parametrize("dtype", FLOATS)
def test_overflow_warns_as_the_original_does(dtype):
    big = np.finfo(dtype).max
    X = np.array([[big, 1.0], [1.0, 2.0], [3.0, 3.0]], dtype=dtype)
    small = (np.ones((3, 2)) * np.arange(3)[:, None] * 1e-3).astype(dtype)
    assert compare(fit(PolynomialFeatures(3), small), X)
    assert compare(fit(PolynomialFeatures(2), small), X)
    assert compare(fit(RobustScaler(), small), X)
    for norm in ("l1", "l2"):
        assert compare(fit(Normalizer(norm), small), np.full((1, 2), big))


def test_plans_of_these_are_saved(tmp_path):
    X = matrix(np.random.default_rng(2), 50, 4)
    est = make_pipeline(
        RobustScaler(),
        Normalizer("l1"),
        FeatureUnion(
            [
                ("bins", KBinsDiscretizer(4)),
                ("poly", PolynomialFeatures((2, 3))),
                ("sign", make_pipeline(VarianceThreshold(), Binarizer())),
            ]
        ),
    )
    fit(est, X)
    plan = Plan.from_sklearn(est, strict=True)
    plan.save(tmp_path / "x.plan")
    loaded = Plan.load(tmp_path / "x.plan")
    assert loaded.fingerprint == plan.fingerprint
    assert_same(loaded.transform(X), est.transform(X))
