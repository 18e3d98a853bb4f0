"""Statistics as evidently and nannyml define them, for comparing with what they have said.

Written from their observed behaviour (evidently 0.7.23, nannyml 0.13.1). Their choices are kept
even where they are poor ones: docs/drift.md says which those are.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from . import _core

__all__ = ["PRESETS", "by_preset"]

Array = np.ndarray[Any, Any]

#: The statistics that each has.
PRESETS = {
    "evidently": ("psi", "jensenshannon", "kl_divergence", "hellinger", "wasserstein_distance"),
    "nannyml": ("jensenshannon", "hellinger", "wasserstein_distance"),
}
_FEW_LEVELS = 20  # up to that many distinct numbers are categories to evidently
_ESTIMATED = 10_000  # values of the reference from which nannyml bins them


def by_preset(name: str, preset: str, reference: Array, current: Array) -> float:
    """A statistic of two samples without missing values (numbers, or texts as objects)."""
    if preset not in PRESETS:
        raise ValueError(f"preset: expected one of {', '.join(PRESETS)}, got {preset!r}")
    if name not in PRESETS[preset]:
        raise ValueError(f"preset: {preset} has no {name}")
    texts = reference.dtype == object or current.dtype == object
    for which, values in (("reference", reference), ("current", current)):
        if not texts and not np.isfinite(values).all():
            raise ValueError(f"{which}: preset={preset!r} takes finite numbers only")
    if not len(reference) or not len(current):
        return math.nan
    if not texts:
        reference, current = reference.astype(np.float64), current.astype(np.float64)
    if name == "wasserstein_distance":
        if texts:
            raise TypeError("reference: expected numbers")
        return _transport(preset, reference, current)
    if preset == "nannyml":
        p, q = _with_outside(reference, current, texts)
        return _divergence(name, p, q, 2.0)
    if name == "hellinger" and not texts:
        distinct = np.unique(np.concatenate((reference, current)))
        p, q = _in_bins(reference, current, np.histogram_bin_edges(distinct, "sturges"))
    elif texts or len(np.unique(reference)) <= _FEW_LEVELS:
        p, q = _in_levels(reference, current)
    else:
        both = np.concatenate((reference, current))
        p, q = _in_bins(reference, current, np.histogram_bin_edges(both, "sturges"))
    if name in ("psi", "kl_divergence"):
        p, q = _filled(p), _filled(q)
    if name == "psi":  # of shares that no longer sum to 1
        return float(((p - q) * np.log(p / q)).sum())
    return _divergence(name, p, q, 0.0)


def _divergence(name: str, p: Array, q: Array, base: float) -> float:
    return _core.statistic(name, p, q, base if name != "hellinger" else 0.0, math.nan, True)[0]


def _in_bins(reference: Array, current: Array, edges: Array) -> tuple[Array, Array]:
    p, q = (np.histogram(x, edges)[0] / len(x) for x in (reference, current))
    return p, q


def _in_levels(reference: Array, current: Array) -> tuple[Array, Array]:
    levels = {v: i for i, v in enumerate(dict.fromkeys([*reference.tolist(), *current.tolist()]))}
    p, q = (
        np.bincount([levels[v] for v in x.tolist()], minlength=len(levels)) / len(x)
        for x in (reference, current)
    )
    return p, q


def _filled(shares: Array) -> Array:
    """A small share in place of none; a smaller one where shares are that small."""
    least = shares[shares > 0].min()
    return np.where(shares == 0, least / 1e6 if least <= 0.0001 else 0.0001, shares)


def _with_outside(reference: Array, current: Array, texts: bool) -> tuple[Array, Array]:
    """Shares in the reference's bins or categories, and in one more of all that is in none."""
    if texts:
        p, q = _in_levels(reference, current)
        known = p > 0
        p, q = p[known], q[known]
    else:
        p, q = _in_bins(reference, current, np.histogram_bin_edges(reference, "doane"))
    outside = 1 - q.sum()
    return (np.append(p, 0), np.append(q, outside)) if outside > 0 else (p, q)


def _transport(preset: str, reference: Array, current: Array) -> float:
    if preset == "evidently":
        return _wasserstein(reference, current) / max(float(reference.std()), 0.001)
    if len(reference) < _ESTIMATED:
        return _wasserstein(reference, current)
    counts, edges = np.histogram(reference, _ESTIMATED)
    below, above = current[current < edges[0]], current[current > edges[-1]]
    n = len(current)
    # What lies outside goes to the nearest end of the reference, weighted by one value too many.
    left = (edges[0] - below).sum() / n
    right = (above - edges[-1]).sum() / n
    start = (len(below) + 1) / n if len(below) else 0.0
    p, q = np.cumsum(counts / len(reference)), np.cumsum(np.histogram(current, edges)[0] / n)
    return float((np.abs(p - q - start) * (edges[1] - edges[0])).sum() + left + right)


def _wasserstein(x: Array, y: Array) -> float:
    """The integral of the difference of the distribution functions."""
    both = np.sort(np.concatenate((x, y)))
    p = np.searchsorted(np.sort(x), both[:-1], side="right") / len(x)
    q = np.searchsorted(np.sort(y), both[:-1], side="right") / len(y)
    return float((np.abs(p - q) * np.diff(both)).sum())
