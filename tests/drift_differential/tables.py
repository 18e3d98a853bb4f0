"""Tables of two categories, adjusted p-values, and reports of kept references."""

from __future__ import annotations

import math
from decimal import Decimal, localcontext
from typing import Any

import numpy as np
from scipy import stats

from fastcore import Monitor, drift

from .bins import NAMES, agree, in_bins
from .ranks import SIDES
from .referee import Array, Differs, attempt, same
from .samples import fits, pair, size


def _table(g: Any) -> list[int]:
    most = int(g.choice([2, 12, 400, 10**5]))
    return [int(v) for v in g.integers(0, most + 1, 4)]


def fisher_exact(g: Any) -> str:
    a, b, c, d = _table(g)
    side: Any = str(g.choice(SIDES))
    shown = f"{[a, b, c, d]} {side}"
    got = drift.fisher_exact([a, b], [c, d], counts=True, alternative=side)
    if not a + b or not c + d:
        same("empty", got.statistic, math.nan)
        return shown
    wanted = stats.fisher_exact([[a, b], [c, d]], alternative=side)
    same("odds", got.statistic, float(wanted.statistic))
    if wanted.pvalue > 1e-280:  # below, SciPy's own sums end
        same("p", got.pvalue, float(wanted.pvalue), 1e-9)
    r, c_ = [1] * a + [0] * b, [True] * c + [False] * d
    if a + b + c + d < 2000 and a and b + d:
        sampled = drift.fisher_exact(r, c_, alternative=side)
        if sampled != got and not (math.isnan(sampled.statistic) and math.isnan(got.statistic)):
            raise Differs(f"samples: {sampled}, counts: {got}")
    return shown


def ztest_proportions(g: Any) -> str:
    a, b, c, d = _table(g)
    side = str(g.choice(SIDES))
    shown = f"{[a, b, c, d]} {side}"
    z, p = drift.ztest_proportions([a, b], [c, d], counts=True, alternative=side)
    if not (a + b and c + d and a + c and b + d):
        same("empty", z, math.nan)
        return shown
    n, m = a + b, c + d
    with localcontext() as context:
        context.prec = 50
        share = Decimal(a + c) / (n + m)
        root = (share * (1 - share) * (Decimal(1) / n + Decimal(1) / m)).sqrt()
        exact = (Decimal(a) / n - Decimal(c) / m) / root
    same("z", z, float(exact), 1e-14)
    tails = {"two-sided": 2 * stats.norm.sf(abs(z)), "greater": stats.norm.sf(z)}
    same("p", p, float(tails.get(side, stats.norm.cdf(z))), 1e-9)
    return shown


def adjust(g: Any) -> str:
    p = g.choice([0.0, 1.0, 0.05, 1e-300, 5e-324, math.nan], size(g, 300))
    p = np.where(g.random(len(p)) < 0.6, g.random(len(p)) ** 3, p)
    method: Any = str(g.choice(["bh", "by"]))
    shown = f"{method} of {len(p)}"
    got, known = drift.adjust(p, method), p[~np.isnan(p)]
    if (np.isnan(got) != np.isnan(p)).any():
        raise Differs("NaN are not where they were")
    if len(known):
        wanted = stats.false_discovery_control(known, method=method)
        np.testing.assert_allclose(got[~np.isnan(p)], wanted, rtol=1e-12)
    return shown


# ---- Reports -------------------------------------------------------------------------------

#: What a report finds from the counts at and between the values that it keeps.
RANKED = ("ks_2samp", "mannwhitneyu", "cramervonmises_2samp")


def report(g: Any) -> str:
    p = pair(g, least=1, kept=False)
    shown = p.shown
    x, y = p.floats()
    given = [a if fits(b) else c for a, b, c in zip(p.given, p.kept, (x, y), strict=True)]
    if g.random() < 0.3:  # so that there are none between its values
        given[1] = y = g.choice(x, len(y))
    kept = drift.Reference.fit({"x": given[0]}, sample=None)
    found = kept.compare({"x": given[1]}, tests=[*NAMES, "chi2", "g_test", *RANKED])["x"]
    edges = kept.features[0].edges
    r, c = in_bins(x, edges), in_bins(y, edges)
    for name in (*NAMES, "chi2", "g_test"):
        agree(found.statistics[name], r, c, name, {})
    tests = (*RANKED, "wasserstein_distance", "anderson_ksamp")
    sorted_ = kept.compare({"x": given[1]}, tests=tests)["x"]
    for name in tests:
        alone, _ = attempt(lambda name=name: getattr(drift, name)(x, y))
        if not isinstance(alone, Exception):
            same(name, sorted_.statistics[name].statistic, alone.statistic)
            same(f"{name} p", sorted_.statistics[name].pvalue, alone.pvalue, 1e-9)
    for name in RANKED:
        alone, _ = attempt(lambda name=name: getattr(drift, name)(x, y))
        if name not in found.approximate and not isinstance(alone, Exception):
            same(name, found.statistics[name].statistic, alone.statistic)
            same(f"{name} p", found.statistics[name].pvalue, alone.pvalue, 1e-9)
    _watched(kept, given[1], tests, sorted_, x, y)
    return shown


def _watched(
    kept: drift.Reference, given: Any, tests: tuple[str, ...], wanted: Any, x: Array, y: Array
) -> None:
    """A monitor has counts alone, and says which statistics these do not tell."""
    monitor = Monitor(kept, tests=tests, alpha=None)
    monitor.update({"x": given})
    found = monitor.report()["x"]
    ends = np.concatenate((x, y))
    finite = len(ends) > 0 and bool(np.isfinite(ends).all())
    with np.errstate(over="ignore"):
        wide = float(np.ptp(ends)) if finite else 0.0
    for name in tests:
        ours, theirs = found.statistics[name], wanted.statistics[name]
        if name not in found.approximate:
            # Of means and steps that are rounded otherwise.
            slack = {"wasserstein_distance": 1e-15 * wide, "anderson_ksamp": 2e-12}.get(name, 0)
            same(f"counted {name}", ours.statistic, theirs.statistic, slack=slack)
            if ours.statistic == theirs.statistic:
                same(f"counted {name} p", ours.pvalue, theirs.pvalue, 1e-9)
    points = kept.features[0].points
    inside = len(points) > 0 and len(y) > 0 and points[0] <= y.min() and y.max() <= points[-1]
    if inside and finite and math.isfinite(wide):
        gaps = np.searchsorted(points, y[~np.isin(y, points)])
        most = math.fsum(((points[gaps] - points[gaps - 1]) / len(y)).tolist())
        off = found.statistics["wasserstein_distance"].statistic
        off -= wanted.statistics["wasserstein_distance"].statistic
        if not abs(off) <= most * (1 + 1e-9) + 1e-14 * wide:
            raise Differs(f"counted distance: off by {off}, at most {most}")
