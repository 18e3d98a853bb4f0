"""Statistics of bins and of tables: SciPy's of the counts, and in 50 digits."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal, localcontext
from typing import Any

import numpy as np
from scipy import stats
from scipy.spatial import distance

from fastcore import drift

from .ranks import ours_of
from .referee import Array, Differs, attempt, same
from .samples import FLOAT_KINDS, pair, size

# ---- Rows of counts ------------------------------------------------------------------------


def _logs(r: list[Decimal], c: list[Decimal], name: str) -> Decimal:
    """The divergences of two rows of shares, in the context's precision."""
    zero = Decimal(0)
    if name == "jensenshannon":
        halves = [(a, (a + b) / 2) for x, y in ((r, c), (c, r)) for a, b in zip(x, y, strict=True)]
        return (sum((a * (a / h).ln() for a, h in halves if a), zero) / 2).sqrt()
    if name == "psi":
        return sum(((b - a) * (b / a).ln() for a, b in zip(r, c, strict=True) if a != b), zero)
    if name == "kl_divergence":
        return sum((a * (a / b).ln() for a, b in zip(r, c, strict=True) if a), zero)
    if name == "hellinger":
        sums = sum(((a.sqrt() - b.sqrt()) ** 2 for a, b in zip(r, c, strict=True)), zero)
        return (sums / 2).sqrt()
    apart = [abs(a - b) for a, b in zip(r, c, strict=True)]
    return sum(apart, zero) / 2 if name == "total_variation" else max(apart)


def _tested(r: list[Decimal], c: list[Decimal], name: str, yates: bool) -> Decimal:
    """Of the table of both rows; no column is empty."""
    n, m = sum(r, Decimal(0)), sum(c, Decimal(0))
    total = Decimal(0)
    for a, b in zip(r, c, strict=True):
        for observed, expected in ((a, (a + b) * n / (n + m)), (b, (a + b) * m / (n + m))):
            if yates:
                off = expected - observed
                observed += max(min(off, Decimal("0.5")), Decimal("-0.5"))
            if name == "g_test":
                total += 2 * observed * (observed / expected).ln() if observed else 0
            else:
                total += (observed - expected) ** 2 / expected
    return total


def exactly(r: Array, c: Array, name: str, options: dict[str, Any]) -> Decimal | float:
    """In 50 digits."""
    with localcontext() as context:
        context.prec = 50
        x, y = ([Decimal(v) for v in row.tolist()] for row in (r, c))
        if name in ("chi2", "g_test", "cramers_v"):
            used = [(a, b) for a, b in zip(x, y, strict=True) if a + b]
            x, y = [a for a, _ in used], [b for _, b in used]
            yates = len(used) == 2 and options.get("correction", True) and name != "cramers_v"
            found = _tested(x, y, name, yates)
            return (found / (sum(x) + sum(y))).sqrt() if name == "cramers_v" else found
        n, m = sum(x), sum(y)
        if name == "psi" and options.get("eps") is None:
            half, few = Decimal("0.5"), Decimal(len(x)) / 2
            shares = [(a + half) / (n + few) for a in x], [(b + half) / (m + few) for b in y]
        else:
            shares = [a / n for a in x], [b / m for b in y]
        if name == "psi" and options.get("eps") is not None:
            eps = Decimal(options["eps"])
            shares = [max(a, eps) for a in shares[0]], [max(b, eps) for b in shares[1]]
        if name == "kl_divergence" and any(a and not b for a, b in zip(*shares, strict=True)):
            return math.inf
        found = _logs(*shares, name)
        if options.get("base") is None:
            return found
        scale = Decimal(options["base"]).ln()
        return found / (abs(scale).sqrt() if name == "jensenshannon" else scale)


