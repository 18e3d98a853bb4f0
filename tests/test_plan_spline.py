"""Splines against scikit-learn, bit for bit: degrees, knots, both ends and beyond them."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, given
from hypothesis import strategies as st
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import SplineTransformer, StandardScaler

from fastcore import Plan

from .plan_compare import assert_same, compare, native_since_1_9, outcome
from .profiles import examples
from .test_plan_dense import alone, both, fit, native

MODES = ("error", "constant", "linear", "continue", "periodic")


@st.composite
def splines(draw):
    return SplineTransformer(
        n_knots=draw(st.sampled_from([2, 3, 4, 7])),
        degree=draw(st.integers(0, 5)),
        knots=draw(st.sampled_from(["uniform", "quantile"])),
        extrapolation=draw(st.sampled_from(MODES)),
        include_bias=draw(st.booleans()),
        order=draw(st.sampled_from("CF")),
        handle_missing=draw(st.sampled_from(["error", "zeros"])),
    )


@examples(60, phases=(Phase.generate, Phase.shrink))
@given(splines(), st.integers(0, 99), st.sampled_from([np.float64, np.float32]))
def test_splines(est, seed, dtype):
    rng = np.random.default_rng(seed)
    X = np.round(rng.normal(size=(50, 3)), 1) * [1, 100, 1e-3]
    if est.handle_missing == "zeros":
        X[rng.random(X.shape) < 0.1] = np.nan
    X = X.astype(dtype)
    if outcome(lambda: fit(est, X))[1]:
        return
    _, error, _ = outcome(lambda: est.transform(X))
    if error and error[0] is IndexError:  # linear, of degree 0 or 1, for more columns than knots
        return
    native(est, X)
    plan = Plan.from_sklearn(est, strict=True)
    for Z in (X * 3, X[:1], X[:0], X.astype(np.float32), X.astype(np.float64), X.astype(object)):
        both(est, Z, plan)
    both(est, np.where(X > 0, np.inf, X), plan)
    both(est, np.where(X > 0, np.nan, X), plan)
    both(est, pd.DataFrame(X), plan)
    both(est, np.round(np.nan_to_num(X)).astype(np.int64), plan)
    both(est, np.nan_to_num(X) > 0, plan)
    if est.extrapolation != "error" and not (est.extrapolation == "constant" and est.degree == 0):
        whole = native(est, X * 3)
        assert_same(alone(est).transform(X[7:8] * 3), whole[7:8])


@pytest.mark.parametrize("mode", MODES)
def test_knots_that_are_given(mode):
    rng = np.random.default_rng(0)
    X = rng.uniform(size=(40, 2))
    knots = np.sort(rng.uniform(size=(7, 2)), axis=0)
    est = SplineTransformer(knots=knots, extrapolation=mode).fit(X)
    plan = Plan.from_sklearn(est, strict=True)
    compare(est, X, plan)
    compare(est, knots, plan)
    native(est, knots[1:-1])


def test_a_constant_column_and_one_that_is_always_missing():
    X = np.stack([np.ones(20), np.linspace(0, 1, 20)], axis=1)
    for mode in MODES:
        est = fit(SplineTransformer(extrapolation=mode), X)
        for Z in (X, X + 1, X - 1):
            both(est, Z, Plan.from_sklearn(est, strict=True))


def test_sparse_output():
    """More of it is among the tests of sparse matrices."""
    X = np.linspace(0, 1, 20)[:, None]
    native_since_1_9(SplineTransformer(sparse_output=True).fit(X), X)


def test_saved(tmp_path):
    X = np.random.default_rng(0).normal(size=(30, 2))
    est = make_pipeline(StandardScaler(), SplineTransformer(extrapolation="linear")).fit(X)
    Plan.from_sklearn(est, strict=True).save(tmp_path / "x.plan")
    assert_same(Plan.load(tmp_path / "x.plan").transform(X * 2), est.transform(X * 2))
