"""Statistics of a report that take the values themselves, and what these say of ranks besides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from . import _columns_in, _core
from ._drift_functions import DriftResult
from ._drift_many import two_samples
from ._reference import NUMBER, TIMES, Array, Feature, Reference

__all__ = ["VALUED", "from_values"]

#: For numbers and times; not what a `Monitor` keeps.
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
