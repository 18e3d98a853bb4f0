"""Drift in a monitor that is looked at again and again: a test from each window on."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from . import _core
from ._drift_functions import DriftResult
from ._drift_sequential import band_log, universal_log
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
        When the window began from which on the evidence is strongest.
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
        One a feature; None if there are no rows.
    """
    tests = _Tests(reference)
    # Each feature is tested thrice (in order, by bins, missing) from each of the windows on.
    penalty = math.log(3 * slots * max(len(reference.features), 1))
    enough = penalty - math.log(alpha)
    best: list[tuple[bool, float, int, int, float]] = []
    for number, block in _suffixes(snapshot, first):
        logs = tests.logs(block)
        for i, (log, psi) in enumerate(zip(logs, tests.psis(block), strict=True)):
            found = (log >= enough and psi >= LARGE, log, number, int(block[0]), psi)
            if len(best) <= i:
                best.append(found)
            elif found[:2] >= best[i][:2]:  # of equal ones the earliest: the most rows
                best[i] = found
    return [
        Sequential(
            math.exp(min(penalty - log, 0.0)),
            _EPOCH + datetime.timedelta(microseconds=number * window),
            rows,
            psi,
            alarm,
        )
        for alarm, log, number, rows, psi in best
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
    """The tests of all features of a reference."""

    def __init__(self, reference: Reference) -> None:
        self.reference = reference
        self.missing = np.array([at for _, at, _, _ in reference.places], np.int64)
        self.ordered = [f.kind not in (TEXT, BOOLEAN) for f in reference.features]
        self.old = [self._counts(reference.block, i) for i in range(len(self.ordered))]

    def _counts(self, block: Array, i: int) -> tuple[Array, Array]:
        """Of a feature: how many values are in each bin; and, in order, up to each cell."""
        _, _, at, count = self.reference.places[i]
        cells = block[at : at + count].view(np.int64)
        if not self.ordered[i]:
            return cells, cells
        bins = np.add.reduceat(cells, self.reference.features[i].bin_starts)
        return bins, np.cumsum(cells)

    def logs(self, block: Array) -> list[float]:
        """Of each feature the logarithm of 1 / p: of its values or of the missing ones."""
        logs = [self._log(i, *self._counts(block, i)) for i in range(len(self.old))]
        old = self.reference.block
        gone, lost = old[self.missing].tolist(), block[self.missing].tolist()
        n, m = int(old[0]), int(block[0])
        for i, (a, b) in enumerate(zip(gone, lost, strict=True)):
            if a or b:
                pair = universal_log(np.array((a, n - a)), np.array((b, m - b)))
                logs[i] = max(logs[i], pair)
        return logs

    def _log(self, i: int, bins: Array, sums: Array) -> float:
        """By bins, and in order: which finds a shift sooner, as the former a change of shape."""
        old_bins, old_sums = self.old[i]
        log = max(0.0, universal_log(old_bins, bins))
        n, m = int(old_sums[-1]), int(sums[-1])
        if not self.ordered[i] or not n or not m:
            return log
        return max(log, band_log(float(np.abs(old_sums / n - sums / m).max()), n, m))

    def psis(self, block: Array) -> list[float]:
        """Of each feature the larger PSI, of its values or of the missing ones."""
        reference = self.reference
        found = reference._core.compare(reference.block, block, ("psi",), DriftResult)
        return [_largest([r[k].statistic for k in ("psi", "missing")]) for r in found]


def _largest(values: Sequence[float]) -> float:
    return max((v for v in values if v == v), default=math.nan)
