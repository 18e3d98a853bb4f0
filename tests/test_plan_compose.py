"""Composition: weights, steps that do nothing, parts that leave nothing, and frames as output."""

import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import FastICA
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

from .plan_compare import alone, assert_same, compare, native, native_since_1_9

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


# ---- Frames -----------------------------------------------------------------------------------


def mixed(**kwargs):
    parts = [
        ("n", make_pipeline(SimpleImputer(), StandardScaler()), ["f", "g"]),
        ("h", OneHotEncoder(sparse_output=False, dtype="i1", handle_unknown="ignore"), ["t"]),
        ("o", OrdinalEncoder(dtype="i4"), ["b"]),
        ("i", MinMaxScaler(), ["i", "h"]),
    ]
    return ColumnTransformer(parts, **kwargs)


FRAMES = {
    "mixed": lambda: mixed(),
    "rest": lambda: mixed(remainder="passthrough", transformer_weights={"o": 2, "i": 0.5}),
    "plain": lambda: mixed(verbose_feature_names_out=False),
    "twice": lambda: make_pipeline(mixed(), StandardScaler()),
    "again": lambda: make_pipeline(
        ColumnTransformer([("s", StandardScaler(), ["f"])], remainder="passthrough"),
        ColumnTransformer(
            [
                ("t", OneHotEncoder(sparse_output=False), ["remainder__t"]),
                ("i", OrdinalEncoder(), ["remainder__i", "s__f"]),
                ("p", "passthrough", ["remainder__h", "s__f", "remainder__b"]),
            ]
        ),
    ),
    "texts": lambda: make_pipeline(
        ColumnTransformer([("p", "passthrough", ["t"])]),
        SimpleImputer(strategy="most_frequent"),
        OneHotEncoder(sparse_output=False),
    ),
    "untouched": lambda: ColumnTransformer([("p", "passthrough", ["t", "i", "b"])]),
    "union": lambda: make_pipeline(
        ColumnTransformer([("p", "passthrough", ["f", "g", "h"])]),
        FeatureUnion(
            [("s", StandardScaler()), ("o", OrdinalEncoder(dtype="i2")), ("p", "passthrough")]
        ),
    ),
    "select": lambda: make_pipeline(
        ColumnTransformer([("p", "passthrough", ["f", "g", "h"])]),
        VarianceThreshold(0.5),
        "passthrough",
    ),
    "function": lambda: make_pipeline(
        ColumnTransformer([("p", "passthrough", ["f", "i"])], verbose_feature_names_out=False),
        FunctionTransformer(np.log1p, feature_names_out="one-to-one"),
    ),
    "weights": lambda: ColumnTransformer(
        [("p", "passthrough", ["f", "g", "h"]), ("s", StandardScaler(), ["i"])],
        transformer_weights={"p": 2, "s": 0.5},
    ),
    "nothing": lambda: ColumnTransformer([("d", "drop", ["t"])]),
}


@pytest.mark.parametrize("name", FRAMES)
def test_frames(frame, name):
    est = FRAMES[name]().set_output(transform="pandas").fit(frame)
    for X in (frame, frame[:1], frame[::3]):
        native(est, X)
    compare(est, frame[::-3])
    compare(est, frame.assign(f=np.inf))
    compare(est, frame.drop(columns="t"))
    compare(est, frame.to_numpy())
    est.set_output(transform="default")
    compare(est, frame)


@pytest.mark.parametrize("name", [name for name in FRAMES if name != "again"])
def test_frames_as_the_configuration_says(frame, name):
    """The plan follows, as the estimator does: whichever was set when it was made."""
    default = FRAMES[name]().fit(frame)
    with config_context(transform_output="pandas"):
        est = FRAMES[name]().fit(frame)
        native(est, frame)
        compare(default, frame)
        plan = Plan.from_sklearn(est)
    compare(est, frame, plan)
    plan = Plan.from_sklearn(default)
    compare(default, frame, plan)
    with config_context(transform_output="pandas"):
        compare(default, frame, plan)
        assert Plan.from_sklearn(default, native=False).transform(frame) is not None


