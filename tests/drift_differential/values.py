"""Statistics of values, and p-values by permutations."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import stats

from fastcore import drift

from .ranks import SIDES, both, ours_of
from .referee import Array, Differs, area, attempt, near, same, student
from .samples import pair

#: Up to so many values exact arithmetic is quick.
FEW = 300


def ttest_ind(g: Any) -> str:
    p = pair(g)
    x, y = p.floats()
    options: dict[str, Any] = {
        "equal_var": bool(g.random() < 0.5),
        "alternative": str(g.choice(SIDES)),
    }
    shown = f"{p.shown} {options}"
    p.options.pop("presorted", None)
    ours = ours_of(drift.ttest_ind, p, **options)
    if ours is None:
        return shown
    theirs = attempt(lambda: stats.ttest_ind(x, y, **options))
    found = both(ours, theirs, with_warnings=False)  # SciPy warns of values that are nearly equal
    if not found:
        return shown
    got, wanted = found

    def exact() -> Any:
        finite = np.isfinite(x).all() and np.isfinite(y).all()
        return student(x, y, options["equal_var"]) if finite and len(x) + len(y) < 9 * FEW else None

    size = max(np.abs(np.concatenate((x, y))), default=0)
    if not 1e-140 < size < 1e150 and len(x) + len(y) >= 9 * FEW:
        return shown  # SciPy's squares are infinite, or 0
    # Means are sums, in whatever order: of values far from 0 that is what they differ by.
    same("t", got.statistic, float(wanted.statistic), 1e-12, exact, 1e-14 + _noise(x, y))
    if near(got.statistic, float(wanted.statistic), 1e-11):
        same("p", got.pvalue, float(wanted.pvalue), 1e-9, lambda: _beside(wanted, options))
    return shown


def _beside(wanted: Any, options: dict[str, Any]) -> float | None:
    """p where t is nearly 0, by the density there: SciPy has half of its digits of it."""
    t, side = float(wanted.statistic), options["alternative"]
    if abs(t) > 1e-7:
        return None
    beside = t * float(stats.t.pdf(0, wanted.df))  # up to t**3
    return {"greater": 0.5 - beside, "less": 0.5 + beside}.get(side, 1 - 2 * abs(beside))


def _noise(x: Array, y: Array) -> float:
    """By how much t may differ where a mean of many values is rounded otherwise."""
    both = np.concatenate((x, y))
    if len(both) < 9 * FEW or not np.isfinite(both).all():
        return 0
    with np.errstate(all="ignore"):
        spread = both.std()
        return float(1e-13 * np.abs(both).max() / spread) if spread > 0 else 0


def epps_singleton_2samp(g: Any) -> str:
    p = pair(g)
    x, y = p.floats()
    t = [(0.4, 0.8), (0.4, 0.8), (1.0,), (0.2, 0.5, 1.1)][int(g.integers(4))]
    shown = f"{p.shown} {t}"
    p.options.pop("presorted", None)
    ours = ours_of(drift.epps_singleton_2samp, p, t=t)
    if ours is None:
        return shown
    theirs = attempt(lambda: stats.epps_singleton_2samp(x, y, t))
    pooled = np.concatenate((x, y))
    flat = len(pooled) > 0 and np.isfinite(pooled).all() and stats.iqr(pooled) == 0
    if isinstance(theirs[0], np.linalg.LinAlgError) or flat or not np.isfinite(pooled).all():
        same("not defined", ours[0].statistic, math.nan)
        return shown
    found = both(ours, theirs, with_warnings=False)
    if found:
        got, wanted = found
        # The inverse of a covariance that is nearly singular makes roundings large.
        if math.isfinite(got.statistic) and (many := _condition(x, y, t)) < 1e12:
            same("W", got.statistic, float(wanted.statistic), 1e-13 * many, slack=1e-25 * many)
            both(ours, theirs)
        if got.statistic == wanted.statistic:
            same("p", got.pvalue, float(wanted.pvalue), 1e-9)
    return shown


def _condition(x: Array, y: Array, t: tuple[float, ...]) -> float:
    """How much roundings grow in the test's covariance."""
    low, high = np.percentile(np.concatenate((x, y)), (25, 75))
    half = (high - low) / 2
    points = np.array(t)[:, None] / half
    waves = [np.concatenate((np.cos(points * z), np.sin(points * z))) for z in (x, y)]
    size = max(np.abs(points * z).max() for z in (x, y))
    covariance = sum(np.cov(wave, bias=True) / len(wave[0]) for wave in waves)
    if not np.isfinite(covariance).all():
        return math.inf
    return float(np.linalg.cond(covariance) * max(size, 1))


def _distance(g: Any, ours_is: Any, theirs_is: Any, power: int) -> str:
    p = pair(g)
    x, y = p.floats()
    shown = p.shown
    options: dict[str, Any] = {}
    if g.random() < 0.4:
        for name, values in (("u_weights", p.given[0]), ("v_weights", p.given[1])):
            if g.random() < 0.7 and not isinstance(values, drift.Reference):
                w = g.choice([0.0, 0.5, 1, 3], len(values)) if g.random() < 0.5 else None
                options[name] = g.uniform(0, 2, len(values)) if w is None else w
        shown += f" {sorted(options)}"
        if options and p.options.pop("presorted", None):
            p.given = (p.kept[0], p.given[1])
    u, v = (options.get(name) for name in ("u_weights", "v_weights"))
    u, v = (
        w if w is None else w[~_is_nan(values)] for w, values in ((u, p.given[0]), (v, p.given[1]))
    )
    if any(w is not None and w.sum() == 0 for w in (u, v)) and p.nan:
        return shown  # two reasons to refuse
    ours = ours_of(ours_is, p, **options)
    if ours is None:
        return shown
    found = both(ours, attempt(lambda: theirs_is(x, y, u, v)), with_warnings=False)
    if not found:
        return shown
    got, wanted = found[0].statistic, float(found[1])

    ends = np.concatenate((x, y))

    def exact() -> Any:
        return area(x, y, u, v, power) if len(np.unique(ends)) < FEW else None

    wide = float(np.ptp(ends.astype("g"))) if np.isfinite(ends).all() else 0
    # SciPy's steps are rounded to 1e-16 each, which counts where both functions are near.
    slack = (
        0 if len(np.unique(ends)) < FEW else 4e-16 * wide if power == 1 else 1e-14 * math.sqrt(wide)
    )
    same("distance", got, wanted, 1e-12, exact, slack)
    return shown


