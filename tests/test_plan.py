"""fastcore.plan: the Plan itself, its arguments, rows, files and refusals."""

import numpy as np
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from fastcore import Plan


@pytest.fixture
def matrix():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(700, 7))
    X[rng.random(X.shape) < 0.1] = np.nan
    return X


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_numeric_pipeline_is_bit_equal(matrix, dtype):
    est = make_pipeline(SimpleImputer(strategy="median"), StandardScaler()).fit(matrix)
    plan = Plan.from_sklearn(est, strict=True)
    X = matrix.astype(dtype)
    ours, theirs = plan.transform(X), est.transform(X)
    assert ours.dtype == theirs.dtype == dtype
    assert ours.tobytes() == np.ascontiguousarray(theirs).tobytes()


def test_column_transformer_and_one_row(matrix):
    est = ColumnTransformer([("s", StandardScaler(), [4, 0])], remainder="passthrough").fit(matrix)
    plan = Plan.from_sklearn(est, strict=True)
    np.testing.assert_array_equal(plan.transform(matrix), est.transform(matrix))
    np.testing.assert_array_equal(
        plan.transform_one(list(matrix[3])), est.transform(matrix[3:4])[0]
    )
