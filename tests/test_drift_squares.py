"""Cramer-von Mises, Anderson-Darling, and what is found by permutations, against SciPy's."""

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.stats._hypotests import _cdf_cvm_inf

from fastcore import _core, drift
from tests.drift_samples import PAIRS, Samples, close, pairs, said, wide
from tests.profiles import examples


@given(pair=PAIRS, method=st.sampled_from(["auto", "exact", "asymptotic"]))
@examples(200)
def test_cramer_von_mises(pair: Samples, method: str) -> None:
    if method == "exact" and len(pair[0]) * len(pair[1]) > 300:
        method = "auto"
    got = drift.cramervonmises_2samp(*pair, method=method)
    wanted, _ = said(lambda: stats.cramervonmises_2samp(*wide(pair), method=method))
    assert close(got.statistic, wanted.statistic, 1e-11)
    # SciPy's asymptotic one is a difference from 1.
    assert close(got.pvalue, wanted.pvalue, 1e-9) or abs(got.pvalue - wanted.pvalue) < 1e-14


def test_cramer_von_mises_rounds_once() -> None:
    """Of many values U is a difference of numbers of 25 digits."""
    rng = np.random.default_rng(0)
    x, y = np.sort(rng.normal(size=30_000)), np.sort(rng.normal(0.01, 1, 40_000))
    n, m = len(x), len(y)
    below = [int((np.searchsorted(b, a).astype(object) ** 2).sum()) for a, b in ((x, y), (y, x))]
    k = n * m
    exact = Fraction(n * below[0] + m * below[1], k * (n + m)) - Fraction(4 * k - 1, 6 * (n + m))
    got = drift.cramervonmises_2samp(x, y, presorted=True)
    assert close(got.statistic, float(exact), 1e-15)
    wanted = stats.cramervonmises_2samp(x, y)
    assert close(got.statistic, wanted.statistic, 1e-9)
    assert close(got.pvalue, wanted.pvalue, 1e-7)


@given(t=st.floats(1e-4, 30))
@examples(200)
def test_the_limit_of_cramer_von_mises(t: float) -> None:
    assert math.isclose(
        _core.cramer_limit_cdf(t), float(_cdf_cvm_inf(np.float64(t))), abs_tol=1e-14
    )


@given(pair=PAIRS, variant=st.sampled_from(["midrank", "right", "continuous"]))
@examples(200)
def test_anderson_darling(pair: Samples, variant: Any) -> None:
    refused: list[type[Exception]] = []
    results: list[Any] = []
    for call in (
        lambda: drift.anderson_ksamp(*pair, variant=variant),
        lambda: stats.anderson_ksamp(list(pair), variant=variant),
    ):
        try:
            with np.errstate(all="ignore"):
                results.append(said(call))
        except (ValueError, ZeroDivisionError, IndexError) as error:
            refused.append(type(error))
    if len(pair[0]) + len(pair[1]) < 4:
        assert math.isnan(results[0][0].statistic) if results else refused[0] is ValueError
        return
    assert len(refused) in (0, 2)
    if refused:
        assert refused == [ValueError, ValueError]
        return
    (got, warned), (wanted, expected) = results
    assert close(got.statistic, float(wanted.statistic), 1e-10)
    assert close(got.pvalue, float(wanted.pvalue), 1e-9)
    # SciPy's text names its own way to permutations.
    assert [text.split(" Consider")[0] for text in warned] == [
        text.split(" Consider")[0] for text in expected
    ]


@pytest.mark.parametrize("variant", ["midrank", "right", "continuous"])
def test_anderson_darling_of_many_values(variant: Any) -> None:
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=60_000), rng.normal(0.02, 1, size=50_000)
    got, wanted = (
        drift.anderson_ksamp(x, y, variant=variant),
        stats.anderson_ksamp([x, y], variant=variant),
    )
    assert close(got.statistic, float(wanted.statistic), 1e-11)
    assert close(got.pvalue, float(wanted.pvalue), 1e-9)


# ---- Permutations --------------------------------------------------------------------------


def largest(x: Any, y: Any, axis: int = -1) -> Any:
    """The two-sided distance of each pair of rows."""
    both = np.concatenate((x, y), axis=axis)
    f = (x[..., None, :] <= both[..., :, None]).mean(-1)
    g = (y[..., None, :] <= both[..., :, None]).mean(-1)
    return np.abs(f - g).max(-1)


def kuiper(x: Any, y: Any, axis: int = -1) -> Any:
    both = np.concatenate((x, y), axis=axis)
    apart = (x[..., None, :] <= both[..., :, None]).mean(-1)
    apart = apart - (y[..., None, :] <= both[..., :, None]).mean(-1)
    return np.maximum(apart.max(-1), 0) - np.minimum(apart.min(-1), 0)


def one_by_one(function: Any) -> Any:
    def statistic(x: Any, y: Any, axis: int = -1) -> Any:
        if x.ndim == 1:
            return function(x, y)
        return np.array([function(a, b) for a, b in zip(x, y, strict=True)])

    return statistic


