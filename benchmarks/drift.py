"""Drift: one column's statistics, a report of many, a kept reference, and a watched row.

The peers get the data where they want them (arrays, a polars frame), and frozen edges and counts of
the reference as we do: what is measured is the work on current data.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks._harness import Case, Peer, Run
from fastcore import Columns, Monitor
from fastcore.drift import Reference

SIX = ("psi", "jensenshannon", "kl_divergence", "hellinger", "total_variation", "chi2")
FIVE = ("psi", "jensenshannon", "kl_divergence", "hellinger", "chi2")


def close(ours: Any, theirs: Any) -> None:
    """Statistics equal up to rounding."""
    np.testing.assert_allclose(ours, theirs, rtol=1e-8, atol=1e-12)


def by_hand(old: np.ndarray, new: np.ndarray, names: tuple[str, ...]) -> list[float]:
    """The statistics of two rows of counts, in NumPy."""
    r, c = old / old.sum(), new / new.sum()
    a = (old + 0.5) / (old.sum() + len(old) / 2)
    b = (new + 0.5) / (new.sum() + len(new) / 2)
    m = (r + c) / 2
    with np.errstate(all="ignore"):
        js = (np.nansum(r * np.log(r / m)) + np.nansum(c * np.log(c / m))) / 2
        kl = np.nansum(r * np.log(r / c))
    both = old + new
    chi2 = sum(
        ((row - both * row.sum() / both.sum()) ** 2 / (both * row.sum() / both.sum())).sum()
        for row in (old, new)
    )
    found = {
        "psi": ((b - a) * np.log(b / a)).sum(),
        "jensenshannon": math.sqrt(max(js, 0)),
        "kl_divergence": kl,
        "hellinger": math.sqrt(((np.sqrt(r) - np.sqrt(c)) ** 2).sum() / 2),
        "total_variation": np.abs(r - c).sum() / 2,
        "chi2": chi2,
    }
    return [float(found[name]) for name in names]


def statistics(reference: Reference, data: Columns, names: tuple[str, ...]) -> Run:
    def run() -> list[float]:
        report = reference.compare(data, tests=names)
        return [f.statistics[name].statistic for f in report.features.values() for name in names]

    return run


def one_column(dtype: str, rows: int, must: float, aim: float) -> Case:
    rng = np.random.default_rng(9)
    reference = Reference.fit({"x": rng.normal(size=100_000).astype(dtype)})
    x = rng.normal(0.1, 1, rows).astype(dtype)
    feature, old = reference.features[0], None
    edges = np.concatenate(([-np.inf], feature.edges, [np.inf])).astype(dtype)
    old = reference.compare({"x": x[:10]})["x"].reference.bins.astype(float)

    def numpy() -> list[float]:
        return by_hand(old, np.histogram(x, edges)[0].astype(float), SIX)

    return Case(
        f"six statistics of a column, {rows:,} {dtype}",
        statistics(reference, Columns.from_numpy({"x": x}), SIX),
        [Peer("np.histogram", numpy, must, aim)],
        same=close,
    )


def report(columns: int, rows: int) -> Case:
    rng = np.random.default_rng(9)
    names = [f"x{i}" for i in range(columns)]
    reference = Reference.fit({name: rng.normal(size=rows) for name in names})
    data = {name: rng.normal(0.05, 1, size=rows) for name in names}
    old = {name: f.reference.bins for name, f in reference.compare(data).features.items()}
    edges = {f.name: f.edges for f in reference.features}

    def numpy() -> list[float]:
        found = []
        for name, x in data.items():
            quality = (np.isnan(x).sum(), np.isinf(x).sum(), x.min(), x.max(), x.mean(), x.std())
            bins = np.bincount(
                np.searchsorted(edges[name], x, side="right"), minlength=len(old[name])
            )
            found += by_hand(old[name].astype(float), bins.astype(float), FIVE)
            assert len(quality) == 6
        return found

    peers = [Peer("NumPy by hand", numpy, 30, 50)]
    try:
        import polars as pl
    except ImportError:
        peers.append(Peer("polars", None, 30, 40))
    else:
        frame = pl.DataFrame(data)

        def polars() -> list[float]:
            found = []
            frame.select(
                pl.all().is_nan().sum().name.suffix("_nan"),
                pl.all().min().name.suffix("_min"),
                pl.all().max().name.suffix("_max"),
                pl.all().mean().name.suffix("_mean"),
                pl.all().std().name.suffix("_std"),
            )
            counts = frame.select(
                *[
                    (pl.col(name) >= edge).sum().alias(f"{name} {k}")
                    for name in names
                    for k, edge in enumerate(edges[name].tolist())
                ]
            ).row(0)
            at = 0
            for name in names:
                n = len(edges[name])
                above = np.array([rows, *counts[at : at + n], 0])
                at += n
                found += by_hand(old[name].astype(float), -np.diff(above).astype(float), FIVE)
            return found

        peers.append(Peer("polars", polars, 30, 40))
    return Case(
        f"report, {columns} columns x {rows:,} rows",
        statistics(reference, Columns.from_numpy(data), FIVE),
        peers,
        same=close,
    )


def kept(points: int, rows: int, must: float, aim: float) -> Case:
    from scipy.stats import ks_2samp

    rng = np.random.default_rng(9)
    old, new = rng.normal(size=points), rng.normal(0.01, 1, rows)
    reference, data = Reference.fit({"x": old}, sample=None), Columns.from_numpy({"x": new})

    def ours() -> list[float]:
        result = reference.compare(data, tests=["ks_2samp"])["x"].statistics["ks_2samp"]
        return [result.statistic]

    def scipy() -> list[float]:
        return [ks_2samp(old, new, method="asymp").statistic]

    return Case(
        f"KS of {rows:,} values against a kept reference of {points:,}",
        ours,
        [Peer("scipy.stats.ks_2samp", scipy, must, aim)],
        same=close,
    )


def watched() -> Case:
    """One row of 50 features, as columns that a request was read into."""
    rng = np.random.default_rng(9)
    names = [f"x{i}" for i in range(50)]
    reference = Reference.fit({name: rng.normal(size=10_000) for name in names})
    row = {name: float(rng.normal()) for name in names}
    columns = Columns.from_rows([row])
    monitor = Monitor(reference)
    points = [f.points.tolist() for f in reference.features]
    counts = [[0] * (len(p) + 1) for p in points]
    moments = [[0, 0.0, 0.0, math.inf, -math.inf] for _ in names]
    times = 200

    def ours() -> str:
        update: Callable[[Any], None] = monitor.update
        for _ in range(times):
            update(columns)
        return "counted"

    def as_dict() -> str:
        for _ in range(times):
            monitor.update_one(row)
        return "counted"

    def pure_python() -> str:
        for _ in range(times):
            for i, x in enumerate(row.values()):
                counts[i][bisect.bisect_right(points[i], x)] += 1
                m = moments[i]
                m[0] += 1
                m[1] += x
                m[2] += x * x
                m[3] = min(m[3], x)
                m[4] = max(m[4], x)
        return "counted"

    return Case(
        "a watched row of 50 features, from columns",
        ours,
        [Peer("ours, from a dict", as_dict), Peer("pure Python", pure_python)],
        per_run=times,
    )


def cases(quick: bool) -> list[Case]:
    """All jobs; ``quick``: with a tenth of the rows."""
    part = 10 if quick else 1
    return [
        one_column("float64", 1_000_000 // part, 40, 70),
        one_column("float32", 1_000_000 // part, 80, 140),
        report(50, 100_000 // part),
        kept(10_000, 100_000 // part, 50, 150),
        kept(10_000, 1_000_000 // part, 30, 60),
        kept(1_000_000 // part, 1_000_000 // part, 10, 20),
        watched(),
    ]
