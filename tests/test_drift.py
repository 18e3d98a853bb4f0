"""The statistics of drift against SciPy's, over samples and counts of all kinds."""

import itertools
import math
import os
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial import distance

from fastcore import _core, drift
from tests.profiles import examples

COUNTS = st.integers(1, 30).flatmap(
    lambda n: st.tuples(*[st.lists(st.integers(0, 10**6), min_size=n, max_size=n)] * 2)
)


def close(a: float | None, b: float, rel: float = 1e-12) -> bool:
    assert a is not None
    if math.isnan(b):
        return math.isnan(a)
    return math.isclose(a, b, rel_tol=rel, abs_tol=1e-300)


@given(rows=COUNTS, base=st.sampled_from([None, 2.0, 10.0]))
@examples(200)
def test_divergences_of_counts(rows: tuple[list[int], list[int]], base: float | None) -> None:
    r, c = (np.array(row, float) for row in rows)
    if not r.sum() or not c.sum():
        assert math.isnan(drift.jensenshannon(r, c, counts=True).statistic)
        assert math.isnan(drift.psi(r, c, counts=True).statistic)
        return
    p, q = r / r.sum(), c / c.sum()
    js = drift.jensenshannon(r, c, counts=True, base=base).statistic
    assert math.isclose(js, float(distance.jensenshannon(p, q, base)), rel_tol=1e-9, abs_tol=1e-8)
    kl = drift.kl_divergence(r, c, counts=True, base=base).statistic
    assert math.isclose(kl, float(stats.entropy(p, q, base)), rel_tol=1e-9, abs_tol=1e-12)
    overlap = float(np.sqrt(p * q).sum())
    hellinger = drift.hellinger(r, c, counts=True).statistic
    assert math.isclose(hellinger**2, 1 - overlap, rel_tol=1e-9, abs_tol=1e-12)
    assert close(drift.total_variation(r, c, counts=True).statistic, np.abs(p - q).sum() / 2, 1e-9)
    assert close(drift.linf(r, c, counts=True).statistic, np.abs(p - q).max(), 1e-12)
    a, b = (r + 0.5) / (r.sum() + len(r) / 2), (c + 0.5) / (c.sum() + len(c) / 2)
    psi = drift.psi(r, c, counts=True)
    wanted = float(stats.entropy(a, b) + stats.entropy(b, a))
    assert math.isclose(psi.statistic, wanted, rel_tol=1e-9, abs_tol=1e-12)
    if len(r) > 1:
        chi2 = psi.statistic / (1 / r.sum() + 1 / c.sum())
        assert close(psi.pvalue, float(stats.chi2.sf(chi2, len(r) - 1)), 1e-9)
    a, b = np.maximum(p, 1e-4), np.maximum(q, 1e-4)
    eps = drift.psi(r, c, counts=True, eps=1e-4).statistic
    assert math.isclose(eps, float(((b - a) * np.log(b / a)).sum()), rel_tol=1e-9, abs_tol=1e-12)


@given(rows=COUNTS, correction=st.booleans())
@examples(200)
def test_tests_of_counts(rows: tuple[list[int], list[int]], correction: bool) -> None:
    table = np.array(rows, float)
    table = table[:, table.sum(0) > 0]
    if not table.sum(1).all():
        return
    for name, lambda_ in (("chi2", "pearson"), ("g_test", "log-likelihood")):
        got = getattr(drift, name)(*rows, counts=True, correction=correction)
        wanted = stats.chi2_contingency(table, correction=correction, lambda_=lambda_)
        assert math.isclose(got.statistic, wanted.statistic, rel_tol=1e-9, abs_tol=1e-7)
        if table.shape[1] > 1 and wanted.pvalue > 1e-290:
            at = stats.chi2.sf(got.statistic, wanted.dof)
            assert close(got.pvalue, float(at), 1e-9)


@given(
    x=st.floats(0, 2000),
    df=st.one_of(st.integers(1, 2000).map(float), st.floats(0.1, 1e5)),
    p=st.floats(1e-300, 1, exclude_max=True),
)
@examples(300)
def test_chi_squared(x: float, df: float, p: float) -> None:
    wanted = float(stats.chi2.sf(x, df))
    if wanted > 1e-300:
        assert close(_core.chi2_sf(x, df), wanted, 1e-10)
    if p < 1 - 1e-9:
        assert math.isclose(_core.chi2_isf(p, df), float(stats.chi2.isf(p, df)), rel_tol=1e-8)