def _scipy(r: Array, c: Array, name: str, options: dict[str, Any]) -> Any:
    """(statistic, p) of SciPy, or of the definition in float64 where it has none."""
    p, q = r / r.sum(), c / c.sum()
    base = options.get("base")
    if name == "jensenshannon":
        return float(distance.jensenshannon(p, q, base)), None
    if name == "kl_divergence":
        return float(stats.entropy(p, q, base)), None
    if name in ("chi2", "g_test", "cramers_v"):
        table = np.array([r, c])[:, r + c > 0]
        yates = options.get("correction", True) and name != "cramers_v"
        kind = "log-likelihood" if name == "g_test" else "pearson"
        found = stats.chi2_contingency(table, correction=yates, lambda_=kind)
        value = float(found.statistic)
        return math.sqrt(value / table.sum()) if name == "cramers_v" else value, found.pvalue
    if name == "hellinger":
        return math.sqrt(((np.sqrt(p) - np.sqrt(q)) ** 2).sum() / 2), None
    if name == "total_variation":
        return float(np.abs(p - q).sum() / 2), None
    if name == "linf":
        return float(np.abs(p - q).max()), None
    eps, k = options.get("eps"), len(r)
    a, b = (
        ((x + 0.5) / (x.sum() + k / 2) if eps is None else np.maximum(x / x.sum(), eps))
        for x in (r, c)
    )
    value = float(stats.entropy(a, b) + stats.entropy(b, a))
    if eps is not None:
        value = float(((b - a) * np.log(b / a)).sum())
    chi2 = value / (1 / r.sum() + 1 / c.sum())
    return value, math.nan if k < 2 else float(stats.chi2.sf(chi2, k - 1))


NAMES = ("psi", "jensenshannon", "kl_divergence", "hellinger", "total_variation", "linf")
TESTS = ("chi2", "g_test", "cramers_v")


def _options(g: Any, name: str) -> dict[str, Any]:
    if name in ("jensenshannon", "kl_divergence") and g.random() < 0.5:
        return {"base": float(g.choice([2, 10, 1.5]))}
    if name == "psi" and g.random() < 0.5:
        return {"eps": float(g.choice([1e-4, 1e-12, 0.01]))}
    if name in ("chi2", "g_test") and g.random() < 0.5:
        return {"correction": bool(g.random() < 0.5)}
    return {}


def agree(got: Any, r: Array, c: Array, name: str, options: dict[str, Any]) -> None:
    """Ours of two rows, against SciPy's and in 50 digits."""
    if not (r.sum() and c.sum()):
        same("empty", got.statistic, math.nan)
        return
    wanted, _ = attempt(lambda: _scipy(r, c, name, options))
    if isinstance(wanted, Exception):
        raise Differs(f"{got}, and SciPy raises {wanted!r}")
    exact: Callable[[], Any] | None = None
    if len(r) <= 500:
        exact = lambda: exactly(r, c, name, options)  # noqa: E731
    slack = 1e-30  # of nothing but roundings
    if exact is None:  # the terms cancel where rows are near
        slack = 1e-7 if name == "jensenshannon" else 1e-13 * (r.sum() + c.sum())
    same("statistic", got.statistic, wanted[0], 1e-12, exact, slack)
    if got.pvalue is None:
        same("p", wanted[1], None)
        return
    used = len(r) if name == "psi" else int((r + c > 0).sum())
    at = got.statistic
    if name == "psi":
        at /= 1 / r.sum() + 1 / c.sum()
    if name == "cramers_v":
        at = at * at * (r.sum() + c.sum())
    p = float(stats.chi2.sf(at, used - 1)) if used > 1 else math.nan if name == "psi" else 1.0
    same("p", got.pvalue, p, 1e-9)


def _row(g: Any, kind: str, n: int) -> Array:
    rows = {
        "few": lambda: g.integers(0, 6, n),
        "counts": lambda: g.integers(0, 10**6, n),
        "empty": lambda: g.integers(0, 900, n) * (g.random(n) < 0.3),
        "shares": lambda: g.dirichlet(np.ones(n)) if n else np.empty(0),
        "large": lambda: g.integers(0, 2**53, n),
        "wide": lambda: np.exp(g.normal(0, 8, n)),
        "vast": lambda: g.uniform(0, 1.7e308, n),
        "tiny": lambda: g.integers(0, 9, n) * 5e-324,
        "one": lambda: np.eye(1, n, int(g.integers(max(n, 1))))[0],
    }
    return np.asarray(rows[kind]())


