"""Equality of plans and estimators, and files of plans, in a process whose CPU has fewer features.

Run as a program: ``python -m tests.cpu_levels LEVELS FILE``; LEVELS are NumPy's names of what must
be off. The file has a plan, its input and what it gave on a whole CPU.
"""

import pickle
import sys
import warnings
from dataclasses import replace
from functools import cache

import numpy as np
from numpy._core._multiarray_umath import __cpu_features__ as features
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    MaxAbsScaler,
    MinMaxScaler,
    PowerTransformer,
    QuantileTransformer,
    StandardScaler,
)

from fastcore import Plan, _plan_file, _plan_golden, _plan_store

#: How far apart two CPUs may be behind a step whose arithmetic NumPy itself varies.
ULPS = 8


def sample():
    rng = np.random.default_rng(11)
    X = rng.normal(size=(700, 5)) ** 3
    X[rng.random(X.shape) < 0.05] = np.nan
    return X


def normal():
    return QuantileTransformer(n_quantiles=100, output_distribution="normal")


def estimators():
    yield make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    yield make_pipeline(MinMaxScaler(clip=True), MaxAbsScaler())
    yield PowerTransformer()
    yield PowerTransformer(standardize=False)
    yield normal()
    yield QuantileTransformer(n_quantiles=31)
    yield make_pipeline(PowerTransformer(), normal())


def whole():
    """One plan of everything that files can hold."""
    names = [f"t{i}" for i in range(5)]
    parts = zip(names, list(estimators())[:5], strict=True)
    return ColumnTransformer([(name, est, list(range(5))) for name, est in parts])


@cache
def files():
    """Many fitted plans as they are saved, with golden rows that come out near nothing."""
    made = []
    for seed in range(24):
        rng = np.random.default_rng(seed)
        X = rng.normal(
            rng.normal() * 10.0 ** rng.integers(-2, 4), 10.0 ** rng.integers(-3, 4), (99, 4)
        )
        chain = [PowerTransformer("box-cox" if seed % 4 == 0 else "yeo-johnson")]
        chain += [[], [PCA(2)], [KBinsDiscretizer(encode="ordinal")], [normal()]][seed // 2 % 4]
        chain = chain if seed % 5 else [FunctionTransformer(np.log1p, validate=True), *chain[1:]]
        X = np.abs(X) + 1e-3 if seed % 4 == 0 or seed % 5 == 0 else X
        X = X.astype(np.float32) if seed % 2 else X
        est = make_pipeline(*chain)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            Y = np.abs(est.fit_transform(X))
        plan = Plan.from_sklearn(est, strict=True)
        stored = _plan_store.stored(plan)
        near = X[np.argsort(Y, axis=0)[:5].ravel()].tolist()
        golden = _plan_golden.with_values(near, _plan_store.row_runner(plan))
        golden.single = _plan_store.single_golden(plan, near)
        made += [_plan_file.to_bytes(stored), _plan_file.to_bytes(replace(stored, golden=golden))]
    return made


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
    with open(path + ".files", "rb") as file:
        for data in pickle.load(file):
            assert "golden rows" in Plan._from_bytes(data).explain().nodes[0].reason
    given = np.load(path + ".npz")
    loaded = Plan.load(path)
    ours, theirs = loaded.transform(given["X"]), given["Y"]
    # Of a column's largest value: where a mean is taken off, what is left may be near to nothing.
    unit = np.spacing(np.nanmax(np.abs(theirs), axis=0))
    np.testing.assert_array_equal(np.isnan(ours), np.isnan(theirs))
    assert np.nanmax(np.abs(ours - theirs) / unit) <= ULPS


if __name__ == "__main__":
    main(*sys.argv[1:])