@pytest.mark.parametrize(
    ("call", "wanted"),
    [
        (lambda: _core.chi2_sf(math.nan, 3), math.nan),
        (lambda: _core.chi2_sf(3, -1), math.nan),
        (lambda: _core.chi2_sf(-3, 1), 1.0),
        (lambda: _core.chi2_sf(math.inf, 1), 0.0),
        (lambda: _core.chi2_isf(0, 1), math.inf),
        (lambda: _core.chi2_isf(1, 1), 0.0),
        (lambda: _core.chi2_isf(2, 1), math.nan),
        (lambda: _core.kstwo_sf(math.nan, 3), math.nan),
        (lambda: _core.kstwo_sf(2, 3), 0.0),
        (lambda: _core.kstwo_sf(-1, 3), 1.0),
        (lambda: _core.kstwo_sf(0.5, 0), math.nan),
    ],
)
def test_corners_of_distributions(call: Any, wanted: float) -> None:
    assert close(call(), wanted)


@given(
    n=st.one_of(*[st.integers(1, most) for most in (300, 3000, 20_000, 10**6)]),
    z=st.floats(0.3, 19),
)
@examples(200)
def test_kolmogorov(n: int, z: float) -> None:
    d = z / math.sqrt(n)
    if d < 1:
        wanted = float(stats.kstwo.sf(d, n))
        assert close(_core.kstwo_sf(d, n), wanted, 1e-9)


@given(
    n=st.integers(1, 60),
    m=st.integers(1, 60),
    ties=st.booleans(),
    seed=st.integers(0, 999),
    method=st.sampled_from(["auto", "exact", "asymp"]),
)
@examples(200)
def test_kolmogorov_smirnov(n: int, m: int, ties: bool, seed: int, method: str) -> None:
    rng = np.random.default_rng(seed)
    r, c = rng.normal(size=n), rng.normal(0.5, 1, size=m)
    if ties:
        r, c = r.round(), c.round()
    r[0] = rng.choice([r[0], np.inf, -np.inf])
    got = drift.ks_2samp(r, c, method=method)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        wanted = stats.ks_2samp(r, c, method=method)
    assert close(got.statistic, float(wanted.statistic))
    if any("Exact calculation unsuccessful" in str(warning.message) for warning in said):
        # SciPy's sum came out a rounding above 1, and it answers with the asymptotic value.
        assert got.pvalue == 1
    else:
        assert close(got.pvalue, float(wanted.pvalue), 1e-9)


def test_the_smallest_distance_there_can_be_is_certain() -> None:
    r, c = np.arange(7.0), np.arange(7.0) + 0.5
    assert drift.ks_2samp(r, c, method="exact") == (1 / 7, 1.0)


def test_kolmogorov_smirnov_of_unequal_large_samples() -> None:
    rng = np.random.default_rng(0)
    for n, m in ((10_000, 700), (300, 8_000), (20_000, 30_000)):
        r, c = rng.normal(size=n), rng.normal(0.03, 1, size=m)
        got, wanted = drift.ks_2samp(r, c), stats.ks_2samp(r, c)
        assert close(got.statistic, float(wanted.statistic))
        assert close(got.pvalue, float(wanted.pvalue), 1e-9)


@given(
    n=st.integers(0, 300),
    m=st.integers(0, 300),
    seed=st.integers(0, 999),
    dtype=st.sampled_from(["f8", "f4", "i4", "u1", "?", "f2"]),
    edges=st.booleans(),
)
@examples(200)
def test_bins_of_samples(n: int, m: int, seed: int, dtype: str, edges: bool) -> None:
    rng = np.random.default_rng(seed)
    r = (rng.normal(size=n) * 50).round(rng.integers(-1, 4)).astype(dtype)
    c = (rng.normal(size=m) * 60).astype(dtype)
    if c.dtype.kind == "f" and m > 3:
        c[:3] = np.nan, np.inf, -np.inf
    inner = np.array([-20.0, 0.1, 7.0]) if edges else None
    got = drift.psi(r, c, bins=7, edges=inner)
    if inner is None and n:
        values = np.sort(r.astype(float))
        at = np.ceil(np.arange(1, 7) * n / 7).astype(int).clip(max=n - 1)
        inner = np.unique(values[at])
        inner = inner[inner > values[0]]
        if not len(inner):
            inner = np.array([values[0], np.nextafter(values[0], np.inf)])
    if inner is None:
        inner = np.empty(0)
    full = np.concatenate(([-np.inf], inner, [np.inf]))
    rows = [
        np.diff([(s.astype(float) >= e).sum() for e in full[:-1]], append=0) * -1
        for s in (r, c[~np.isnan(c)] if c.dtype.kind == "f" else c)
    ]
    wanted = drift.psi(*rows, counts=True)
    assert close(got.statistic, wanted.statistic)


