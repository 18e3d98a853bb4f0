"""Statistics of vectors, by their definitions in float64."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import stats

from fastcore import drift

from .referee import Array, Differs, attempt, same


def _drawn(g: Any, few: int) -> tuple[Array, Array, str]:
    n, m, d = int(g.integers(0, few)), int(g.integers(0, few)), int(g.integers(1, 6))
    kind = str(g.choice(["normal", "levels", "constant", "offset", "small", "far"]))
    x, y = g.normal(size=(n, d)), g.normal(float(g.choice([0, 0.5])), 1, (m, d))
    if kind == "levels":
        x, y = x.round(), y.round()
    elif kind == "constant":
        x, y = np.zeros((n, d)), np.zeros((m, d))
    elif kind == "offset":
        x, y = x + 1e6, y + 1e6
    elif kind == "small":
        x, y = x * 1e-150, y * 1e-150
    elif kind == "far" and m:
        y[0] = 1e200
    dtype = str(g.choice(["f8", "f8", "f4", ">f8"])) if kind in ("normal", "levels") else "f8"
    x, y = x.astype(dtype), y.astype(dtype)
    if g.random() < 0.3:
        x, y = np.asfortranarray(x), y[::-1].copy()[::-1]
    return x, y, f"{kind} {x.shape} {y.shape} {dtype}"


def _kernel(z: Array, gamma: float) -> Array:
    with np.errstate(over="ignore"):
        squares = sum(np.square(z[:, k, None] - z[None, :, k]) for k in range(z.shape[1]))
        return np.asarray(np.exp(-gamma * squares))


def _discrepancy(k: Array, first: Array, unbiased: bool) -> float:
    n, m = int(first.sum()), int((~first).sum())
    xx, yy = k[first][:, first], k[~first][:, ~first]
    between = 2 * math.fsum(k[first][:, ~first].ravel()) / (n * m)
    if unbiased:
        within = [
            (math.fsum(part.ravel()) - size) / (size * (size - 1))
            for part, size in ((xx, n), (yy, m))
        ]
        return within[0] + within[1] - between
    return math.fsum(xx.ravel()) / n**2 + math.fsum(yy.ravel()) / m**2 - between


def mmd(g: Any) -> str:
    large = g.random() < 0.05
    x, y, shown = _drawn(g, 700 if large else 40)
    if large:
        x, y = g.normal(size=(700 + len(x), 3)), g.normal(0.2, 1, (700, 3))
    unbiased, seed = bool(g.random() < 0.5), int(g.integers(1000))
    resamples = 0 if large else int(g.choice([0, 19]))
    options: dict[str, Any] = {"gamma": float(g.choice([0.1, 1, 30]))}
    if g.random() < 0.4:
        options = {"bandwidth": float(g.choice([0.5, 2]))}
    shown += f" {options} unbiased {unbiased} rng {seed}"
    got, _ = attempt(
        lambda: drift.mmd(x, y, unbiased=unbiased, n_resamples=resamples, rng=seed, **options)
    )
    if isinstance(got, Exception):
        raise Differs(repr(got))
    n, m = len(x), len(y)
    if min(n, m) < (2 if unbiased else 1):
        same("few", got.statistic, math.nan)
        return shown
    gamma = options.get("gamma") or 1 / (2 * options["bandwidth"] ** 2)
    z = np.concatenate((x, y)).astype(np.float64)
    k, first = _kernel(z - np.median(x.astype(np.float64), axis=0), gamma), np.arange(n + m) < n
    wanted = _discrepancy(k, first, unbiased)
    # A difference of means that are up to 1; many rows are taken in float32.
    same("MMD", got.statistic, wanted, 1e-12, slack=3e-9 if n + m > 1024 else 4e-15)
    if resamples:
        generator, reached = np.random.default_rng(seed), 0
        limit = wanted - max(1e-14, 100 * np.finfo(float).eps * abs(wanted))
        for _ in range(resamples):
            labels = np.zeros(n + m, dtype=bool)
            labels[generator.permutation(n + m)[:n]] = True
            reached += _discrepancy(k, labels, unbiased) >= limit
        same("p", got.pvalue, (1 + reached) / (1 + resamples))
    return shown


def lsdd(g: Any) -> str:
    x, y, shown = _drawn(g, 60)
    bandwidth, lam, seed = float(g.choice([0.5, 2])), float(g.choice([0.1, 1])), 3
    got, _ = attempt(
        lambda: drift.lsdd(x, y, bandwidth=bandwidth, lam=lam, n_resamples=9, rng=seed)
    )
    if isinstance(got, Exception):
        raise Differs(repr(got))
    n, m = len(x), len(y)
    if not n or not m:
        same("few", got.statistic, math.nan)
        return shown
    x, y = x.astype(np.float64), y.astype(np.float64)
    middle = np.median(x, axis=0)
    x, y = x - middle, y - middle
    count = min(max(n // 20, 20), 500)
    centers = x[np.unique(np.linspace(0, n - 1, min(count, n)).round().astype(int))]
    with np.errstate(over="ignore"):
        psi = [
            np.exp(-np.square(s[:, None] - centers[None]).sum(2) / (2 * bandwidth**2))
            for s in (x, y)
        ]
        overlap = np.exp(-np.square(centers[:, None] - centers[None]).sum(2) / (4 * bandwidth**2))
    h = psi[0].mean(0) - psi[1].mean(0)
    theta = np.linalg.solve(overlap + lam * np.eye(len(centers)), h)
    same("LSDD", got.statistic, float(2 * h @ theta - theta @ overlap @ theta), 1e-11, slack=1e-15)
    return shown


def _mahalanobis(rows: Array, given: Array) -> Array:
    mean = rows.mean(0)
    covariance = np.atleast_2d(np.cov(rows, rowvar=False))
    return np.asarray(((given - mean) * np.linalg.solve(covariance, (given - mean).T).T).sum(1))


def scored(g: Any) -> str:
    n, m, d = int(g.integers(40, 200)), int(g.integers(1, 90)), int(g.integers(1, 5))
    mixed = g.normal(size=(d, d)) + 2 * np.eye(d)
    x, y = g.normal(size=(n, d)) @ mixed, g.normal(0.2, 1.3, (m, d)) @ mixed
    side: Any = str(g.choice(["two-sided", "less", "greater"]))
    shown = f"{x.shape} {y.shape} {side}"
    got = drift.mahalanobis(x, y, alternative=side)
    # The inverse makes roundings as large as its condition: of near 1e5, some 1e-8.
    rel = 1e-12 + 1e-15 * float(np.linalg.cond(np.atleast_2d(np.cov(x.T))))
    same("Mahalanobis", got.statistic, float(_mahalanobis(x, y).mean()), rel)
    half, rest = x[::2], x[1::2]
    p = stats.mannwhitneyu(
        _mahalanobis(half, y), _mahalanobis(half, rest), alternative=side, method="asymptotic"
    ).pvalue
    same("p", got.pvalue, float(p), 1e-9)
    kept = int(g.integers(1, d + 1))
    got = drift.pca_reconstruction(x, y, n_components=kept, alternative=side)

    def error(rows: Array, given: Array) -> Array:
        scaled = (rows - rows.mean(0)) / rows.std(0)
        axes = np.linalg.svd(scaled, full_matrices=False)[2][:kept]
        off = (given - rows.mean(0)) / rows.std(0)
        return np.asarray(np.sqrt(np.square(off - off @ axes.T @ axes).sum(1)))

    same("PCA", got.statistic, float(error(x, y).mean()), 1e-9, slack=1e-12)
    if kept < d:
        p = stats.mannwhitneyu(
            error(half, y), error(half, rest), alternative=side, method="asymptotic"
        ).pvalue
        same("p", got.pvalue, float(p), 1e-9)
    return shown
