"""PowerTransformer and QuantileTransformer, and every level of a CPU that NumPy tells apart."""

import math
import os
import pickle
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import Phase, given
from hypothesis import strategies as st
from numpy._core._multiarray_umath import __cpu_features__ as features
from scipy import special
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PowerTransformer, QuantileTransformer, StandardScaler

from fastcore import Plan, _core
from fastcore._sklearn_power import _same_yeo_johnson

from . import cpu_levels
from .plan_compare import compare, outcome
from .profiles import examples

#: Before 1.9 scikit-learn took powers: that step is the estimator's, and what C makes of it is not
#: asked for. What the plan then gives is tested below all the same.
johnson = pytest.mark.skipif(not _same_yeo_johnson(), reason="an older scikit-learn")
quick = examples(40, phases=(Phase.generate, Phase.shrink))


def fitted(est, X):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return est.fit(X)


def native(est, X):
    """The plan's own output, which is the estimator's; asking the estimator would raise."""
    if outcome(lambda: est.transform(X))[1:] != (None, []):  # an overflow, for one
        compare(est, X)
        return
    plan = Plan.from_sklearn(est, strict=True)
    plan._original = None
    ours, theirs = plan.transform(X), est.transform(X)
    assert ours.dtype == theirs.dtype
    np.testing.assert_array_equal(ours, theirs)
    rows = [plan.transform(X[i : i + 1]) for i in range(min(len(X), 9))]
    np.testing.assert_array_equal(np.vstack(rows), ours[:9])


def columns(rng, rows, kinds):
    """Columns that are smooth, repeat values, are constant, or span many magnitudes."""
    made = {
        "normal": lambda: rng.normal(size=rows) ** 3,
        "repeats": lambda: np.round(rng.normal(size=rows)),
        "constant": lambda: np.full(rows, 2.5),
        "wide": lambda: rng.normal(size=rows) * 10.0 ** rng.integers(-9, 9, rows),
        "zeros": lambda: np.where(rng.random(rows) < 0.7, 0.0, rng.random(rows)),
    }
    return np.column_stack([made[kind]() for kind in kinds])


kinds = st.lists(
    st.sampled_from(["normal", "repeats", "constant", "wide", "zeros"]), min_size=1, max_size=4
)
dtypes = st.sampled_from([np.float64, np.float32])