def test_many_edges_are_counted_as_few_are() -> None:
    rng = np.random.default_rng(0)
    for dtype in (np.float64, np.float32):
        x = rng.normal(size=5001).astype(dtype)
        x[:4] = np.nan, np.inf, -np.inf, 0.5
        for e in (0, 1, 5, 32, 33, 500):
            edges = np.sort(rng.normal(size=e))
            if e:
                edges[0] = 0.5 if e == 1 else edges[0]
            full = np.concatenate(([-np.inf], edges, [np.inf]))
            wanted = [
                int(((x.astype(float) >= a) & (x.astype(float) < b)).sum())
                for a, b in itertools.pairwise(full)
            ]
            wanted[-1] += 1  # +inf
            assert _core.bin_counts(x, edges).tolist() == wanted


CODE = """
import numpy as np
from fastcore import _core
rng = np.random.default_rng(5)
out = []
for n in (0, 1, 7, 8, 9, 63, 64, 1000, 4099):
    for dtype in (np.float64, np.float32):
        x = np.concatenate((rng.normal(size=n), [np.nan, np.inf, -np.inf, 1e300])).astype(dtype)
        x = x[rng.permutation(len(x))][1:]
        counts, *quality = _core.bin_counts(x, np.sort(rng.normal(size=9)), 0.25)
        out.append((counts.tolist(), [float(v).hex() for v in quality]))
print(out)
"""