@pytest.mark.parametrize("kind", ["pandas", "polars"])
def test_frames_of_parts(codes, kind):
    X = codes / 3
    scaler = StandardScaler().set_output(transform=kind)
    native(scaler.fit(X), X)
    native(scaler.fit(X.astype("f4")), X.astype("f4"))
    native(MissingIndicator().set_output(transform=kind).fit(np.where(X > 1, np.nan, X)), X)
    last = make_pipeline(MinMaxScaler(), scaler).fit(X)
    native(last, X)
    native(make_pipeline(scaler, "passthrough").fit(X), X)
    first = make_pipeline(scaler, MinMaxScaler(), OrdinalEncoder(dtype="i2")).fit(X)
    native(first, X)
    native(first, np.asfortranarray(X))
    part = ColumnTransformer([("a", scaler, [0, 1]), ("b", MinMaxScaler(), [2])]).fit(X)
    native(part, X)
    native(part.set_output(transform=kind).fit(X), X)
    union = FeatureUnion([("a", StandardScaler()), ("b", OrdinalEncoder(dtype="i4"))])
    check = native_since_1_9 if kind == "polars" else native
    check(union.set_output(transform=kind).fit(X), X)
    compare(union, pd.DataFrame(X))
    compare(OneHotEncoder().fit(X).set_output(transform=kind), X)
    sparse = ColumnTransformer([("a", OneHotEncoder(), [0])], sparse_threshold=1).fit(X)
    compare(sparse.set_output(transform=kind), X)
    est = ColumnTransformer([("d", "drop", [0])]).set_output(transform=kind).fit(X)
    native(est, X)
    compare(FunctionTransformer(np.sqrt).set_output(transform=kind).fit(X), X)


@pytest.mark.parametrize("order", "CF")
def test_orders_after_frames(codes, order):
    X = pd.DataFrame(np.asarray(codes / 3, order=order), columns=list("abcd"))
    parts = [("s", StandardScaler(), ["a", "c"]), ("m", MinMaxScaler(), ["d", "b"])]
    columns = ColumnTransformer(parts, verbose_feature_names_out=False)
    for first in (columns, ColumnTransformer(parts[:1]), StandardScaler(), SimpleImputer()):
        first.set_output(transform="pandas")
        for last in (StandardScaler(), VarianceThreshold(), OrdinalEncoder()):
            est = make_pipeline(first, last).fit(X)
            ours = native(est, X)
            theirs = est.transform(X)
            assert ours.flags.f_contiguous == theirs.flags.f_contiguous


def test_functions_of_frames(frame):
    numbers = frame[["f", "i"]]
    native(FunctionTransformer(np.sqrt).fit(numbers), numbers)
    native(
        make_pipeline(FunctionTransformer(np.sqrt), FunctionTransformer(np.log1p)).fit(numbers),
        numbers,
    )
    numbered = numbers.set_axis([0, 1], axis=1)
    native(FunctionTransformer(np.sqrt).fit(numbered), numbered)
    small = frame[["g"]]
    native(FunctionTransformer(np.sqrt).fit(small), small)
    compare(FunctionTransformer(np.sqrt).fit(frame[["f", "g"]]), frame[["f", "g"]])
    compare(FunctionTransformer(np.sqrt).fit(frame[["b"]]), frame[["b"]])
    compare(FunctionTransformer(np.sqrt).fit(numbers), numbers - 1)


def test_names_that_do_not_fit(frame):
    """set_output after fit: the next step is given names that it did not see."""
    numbers = frame[["f", "i"]]
    est = (
        make_pipeline(StandardScaler(), MinMaxScaler()).fit(numbers).set_output(transform="pandas")
    )
    assert not Plan.from_sklearn(est).explain().native
    compare(est, numbers)
    same = make_pipeline(StandardScaler(), MinMaxScaler()).set_output(transform="pandas")
    same.fit(numbers).set_output(transform="default")
    compare(same, numbers)


def test_frames_beside_others_steps(frame):
    """Where a step stays scikit-learn's own, the others make the frames."""
    numbers = frame[["f", "i"]].assign(f=lambda X: X["f"] + 1)
    est = ColumnTransformer(
        [("n", StandardScaler(), ["f", "i"]), ("s", FastICA(1), ["f", "i"])]
    ).set_output(transform="pandas")
    compare(est.fit(numbers), numbers)
    est = make_pipeline(StandardScaler(), FastICA(2), MinMaxScaler()).set_output(transform="pandas")
    compare(est.fit(numbers), numbers)


