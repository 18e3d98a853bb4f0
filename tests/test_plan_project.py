"""PCA and TruncatedSVD: within the stated tolerance of scikit-learn, the same in every batch."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import PCA, IncrementalPCA, TruncatedSVD
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from fastcore import Plan, UnsupportedError

from .plan_compare import compare, outcome
from .test_plan_dense import FLOATS, alone


def data(width, dtype, rows=80):
    rng = np.random.default_rng(width)
    return (rng.normal(size=(rows, width)) * rng.uniform(0.1, 9, width) + 5).astype(dtype)


def close(ours, theirs, est, X):
    """To 1e-12, or 1e-6 in float32, of the size of the terms that are added."""
    assert ours.dtype == theirs.dtype
    size = np.abs(X).astype(float) @ np.abs(est.components_.astype(float)).T
    if getattr(est, "whiten", False):
        size = size / np.sqrt(np.maximum(est.explained_variance_, np.finfo(X.dtype).eps))
    limit = (1e-12 if theirs.dtype == np.float64 else 1e-6) * size
    assert (np.abs(ours.astype(float) - theirs.astype(float)) <= limit).all()


def estimators(width):
    few = max(width // 2, 1)
    yield PCA(few)
    yield PCA(few, whiten=True)
    yield PCA(0.9)
    yield PCA(svd_solver="full")
    yield IncrementalPCA(few, batch_size=40)
    if width > 1:
        yield TruncatedSVD(few)


@pytest.mark.parametrize("fitted", FLOATS)
@pytest.mark.parametrize("width", [1, 2, 9, 16, 33])
def test_projections(width, fitted):
    for est in estimators(width):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            est.fit(data(width, fitted))
        plan = alone(est)
        for dtype in FLOATS:
            X = data(width, dtype)
            ours = plan.transform(X)
            close(ours, est.transform(X), est, X)
            for first, last in ((0, 1), (3, 10), (79, 80)):
                np.testing.assert_array_equal(plan.transform(X[first:last]), ours[first:last])
            np.testing.assert_array_equal(plan.transform(np.asfortranarray(X)), ours)
            np.testing.assert_array_equal(plan.transform(X, threads=2), ours)
        whole = np.round(data(width, np.float64))
        for dtype in (np.int64, np.int8, np.uint16, bool):
            Z = whole.astype(dtype)
            theirs = est.transform(Z)
            assert plan.transform(Z).dtype == theirs.dtype
            close(plan.transform(Z), theirs, est, Z.astype(theirs.dtype))


@pytest.mark.parametrize("est", [PCA(2), PCA(2, whiten=True), TruncatedSVD(2)])
def test_what_the_original_refuses(est):
    X = data(5, np.float64)
    est.fit(X)
    plan = Plan.from_sklearn(est, strict=True)
    for bad in (np.nan, np.inf, -np.inf):
        Z = X.copy()
        Z[4, 3] = bad
        assert not compare(est, Z, plan)
    for Z in (X[:, :4], X[:0], X[0], X.astype(str)):
        ours, theirs = (outcome(lambda f=f, Z=Z: f(Z)) for f in (plan.transform, est.transform))
        assert ours[1] == theirs[1]
    huge = np.full((2, 5), np.finfo(float).max) * np.sign(est.components_[0])  # sums overflow
    assert compare(est, huge, plan)


def test_a_deficient_rank_whitened():
    X = data(3, np.float64)
    X = np.concatenate([X, X[:, :1]], axis=1)
    est = PCA(whiten=True, svd_solver="covariance_eigh").fit(X)
    # What is rounding in the last component would be made as large as the others.
    with pytest.raises(UnsupportedError, match="rounding"):
        Plan.from_sklearn(est, strict=True)
    assert compare(est, X)


def test_in_a_pipeline_saved_and_by_rows(tmp_path):
    X = pd.DataFrame(data(4, np.float64), columns=list("abcd"))
    est = make_pipeline(StandardScaler(), PCA(3)).fit(X)
    plan = Plan.from_sklearn(est, strict=True)
    plan.save(tmp_path / "x.plan")
    ours = Plan.load(tmp_path / "x.plan").transform(X)
    np.testing.assert_allclose(ours, est.transform(X), rtol=1e-11, atol=1e-13)
    np.testing.assert_array_equal(plan.transform_one(X.iloc[5].to_dict()), ours[5])
