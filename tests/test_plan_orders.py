"""The memory order of what plans return: scikit-learn's; and output into memory of any strides."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.feature_selection import VarianceThreshold
from sklearn.impute import IterativeImputer, KNNImputer, MissingIndicator, SimpleImputer
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import (
    Binarizer,
    KBinsDiscretizer,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    RobustScaler,
    SplineTransformer,
    StandardScaler,
)

from fastcore import Plan

from .plan_compare import assert_same, compare
from .profiles import part
from .test_plan_inputs import PANDAS, alone

rng = np.random.default_rng(0)
X = np.round(rng.normal(size=(700, 5)), 2)

SINGLE = [
    StandardScaler(),
    MinMaxScaler(clip=True),
    MaxAbsScaler(),
    RobustScaler(),
    Normalizer("max"),
    Binarizer(),
    SimpleImputer(),
    SimpleImputer(add_indicator=True),
    KBinsDiscretizer(encode="ordinal"),
    KBinsDiscretizer(encode="onehot-dense"),
    PolynomialFeatures(),
    PolynomialFeatures(order="F"),
    PolynomialFeatures((2, 3), order="F", include_bias=False),
    SplineTransformer(),
    SplineTransformer(order="F"),
    SplineTransformer(include_bias=False),
    MissingIndicator(features="all"),
    MissingIndicator(missing_values=0.01),
    VarianceThreshold(),
    OrdinalEncoder(),
    OneHotEncoder(sparse_output=False),
    make_pipeline(StandardScaler(), MinMaxScaler()),
    make_pipeline(PolynomialFeatures(2), MinMaxScaler()),
    make_pipeline(VarianceThreshold(), MinMaxScaler()),
]
UNIONS = [
    FeatureUnion([("a", StandardScaler()), ("b", MinMaxScaler())]),
    FeatureUnion([("a", StandardScaler()), ("b", OrdinalEncoder())]),
    ColumnTransformer([("a", StandardScaler(), [0, 2]), ("b", MinMaxScaler(), [4, 1])]),
    ColumnTransformer([("a", StandardScaler(), [0, 2]), ("b", OrdinalEncoder(), [4])]),
    ColumnTransformer([("a", StandardScaler(), [0]), ("b", MinMaxScaler(), [4])]),
    ColumnTransformer([("a", StandardScaler(), [0, 2])], remainder="passthrough"),
    ColumnTransformer([("a", OrdinalEncoder(), [0, 2]), ("b", "passthrough", [1, 3])]),
    make_pipeline(
        FeatureUnion([("a", StandardScaler()), ("b", OrdinalEncoder())]),
        ColumnTransformer([("a", MaxAbsScaler(), [0, 7, 3])]),
    ),
]


def contiguous(array):
    return array.flags.c_contiguous, array.flags.f_contiguous


def selects_of_old_frame(est, X):
    """What pandas 2 chooses of a frame lies in an order of its own: only values are held there."""
    return PANDAS < 3 and isinstance(est, ColumnTransformer) and isinstance(X, pd.DataFrame)


def name(est):
    return str(est).replace("\n", "")


@pytest.mark.parametrize("est", [*SINGLE, *UNIONS], ids=name)
@pytest.mark.parametrize("missing", [False, True])
def test_orders(est, missing):
    holes = np.where(rng.random(X.shape) < 0.1, np.nan, X) if missing else X
    try:
        est.fit(holes)
    except ValueError:
        return  # some take no NaN
    plan = alone(est)
    wide = np.repeat(holes, 2, axis=1)
    arrays = (
        holes,
        np.asfortranarray(holes),
        holes[::-1],
        np.asfortranarray(holes)[::-3],
        wide[:, ::2],
        holes[:1],
        np.asfortranarray(holes).astype(np.float32),
        pd.DataFrame(holes),
        pd.DataFrame(holes)[::-2],
        pd.DataFrame(holes, copy=False),
        pd.DataFrame({i: holes[:, i] for i in range(5)}),
        pd.DataFrame(holes).astype({0: np.float32}),
    )
    for array in part(arrays, 3):
        if compare(est, array):
            theirs, ours = est.transform(array), plan.transform(array)
            if selects_of_old_frame(est, array):
                continue
            assert contiguous(ours) == contiguous(theirs)
            narrow = plan.transform(array, dtype=np.float32)
            assert contiguous(narrow) == contiguous(theirs.astype(np.float32))
            np.testing.assert_array_equal(narrow, theirs.astype(np.float32))


def test_order_of_objects():
    objects = np.array(X.tolist(), dtype=object, order="F")
    for est in (
        StandardScaler(),
        SimpleImputer(add_indicator=True),
        KBinsDiscretizer(2, encode="ordinal"),
    ):
        est.fit(X)
        for array in (objects, objects[:, ::-1], np.ascontiguousarray(objects)):
            assert compare(est, array)
            assert contiguous(alone(est).transform(array)) == contiguous(est.transform(array))


def test_order_of_imputers_by_other_columns():
    holes = rng.normal(size=(40, 4))
    holes[rng.random(holes.shape) < 0.1] = np.nan
    some = IterativeImputer(max_iter=2, tol=1e3)
    for est in (KNNImputer(), KNNImputer(keep_empty_features=True), some):
        est.fit(holes)
        for array in (holes, np.asfortranarray(holes), holes[:, ::-1], holes[:1]):
            theirs = est.transform(array)
            assert contiguous(alone(est).transform(array)) == contiguous(theirs)


@pytest.mark.parametrize("weight", [None, 2.0])
@pytest.mark.parametrize("mixed", [False, True])
def test_order_of_sparse_parts_made_dense(weight, mixed):
    """An imputer leaves a sparse matrix by columns, and so is the array that is made of it."""
    imputed = ("a", make_pipeline(OneHotEncoder(), SimpleImputer()), [0])
    encoded = ("b", OneHotEncoder(), [1])
    given = X[:40].round()
    for parts in ([imputed], [encoded], [imputed, encoded]):
        weights = weight and {name: weight for name, *_ in parts}
        rest = "passthrough" if mixed else "drop"
        est = ColumnTransformer(
            parts, remainder=rest, sparse_threshold=0, transformer_weights=weights
        ).fit(given)
        plan = Plan.from_sklearn(est)
        for array in (given, np.asfortranarray(given)):
            assert compare(est, array, plan)
            assert contiguous(plan.transform(array)) == contiguous(est.transform(array))


def test_orders_of_frames_by_name():
    frame = pd.DataFrame(X, columns=list("abcde"))
    scale = ColumnTransformer([("a", StandardScaler(), ["a", "c"]), ("b", MaxAbsScaler(), ["d"])])
    rows_first = pd.DataFrame(np.ascontiguousarray(X), columns=frame.columns, copy=False)
    for made in (
        frame,
        rows_first,
        frame[::2],
        pl.from_pandas(frame),
        pl.from_pandas(frame).to_arrow(),
    ):
        est = scale.fit(made)
        ours, theirs = alone(est).transform(made), est.transform(made)
        assert_same(ours, theirs)
        if not selects_of_old_frame(est, made):
            assert contiguous(ours) == contiguous(theirs)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("rows", [1, 7, 700])
@pytest.mark.parametrize("threads", [1, 2])
def test_out_of_any_strides(dtype, rows, threads):
    est = FeatureUnion([("a", StandardScaler()), ("b", OneHotEncoder(sparse_output=False))])
    est.fit(np.round(X))
    given = np.tile(np.round(X[:rows]), (threads**8, 1))  # enough for threads
    plan, expected = alone(est), est.transform(given).astype(dtype)
    n, width = expected.shape
    room = np.empty((2 * n, 3 * width), dtype=dtype)
    outs = [
        np.empty((n, width), dtype=dtype),
        np.empty((n, width), dtype=dtype, order="F"),
        room[::2, ::3],
        room[:n, :width][::-1, ::-1],
        np.empty((3, width, n), dtype=dtype)[1].T,
    ]
    for out in outs:
        room.fill(77)
        assert plan.transform(given, out=out, threads=threads) is out
        np.testing.assert_array_equal(out, expected)
    assert (room[n:] == 77).all()


def test_out_that_the_estimator_fills():
    est = StandardScaler().fit(X)
    # Memory that overlaps the input or itself, or is not aligned: through a copy, or NumPy's error.
    both = X.copy()
    got = alone(est)
    got._original = est
    assert got.transform(both, out=both) is both
    np.testing.assert_array_equal(both, est.transform(X))
    raw = np.zeros(X.nbytes + 1, dtype=np.uint8)[1:].view(np.float64).reshape(X.shape)
    np.testing.assert_array_equal(got.transform(X, out=raw), est.transform(X))


def test_dlpack():
    est = StandardScaler().fit(X)
    for array in (X, np.asfortranarray(X), X.astype(np.float32)):
        ours = alone(est).transform(array)
        np.testing.assert_array_equal(np.from_dlpack(ours), est.transform(array))
    sparse = OneHotEncoder().fit(np.round(X))
    assert not hasattr(alone(sparse).transform(np.round(X)), "__dlpack__")
