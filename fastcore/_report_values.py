"""Statistics of a report that take the values themselves, or what counts tell of these."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from . import _columns_in, _core
from ._drift_functions import DriftResult
from ._drift_many import two_samples
from ._drift_ranks import NONE, Found
from ._drift_squares import finish_anderson
from ._reference import NUMBER, TIMES, Array, Feature, Reference

__all__ = ["VALUED", "from_counts", "from_values"]

#: For numbers and times; a `Monitor` has no values, but counts at and between points.
VALUED = ("wasserstein_distance", "anderson_ksamp")
_RANKED = ("ks_2samp", "mannwhitneyu", "cramervonmises_2samp")


def from_values(
    reference: Reference, columns: _core.Columns, names: Sequence[str]
) -> list[dict[str, DriftResult]]:
    """Of each feature what its values tell: all of `names` that are of numbers, from one sort."""
    wanted = [name for name in names if name in VALUED or name in _RANKED]
    found = []
    for i, feature in enumerate(reference.features):
        if feature.kind in (NUMBER, TIMES):
            old, new = _kept(reference, i), _floats(columns, feature)
            found.append(two_samples(old, new, wanted, presorted=True))
        else:
            found.append({})
    return found


def _kept(reference: Reference, i: int) -> Array:
    """The reference's values in rising order; those between two points are half-way."""
    points, (_, at, first, count) = reference.features[i].points, reference.places[i]
    cells = reference.block[first : first + count].view(np.int64)
    above, below = int(reference.block[at + 1]), int(reference.block[at + 2])
    known = int(reference.block[0]) - int(reference.block[at])
    if len(points) == known and known and cells[1::2].min() == 1:
        return points  # it has all values, and they differ
    cells = cells.copy()
    cells[0] -= below
    cells[-1] -= above
    places = np.zeros(count)
    places[1::2] = points
    if len(points):
        places[0], places[-1] = points[0], points[-1]
        places[2:-1:2] = points[:-1] / 2 + points[1:] / 2
    finite = np.repeat(places, cells)
    return np.concatenate((np.full(below, -np.inf), finite, np.full(above, np.inf)))


def _floats(columns: _core.Columns, feature: Feature) -> Array:
    """The current values, as they are counted."""
    values: Any = _columns_in.present(columns, feature.name)
    if feature.kind == TIMES:
        values = values.astype("datetime64[us]")
        values = values[~np.isnat(values)].astype(np.int64)
    return np.asarray(values, np.float64)


# ---- Counts instead of values --------------------------------------------------------------

#: So many places are made of the values between two points.
_MOST = 64


def from_counts(
    reference: Reference, block: Array, names: Sequence[str]
) -> list[dict[str, DriftResult]]:
    """Of each feature what the counts of a block tell of `VALUED`.

    They are exact where no value lies between two points. Others are taken to be spread evenly.
    """
    with np.errstate(all="ignore"):  # near the largest double
        return [
            _of_counts(reference, block, i, names) if feature.kind in (NUMBER, TIMES) else {}
            for i, feature in enumerate(reference.features)
        ]


def _of_counts(
    reference: Reference, block: Array, i: int, names: Sequence[str]
) -> dict[str, DriftResult]:
    sides = [_placed(reference, counts, i) for counts in (reference.block, block)]
    at = np.unique(np.concatenate([places for places, _, _ in sides]))
    old, new = (
        np.bincount(np.searchsorted(at, places), counts, len(at)) for places, counts, _ in sides
    )
    tied = np.zeros(len(at), bool)
    for places, _, exact in sides:
        tied[np.searchsorted(at, places[exact])] = True
    tests = {"wasserstein_distance": _distance, "anderson_ksamp": _anderson}
    enough = old.any() and new.any()
    return {name: tests[name](at, old, new, tied) if enough else NONE for name in names}


