"""FunctionTransformer of NumPy's functions: the same loops, warnings and frames as the original."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from fastcore import Plan, _core

from .plan_compare import assert_same, compare, outcome
from .profiles import part
from .test_plan_dense import FLOATS, alone, both, native


def positive(rng, dtype=np.float64):
    return rng.uniform(0.01, 0.9, (70, 3)).astype(dtype)


@pytest.mark.parametrize("name", _core.plan_loops())
@pytest.mark.parametrize("validate", [False, True])
def test_every_function(name, validate):
    est = FunctionTransformer(getattr(np, name), validate=validate)
    rng = np.random.default_rng(0)
    X = positive(rng) + (1.0 if name == "arccosh" else 0.0)
    est.fit(X)
    for dtype in FLOATS:
        whole = native(est, X.astype(dtype))
        assert_same(alone(est).transform(X[9:10].astype(dtype)), whole[9:10])
        native(est, np.asfortranarray(X.astype(dtype)))
    plan = Plan.from_sklearn(est, strict=True)
    wild = rng.normal(size=(70, 3)) * 1e3
    wild[::7] = np.nan
    wild[1::7] = 0
    wild[2::7] = -1
    wild[3::7] = [np.inf, -np.inf, 1e300]
    for Z in (
        X,
        -X,
        wild,
        wild[::7],
        wild[1::7],
        wild[2::7],
        wild[3::7],
        wild[4:7],
        X[:0],
        X[:, :2],
    ):
        both(est, Z, plan)
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            single = Z.astype(np.float32)
        both(est, single, plan)
    whole = np.round(np.nan_to_num(wild[4:7]))
    for dtype in (np.int64, np.int32, np.uint32, np.int16, np.uint8, bool, np.float16):
        both(est, np.abs(whole).astype(dtype) % 7, plan)
    both(est, X.astype(object), plan)
    compare(est, X.tolist(), plan)


def frame(rng):
    data = positive(rng)
    return pd.DataFrame(
        {
            "f": data[:, 0],
            "g": data[:, 1],
            "h": data[:, 2].astype(np.float32),
            "i": rng.integers(1, 9, 70),
            "s": rng.integers(1, 9, 70).astype(np.int16),
        }
    )


@pytest.mark.parametrize("func", [np.log1p, np.sqrt, np.floor, np.square])
@pytest.mark.parametrize("validate", [False, True])
def test_frames_stay_frames_until_somebody_makes_arrays(func, validate):
    rng = np.random.default_rng(1)
    X = frame(rng)

    def step():
        return FunctionTransformer(func, validate=validate, feature_names_out="one-to-one")

    for columns in part((["f", "h"], ["f", "i"], ["h"], ["f", "g"], ["i"], ["s"], ["f", "s"]), 3):
        for est in (
            step(),
            make_pipeline(step(), step()),
            make_pipeline(SimpleImputer(), step()),
            make_pipeline(step(), StandardScaler()),
            FeatureUnion([("a", step()), ("b", StandardScaler())]),
            ColumnTransformer([("a", make_pipeline(step(), StandardScaler()), columns)]),
            ColumnTransformer([("a", step(), columns), ("b", StandardScaler(), ["f"])]),
        ):
            Z = X if isinstance(est, ColumnTransformer) else X[columns]
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                est.fit(Z)
            plan = Plan.from_sklearn(est, strict=True)
            assert compare(est, Z, plan)
            compare(est, Z.iloc[:1], plan)
            compare(est, Z.to_numpy(), plan)
            compare(est, pl.from_pandas(Z), plan)
            rows = Z.astype(np.float64).to_dict("records")
            theirs = np.asarray(est.transform(Z.astype(np.float64)))[3]
            np.testing.assert_array_equal(plan.transform_one(rows[3]), theirs)
    X = X[["f", "g"]]
    est = make_pipeline(step(), StandardScaler()).fit(X)
    native(est, X)  # nobody but C has computed it


def test_polars():
    rng = np.random.default_rng(1)
    X = pl.from_pandas(frame(rng)[["f", "g"]])
    for validate in (False, True):
        step = FunctionTransformer(np.log1p, validate=validate)
        for est in (step, make_pipeline(step, StandardScaler())):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                est.fit(X)
            compare(est, X)


def test_functions_that_are_not_numpys():
    X = positive(np.random.default_rng(0))
    for est in (
        FunctionTransformer(lambda X: X + 1),
        FunctionTransformer(np.clip, kw_args={"a_min": 0.2, "a_max": 0.5}),
        FunctionTransformer(np.log1p, kw_args={"dtype": np.float32}),
        FunctionTransformer(np.frompyfunc(abs, 1, 1)),
        FunctionTransformer(np.isnan),
    ):
        plan = Plan.from_sklearn(est.fit(X))
        assert not plan.explain().native
        assert compare(est, X, plan)


def test_no_function_but_validation():
    X = positive(np.random.default_rng(0))
    est = FunctionTransformer(validate=True).fit(X)
    native(est, X)
    plan = Plan.from_sklearn(est, strict=True)
    for Z in (np.where(X > 0.5, np.nan, X), np.where(X > 0.5, np.inf, X), X[:, :2], X.astype(str)):
        ours, theirs = (outcome(lambda f=f, Z=Z: f(Z)) for f in (plan.transform, est.transform))
        assert ours[1] == theirs[1]


def test_saved(tmp_path):
    X = positive(np.random.default_rng(0))
    est = make_pipeline(FunctionTransformer(np.log1p), FunctionTransformer(np.square)).fit(X)
    Plan.from_sklearn(est, strict=True).save(tmp_path / "x.plan")
    assert_same(Plan.load(tmp_path / "x.plan").transform(X), est.transform(X))


def test_rows_that_lie_backwards_are_the_originals():
    """NumPy takes another loop there, whose results may be an ulp away."""
    X = np.random.default_rng(3).random((1000, 1))
    for validate in (False, True):
        est = FunctionTransformer(np.log1p, validate=validate).fit(X)
        for A in (X[::-1], X.astype("f4")[::-2], np.asfortranarray(np.hstack([X, X]))[::-1][:, :1]):
            compare(est, A)
