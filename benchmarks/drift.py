"""Drift: one column's statistics, a report of many, a kept reference, and a watched row.

The peers get the data where they want them (arrays, a polars frame), and frozen edges and counts of
the reference as we do: what is measured is the work on current data.

evidently and whylogs, which run in environments of their own (``--foreign``), take neither edges
nor counts. What their cases say is the same is compared; what else they do is in the docstrings.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks import _foreign
from benchmarks._harness import Case, Peer, Run
from fastcore import Columns, Monitor, drift
from fastcore._drift_many import two_samples
from fastcore.drift import DriftResult, Reference, mmd, psi

SIX = ("psi", "jensenshannon", "kl_divergence", "hellinger", "total_variation", "chi2")
EXACT = (
    *("ks_2samp", "wasserstein_distance", "mannwhitneyu"),
    *("cramervonmises_2samp", "anderson_ksamp"),
)
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


def evidently_psi(r: np.ndarray, c: np.ndarray) -> float:
    """Our PSI as evidently has it: Sturges's bins of both samples, and no half observations.

    In an empty bin evidently puts a small share. So does `eps`, but the same one in both samples,
    and in all bins with less: NaN where that would differ.
    """
    edges = np.histogram_bin_edges(np.concatenate((r, c)), "sturges")
    puts, least = set(), []
    for x in (r, c):
        shares = np.histogram(x, edges)[0] / len(x)
        least.append(float(shares[shares > 0].min()))
        if (shares == 0).any():
            puts.add(least[-1] / 10**6 if least[-1] <= 0.0001 else 0.0001)
    if len(puts) > 1 or max(puts, default=0) > min(least):
        return math.nan
    return psi(r, c, edges=edges[1:-1], eps=puts.pop() if puts else 1e-12).statistic


def statistics(reference: Reference, data: Columns, names: tuple[str, ...]) -> Run:
    """The statistics of all columns, and which of them have drifted, which no peer finds."""

    def run() -> list[float]:
        report = reference.compare(data, tests=names)
        assert len(report.drifted) <= len(report)
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


def one_psi(rows: int) -> Case:
    """One PSI, from two arrays to a number, the call and the looking at the arrays included.

    The bins are evidently's, so that the results are equal. evidently finds them in each call, and
    cannot be given them; ours and NumPy have them, and the last row is ours when it has to find
    bins as well (ten of equal shares of the reference, which takes a sort).
    """
    rng = np.random.default_rng(9)
    r, c = rng.uniform(size=rows), rng.uniform(size=rows) ** 1.1
    edges = np.histogram_bin_edges(np.concatenate((r, c)), "sturges")
    assert all(np.histogram(x, edges)[0].all() for x in (r, c)), "no bin is empty"
    inner = edges[1:-1].copy()
    tenths = Reference.fit({"x": r}, bins=10).features[0].edges
    found = [np.bincount(np.searchsorted(tenths, x, side="right")).astype(float) for x in (r, c)]

    def numpy() -> float:
        a, b = np.histogram(r, edges)[0] / len(r), np.histogram(c, edges)[0] / len(c)
        return float(((b - a) * np.log(b / a)).sum())

    def right(ours: float, theirs: float) -> None:
        close(theirs, by_hand(found[0], found[1], ("psi",))[0])

    evidently = _foreign.run("evidently", "psi", (r.tobytes(), c.tobytes()))
    return Case(
        f"one PSI of {rows:,} values, call included",
        lambda: psi(r, c, edges=inner, eps=1e-12).statistic,
        [
            Peer("evidently's psi", evidently, 200, 300),
            Peer("np.histogram", numpy),
            Peer("ours, finding bins", lambda: psi(r, c).statistic, same=right),
        ],
        same=close,
    )


def evidently_report(old: dict[str, np.ndarray], new: dict[str, np.ndarray]) -> list[Peer]:
    """evidently's report of all columns by PSI, and its PSI of each column without a report.

    Not the same work: DataDriftPreset finds one statistic where ours has five and the quality of
    the data, but it finds bins in both samples, for every column three times, and its `run` also
    makes distributions and figures to show, as our report does only when it is asked for a page.
    The three PSIs are about a seventh of its time. The second peer is one PSI of each column and
    nothing else. The PSIs of both are compared with ours in evidently's bins, and how many columns
    have drifted (at 0.1) with our report's.
    """
    expected = np.array([evidently_psi(old[name], x) for name, x in new.items()])
    known = ~np.isnan(expected)
    assert known.mean() > 0.8

    def each(ours: Any, theirs: Any) -> None:
        np.testing.assert_allclose(np.array(theirs)[known], expected[known], rtol=1e-6)

    def drifted(ours: Any, theirs: Any) -> None:
        count, scores = theirs
        each(ours, scores)
        assert count == sum(value >= 0.1 for value in ours[:: len(FIVE)])

    data = {name: (old[name].tobytes(), x.tobytes()) for name, x in new.items()}
    preset = _foreign.run("evidently", "preset", data)
    alone = _foreign.run("evidently", "psi of each", data)
    return [
        Peer("evidently DataDriftPreset(psi)", preset, 1800, 3500, same=drifted),
        Peer("evidently's psi of each", alone, same=each),
    ]


def report(columns: int, rows: int) -> Case:
    """Quality and five statistics of each column.

    polars counts what reaches each edge, a column of bits at a time, which is about eight times as
    quick as its `cut` and `value_counts` (or `hist`, or `search_sorted`), the way that comes to
    mind: that is the last of its rows. It runs on one core, as all here do.
    """
    rng = np.random.default_rng(9)
    names = [f"x{i}" for i in range(columns)]
    fitted = {name: rng.normal(size=rows) for name in names}
    reference = Reference.fit(fitted)
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

        def with_cut() -> list[float]:
            found = []
            for name in names:
                cuts = edges[name].tolist()
                labels = [str(k) for k in range(len(cuts) + 1)]
                row = frame[name].cut(cuts, labels=labels, left_closed=True).value_counts()
                counts = dict(row.iter_rows())
                bins = np.array([counts.get(label, 0) for label in labels], float)
                found += by_hand(old[name].astype(float), bins, FIVE)
            return found

        peers.append(Peer("polars", polars, 30, 40))
        peers.append(Peer("polars with cut, no quality", with_cut))
    peers += evidently_report(fitted, data)
    return Case(
        f"report, {columns} columns x {rows:,} rows",
        statistics(reference, Columns.from_numpy(data), FIVE),
        peers,
        same=close,
    )


def exact_report(columns: int, rows: int) -> Case:
    """The same and five exact statistics of ranks and values; SciPy has but two of them to find.

    The reference's values are kept in order, the current ones are sorted in each run.
    """
    from scipy.stats import ks_2samp, wasserstein_distance

    rng = np.random.default_rng(9)
    old = {f"x{i}": rng.normal(size=rows) for i in range(columns)}
    new = {name: rng.normal(0.05, 1, size=rows) for name in old}
    reference, data = Reference.fit(old, sample=None), Columns.from_numpy(new)

    report = reference.compare(data, tests=(*FIVE, *EXACT))
    assert not any(f.approximate for f in report.features.values())

    def ours() -> list[float]:
        found = reference.compare(data, tests=(*FIVE, *EXACT)).features.values()
        return [f.statistics[name].statistic for f in found for name in EXACT[:2]]

    def scipy() -> list[float]:
        results = []
        for name, x in new.items():
            results.append(float(ks_2samp(old[name], x, method="asymp").statistic))
            results.append(float(wasserstein_distance(old[name], x)))
        return results

    return Case(
        f"report with exact statistics, {columns} columns x {rows:,} rows",
        ours,
        [Peer("SciPy's KS and W1 alone", scipy, 20, 50)],
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


def two_arrays(rows: int, must: float, aim: float) -> Case:
    """Three statistics of two arrays as they come: ours sorts each once, SciPy in every call."""
    from scipy.stats import ks_2samp, mannwhitneyu, wasserstein_distance

    rng = np.random.default_rng(9)
    old, new = rng.normal(size=rows), rng.normal(0.002, 1, rows)
    names = ("ks_2samp", "wasserstein_distance", "mannwhitneyu")

    def numbers(results: list[DriftResult]) -> list[float]:
        return [v for r in results for v in r if v is not None]

    def ours() -> list[float]:
        return numbers(list(two_samples(old, new, names).values()))

    def one_by_one() -> list[float]:
        return numbers([getattr(drift, name)(old, new) for name in names])

    def scipy() -> list[float]:
        ks, u = ks_2samp(old, new), mannwhitneyu(old, new)
        return [
            *(float(ks.statistic), float(ks.pvalue), float(wasserstein_distance(old, new))),
            *(float(u.statistic), float(u.pvalue)),
        ]

    return Case(
        f"KS, Wasserstein and Mann-Whitney of two arrays of {rows:,}",
        ours,
        [Peer("SciPy's three calls", scipy, must, aim), Peer("ours, one by one", one_by_one)],
        same=close,
    )


def permuted(rows: int, times: int) -> Case:
    """A statistic of ranks with a p-value by permutations, the same ones."""
    from scipy.stats import PermutationMethod, bws_test

    rng = np.random.default_rng(9)
    old, new = rng.normal(size=rows), rng.normal(0.2, 1, rows)

    def ours() -> list[float]:
        return list(drift.bws_test(old, new, n_resamples=times, rng=3))

    def scipy() -> list[float]:
        method = PermutationMethod(n_resamples=times, rng=np.random.default_rng(3))
        result = bws_test(old, new, method=method)
        return [float(result.statistic), float(result.pvalue)]

    return Case(
        f"BWS test of {rows:,} and {rows:,} values, {times:,} permutations",
        ours,
        [Peer("scipy.stats.bws_test", scipy)],
        same=close,
    )


def watched() -> Case:
    """One row of 50 features, as columns that a request was read into.

    whylogs takes it as a dict, and keeps sketches of quantiles and of distinct values where we
    have counts in fixed bins. That every value was counted is compared.
    """
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

    def counted(ours: str, theirs: dict[str, float]) -> None:
        fresh = Monitor(reference)
        for _ in range(times):
            fresh.update(columns)
        found = fresh.report().features.items()
        assert theirs == {name: int(f.current.bins.sum()) for name, f in found}

    whylogs = _foreign.run("whylogs", "track", (row, times))
    return Case(
        "a watched row of 50 features, from columns",
        ours,
        [
            Peer("ours, from a dict", as_dict),
            Peer("pure Python", pure_python),
            Peer("whylogs track of a row", whylogs, must=1000, same=counted),
        ],
        per_run=times,
    )


def vectors(n: int, d: int) -> Case:
    """MMD of two samples; NumPy's is by matrix products, in place, in float64."""
    rng = np.random.default_rng(4)
    r, c = rng.normal(size=(n, d)), rng.normal(0.1, 1, (n, d))
    gamma = 1 / (4 * d)

    def kernel(a: np.ndarray, b: np.ndarray) -> float:
        k = a @ b.T
        k *= 2 * gamma
        k -= gamma * np.square(a).sum(1)[:, None]
        k -= gamma * np.square(b).sum(1)
        return float(np.exp(k, out=k).sum())

    def by_matrices() -> float:
        within = kernel(r, r) + kernel(c, c) - 2 * n
        return within / (n * (n - 1)) - 2 * kernel(r, c) / n**2

    def same(ours: float, theirs: float) -> None:
        assert abs(ours - theirs) < 1e-9

    return Case(
        f"MMD of {n:,} and {n:,} rows of {d}",
        lambda: mmd(r, c, gamma=gamma, n_resamples=0).statistic,
        [Peer("NumPy, float64", by_matrices, must=17, aim=25, same=same)],
    )


def cases(quick: bool) -> list[Case]:
    """All jobs; ``quick``: with a tenth of the rows."""
    part = 10 if quick else 1
    return [
        one_column("float64", 1_000_000 // part, 40, 70),
        one_column("float32", 1_000_000 // part, 80, 140),
        one_psi(1000),
        report(50, 100_000 // part),
        exact_report(50, 100_000 // part),
        kept(10_000, 100_000 // part, 50, 150),
        kept(10_000, 1_000_000 // part, 30, 60),
        kept(1_000_000 // part, 1_000_000 // part, 10, 20),
        vectors(5_000 // part, 16),
        two_arrays(1_000_000 // part, 25, 50),
        permuted(1_000, 999),
        watched(),
    ]