def test_rows_and_arguments_of_frames(frame, tmp_path):
    numbers = frame[["f", "i", "h"]]
    est = ColumnTransformer(
        [("s", StandardScaler(), ["f", "i"]), ("o", OrdinalEncoder(dtype="i2"), ["h"])]
    ).set_output(transform="pandas")
    est.fit(numbers)
    plan = Plan.from_sklearn(est)
    wide = numbers.astype(float).reset_index(drop=True)
    rows = wide.to_dict("records")
    theirs = est.transform(wide)
    pd.testing.assert_frame_equal(plan.transform(rows), theirs)
    pd.testing.assert_frame_equal(
        plan.transform({name: wide[name].to_numpy() for name in wide}), theirs
    )
    np.testing.assert_array_equal(plan.transform_one(rows[3]), theirs.to_numpy(dtype=float)[3])
    out = np.empty(theirs.shape)
    assert plan.transform(numbers, out=out) is out
    np.testing.assert_array_equal(out, theirs.to_numpy(dtype=float))
    assert set(plan.transform(numbers, dtype=np.float32).dtypes) == {np.dtype("f4")}
    assert set(plan.check(numbers).values()) == {0.0}
    plan.save(tmp_path / "f.plan")
    loaded = Plan.load(tmp_path / "f.plan")
    pd.testing.assert_frame_equal(loaded.transform(numbers), est.transform(numbers))
    assert (
        loaded.fingerprint
        == plan.fingerprint
        != Plan.from_sklearn(est.set_output(transform="default")).fingerprint
    )


def test_integers_in_frames_that_floats_do_not_hold(codes):
    X = pd.DataFrame({"a": codes[:, 0] / 3, "b": codes[:, 1] + 2**53 + 1})
    parts = [("s", StandardScaler(), ["a"]), ("i", SimpleImputer(strategy="most_frequent"), ["b"])]
    est = ColumnTransformer(parts).set_output(transform="pandas").fit(X)
    compare(est, X)
    native(
        ColumnTransformer([("p", "passthrough", ["b", "a"])]).set_output(transform="pandas").fit(X),
        X,
    )


# ---- Missing texts ----------------------------------------------------------------------------


def texts(missing):
    words = np.array(["a", "b", "c", missing], dtype=object)
    codes = np.random.default_rng(5).integers(0, 4, (60, 3))
    return pd.DataFrame(words[codes], columns=list("xyz"), dtype=object)


@pytest.mark.parametrize("kind", ["nan", "none", "na", "string"])
@pytest.mark.parametrize("strategy", ["most_frequent", "constant"])
def test_imputed_texts(kind, strategy):
    """Before an encoder; what is missing where is a feature too, if asked for."""
    marker = {"nan": np.nan, "none": None}.get(kind, pd.NA)
    X = texts(pd.NA if kind == "string" else marker if kind != "na" else None)
    X = X.astype("string") if kind == "string" else X
    for indicator in (False, True):
        imputer = SimpleImputer(missing_values=marker, strategy=strategy, add_indicator=indicator)
        for encoder in (OneHotEncoder(sparse_output=False), OneHotEncoder(handle_unknown="ignore")):
            est = make_pipeline(imputer, encoder).fit(X)
            native(est, X)
            native(est, X[:1])
            if kind != "string":
                native(make_pipeline(imputer, encoder).fit(X.to_numpy()), X.to_numpy())
            for other in (None, np.nan, pd.NA, "unknown", 1):
                A = X.astype(object)
                A.iloc[3, 1] = other
                compare(est, A)
        compare(make_pipeline(imputer).fit(X), X)
        encode = make_pipeline(imputer, OrdinalEncoder())
        mixed = ColumnTransformer([("e", encode, ["x", "y"]), ("i", imputer, ["z"])])
        compare(mixed.fit(X), X)


@pytest.mark.parametrize("features", ["missing-only", "all"])
@pytest.mark.parametrize("kind", ["nan", "none", "na", "str"])
def test_missing_texts(kind, features):
    marker = {"nan": np.nan, "none": None, "str": np.nan}.get(kind, pd.NA)
    X = texts(None if kind == "na" else marker)
    X = X.astype("str") if kind == "str" else X
    X["y"] = X["y"].where(X["y"].notna(), "a")
    est = MissingIndicator(missing_values=marker, features=features).fit(X)
    native(est, X)
    for other in (None, np.nan, pd.NA, "unknown", 1):
        for column in (0, 1):
            A = X.astype(object)
            A.iloc[3, column] = other
            compare(est, A)
            if kind != "str":
                compare(MissingIndicator(missing_values=marker).fit(X.to_numpy()), A.to_numpy())
    both = ColumnTransformer(
        [("m", MissingIndicator(missing_values=marker), ["x", "z"])], remainder="drop"
    ).fit(X)
    native(both, X)
    compare(both, X.assign(x=1.5))
    compare(est, pd.DataFrame({"x": [1.0, np.nan], "y": [1.0, 2], "z": [1.0, 2]}))
    plan = Plan.from_sklearn(both)
    rows = X.to_dict("records")
    np.testing.assert_array_equal(plan.transform(rows), both.transform(X))