CASES: dict[str, tuple[Any, dict[str, Any], str]] = {
    "ks_2samp": (largest, {}, "greater"),
    "kuiper_2samp": (kuiper, {}, "greater"),
    "mannwhitneyu": (one_by_one(lambda x, y: stats.mannwhitneyu(x, y).statistic), {}, "two-sided"),
    "cramervonmises_2samp": (
        one_by_one(lambda x, y: stats.cramervonmises_2samp(x, y, "asymptotic").statistic),
        {},
        "greater",
    ),
    "ttest_ind": (one_by_one(lambda x, y: stats.ttest_ind(x, y).statistic), {}, "two-sided"),
    "ttest_ind less": (
        one_by_one(lambda x, y: stats.ttest_ind(x, y, equal_var=False).statistic),
        {"equal_var": False, "alternative": "less"},
        "less",
    ),
    "wasserstein_distance": (one_by_one(stats.wasserstein_distance), {}, "greater"),
    "energy_distance": (one_by_one(stats.energy_distance), {}, "greater"),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize(("n", "m", "ties"), [(9, 12, False), (11, 8, True), (4, 4, False)])
def test_permutations_are_those_of_scipy(name: str, n: int, m: int, ties: bool) -> None:
    """The last case has fewer arrangements than are asked for: all of them are looked at."""
    rng = np.random.default_rng(n)
    r, c = rng.normal(size=n), rng.normal(0.7, 1, size=m)
    if ties:
        r, c = r.round(), c.round()
    statistic, options, alternative = CASES[name]
    got = getattr(drift, name.split()[0])(r, c, n_resamples=99, rng=4, **options)
    wanted = stats.permutation_test(
        (r, c),
        statistic,
        vectorized=True,
        n_resamples=99,
        alternative=alternative,
        rng=np.random.default_rng(4),
    )
    assert close(got.pvalue, float(wanted.pvalue))
    assert close(got.statistic, float(wanted.statistic), 1e-11)


@pytest.mark.parametrize("alternative", ["two-sided", "less", "greater"])
@pytest.mark.parametrize(("n", "m", "ties"), [(20, 30, False), (40, 13, True), (3, 5, True)])
def test_baumgartner_weiss_schindler(alternative: str, n: int, m: int, ties: bool) -> None:
    rng = np.random.default_rng(m)
    r, c = rng.normal(size=n), rng.normal(0.4, 1, size=m)
    if ties:
        r, c = r.round(), c.round()
    got = drift.bws_test(r, c, alternative=alternative, n_resamples=199, rng=8)
    method = stats.PermutationMethod(n_resamples=199, rng=np.random.default_rng(8))
    wanted = stats.bws_test(r, c, alternative=alternative, method=method)
    assert close(got.statistic, float(wanted.statistic))
    assert close(got.pvalue, float(wanted.pvalue))


def test_anderson_darling_by_permutation_has_no_bounds() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=30), rng.normal(size=30)
    got, warned = said(lambda: drift.anderson_ksamp(x, y, n_resamples=999, rng=1))
    assert not warned
    method = stats.PermutationMethod(n_resamples=999, rng=np.random.default_rng(1))
    wanted = stats.anderson_ksamp([x, y], variant="midrank", method=method)
    assert close(got.pvalue, float(wanted.pvalue))
    assert got.pvalue > 0.25


@given(pair=pairs(2, infinite=False), seed=st.integers(0, 99))
@examples(60)
def test_permutations_know_no_order_within_a_sample(pair: Samples, seed: int) -> None:
    """All arrangements of a few values: any order gives the same p, whatever ties."""
    r, c = (x[:4] for x in pair)
    again = np.random.default_rng(seed).permutation(r), c[::-1]
    for name in ("ks_2samp", "mannwhitneyu", "cramervonmises_2samp", "energy_distance"):
        function = getattr(drift, name)
        assert function(r, c, n_resamples=999) == function(*again, n_resamples=999)
    one, other = (drift.bws_test(*p, n_resamples=999) for p in ((r, c), again))
    assert close(one.statistic, other.statistic)
    assert one.pvalue == other.pvalue


def test_the_generator_is_used_as_given() -> None:
    x, y = np.arange(30.0), np.arange(0.25, 30)
    generator = np.random.default_rng(5)
    first = drift.energy_distance(x, y, n_resamples=50, rng=generator)
    second = drift.energy_distance(x, y, n_resamples=50, rng=generator)
    assert first == drift.energy_distance(x, y, n_resamples=50, rng=5)
    assert first.pvalue != second.pvalue or first.statistic == second.statistic


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: drift.anderson_ksamp([], [1, 2]), "reference: expected at least one value"),
        (lambda: drift.anderson_ksamp([1, 1], [1]), "more than one distinct value"),
        (lambda: drift.anderson_ksamp([1], [2], variant="x"), "variant: expected 'midrank'"),
        (lambda: drift.bws_test([1], []), "current: expected at least one value"),
        (lambda: drift.bws_test([1], [2], n_resamples=-1), "n_resamples: expected at least 1"),
        (lambda: drift.cramervonmises_2samp([1, 2], [2, 3], method="asymp"), "method: expected"),
        (
            lambda: drift.cramervonmises_2samp(range(3000), range(4000), method="exact"),
            "'exact' takes too many steps for 3000 and 4000 values",
        ),
    ],
)
def test_refusals(call: Any, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        call()
    assert math.isnan(drift.cramervonmises_2samp([1], [2, 3]).statistic)
    assert math.isnan(drift.anderson_ksamp([1], [2, 3]).statistic)
