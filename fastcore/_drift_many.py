"""Several statistics of the same two samples: they are sorted once, and passed over once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy.typing as npt

from ._drift_functions import DriftResult
from ._drift_means import LARGE, distance_of
from ._drift_ranks import (
    AD,
    CVM,
    ENERGY,
    KS,
    MWU,
    NONE,
    W1,
    Found,
    compare,
    finish_ks,
    finish_kuiper,
    finish_mwu,
)
from ._drift_samples import (
    Sample,
    are_floats,
    as_floats,
    check_choice,
    comparable,
    sorted_samples,
)
from ._drift_squares import finish_anderson, finish_cvm

#: What the pass has to find, and the result by default options.
_TESTS: dict[str, tuple[int, Callable[[Found, int, int], DriftResult]]] = {
    "ks_2samp": (KS, lambda f, n, m: finish_ks(f, n, m, "two-sided", "auto")),
    "kuiper_2samp": (KS, finish_kuiper),
    "mannwhitneyu": (MWU, lambda f, n, m: finish_mwu(f, n, m, True, "two-sided", "auto")),
    "cramervonmises_2samp": (CVM, lambda f, n, m: finish_cvm(f, n, m, "auto")),
    "anderson_ksamp": (AD, lambda f, n, m: finish_anderson(f, n, m, False)),
    "wasserstein_distance": (W1, lambda f, n, m: DriftResult(f.w1, None)),
    "energy_distance": (ENERGY, lambda f, n, m: DriftResult(f.energy, None)),
}
#: How many values they take in each sample, where that is more than one, and in both.
_LEAST = {"cramervonmises_2samp": (2, 4), "anderson_ksamp": (1, 4)}


def two_samples(
    reference: Sample,
    current: npt.ArrayLike,
    tests: Sequence[str],
    *,
    nan: str = "omit",
    presorted: bool = False,
) -> dict[str, DriftResult]:
    """What the functions of these names say, with their default options.

    NaN where a sample has too few values; no warning for a p-value outside of a table.
    """
    for name in tests:
        check_choice("tests", name, tuple(_TESTS))
    pair = sorted_samples(reference, current, nan, presorted)
    if pair is None or not len(pair[0]) or not len(pair[1]):
        return dict.fromkeys(tests, NONE)
    n, m = len(pair[0]), len(pair[1])
    ranks = comparable(*pair)
    values = ranks if are_floats(*pair) else (as_floats(pair[0]), as_floats(pair[1]))
    want = 0
    for name in tests:
        want |= _TESTS[name][0]
    found = compare(*ranks, want)
    largest = max(abs(end) for z in values for end in (z[0], z[-1]))
    if values is not ranks or largest > LARGE:
        found = found._replace(w1=distance_of(values, W1), energy=distance_of(values, ENERGY))
    results = {}
    for name in tests:
        each, both = _LEAST.get(name, (1, 2))
        enough = min(n, m) >= each and n + m >= both
        if name == "anderson_ksamp":
            enough = enough and min(ranks[0][0], ranks[1][0]) < max(ranks[0][-1], ranks[1][-1])
        results[name] = _TESTS[name][1](found, n, m) if enough else NONE
    return results
