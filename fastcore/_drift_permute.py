"""p-values by permutations: which of the pooled values are in the first sample is drawn anew."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from . import _core

Floats = npt.NDArray[np.float64]
#: From rows of what `_core.rank_compare` says to the statistic of each.
Pick = Callable[[Floats], Floats]

_BATCH = 2**18  #: values that are permuted before their statistics are found


def check_resamples(n_resamples: object) -> int:
    """The number of permutations."""
    if isinstance(n_resamples, bool) or not isinstance(n_resamples, (int, np.integer)):
        raise TypeError(f"n_resamples: expected an int, got {type(n_resamples).__name__}")
    if n_resamples < 1:
        raise ValueError(f"n_resamples: expected at least 1, got {n_resamples}")
    return int(n_resamples)


def _choices(
    n: int, total: int, n_resamples: int, rng: Any
) -> tuple[int, bool, Iterator[npt.NDArray[np.int64]]]:
    """How many first samples there are, whether those are all, and the samples in batches."""
    rows = max(1, min(n_resamples, _BATCH // total))
    # As many as that have more digits than are worth counting.
    every = math.comb(total, n) if min(n, total - n) * 2 < 64 or total < 64 else math.inf

    def all_of_them() -> Iterator[npt.NDArray[np.int64]]:
        left = itertools.combinations(range(total), n)
        while batch := list(itertools.islice(left, rows)):
            yield np.array(batch, np.int64).reshape(len(batch), n)

    def random() -> Iterator[npt.NDArray[np.int64]]:
        generator = np.random.default_rng(rng)
        for at in range(0, n_resamples, rows):
            batch = np.empty((min(rows, n_resamples - at), n), np.int64)
            for row in batch:
                row[:] = generator.permutation(total)[:n]
            yield batch

    if n_resamples >= every:
        return int(every), True, all_of_them()
    return n_resamples, False, random()


def permutation_pvalue(
    x: Floats, y: Floats, want: int, pick: Pick, alternative: str, n_resamples: int, rng: Any
) -> float:
    """As ``scipy.stats.permutation_test``: (count + 1) / (n_resamples + 1), or the exact share.

    Statistics that differ by some roundings count as equal, here as there.
    """
    n, total = len(x), len(x) + len(y)
    values, group, sizes = np.unique(
        np.concatenate((x, y)), return_inverse=True, return_counts=True
    )
    # p is the same in any unit: in this one no difference of values, nor its square, is too large.
    size = float(np.abs(values[[0, -1]]).max())
    if math.isfinite(size) and size > 0:
        values = np.ldexp(values, -math.frexp(size)[1])
    pool = (values, sizes.astype(np.uint32), group.astype(np.uint32))
    first = np.arange(n, dtype=np.int64).reshape(1, n)
    observed = float(pick(_core.rank_permute(*pool, first, want))[0])
    slack = abs(100 * np.finfo(np.float64).eps * observed)
    count, exact, batches = _choices(n, total, n_resamples, rng)
    most = least = 0
    for chosen in batches:
        found = pick(_core.rank_permute(*pool, chosen, want))
        most += int((found >= observed - slack).sum())
        least += int((found <= observed + slack).sum())
    more = 0 if exact else 1
    greater, less = ((k + more) / (count + more) for k in (most, least))
    p = {"greater": greater, "less": less, "two-sided": 2 * min(greater, less)}[alternative]
    return min(p, 1.0)
