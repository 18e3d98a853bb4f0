"""Statistics of vectors against their definitions, in NumPy's float64."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fastcore
from fastcore import _core, _drift_vectors, drift
from tests.profiles import examples

Array = np.ndarray[Any, Any]


def kernel(a: Array, b: Array, gamma: float) -> Array:
    found: Array = np.exp(-gamma * np.square(a[:, None] - b[None]).sum(2))
    return found


def by_definition(k: Array, first: Array, unbiased: bool) -> float:
    second = ~first
    n, m = int(first.sum()), int(second.sum())
    xx, yy, xy = k[first][:, first], k[second][:, second], k[first][:, second]
    if unbiased:
        within = (xx.sum() - n) / (n * (n - 1)) + (yy.sum() - m) / (m * (m - 1))
        return float(within - 2 * xy.mean())
    return float(xx.mean() + yy.mean() - 2 * xy.mean())


@given(
    n=st.integers(2, 25),
    m=st.integers(2, 25),
    d=st.integers(1, 5),
    seed=st.integers(0, 999),
    unbiased=st.booleans(),
    ties=st.booleans(),
)
@examples(60)
def test_mmd_by_definition(n: int, m: int, d: int, seed: int, unbiased: bool, ties: bool) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(n, d)), rng.normal(0.5, 1, size=(m, d))
    if ties:
        x, y = x.round(), y.round()
    k = kernel(np.concatenate((x, y)), np.concatenate((x, y)), 0.3)
    got = drift.mmd(x, y, gamma=0.3, unbiased=unbiased, n_resamples=30, rng=seed)
    first = np.arange(n + m) < n
    wanted = by_definition(k, first, unbiased)
    assert math.isclose(got.statistic, wanted, rel_tol=1e-12, abs_tol=1e-13)
    generator, reached = np.random.default_rng(seed), 0
    for _ in range(30):
        labels = np.zeros(n + m, dtype=bool)
        labels[generator.permutation(n + m)[:n]] = True
        reached += by_definition(k, labels, unbiased) >= wanted - 1e-13
    assert got.pvalue == (1 + reached) / 31
    assert drift.mmd(x, y, bandwidth=0.3**-0.5 / 2**0.5, n_resamples=0) == pytest.approx(
        (by_definition(k, first, True), None), abs=1e-12
    )


@pytest.mark.parametrize(("n", "m", "d"), [(1000, 130, 3), (64, 1088, 16)])
@pytest.mark.parametrize("shift", [1.0])
def test_mmd_in_tiles(n: int, m: int, d: int, shift: float) -> None:
    """In float32, for many rows, with the same p and the same bits on any number of threads."""
    rng = np.random.default_rng(n)
    x, y = rng.normal(3, 1, size=(n, d)), rng.normal(3 + shift / 9, 1, size=(m, d))
    z, first = np.concatenate((x, y)), np.arange(n + m) < n
    square = sum(np.square(z[:, k, None] - z[None, :, k]) for k in range(d))
    k = np.exp(-square / (4 * d))
    for unbiased in (True, False):
        got = drift.mmd(x, y, gamma=1 / (4 * d), unbiased=unbiased, n_resamples=20, rng=1)
        wanted = by_definition(k, first, unbiased)
        assert math.isclose(got.statistic, wanted, abs_tol=3e-9)
        generator, reached = np.random.default_rng(1), 0
        for _ in range(20):
            labels = np.zeros(n + m, dtype=bool)
            labels[generator.permutation(n + m)[:n]] = True
            reached += by_definition(k, labels, unbiased) >= wanted
        assert got.pvalue == (1 + reached) / 21
    try:
        found = []
        for threads in (1, 2):
            fastcore.set_num_threads(threads)
            found.append(drift.mmd(x, y, n_resamples=3, rng=1))
        assert found[0] == found[1]
    finally:
        fastcore.set_num_threads(None)


def test_rows_far_out_are_taken_in_float64() -> None:
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=(900, 2)), rng.normal(size=(600, 2))
    plain = drift.mmd(x, y, gamma=0.2, n_resamples=50, rng=0)
    x[5], y[7], y[8] = 1e9, (1e6, 1e6), (1e6, 1e6 + 1)  # two of them near each other
    got = drift.mmd(x, y, gamma=0.2, n_resamples=50, rng=0)
    k = kernel(np.concatenate((x, y)), np.concatenate((x, y)), 0.2)
    wanted = by_definition(k, np.arange(1500) < 900, True)
    assert math.isclose(got.statistic, wanted, abs_tol=3e-9)
    assert plain.pvalue is not None
    assert got.pvalue is not None
    assert (plain.pvalue < 0.05) == (got.pvalue < 0.05)
    # A kernel so narrow that all rows are far out, and values that overflow when squared.
    narrow = drift.mmd(x, y, gamma=1e4, n_resamples=0).statistic
    k = kernel(np.concatenate((x, y)), np.concatenate((x, y)), 1e4)
    assert math.isclose(narrow, by_definition(k, np.arange(1500) < 900, True), abs_tol=1e-14)
    x[5] = 1e200
    assert math.isfinite(drift.mmd(x, y, gamma=0.2, n_resamples=0).statistic)


def test_the_sums_of_tiles() -> None:
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(70, 2)), rng.normal(size=(10, 2))
    kxx, kyy, kxy = kernel(x, x, 0.5), kernel(y, y, 0.5), kernel(x, y, 0.5)
    xx, yy, xy, none = _core.rbf_sums(x, y, 0.5, None, 1)
    assert none is None
    assert math.isclose(xx, (kxx.sum() - 70) / 2, rel_tol=1e-7)
    assert math.isclose(yy, (kyy.sum() - 10) / 2, rel_tol=1e-7)
    assert math.isclose(xy, kxy.sum(), rel_tol=1e-7)
    labels = np.array([[2**64 - 1, 2**6 - 1, 0]], dtype=np.uint64)
    same = _core.rbf_sums(x, y, 0.5, labels, 1)
    assert same[3] is not None
    assert math.isclose(same[3][0, 0], xx, rel_tol=1e-6)
    assert math.isclose(same[3][0, 1], yy, rel_tol=1e-6)
    assert _core.rbf_sums(x[:0], y, 0.5, None, 1)[0] == 0


@given(seed=st.integers(0, 99), n=st.integers(1, 60), m=st.integers(1, 40), d=st.integers(1, 4))
@examples(40)
def test_lsdd_by_definition(seed: int, n: int, m: int, d: int) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(n, d)), rng.normal(0.5, 1, size=(m, d))
    s, lam = 0.8, 0.1
    got = drift.lsdd(x, y, bandwidth=s, lam=lam, n_centers=n, n_resamples=19, rng=0)
    h = kernel(x, x, 0.5 / s**2).mean(0) - kernel(y, x, 0.5 / s**2).mean(0)
    big = kernel(x, x, 0.25 / s**2)
    theta = np.linalg.solve(big + lam * np.eye(n), h)
    wanted = 2 * h @ theta - theta @ big @ theta
    assert math.isclose(got.statistic, float(wanted), rel_tol=1e-8, abs_tol=1e-12)
    assert got.pvalue is not None
    assert 0.05 <= got.pvalue <= 1


def test_models_by_definition() -> None:
    rng = np.random.default_rng(0)
    mix = rng.normal(size=(4, 4))
    x, y = rng.normal(size=(80, 4)) @ mix, rng.normal(size=(50, 4)) @ mix * 1.2 + 3
    apart = y - x.mean(0)
    inverse = np.linalg.inv(np.cov(x.T))
    wanted = np.einsum("ij,jk,ik->i", apart, inverse, apart).mean()
    assert math.isclose(drift.mahalanobis(x, y).statistic, wanted, rel_tol=1e-9)
    # A column that is constant, and one that is another's copy, add nothing.
    more = [np.column_stack((a, np.full(len(a), 7.0), a[:, 0])) for a in (x, y)]
    assert math.isclose(drift.mahalanobis(*more).statistic, wanted, rel_tol=1e-6)
    scaled = (x - x.mean(0)) / x.std(0)
    new = (y - x.mean(0)) / x.std(0)
    _, values, vectors = np.linalg.svd(scaled)
    kept = int(np.searchsorted(np.cumsum(values**2) / (values**2).sum(), 0.65)) + 1
    for k, option in ((kept, 0.65), (2, 2), (4, 1.0), (4, 4)):
        rest = new - new @ vectors[:k].T @ vectors[:k]
        error = np.linalg.norm(rest, axis=1).mean()
        got = drift.pca_reconstruction(x, y, n_components=option).statistic
        assert math.isclose(got, error, rel_tol=1e-9, abs_tol=1e-9)


TESTS: dict[str, Any] = {
    "mmd": lambda x, y: drift.mmd(x, y, n_resamples=39, rng=0),
    "lsdd": lambda x, y: drift.lsdd(x, y, n_resamples=39, rng=0),
    "mahalanobis": drift.mahalanobis,
    "pca_reconstruction": drift.pca_reconstruction,
}


@pytest.mark.parametrize("name", TESTS)
def test_false_alarms_and_planted_drift(name: str) -> None:
    """At 5 % not more of 60 runs than 9 (probability 3e-4), and where all has drifted, all."""
    rng = np.random.default_rng(11)
    mix = np.array([[1, 0.9, 0], [0, 0.4, 0], [0, 0, 1.0]])
    alarms = found = 0
    for _ in range(60):
        x, y = rng.normal(size=(90, 3)) @ mix, rng.normal(size=(60, 3)) @ mix
        alarms += TESTS[name](x, y).pvalue <= 0.05
    for _ in range(10):
        x, y = (
            rng.normal(size=(200, 3)) @ mix,
            rng.permuted(rng.normal(size=(200, 3)) @ mix, axis=0),
        )
        found += TESTS[name](x, y * (2 if name != "pca_reconstruction" else 1)).pvalue <= 0.05
    assert alarms <= 9
    assert found == 10


def test_models_of_few_rows_raise_no_more_alarms() -> None:
    """At 5 % not more of 150 runs than 17 (probability 1e-3), where models are far from sure."""
    rng = np.random.default_rng(12)
    for name in ("mahalanobis", "pca_reconstruction"):
        alarms = sum(
            TESTS[name](rng.normal(size=(60, 5)), rng.normal(size=(200, 5))).pvalue <= 0.05
            for _ in range(150)
        )
        assert alarms <= 17, name


@pytest.mark.parametrize("name", TESTS)
def test_one_outlier_changes_no_verdict(name: str) -> None:
    rng = np.random.default_rng(3)
    x, y, z = rng.normal(size=(300, 3)), rng.normal(size=(200, 3)), rng.normal(0, 2, (200, 3))
    z[:, 1] += z[:, 0]
    for current in (y, z):
        verdict = TESTS[name](x, current).pvalue <= 0.05
        for at in (0, 1):
            pair = [x.copy(), current.copy()]
            pair[at][9] = 1e6
            assert (TESTS[name](*pair).pvalue <= 0.05) == verdict, (name, at)
        assert verdict == (current is z)


def test_what_is_given() -> None:
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=30), rng.normal(size=20)
    for name in TESTS:
        function = getattr(drift, name)
        options = {} if name in ("mahalanobis", "pca_reconstruction") else {"rng": 1}
        one = function(x, y, **options)
        assert one == function(x[:, None], y[:, None].tolist(), **options)
        assert one == function(np.append(x, math.nan), y, **options)
        assert math.isnan(function(np.append(x, math.nan), y, nan="propagate").statistic)
        assert math.isnan(function(x[:0], y).statistic)
        assert math.isnan(function(x, y[:0]).statistic)
        for wrong, error, match in [
            ((np.append(x, math.inf), y), ValueError, "reference: expected finite numbers"),
            ((x, np.zeros((3, 2))), ValueError, "current: expected 1 columns, got 2"),
            ((x, ["a"]), TypeError, "current: expected numbers"),
            ((np.zeros((2, 2, 2)), y), ValueError, r"reference: expected shape \(rows, columns\)"),
        ]:
            with pytest.raises(error, match=match):
                function(*wrong)
        with pytest.raises(ValueError, match="current: expected no missing values, got 1 rows"):
            function(x, np.append(y, math.nan), nan="raise")
        with pytest.raises(ValueError, match="nan: expected 'omit'"):
            function(x, y, nan="drop")
    # Nothing to be learned from equal rows, but nothing that fails either.
    assert drift.mmd(np.ones(9), np.ones(9), n_resamples=9) == (0, 1)
    assert drift.mahalanobis(np.ones((9, 2)), np.ones((9, 2))) == (0, 1)
    assert drift.pca_reconstruction(np.ones((9, 2)), np.ones((9, 2))) == (0, 1)
    assert drift.mmd(np.append(np.ones(99), 2), np.ones(9), n_resamples=0).statistic < 1


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda x: drift.mmd(x, x, gamma=1, bandwidth=1), ValueError, "gamma, bandwidth: expected"),
        (lambda x: drift.mmd(x, x, gamma=0), ValueError, "gamma: expected a number above 0"),
        (lambda x: drift.mmd(x, x, bandwidth=1e-200), ValueError, "bandwidth: its square"),
        (lambda x: drift.mmd(x, x, n_resamples=-1), ValueError, "n_resamples: expected 0 to"),
        (lambda x: drift.mmd(x, x, n_resamples=1.5), TypeError, "n_resamples: expected an int"),
        (lambda x: drift.lsdd(x, x, lam=-1), ValueError, "lam: expected a number above 0"),
        (lambda x: drift.lsdd(x, x, n_centers=0), ValueError, "n_centers: expected 1 to"),
        (lambda x: drift.mahalanobis(x, x, alternative="x"), ValueError, "alternative: expected"),
        (lambda x: drift.pca_reconstruction(x, x, n_components=0), ValueError, "n_components: exp"),
        (lambda x: drift.pca_reconstruction(x, x, n_components=1.5), ValueError, "n_components: e"),
        (lambda x: _core.rbf_sums(x, x, 0, None, 1), ValueError, "gamma: expected"),
        (lambda x: _core.rbf_sums(x[:, 0], x, 1, None, 1), ValueError, "first: expected contig"),
        (lambda x: _core.rbf_sums(x[::2], x, 1, None, 1), ValueError, "first: expected contig"),
        (lambda x: _core.rbf_sums(x, x[:, :1].copy(), 1, None, 1), ValueError, "second: expected"),
        (
            lambda x: _core.rbf_sums(x, x, 1, np.zeros((1, 3), np.uint64), 1),
            ValueError,
            "labels: expected contiguous rows of 2 uint64",
        ),
    ],
)
def test_bad_arguments(call: Any, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        call(np.ones((8, 2)) * np.arange(8)[:, None])


def test_the_median_heuristic() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 3))
    i, j = np.triu_indices(40, 1)
    length = float(np.sqrt(np.median(np.square(x[i] - x[j]).sum(1))))
    assert drift.mmd(x, x + 1, rng=0) == pytest.approx(
        drift.mmd(x, x + 1, rng=0, bandwidth=length), rel=1e-9
    )
    assert _drift_vectors._width(None, None, np.zeros((5, 1))) == 1.0
