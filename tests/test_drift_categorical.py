"""Categorical tests and rules for bins against SciPy's and NumPy's."""

import math
import warnings
from fractions import Fraction
from math import comb
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.stats import contingency

from fastcore import _core, drift
from tests.profiles import examples

SIDES = ("two-sided", "less", "greater")
TABLES = st.one_of(
    st.tuples(*[st.integers(0, 12)] * 4),
    st.tuples(*[st.integers(0, 400)] * 4),
    st.tuples(*[st.integers(1, 10**5)] * 4),
)


def equal(a: float | None, b: float, rel: float = 1e-9) -> bool:
    assert a is not None
    return (math.isnan(a) and math.isnan(b)) or math.isclose(a, b, rel_tol=rel, abs_tol=1e-300)


@given(table=TABLES, side=st.sampled_from(SIDES))
@examples(400)
def test_fisher_as_scipy(table: tuple[int, int, int, int], side: str) -> None:
    a, b, c, d = table
    got = drift.fisher_exact([a, b], [c, d], counts=True, alternative=side)
    if not a + b or not c + d:
        assert math.isnan(got.statistic)
        assert math.isnan(got[1])
        return
    wanted = stats.fisher_exact([[a, b], [c, d]], alternative=side)
    assert equal(got.statistic, float(wanted.statistic), 1e-12)
    if wanted.pvalue > 1e-280:
        assert equal(got.pvalue, float(wanted.pvalue))


@given(table=st.tuples(*[st.integers(0, 60)] * 4), side=st.sampled_from(SIDES))
@examples(150)
def test_fisher_as_fractions_say(table: tuple[int, int, int, int], side: str) -> None:
    a, b, c, d = table
    if not (a + b and c + d and a + c and b + d):
        return
    n1, n2, k = a + b, c + d, a + c
    weight = {x: comb(n1, x) * comb(n2, k - x) for x in range(max(0, k - n2), min(k, n1) + 1)}
    kept = {
        "less": lambda x: x <= a,
        "greater": lambda x: x >= a,
        "two-sided": lambda x: weight[x] <= weight[a],
    }[side]
    exact = Fraction(sum(w for x, w in weight.items() if kept(x)), sum(weight.values()))
    got = drift.fisher_exact([a, b], [c, d], counts=True, alternative=side).pvalue
    assert equal(got, float(exact), 1e-12)


def test_fisher_far_out_and_of_large_counts() -> None:
    got = drift.fisher_exact([500, 0], [0, 500], counts=True).pvalue
    assert equal(got, float(Fraction(2, comb(1000, 500))), 1e-12)
    assert drift.fisher_exact([5000, 0], [0, 5000], counts=True).pvalue == 0  # below any float
    big = [50_000_000, 50_000_000], [50_010_000, 49_990_000]
    exact, normal = (
        drift.fisher_exact(*big, counts=True).pvalue,
        drift.chi2(*big, counts=True).pvalue,
    )
    assert equal(exact, normal or 0, 1e-6)
    with pytest.raises(ValueError, match="expected at most 1000000000000 observations"):
        drift.fisher_exact([10**12, 1], [1, 1], counts=True)
    with pytest.raises(ValueError, match="table: expected counts"):
        _core.fisher(-1, 1, 1, 1, 0)
    with pytest.raises(TypeError, match="takes exactly 5"):
        _core.fisher(1, 1, 1, 1)  # type: ignore[call-arg]
    assert _core.fisher(0, 0, 1, 1, 0) == 1


@given(table=TABLES, side=st.sampled_from(SIDES))
@examples(200)
def test_proportions(table: tuple[int, int, int, int], side: str) -> None:
    a, b, c, d = table
    z, p = drift.ztest_proportions([a, b], [c, d], counts=True, alternative=side)
    if not (a + b and c + d and a + c and b + d):
        assert math.isnan(z)
        assert math.isnan(p or 0)
        return
    n, m = a + b, c + d
    s = (a + c) / (n + m)
    wanted = (a / n - c / m) / math.sqrt(s * (1 - s) * (1 / n + 1 / m))
    assert math.isclose(z, wanted, rel_tol=1e-9, abs_tol=1e-9)
    tail = {"two-sided": 2 * stats.norm.sf(abs(z)), "greater": stats.norm.sf(z)}
    assert equal(p, float(tail.get(side, stats.norm.cdf(z))))
    if side == "two-sided":
        chi2 = stats.chi2_contingency([[a, b], [c, d]], correction=False)
        assert math.isclose(z * z, chi2.statistic, rel_tol=1e-9, abs_tol=1e-12)


@given(
    rows=st.integers(1, 12).flatmap(
        lambda k: st.tuples(*[st.lists(st.integers(0, 500), min_size=k, max_size=k)] * 2)
    )
)
@examples(150)
def test_cramers_v(rows: tuple[list[int], list[int]]) -> None:
    v, p = drift.cramers_v(*rows, counts=True)
    table = np.array(rows)
    table = table[:, table.sum(0) > 0]
    if not table.sum(1).all() or not table.size:
        assert math.isnan(v)
    elif table.shape[1] == 1:
        assert (v, p) == (0, 1)
    else:
        wanted = contingency.association(table, method="cramer", correction=False)
        assert math.isclose(v, wanted, rel_tol=1e-9, abs_tol=1e-8)
        assert equal(p, stats.chi2_contingency(table, correction=False).pvalue, 1e-7)