@pytest.mark.tools
def test_all_simd_levels_give_the_same_bits() -> None:
    found = {
        subprocess.run(
            [sys.executable, "-W", "ignore", "-c", CODE],
            env={**os.environ, "FASTCORE_DISABLE_CPU": off},
            cwd=Path(__file__).parents[1],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for off in ("", "avx512", "avx512,avx2")
    }
    assert len(found) == 1
    assert "inf" in next(iter(found)) or len(next(iter(found))) > 100


def test_texts_and_missing_values() -> None:
    r, c = ["a", "b", "b", None], ["b", "c", float("nan")]
    got = drift.chi2(r, c)
    wanted = drift.chi2([1, 2, 0], [0, 1, 1], counts=True)
    assert got == wanted
    assert math.isnan(drift.chi2(r, c, nan="propagate").statistic)
    with pytest.raises(ValueError, match="reference: expected no missing values, got 1"):
        drift.chi2(r, c, nan="raise")
    with pytest.raises(ValueError, match="nan: expected 'omit'"):
        drift.chi2(r, c, nan="drop")
    with pytest.raises(ValueError, match="nan: expected 'omit'"):
        drift.chi2([1, 2], [True, False], nan="drop")


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda: drift.psi([[1]], [1]), ValueError, "reference: expected one dimension, got 2"),
        (lambda: drift.psi([1], [-1], counts=True), ValueError, "current: expected finite counts"),
        (lambda: drift.psi([1], [1, 2], counts=True), ValueError, "current: expected 1 bins"),
        (lambda: drift.psi([1j], [1]), TypeError, "reference: expected numbers or texts"),
        (lambda: drift.psi([1], [1], edges=[2, 1]), ValueError, "edges: expected rising"),
        (lambda: drift.psi([1], [1], edges=[math.nan]), ValueError, "edges: expected rising"),
        (lambda: drift.psi([1], [1], bins=0), ValueError, "bins: expected 1 to 10000"),
        (lambda: drift.psi([1], [1], bins=2.5), TypeError, "bins: expected an int, got float"),
        (lambda: drift.psi([1], [1], eps=2), ValueError, "eps: expected a share"),
        (lambda: drift.jensenshannon([1], [1], base=1), ValueError, "base: expected"),
        (lambda: drift.ks_2samp(["a"], [1]), TypeError, "reference: expected numbers"),
        (lambda: drift.ks_2samp([1], [1], method="x"), ValueError, "method: expected 'auto'"),
        (lambda: drift.adjust([2.0]), ValueError, "pvalues: expected numbers between 0 and 1"),
        (lambda: drift.adjust([0.1], "x"), ValueError, "method: expected 'bonferroni'"),
        (lambda: drift.adjust([[0.1]]), ValueError, "pvalues: expected one dimension"),
    ],
)
def test_bad_arguments(call: Any, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        call()


@given(
    p=st.lists(st.one_of(st.floats(0, 1), st.just(math.nan)), max_size=20),
    method=st.sampled_from(["bh", "by"]),
)
@examples(100)
def test_adjusting_p_values(p: list[float], method: str) -> None:
    got = drift.adjust(p, method)
    known = np.array([x for x in p if x == x])
    if len(known):
        wanted = stats.false_discovery_control(known, method=method)
        np.testing.assert_allclose(got[~np.isnan(got)], wanted, rtol=1e-12)
    bonferroni = drift.adjust(p, "bonferroni")
    np.testing.assert_array_equal(
        bonferroni[~np.isnan(bonferroni)], np.minimum(known * len(known), 1)
    )
    assert np.isnan(got).tolist() == np.isnan(np.array(p, float)).tolist()


def test_the_table_of_statistics_is_the_public_one() -> None:
    assert set(_core.statistic_names()) <= set(drift.__all__)


def test_pandas_texts_with_a_missing_one() -> None:
    texts = pd.Series(["a", "b", None, "b"], dtype="string")
    assert drift.psi(texts, ["a", "b", "b"]).statistic == 0
    assert math.isnan(drift.psi(texts, ["a"], nan="propagate").statistic)


BINNED = [getattr(drift, name) for name in _core.statistic_names()]


def _ordinary(function: Any, *args: Any, edges: Any, **options: Any) -> Any:
    """Edges in a list are none that C takes by itself."""
    return function(*args, edges=edges.tolist(), **options)


@pytest.mark.parametrize("function", BINNED)
def test_samples_compared_at_once(function: Any) -> None:
    """In C by one call, and step by step in Python: the same bits, of the same type."""
    rng = np.random.default_rng(3)
    even, uneven = np.arange(-5.0, 6.0), np.array([-3, -2.9, -2.8, 0.5, 4])
    many = np.linspace(-4, 4, 60)
    for n, m in [(0, 5), (1, 1), (7, 1000), (1000, 64), (5000, 60_000)]:
        for dtype in ("f8", "f4", "i8", "i4", "f2"):
            r, c = (rng.normal(size=size) * 3 for size in (n, m))
            r, c = r.astype(dtype), c.astype(dtype)
            for edges in (even, uneven, many, many[:32], even[:0], even[:1]):
                expected = _ordinary(function, r, c, edges=edges)
                found = function(r, c, edges=edges)
                assert type(found) is drift.DriftResult
                assert repr(found) == repr(expected)
    x = rng.normal(size=3000)
    x[::7], x[5], x[6], x[8] = np.nan, np.inf, -np.inf, -0.0
    for y in (x, x[::-1], x[::3], x[:64], x.astype("f4"), np.ma.masked_invalid(x), x.astype(">f8")):
        for edges in (even, even[::2], np.array([0.0, 1.0])):
            for nan in ("omit", "propagate"):
                expected = _ordinary(function, x, y, edges=edges, nan=nan)
                assert repr(function(x, y, edges=edges, nan=nan)) == repr(expected)


def test_samples_compared_at_once_with_options() -> None:
    rng = np.random.default_rng(4)
    r, c, edges = rng.normal(size=500), rng.normal(0.4, 1, 900), np.array([-0.5, 2.0, 5.0])
    for function, option, values in [
        (drift.psi, "eps", (None, 1e-12, 0.3, np.float64(0.1))),
        (drift.jensenshannon, "base", (None, 2.0, 2, 0.5)),
        (drift.kl_divergence, "base", (None, 2.0, 10)),
        (drift.chi2, "correction", (True, False, 0)),
        (drift.g_test, "correction", (True, False, 1)),
    ]:
        for value in values:
            options: dict[str, Any] = {option: value}
            for some in (edges, edges[:1]):
                expected = _ordinary(function, r, c, edges=some, **options)
                assert repr(function(r, c, edges=some, **options)) == repr(expected)
    for options, match in [
        ({"edges": edges[::-1]}, "edges: expected rising"),
        ({"edges": np.array([np.nan])}, "edges: expected rising"),
        ({"edges": edges[None]}, "edges: expected one dimension"),
        ({"edges": edges, "eps": 0.0}, "eps: expected a share"),
        ({"edges": edges, "eps": 1.0}, "eps: expected a share"),
        ({"edges": edges, "nan": "drop"}, "nan: expected"),
    ]:
        with pytest.raises(ValueError, match=match):
            drift.psi(r, c, **options)
    with pytest.raises(ValueError, match="base: expected"):
        drift.jensenshannon(r, c, edges=edges, base=1.0)
    with pytest.raises(ValueError, match="reference: expected one dimension"):
        drift.psi(r[None], c, edges=edges)
    with pytest.raises(ValueError, match="current: expected no missing"):
        drift.psi(r, np.array([np.nan]), edges=edges, nan="raise")
    # Counts are not counted again.
    assert drift.psi([1, 2], [2, 1], edges=edges, counts=True) == drift.psi(
        [1, 2], [2, 1], counts=True
    )


def test_compare_samples_refuses() -> None:
    x, edges = np.arange(4.0), np.array([1.0])
    rest = (x, x, edges, False, "omit", None, None, True)
    assert _core.compare_samples(drift.DriftResult, "psi", *rest) == (0.0, 1.0)
    with pytest.raises(TypeError, match="takes 10"):
        _core.compare_samples(drift.DriftResult, "psi")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="type: expected a type of tuples"):
        _core.compare_samples(list, "psi", *rest)  # type: ignore[type-var]
    with pytest.raises(ValueError, match="no statistic 'none'"):
        _core.compare_samples(drift.DriftResult, "none", *rest)
