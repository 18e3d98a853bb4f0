"""Drift in a monitor that is looked at again and again: a test from each window on."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from . import _core
from ._drift_functions import DriftResult
from ._drift_sequential import band_log, lgamma
from ._reference import BOOLEAN, TEXT, Array, Reference
from ._report import LARGE

__all__ = ["Sequential", "sequential"]

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


class Sequential(NamedTuple):
    """What all looks at a feature of a monitor tell together.

    Attributes
    ----------
    pvalue : float
        Of no drift, however often one looks: corrected for the features and for the windows at
        which a test begins.
    since : datetime
        When the window began from which on the evidence is strongest; if there is an alarm, of
        those with a PSI of at least 0.1.
    rows : int
        The rows from there on.
    psi : float
        How far these are from the reference, in their values or in which are missing.
    alarm : bool
        Whether the p-value is at most the monitor's `alpha`, and the PSI at least 0.1.
    """

    pvalue: float
    since: datetime.datetime
    rows: int
    psi: float
    alarm: bool


def sequential(
    reference: Reference,
    snapshot: _core.Snapshot,
    *,
    first: int,
    window: int,
    slots: int,
    alpha: float,
) -> list[Sequential] | None:
    """The tests of each feature.

    Parameters
    ----------
    reference : Reference
    snapshot : _core.Snapshot
        The counts, by window.
    first : int
        The number of the first window to look at.
    window : int
        The length of one, in microseconds.
    slots : int
        How many are kept.
    alpha : float
        The probability of any false alarm while `slots` windows go by.

    Returns
    -------
    list of Sequential, or None
        One a feature; None if there are none, or no rows.
    """
    if not reference.features:
        return None
    tests = _Tests(reference)
    # Each feature is tested thrice (in order, by bins, missing) from each of the windows on.
    penalty = math.log(3 * slots * len(reference.features))
    enough = penalty - math.log(alpha)
    most = [0.0] * len(reference.features)
    best: list[tuple[bool, float, int, int, float]] = []
    for number, block in _suffixes(snapshot, first):
        logs = tests.logs(block)
        for i, (log, psi) in enumerate(zip(logs, tests.psis(block), strict=True)):
            found = (log >= enough and psi >= LARGE, log, number, int(block[0]), psi)
            most[i] = max(most[i], log)
            if len(best) <= i:
                best.append(found)
            elif found[:2] >= best[i][:2]:  # of equal ones the earliest: the most rows
                best[i] = found
    return [
        Sequential(
            math.exp(min(penalty - highest, 0.0)),
            _EPOCH + datetime.timedelta(microseconds=number * window),
            rows,
            psi,
            alarm,
        )
        for highest, (alarm, _, number, rows, psi) in zip(most, best, strict=False)
    ] or None


def _suffixes(snapshot: _core.Snapshot, first: int) -> Iterator[tuple[int, Array]]:
    """The windows, from the last one back: its number, and the counts from it on.

    Only the counts of a block add up like this, not its sums and extremes.
    """
    total: Array | None = None
    for number, _ in reversed(snapshot.windows()):
        if number >= first:
            block = snapshot.total(number, number)
            total = block if total is None else total + block
            yield number, total


class _Tests:
    """The tests of all features of a reference, computed together.

    What universal inference is about are groups of counts, one behind the other: the bins or
    categories of each feature, and then of each how many values are there and how many missing.
    """

    def __init__(self, reference: Reference) -> None:
        self.reference = reference
        places, features = reference.places, reference.features
        self.missing = np.array([at for _, at, _, _ in places], np.int64)
        # Where bins begin in a block, and, not to be kept, where the cells of a feature end.
        starts: list[Array] = []
        kept: list[bool] = []
        for feature, (_, _, first, count) in zip(features, places, strict=True):
            starts += [first + feature.bin_starts, np.array([first + count])]
            kept += [*[True] * len(feature.bin_starts), False]
        self.starts = np.concatenate(starts).astype(np.int64)
        self.kept = np.array(kept)
        if self.starts[-1] == len(reference.block):
            self.starts, self.kept = self.starts[:-1], self.kept[:-1]
        sizes = [len(feature.bin_starts) for feature in features] + [2] * len(features)
        self.sizes = np.array(sizes)
        self.begins = np.cumsum(self.sizes) - self.sizes
        self.old = self._counts(reference.block)
        self.old_mixtures = self._mixtures(self.old)
        self.old_present = np.add.reduceat(self.old, self.begins).tolist()
        self.ordered = {
            i: (slice(first, first + count), self._shares(reference.block[first : first + count]))
            for i, (_, _, first, count) in enumerate(places)
            if features[i].kind not in (TEXT, BOOLEAN)
        }

    @staticmethod
    def _shares(cells: Array) -> Array:
        """The distribution function at each cell."""
        sums = np.cumsum(cells, dtype=np.float64)
        shares: Array = sums / max(sums[-1], 1.0)
        return shares

    def _counts(self, block: Array) -> Array:
        """All groups of counts."""
        bins = np.add.reduceat(block.view(np.int64), self.starts)[self.kept]
        lost = block[self.missing].astype(np.int64)
        return np.concatenate((bins, np.stack((int(block[0]) - lost, lost), 1).ravel()))

    def _mixtures(self, counts: Array) -> Array:
        """Of each group the logarithm of the probability of a sequence with these counts."""
        sums, half = np.add.reduceat(counts, self.begins), self.sizes / 2
        each = np.add.reduceat(lgamma(counts + 0.5).astype(np.float64), self.begins)
        ends = (lgamma(half) - lgamma(half + sums)).astype(np.float64)
        mixtures: Array = each - self.sizes * math.lgamma(0.5) + ends
        return mixtures

    def logs(self, block: Array) -> list[float]:
        """Of each feature the logarithm of 1 / p: of its values, by bins and in order (which finds
        a shift sooner, as the former a change of shape), or of the missing ones."""
        new = self._counts(block)
        both = self.old + new
        totals, present = (np.add.reduceat(counts, self.begins) for counts in (both, new))
        of = np.repeat(np.maximum(totals, 1), self.sizes)
        best = np.add.reduceat(both * np.log(np.maximum(both, 1) / of), self.begins)
        found = self.old_mixtures + self._mixtures(new) - best
        found = np.where(present > 0, np.maximum(found, 0), 0).reshape(2, -1).max(0)
        logs: list[float] = found.tolist()
        for i, (cells, shares) in self.ordered.items():
            n, m = self.old_present[i], int(present[i])
            if n and m:
                apart = self._shares(block[cells]) - shares
                far = max(float(apart.max()), -float(apart.min()))
                logs[i] = max(logs[i], band_log(far, n, m))
        return logs

    def psis(self, block: Array) -> list[float]:
        """Of each feature the larger PSI, of its values or of the missing ones."""
        reference = self.reference
        found = reference._core.compare(reference.block, block, ("psi",), DriftResult)
        return [_largest([r[k].statistic for k in ("psi", "missing")]) for r in found]


def _largest(values: Sequence[float]) -> float:
    return max((v for v in values if v == v), default=math.nan)