def _is_nan(values: Any) -> Array:
    array = np.asarray(values)
    return np.isnan(array) if array.dtype.kind == "f" else np.zeros(len(array), bool)


def wasserstein_distance(g: Any) -> str:
    return _distance(g, drift.wasserstein_distance, stats.wasserstein_distance, 1)


def energy_distance(g: Any) -> str:
    return _distance(g, drift.energy_distance, stats.energy_distance, 2)


# ---- Permutations --------------------------------------------------------------------------


def _steps(x: Array, y: Array) -> tuple[Array, Array, Array]:
    """Pooled values, and how many of each row's are at or below them."""
    z = np.sort(np.concatenate((x, y), axis=-1))
    i = (x[..., None, :] <= z[..., :, None]).sum(-1)
    j = (y[..., None, :] <= z[..., :, None]).sum(-1)
    return z, i, j


def _apart(x: Array, y: Array) -> Array:
    _, i, j = _steps(x, y)
    return i * y.shape[-1] - j * x.shape[-1]


def _wins(x: Array, y: Array) -> Array:
    less, equal = y[..., None, :] < x[..., :, None], y[..., None, :] == x[..., :, None]
    return less.sum((-1, -2)) + equal.sum((-1, -2)) / 2


def _midranks(x: Array, y: Array) -> Array:
    """Four times the sum that Cramer-von Mises's statistic is made of."""
    z, total = np.concatenate((x, y), axis=-1), 0
    for s, times in ((np.sort(x), x.shape[-1]), (np.sort(y), y.shape[-1])):
        below = (z[..., None, :] < s[..., :, None]).sum(-1)
        ranks = 2 * below + (z[..., None, :] == s[..., :, None]).sum(-1) + 1
        total = total + times * ((ranks - 2 * np.arange(1, times + 1)) ** 2).sum(-1)
    return np.asarray(total)


def _area(power: int) -> Callable[[Array, Array], Array]:
    def statistic(x: Array, y: Array) -> Array:
        z, i, j = _steps(x, y)
        off = np.abs(i * y.shape[-1] - j * x.shape[-1])[..., :-1]
        sums = (off**power * np.diff(z)).sum(-1)
        return np.asarray(sums if power == 1 else np.sqrt(sums))

    return statistic


def _student(x: Array, y: Array) -> Array:
    least = np.minimum(x.min(-1), y.min(-1))[..., None]
    return np.asarray(stats.ttest_ind(x - least, y - least, axis=-1).statistic)


#: In whole numbers where it can be, and up to a factor.
PERMUTED: dict[str, tuple[Callable[[Array, Array], Array], str]] = {
    "ks_2samp": (lambda x, y: np.abs(_apart(x, y)).max(-1), "greater"),
    "kuiper_2samp": (
        lambda x, y: np.maximum(_apart(x, y).max(-1), 0) - np.minimum(_apart(x, y).min(-1), 0),
        "greater",
    ),
    "mannwhitneyu": (_wins, ""),
    "cramervonmises_2samp": (_midranks, "greater"),
    "wasserstein_distance": (_area(1), "greater"),
    "energy_distance": (_area(2), "greater"),
    "ttest_ind": (_student, ""),
}


def permuted(g: Any) -> str:
    name = str(g.choice(sorted(PERMUTED)))
    p = pair(g, least=2, most=12)
    x, y = p.floats() if "distance" in name or name == "ttest_ind" else p.ranks()
    statistic, side = PERMUTED[name]
    alternative = side or str(g.choice(SIDES))
    resamples, seed = int(g.choice([1, 30, 99])), int(g.integers(1000))
    shown = f"{p.shown} {name} {alternative} {resamples} rng {seed}"
    options: dict[str, Any] = {} if side else {"alternative": alternative}
    if isinstance(p.given[0], drift.Reference) or "presorted" in p.options:
        x = np.sort(x)
    if name == "ttest_ind":
        p.options.pop("presorted", None)
    ours = ours_of(getattr(drift, name), p, n_resamples=resamples, rng=seed, **options)
    if ours is None or isinstance(ours[0], Exception):
        return shown
    size = np.abs(np.concatenate((x, y))).max()
    if not math.isfinite(ours[0].statistic) or not (1e-100 < size < 1e100 or size == 0):
        return shown
    if name == "ttest_ind" and (abs(ours[0].statistic) < 1e-9 or size > 1e12):
        return shown  # nothing but roundings
    theirs, _ = attempt(
        lambda: stats.permutation_test(
            (x, y),
            lambda a, b, axis: statistic(a, b),
            vectorized=True,
            n_resamples=resamples,
            alternative=alternative,
            rng=np.random.default_rng(seed),
        )
    )
    if isinstance(theirs, Exception):
        raise Differs(f"SciPy raises {theirs!r}")
    same("p", ours[0].pvalue, float(theirs.pvalue), 1e-12)
    return shown
