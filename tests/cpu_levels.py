"""Equality of plans and estimators, and files of plans, in a process whose CPU has fewer features.

Run as a program: ``python -m tests.cpu_levels LEVELS FILE``; LEVELS are NumPy's names of what must
be off. The file has a plan, its input and what it gave on a whole CPU.
"""

import sys
import warnings

import numpy as np
from numpy._core._multiarray_umath import __cpu_features__ as features
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    MaxAbsScaler,
    MinMaxScaler,
    PowerTransformer,
    QuantileTransformer,
    StandardScaler,
)

from fastcore import Plan

#: How far apart two CPUs may be behind a step whose arithmetic NumPy itself varies.
ULPS = 8


def sample():
    rng = np.random.default_rng(11)
    X = rng.normal(size=(700, 5)) ** 3
    X[rng.random(X.shape) < 0.05] = np.nan
    return X


def estimators():
    normal = QuantileTransformer(n_quantiles=100, output_distribution="normal")
    yield make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    yield make_pipeline(MinMaxScaler(clip=True), MaxAbsScaler())
    yield PowerTransformer()
    yield PowerTransformer(standardize=False)
    yield normal
    yield QuantileTransformer(n_quantiles=31)
    yield make_pipeline(PowerTransformer(), normal)


def whole():
    """One plan of everything that files can hold."""
    names = [f"t{i}" for i in range(5)]
    parts = zip(names, list(estimators())[:5], strict=True)
    return ColumnTransformer([(name, est, list(range(5))) for name, est in parts])


def main(levels, path):
    assert not any(features.get(level, False) for level in levels.split()), levels
    X = sample()
    for est in estimators():
        for dtype in (np.float64, np.float32):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                est.fit(X.astype(dtype))
            plan = Plan.from_sklearn(est, strict=True)
            plan._original = None  # to ask it would raise
            np.testing.assert_array_equal(plan.transform(X), est.transform(X))
            single = X.astype(np.float32)
            np.testing.assert_array_equal(plan.transform(single), est.transform(single))
    given = np.load(path + ".npz")
    loaded = Plan.load(path)
    ours, theirs = loaded.transform(given["X"]), given["Y"]
    # Of a column's largest value: where a mean is taken off, what is left may be near to nothing.
    unit = np.spacing(np.nanmax(np.abs(theirs), axis=0))
    np.testing.assert_array_equal(np.isnan(ours), np.isnan(theirs))
    assert np.nanmax(np.abs(ours - theirs) / unit) <= ULPS


if __name__ == "__main__":
    main(*sys.argv[1:])