def counts(g: Any) -> str:
    name = str(g.choice([*NAMES, *TESTS]))
    n = int(g.choice([0, 1, 2, 2, 3, 10, 40, 500]))
    kinds = ["few", "counts", "empty", "shares", "large", "wide", "one"]
    if name in NAMES[1:]:  # which are of shares alone
        kinds += ["vast", "tiny"]
    kind = str(g.choice(kinds))
    other = str(g.choice(kinds)) if g.random() < 0.2 else kind
    r, c = _row(g, kind, n), _row(g, other, n)
    if g.random() < 0.15 and kind not in ("vast", "tiny"):
        c = r * int(g.integers(1, 4)) + (g.integers(0, 3, n) if g.random() < 0.7 else 0)
    options = _options(g, name)
    shown = f"{name} {kind} {other} {n} bins {options}"
    got, _ = attempt(lambda: getattr(drift, name)(r, c, counts=True, **options))
    if isinstance(got, Exception):
        raise Differs(repr(got))
    agree(got, r.astype(np.float64), c.astype(np.float64), name, options)
    return shown


# ---- Samples -------------------------------------------------------------------------------


def edges_by_definition(x: Array, wanted: int) -> Array:
    """Of bins with equal shares of the finite values; fewer where they repeat."""
    finite = np.sort(x[np.isfinite(x)])
    if not len(finite):
        return np.empty(0)
    ranks = [min(math.ceil(i * (len(finite) / wanted)), len(finite) - 1) for i in range(1, wanted)]
    edges = np.unique(finite[ranks])
    edges = edges[edges > finite[0]]
    if not len(edges):
        edges = np.unique([finite[0], np.nextafter(finite[0], np.inf)])
    return edges[np.isfinite(edges)]


def in_bins(x: Array, edges: Array) -> Array:
    """Bin i is [edge i - 1, edge i), and the outer ones are open."""
    return np.bincount(np.searchsorted(edges, x, "right"), minlength=len(edges) + 1).astype(float)


def binned(g: Any) -> str:
    name = str(g.choice([*NAMES, *TESTS]))
    p = pair(g, kept=False)
    options = _options(g, name)
    x, y = p.floats()
    how = str(g.choice(["bins", "edges", "default", "sturges", "fd", "texts"]))
    shown = f"{p.shown} {name} {options} {how}"
    more: dict[str, Any] = {}
    if how == "texts":
        # repr tells 0.0 from -0.0, and joins NaN, which are no texts.
        p.given = (np.array([repr(v) for v in x], object), [repr(v) for v in y])
        levels, at = np.unique([*map(repr, x), *map(repr, y)], return_inverse=True)
        rows = [
            np.bincount(part, minlength=len(levels)).astype(float)
            for part in (at[: len(x)], at[len(x) :])
        ]
        p.nan, p.options = "", {}
    elif how in ("sturges", "fd"):
        x, y = g.normal(size=size(g, 2000) + 1), g.normal(0.2, 1, size(g, 2000))
        p.given, p.nan, p.options, more["bins"] = (x, y), "", {}, how
        edges = np.histogram_bin_edges(x, how)[1:-1] if len(x) > 1 else edges_by_definition(x, 2)
        rows = [in_bins(x, edges), in_bins(y, edges)]
    else:
        edges = edges_by_definition(x, 10)
        if how == "bins":
            more["bins"] = int(g.integers(1, 60))
            edges = edges_by_definition(x, more["bins"])
        elif how == "edges":
            kind = str(g.choice(sorted(FLOAT_KINDS)))
            edges = np.unique(FLOAT_KINDS[kind](g, int(g.integers(0, 60)), 0.0))
            edges = more["edges"] = edges[np.isfinite(edges)]
        rows = [in_bins(x, edges), in_bins(y, edges)]
    ours = ours_of(getattr(drift, name), p, **options, **more)
    if ours is None:
        return shown
    if isinstance(ours[0], Exception):
        raise Differs(repr(ours[0]))
    agree(ours[0], rows[0], rows[1], name, options)
    return shown
