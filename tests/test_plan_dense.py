"""Dense numeric transformers against scikit-learn, bit for bit, and on the native path."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, given
from hypothesis import strategies as st
from sklearn.base import clone
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

from fastcore import Plan, _core

from .plan_compare import alone, assert_same, compare, native, outcome
from .profiles import examples

quick = examples(25, phases=(Phase.generate, Phase.shrink))
FLOATS = (np.float64, np.float32)


def fit(est, X, y=None):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return est.fit(X, y)


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
    products = sum(type(s) is PolynomialFeatures for s in steps)
    if products and width > (9 if products == 1 else 7):
        width = 5  # or there are more columns than a plan takes
    X = matrix(rng, 60, width)
    est = make_pipeline(*steps)
    try:
        fit(est, X.astype(dtype))
    except (ValueError, TypeError, IndexError):
        return  # no feature has enough variance, no bin is left; a sparse matrix on the way
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


def test_no_feature_selected():
    X = matrix(np.random.default_rng(1), 50, 3)
    native(fit(SelectFpr(alpha=0.0), X, X[:, 0] > 0), X)  # it warns


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


@pytest.mark.parametrize("bins", [2, 16, 17, 18, 19, 40])
def test_a_value_on_an_edge_is_in_the_bin_above(bins):
    """By counting few edges and by searching many; one value at a time and many."""
    X = np.random.default_rng(bins).uniform(size=(90, 3))
    est = KBinsDiscretizer(bins, encode="ordinal", strategy="uniform").fit(X)
    edges = np.stack(list(est.bin_edges_), axis=1)
    for Z in (edges, np.nextafter(edges, 9), np.nextafter(edges, -9), np.tile(edges, (9, 1))):
        native(est, Z)
        native(est, Z.astype(np.float32))
        native(est, Z[1:2])


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("fitted", [np.float16, np.float32, np.float64])
def test_constants_of_another_dtype_than_the_input(dtype, fitted):
    X = np.random.default_rng(0).normal(size=(90, 7)) * 7
    for est in (
        RobustScaler(),
        RobustScaler(with_centering=False),
        RobustScaler(with_scaling=False),
        RobustScaler(unit_variance=True),
        StandardScaler(),
        MinMaxScaler((-1, 3)),
        MinMaxScaler((-1, 3), clip=True),
        MaxAbsScaler(),
    ):
        native(est.fit(X.astype(fitted)), X.astype(dtype))
    # MinMaxScaler's two constants may be of two dtypes.
    est = MinMaxScaler().fit(X.astype(np.float32))
    est.scale_ = est.scale_.astype(np.float64) / 3
    native(est, X.astype(dtype))


FORGED = {
    "binarize": {"threshold": [0.0]},
    "center": {"rows": [0.0, 1.0], "all": [1.0]},
    "discretize": {"edges": [0.0, 1.0, 2.0], "counts": [2, 1]},
    "normalize": {"norm": [1]},
    "pick": {"columns": [1, 0]},
    "polynomial": {"left": [-1, 0], "right": [0, 1]},
    "project": {"matrix": [1.0, 2.0, 3.0, 4.0], "offset": [0.0, 0.0], "scale": [1.0, 1.0]},
    "robust": {"center": [0.0, 1.0], "scale": [1.0, 2.0]},
    "spline": {
        "degree": [0],
        "splines": [1],
        "mode": [1],
        "knots": [0.0, 1.0, 0.0, 1.0],
        "low": [0.0, 0.0],
        "high": [1.0, 1.0],
        "first": [0, 1],
        "last": [1, -1],
        **{key: [1.0, 2.0] for key in ("low_value", "high_value", "low_slope", "high_slope")},
    },
    "ufunc": {"name": list(b"log1p")},
}


def program(family, params):
    blob = {name: np.array(value) for name, value in params.items()}
    sources = tuple((j, None, None, -1, -1) for j in range(2))
    step = (family, (0,), 0, 2, blob)
    return _core.Program(sources, ((0, (0, 1)),), (step,), ((1, 0, 2),), 2, "f8")


@pytest.mark.parametrize("family", FORGED)
def test_forged_parameters_are_refused_or_harmless(family):
    """As a damaged plan file may have them: counts, indices and sizes that do not hold together."""
    params = FORGED[family]
    X = np.random.default_rng(0).uniform(0.1, 0.9, (40, 2))
    assert program(family, params).run(X, 40, None, None, 1) is not None
    refused = 0
    for name, value in params.items():
        wrong = [value + value, value[:-1], []]
        for k in range(len(value)):
            for other in (-1, -2, 1, 3, 7, 2**31, 2**40, -(2**62)):
                changed = type(value[0])(other)
                wrong.append([*value[:k], changed, *value[k + 1 :]])
        wrong.append([float(v) if type(v) is int else int(v) for v in value])  # the other kind
        for forged in wrong:
            given = {**params, name: np.array(forged, dtype=np.asarray(value).dtype)}
            if forged and type(forged[0]) is not type(value[0]):
                given[name] = np.array(forged)
            try:
                made = program(family, given)
            except ValueError:
                refused += 1
                continue
            made.run(X, 40, None, None, 1)
        left = {key: item for key, item in params.items() if key != name}
        try:
            program(family, left).run(X, 40, None, None, 1)
        except ValueError:
            refused += 1
    assert refused >= 2


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(
    "est", [StandardScaler(), MinMaxScaler(), MinMaxScaler(clip=True), MaxAbsScaler(),
            MaxAbsScaler(clip=True), RobustScaler(), StandardScaler(with_mean=False)]
)  # fmt: skip
def test_an_overflow_is_warned_of_as_scikit_learn_does(est, dtype):
    """Of finite values alone: infinities are refused, also where constants could hide them."""
    X = np.random.default_rng(2).normal(size=(60, 3)) * [1e-30, 1.0, 1e-3]
    est = clone(est).fit(X.astype(dtype))
    top = np.finfo(dtype).max
    for value in (top, -top, top / 2, np.inf, -np.inf, np.nan, 0.0):
        for column in range(3):
            Y = X[:20].astype(dtype)
            Y[7, column] = value
            compare(est, Y)