def _placed(reference: Reference, block: Array, i: int) -> tuple[Array, Array, Array]:
    """Where values are, how many, and whether this is more than a guess."""
    feature, (_, at, first, count) = reference.features[i], reference.places[i]
    points, cells = feature.points, block[first : first + count].astype(np.float64)
    above, below = float(block[at + 1]), float(block[at + 2])
    sums, _, least, most = block[at + 3 : at + 7].view(np.float64).tolist()
    gaps, ends = cells[::2].copy(), np.concatenate(([least], points, [most]))
    gaps[0] -= below
    gaps[-1] -= above
    known: list[tuple[Any, Any]] = [(points, cells[1::2]), ((-math.inf, math.inf), (below, above))]
    low, high = ends[:-1].copy(), ends[1:].copy()
    if len(points):  # outside of them the extremes are known
        inner = cells[1::2] @ (points - feature.shift)
        inner += gaps[1:-1] @ (points[:-1] / 2 + points[1:] / 2 - feature.shift)
        rest = sums - inner
        for end, k in ((least, 0), (most, -1)):
            if gaps[k]:
                gaps[k] -= 1
                rest -= end - feature.shift
                known.append(((end,), (1.0,)))
        _narrow(gaps, low, high, float(rest), feature.shift)
    each = np.minimum(gaps, _MOST).astype(np.int64)
    which = np.repeat(np.arange(len(gaps)), each)
    t = (np.arange(len(which)) - (np.cumsum(each) - each)[which] + 0.5) / each[which]
    between = low[which] * (1 - t) + high[which] * t
    places: Array = np.concatenate([*(p for p, _ in known), between])
    counts: Array = np.concatenate([*(n for _, n in known), gaps[which] / each[which]])
    exact = np.arange(len(places)) < len(places) - len(which)
    there = counts > 0
    return places[there], counts[there], exact[there]


def _narrow(gaps: Array, low: Array, high: Array, rest: float, shift: float) -> None:
    """Of the values outside of the points those that are not the extreme ones lie so far outside
    as the mean says: one far value tells nothing of the others."""
    rest -= gaps[0] * (high[0] - shift) + gaps[-1] * (low[-1] - shift)
    if gaps[0]:
        off = 2 * rest / gaps[0] if rest < 0 else 0.0
        low[0] = max(low[0], high[0] + off) if math.isfinite(off) else high[0]
    if gaps[-1]:
        off = 2 * rest / gaps[-1] if rest > 0 else 0.0
        high[-1] = min(high[-1], low[-1] + off) if math.isfinite(off) else low[-1]


def _distance(at: Array, old: Array, new: Array, tied: Array) -> DriftResult:
    endless = np.isinf(at)
    if ((old + new)[endless] > 1).any():
        return DriftResult(math.nan, None)  # as in SciPy: inf - inf
    apart = np.abs(np.cumsum(old) / old.sum() - np.cumsum(new) / new.sum())[:-1]
    differ = apart > 0
    # In units near the largest, so that neither doubles nor what is below them end.
    unit = math.frexp(np.abs(at[~endless]).max(initial=0))[1]
    scaled = np.ldexp(np.ldexp(at, -unit // 2), -unit - -unit // 2)
    steps = (scaled[1:][differ] - scaled[:-1][differ]) * apart[differ]
    return DriftResult(float(np.ldexp(steps.sum(), unit)), None)


def _anderson(at: Array, old: Array, new: Array, tied: Array) -> DriftResult:
    """Scholz and Stephens (1987), formula 7, for two samples."""
    n, m = old.sum(), new.sum()
    total, here = n + m, old + new
    if total < 4 or len(at) < 2:
        return NONE
    i, j = np.cumsum(old) - old / 2, np.cumsum(new) - new / 2
    below, ties = i + j, np.where(tied, here, np.minimum(here, 1))
    parts = here / total * (m * i - n * j) ** 2 / (below * (total - below) - total * ties / 4)
    a2 = float(parts.sum() * ((1 / n + 1 / m) * ((total - 1) / total)))
    found = Found(*[math.nan] * len(Found._fields))._replace(ad=a2)
    largest = 1 << 40  # from where on the variance is its limit
    return finish_anderson(found, min(int(n), largest), min(int(m), largest), False)