@st.composite
def cases(draw, positive=False):
    """Rows to fit and rows to transform: other ones, of either float type and order."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    chosen = ["normal", "wide"] if positive else draw(kinds)
    X, Y = (columns(rng, rows, chosen) for rows in (60, draw(st.integers(1, 300))))
    if positive:
        X, Y = np.abs(X) + 1e-6, np.abs(Y) + 1e-6
    Y[: len(Y) // 2] = X[rng.integers(0, len(X), len(Y) // 2)]  # knots themselves
    if draw(st.booleans()):
        X[1:-3:5] = np.nan
        Y[rng.random(Y.shape) < 0.1] = np.nan
    fit, given_ = X.astype(draw(dtypes)), Y.astype(draw(dtypes))
    return fit, np.asfortranarray(given_) if draw(st.booleans()) else given_


@johnson
@given(cases(), st.booleans())
@quick
def test_yeo_johnson(case, standardize):
    native(fitted(PowerTransformer(standardize=standardize), case[0]), case[1])


@given(cases(), st.booleans())
@quick
def test_whoever_computes_it(case, standardize):
    compare(fitted(PowerTransformer(standardize=standardize), case[0]), case[1])


@given(cases(positive=True), st.booleans())
@quick
def test_box_cox(case, standardize):
    native(fitted(PowerTransformer(method="box-cox", standardize=standardize), case[0]), case[1])


@given(cases(), st.sampled_from([1, 2, 7, 60]), st.sampled_from(["uniform", "normal"]))
@quick
def test_quantiles(case, knots, distribution):
    est = QuantileTransformer(n_quantiles=knots, output_distribution=distribution)
    native(fitted(est, case[0]), case[1])


@pytest.mark.parametrize("method", [pytest.param("yeo-johnson", marks=johnson), "box-cox"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_lambdas_with_forms_of_their_own(method, dtype):
    rng = np.random.default_rng(3)
    X = np.exp(rng.normal(size=(50, 8)))
    est = PowerTransformer(method=method, standardize=False).fit(X)
    eps = np.finfo(dtype).eps
    est.lambdas_ = np.array([0, 1, 2, -3, eps / 2, 2 + 3 * eps, 0.5, -1e-20], dtype=dtype)
    Y = X if method == "box-cox" else X - 1.5
    native(est, Y.astype(np.float64))
    native(est, Y.astype(np.float32))


def test_what_scikit_learn_says_stays_its_own():
    X = np.exp(np.random.default_rng(5).normal(size=(40, 2)))
    boxcox = PowerTransformer(method="box-cox").fit(X)
    for value in (0.0, -1.0, np.inf):
        Y = X.copy()
        Y[3, 1] = value
        assert not compare(boxcox, Y)
    johnson = PowerTransformer(standardize=False).fit(X)
    johnson.lambdas_[:] = 900.0  # overflows, with a warning
    assert compare(johnson, X * 10)
    for est in (PowerTransformer(), QuantileTransformer(n_quantiles=9)):
        est.fit(X)
        assert not compare(est, np.where(X > 1, np.inf, X))
        assert not compare(est, X[:, :1])
        assert compare(est, X.astype(np.float16))
        assert compare(est, (X * 5).astype(np.int64))
    empty = fitted(QuantileTransformer(n_quantiles=9), np.column_stack([X[:, 0], X[:, 0] * np.nan]))
    assert compare(empty, X)
    native(empty, np.column_stack([X[:, 0], X[:, 0] * np.nan]))


def test_knots_without_a_finite_slope():
    knots = np.array([[-1.7e308], [0.0], [5e-324], [1.7e308]])
    est = QuantileTransformer(n_quantiles=4).fit(np.repeat(knots, 3, axis=0))
    est.quantiles_ = knots
    native(est, np.array([[-1e308], [1e-320], [5e-324], [0.0], [1e308], [1.0]]))
    est = QuantileTransformer(n_quantiles=2).fit(knots)
    est.quantiles_ = knots[::3]  # farther apart than any number: a slope of 0, times infinity
    Y = np.array([[-1.2e308], [-1.0], [1.2e308]])
    plan = Plan.from_sklearn(est)
    plan._original = None
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(plan.transform(Y), est.transform(Y))


def test_what_is_near_an_end_is_clipped():
    est = QuantileTransformer(n_quantiles=2, output_distribution="normal")
    fitted(est, np.array([[0.0], [1e6]]))
    Y = np.array([[1e-3], [1e-2], [0.5], [1e6 - 1e-3], [1e6 - 1e-2], [5e5]])
    native(est, Y)
    assert (est.transform(Y)[:2] == est.transform([[0.0]])).all()


@johnson
def test_after_and_before_other_steps():
    X = np.random.default_rng(7).normal(size=(90, 3)) ** 3
    normal = QuantileTransformer(n_quantiles=20, output_distribution="normal")
    native(make_pipeline(StandardScaler(), PowerTransformer(), normal).fit(X), X)


def test_the_functions_of_scipy():
    rng = np.random.default_rng(13)
    y = np.concatenate([rng.random(3000), 10.0 ** -rng.uniform(0, 300, 2000), [0.0, 1.0, 0.5]])
    y = np.concatenate([y, 1 - y])
    ours = [_core.plan_ndtri(value) for value in y.tolist()]
    np.testing.assert_array_equal(ours, special.ndtri(y))
    assert all(math.isnan(_core.plan_ndtri(value)) for value in (-0.1, 1.1))
    x, lmbda = 10.0 ** rng.uniform(-300, 300, 2000), rng.normal(size=2000) * 3
    ours = [_core.plan_boxcox(*pair) for pair in zip(x.tolist(), lmbda.tolist(), strict=True)]
    np.testing.assert_array_equal(ours, special.boxcox(x, lmbda))


@pytest.mark.parametrize(
    "kind", [pytest.param(PowerTransformer, marks=johnson), QuantileTransformer]
)
def test_in_place(kind):
    X = np.random.default_rng(19).normal(size=(1200, 2))
    est = kind(copy=False).fit(X.copy())
    plan = Plan.from_sklearn(est, strict=True)
    ours, theirs = X.copy(), X.copy()
    np.testing.assert_array_equal(plan.transform(ours), est.transform(theirs))
    np.testing.assert_array_equal(ours, theirs)  # both were changed
    assert not np.array_equal(ours, X)
    native(est, X.astype(np.int64))


@pytest.mark.parametrize(
    "est", [pytest.param(PowerTransformer(), marks=johnson), QuantileTransformer(n_quantiles=9)]
)
def test_files(tmp_path, est):
    X = np.random.default_rng(17).normal(size=(80, 2)) ** 3
    Plan.from_sklearn(est.fit(X)).save(tmp_path / "plan")
    np.testing.assert_array_equal(Plan.load(tmp_path / "plan").transform(X), est.transform(X))


#: What NumPy is told to do without, and what we are.
LEVELS = [("", ""), ("", "avx512"), ("", "avx512,avx2")]
if "X86_V4" in features:
    LEVELS += [("X86_V4", ""), ("X86_V3 X86_V4", "avx512"), ("X86_V3 X86_V4", "avx512,avx2")]


@johnson
@pytest.mark.tools  # starts other programs
@pytest.mark.parametrize(("theirs", "ours"), LEVELS)
def test_levels_of_the_cpu(tmp_path, theirs, ours):
    """A plan gives what this process's NumPy gives, whatever the CPU; and reads files of others."""
    path = str(tmp_path / "plan")
    X = cpu_levels.sample()
    plan = Plan.from_sklearn(fitted(cpu_levels.whole(), X), strict=True)
    plan.save(path)
    np.savez(path + ".npz", X=X, Y=plan.transform(X))
    Path(path + ".files").write_bytes(pickle.dumps(cpu_levels.files()))
    env = {**os.environ, "NPY_DISABLE_CPU_FEATURES": theirs, "FASTCORE_DISABLE_CPU": ours}
    done = subprocess.run(
        [sys.executable, "-m", "tests.cpu_levels", theirs, path],
        cwd=Path(__file__).parent.parent,
        env={name: value for name, value in env.items() if value},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
