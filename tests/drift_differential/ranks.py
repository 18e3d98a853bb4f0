"""Statistics of ranks: SciPy's, of values that keep their order, and in whole numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
from scipy import stats
from scipy.stats._hypotests import _cdf_cvm_inf

from fastcore import drift
from tests.drift_samples import rank_sums

from .referee import Array, Differs, attempt, near, same
from .samples import Pair, pair

SIDES = ("two-sided", "less", "greater")
#: SciPy says so of samples that are empty or too small; ours is NaN, as documented.
_SMALL = ("sample arguments", "too small")


def ours_of(function: Callable[..., Any], p: Pair, **options: Any) -> tuple[Any, list[str]] | None:
    """What our function says; None where NaN decide, and it says so."""
    got, warned = attempt(lambda: function(*p.given, **p.options, **options))
    if not p.nan:
        return got, warned
    empty = not (len(p.kept[0]) and len(p.kept[1]))
    refused = isinstance(got, ValueError) and re.search("no missing|at least one", str(got))
    if (p.nan == "raise" or empty) and refused:
        return None
    if isinstance(got, drift.DriftResult) and p.nan == "propagate" and math.isnan(got.statistic):
        return None
    raise Differs(f"NaN, {p.nan}: {got!r}")


def both(
    ours: tuple[Any, list[str]], theirs: tuple[Any, list[str]], with_warnings: bool = True
) -> tuple[Any, Any] | None:
    """Two results to be compared; None for two errors of the same type."""
    (got, warned), (wanted, expected) = ours, theirs
    if isinstance(got, Exception) or isinstance(wanted, Exception):
        if isinstance(got, ValueError) and isinstance(wanted, (ValueError, ZeroDivisionError)):
            return None
        raise Differs(f"{got!r}, expected {wanted!r}")
    expected = [text for text in expected if not any(part in text for part in _SMALL)]
    if with_warnings and warned != expected:
        raise Differs(f"warns {warned}, expected {expected}")
    return got, wanted


def _apart(x: Array, y: Array) -> tuple[Fraction, Fraction]:
    """The largest distances of the distribution functions, upwards and downwards."""
    at = np.unique(np.concatenate((x, y)))
    i = np.sort(x).searchsorted(at, "right").astype(np.int64)
    j = np.sort(y).searchsorted(at, "right").astype(np.int64)
    off, pairs = i * len(y) - j * len(x), len(x) * len(y)
    return Fraction(max(int(off.max()), 0), pairs), Fraction(max(int(-off.min()), 0), pairs)


def ks_2samp(g: Any) -> str:
    p = pair(g)
    x, y = p.ranks()
    options = {"alternative": str(g.choice(SIDES)), "method": str(g.choice(["auto", "asymp"]))}
    if len(x) * len(y) < 200_000 and g.random() < 0.4:
        options["method"] = "exact"
    ours = ours_of(drift.ks_2samp, p, **options)
    shown = f"{p.shown} {options}"
    if ours is None:
        return shown
    theirs = attempt(lambda: stats.ks_2samp(x, y, **options))
    unsuccessful = any("Exact calculation unsuccessful" in text for text in theirs[1])
    if options["alternative"] == "two-sided" and unsuccessful:
        if ours[0].pvalue != 1:  # SciPy's sum came out a rounding above 1
            raise Differs(f"p: {ours[0]}, expected 1")
        return shown
    found = both(ours, theirs)
    if found:
        got, wanted = found
        if len(x) and len(y):
            above, below = _apart(x, y)
            exact = {"less": below, "greater": above}.get(options["alternative"], max(above, below))
            same("distance", got.statistic, float(exact), 1e-15)
        same("statistic", got.statistic, float(wanted.statistic), 1e-12, slack=3e-16)
        same("p", got.pvalue, float(wanted.pvalue), 1e-9)
    return shown


def kuiper_2samp(g: Any) -> str:
    p = pair(g)
    x, y = p.ranks()
    ours = ours_of(drift.kuiper_2samp, p)
    if ours is None:
        return p.shown
    got = ours[0]
    if not len(x) or not len(y):
        same("empty", got.statistic, math.nan)
        return p.shown
    v = float(sum(_apart(x, y)))
    same("statistic", got.statistic, v, 1e-15)
    root = math.sqrt(len(x) * len(y) / (len(x) + len(y)))
    z = (root + 0.155 + 0.24 / root) * v
    series = [(4 * (j * z) ** 2 - 1) * math.exp(-2 * (j * z) ** 2) for j in range(1, 200)]
    same("p", got.pvalue, 1.0 if z < 0.4 else min(2 * math.fsum(series), 1.0), 1e-9)
    return p.shown


def mannwhitneyu(g: Any) -> str:
    p = pair(g)
    x, y = p.ranks()
    options: dict[str, Any] = {
        "alternative": str(g.choice(SIDES)),
        "method": str(g.choice(["auto", "asymptotic"])),
        "use_continuity": bool(g.random() < 0.7),
    }
    if len(x) * len(y) < 2000 and g.random() < 0.4:
        options["method"] = "exact"
    elif max(len(x), len(y)) > 300:
        options["method"] = "asymptotic"
    shown = f"{p.shown} {options}"
    ours = ours_of(drift.mannwhitneyu, p, **options)
    if ours is None:
        return shown
    found = both(ours, attempt(lambda: rank_sums(x, y, **options)))
    if found:
        got, (u, pvalue) = found
        same("U", got.statistic, u, 0)
        same("p", got.pvalue, pvalue, 1e-9)
    return shown


def cvm_exactly(x: Array, y: Array) -> Fraction:
    """T in whole numbers."""
    n, m = len(x), len(y)
    ranks = (2 * stats.rankdata(np.concatenate((np.sort(x), np.sort(y))))).astype(np.int64)
    apart = [ranks[:n] - 2 * np.arange(1, n + 1), ranks[n:] - 2 * np.arange(1, m + 1)]
    u = Fraction(n * int((apart[0] ** 2).sum()) + m * int((apart[1] ** 2).sum()), 4)
    k = n * m
    return u / (k * (n + m)) - Fraction(4 * k - 1, 6 * (n + m))


def cramervonmises_2samp(g: Any) -> str:
    p = pair(g)
    x, y = p.ranks()
    n, m = len(x), len(y)
    method = str(g.choice(["auto", "asymptotic"]))
    if n * m <= 400 and g.random() < 0.3:
        method = "exact"
    shown = f"{p.shown} {method}"
    ours = ours_of(drift.cramervonmises_2samp, p, method=method)
    if ours is None:
        return shown
    found = both(ours, attempt(lambda: stats.cramervonmises_2samp(x, y, method=method)))
    if not found:
        return shown
    got, wanted = found
    if min(n, m) < 2:
        same("few", got.statistic, float(wanted.statistic))
        return shown
    t = cvm_exactly(x, y)
    same("T", got.statistic, float(t), 1e-15)
    pvalue = float(wanted.pvalue)
    if method == "asymptotic" or (method == "auto" and max(n, m) > 20):
        # By SciPy's limit, but of T as it is: SciPy's is a difference of large numbers.
        k, total = n * m, n + m
        variance = (total + 1) * (4 * k * total - 3 * (n * n + m * m) - 2 * k)
        scaled = (float(t) - (1 + 1 / total) / 6) / math.sqrt(variance / (4 * k * total**2))
        limit = 1 / 6 + scaled
        pvalue = 1.0 if limit < 0.003 else max(0, 1 - float(_cdf_cvm_inf(np.float64(limit))))
        if near(float(wanted.statistic), float(t), 1e-10):
            same("p as SciPy's", pvalue, float(wanted.pvalue), 1e-5, slack=1e-9)
    same("p", got.pvalue, pvalue, 1e-9, slack=1e-14 * (1 + math.sqrt(abs(float(t)))))
    return shown


def anderson_ksamp(g: Any) -> str:
    p = pair(g)
    x, y = p.ranks()
    variant: Any = str(g.choice(["midrank", "right", "continuous"]))
    shown = f"{p.shown} {variant}"
    ours = ours_of(drift.anderson_ksamp, p, variant=variant)
    if ours is None:
        return shown
    if 0 < len(x) + len(y) < 4 and not isinstance(ours[0], Exception):
        same("few", ours[0].statistic, math.nan)  # SciPy divides by 0, or gives something
        return shown
    theirs = attempt(lambda: stats.anderson_ksamp([x, y], variant=variant))
    cut = [
        (result, [text.split(" Consider")[0] for text in said]) for result, said in (ours, theirs)
    ]
    found = both(cut[0], cut[1])
    if found:
        got, wanted = found
        # The mean, 1, is taken from a sum that may be near it, and divided by some 0.8.
        same("statistic", got.statistic, float(wanted.statistic), 1e-12, slack=2e-12)
        same("p", got.pvalue, float(wanted.pvalue), 1e-9)
    return shown


def bws_test(g: Any) -> str:
    p = pair(g, most=40, kept=False)
    x, y = p.ranks()
    options = {"alternative": str(g.choice(SIDES)), "n_resamples": int(g.choice([1, 20, 99]))}
    seed = int(g.integers(1000))
    shown = f"{p.shown} {options} rng {seed}"
    ours = ours_of(drift.bws_test, p, rng=seed, **options)
    if ours is None:
        return shown
    method = stats.PermutationMethod(
        n_resamples=options["n_resamples"], rng=np.random.default_rng(seed)
    )
    theirs = attempt(
        lambda: stats.bws_test(x, y, alternative=options["alternative"], method=method)
    )
    if isinstance(theirs[0], ValueError) and "two or more observations" in str(theirs[0]):
        return shown  # SciPy's test by permutations takes no single value
    found = both(ours, theirs)
    if found:
        got, wanted = found
        slack = 1e-13 * (len(x) + len(y)) if options["alternative"] != "two-sided" else 0
        same("B", got.statistic, float(wanted.statistic), 1e-12, slack=slack)
        if not near(got.statistic, 0, 0) and abs(got.statistic) > 1e-9:
            same("p", got.pvalue, float(wanted.pvalue), 1e-12)
    return shown