def test_empty_categories_and_yates() -> None:
    """What is in neither sample is left out, and only then is it asked whether two are left."""
    for function, kind in ((drift.chi2, "pearson"), (drift.g_test, "log-likelihood")):
        with_zeros = function([0, 10, 0, 20, 0], [0, 20, 0, 15, 0], counts=True)
        wanted = stats.chi2_contingency([[10, 20], [20, 15]], lambda_=kind)
        assert equal(with_zeros.statistic, wanted.statistic, 1e-12)
        assert equal(with_zeros.pvalue, wanted.pvalue)
        plain = function([10, 20], [20, 15], counts=True, correction=False)
        assert plain.statistic > with_zeros.statistic
        assert function(["a", "a", "b"], ["b", "a"]) == function([2, 1], [1, 1], counts=True)
    with pytest.raises(ValueError, match="zero element"):  # which is what SciPy says of it
        stats.chi2_contingency([[0, 10, 20], [0, 20, 15]])


def test_samples_of_two_categories() -> None:
    table = ([3, 1], [1, 4])
    wanted = drift.fisher_exact(*table, counts=True)
    r, c = [True, True, False, True], [False, True, False, False, False]
    texts: Any = {True: "yes", False: "no"}
    for kind in (list, np.array, lambda x: np.array(x, float), lambda x: [texts[v] for v in x]):
        assert drift.fisher_exact(kind(r), kind(c)) == wanted
        assert drift.ztest_proportions(kind(r), kind(c)) == drift.ztest_proportions(
            *table, counts=True
        )
    more = ["yes", "yes", "no", "yes"], ["no", "yes", "maybe", "no", "no"]
    assert drift.fisher_exact(*more, success="yes") == wanted
    assert math.isnan(drift.fisher_exact([True, True], [True])[0])
    assert drift.fisher_exact([True, True], [True])[1] == 1
    assert math.isnan(drift.fisher_exact([], [True]).statistic)
    assert math.isnan(drift.fisher_exact([1.0, math.nan], [0.0], nan="propagate").statistic)
    assert math.isnan(drift.ztest_proportions([1.0, math.nan], [0.0], nan="propagate").statistic)
    assert math.isnan(drift.cramers_v([1.0, math.nan], [0.0], nan="propagate").statistic)


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda: drift.fisher_exact(*more), ValueError, "expected two categories, got 3"),
        (
            lambda: drift.fisher_exact([1, 2, 3], [1, 2], counts=True),
            ValueError,
            r"reference: expected two counts, got shape \(3,\)",
        ),
        (
            lambda: drift.fisher_exact([1, 2], [0.5, 2], counts=True),
            ValueError,
            "current: expected whole counts",
        ),
        (
            lambda: drift.ztest_proportions([1, 2], [1, 2], counts=True, alternative="x"),
            ValueError,
            "alternative: expected",
        ),
        (lambda: drift.fisher_exact(["a"], [1.0]), TypeError, "categories of one kind"),
    ],
)
def test_bad_arguments(call: Any, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        call()


more = ["a", "b"], ["b", "c"]


@given(
    n=st.integers(1, 400),
    seed=st.integers(0, 999),
    rule=st.sampled_from(["sturges", "doane", "scott", "fd", "rice", "sqrt"]),
    kind=st.sampled_from(["normal", "ties", "skewed", "constant"]),
)
@examples(200)
def test_rules_for_bins_as_numpy(n: int, seed: int, rule: str, kind: str) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    x = {"normal": x, "ties": x.round(), "skewed": np.exp(x), "constant": x * 0 + 2.5}[kind]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        edges = np.histogram_bin_edges(x, rule)
    current = rng.normal(0.4, 1.3, 200)
    got = drift.psi(x, current, bins=rule)
    if x.min() < x.max():  # one bin has no p-value: NaN, which equals nothing
        assert repr(got) == repr(drift.psi(x, current, edges=edges[1:-1]))
        report = drift.Reference.fit({"x": x}, bins=rule).compare({"x": current})
        assert repr(report["x"].statistics["psi"]) == repr(got)
    else:  # a bin of its own for the one value
        assert repr(got) == repr(drift.psi(x, current, bins=2))


def test_rules_ask_for_no_millions_of_bins() -> None:
    x = np.append(np.linspace(0, 1, 1000), 1e9)
    with pytest.raises(ValueError, match=r"bins: rule 'fd' asks for .* bins of the reference"):
        drift.psi(x, x, bins="fd")
    with pytest.raises(ValueError, match="bins: expected an int or one of sturges"):
        drift.psi(x, x, bins="best")
    assert drift.psi(x[:1000], x[:1000], bins="auto").statistic == 0
    assert math.isnan(drift.psi([], [1.0], bins="auto").statistic)
    # The outer bins are open: what is far outside is one observation, and moves no edge.
    old, new = np.linspace(0, 1, 1000), np.append(np.linspace(0, 1, 1000), 1e9)
    assert drift.psi(old, new, bins="sturges").statistic < 0.001
