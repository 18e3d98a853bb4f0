"""Rows for the tests of the watch."""

from typing import Any

import numpy as np

from fastcore.drift import Reference


def rows(n: int, seed: int, shift: float = 0.0) -> dict[str, Any]:
    """Numbers with missing ones and infinities, integers, texts with unknown ones, bools, times."""
    rng = np.random.default_rng(seed)
    x = rng.normal(shift, 1, n)
    x[rng.random(n) < 0.05] = np.nan
    x[rng.random(n) < 0.01] = np.inf
    words = np.array([*"abcdefgh", None, "unknown é", "z" * 60], dtype=object)
    return {
        "x": x,
        "f": rng.exponential(2, n).astype(np.float32),
        "k": rng.integers(-3, 4, n),
        "t": words[np.minimum(rng.geometric(0.3, n) - 1, len(words) - 1)],
        "b": rng.random(n) < 0.3,
        "d": np.datetime64("2013-01-01", "us") + rng.integers(0, 10**12, n),
    }


def reference(n: int = 3000, seed: int = 1, **options: Any) -> Reference:
    data = rows(n, seed)
    data["t"] = np.where(np.isin(data["t"], [*"abcdef"]), data["t"], "a")
    return Reference.fit(data, **options)


def assert_same_counts(reference: Reference, one: Any, other: Any) -> None:
    """Two blocks are equal, in the sums of floats up to rounding."""
    exact = np.ones(len(one), dtype=bool)
    for i, (kind, at, cells, count) in enumerate(reference.places):
        if kind <= 1:
            exact[at + 3 : at + 5] = False
        if kind == 2:  # the unknown texts stand in the order in which they came
            exact[cells + count : cells + count + 16 * 7] = False
            a, b = (sorted(reference._core.heavy(block, i)) for block in (one, other))
            assert a == b
    np.testing.assert_array_equal(one[exact], other[exact])
    for kind, at, _, _ in reference.places:
        if kind <= 1:
            sums = [block[at + 3 : at + 5].view(float) for block in (one, other)]
            np.testing.assert_allclose(*sums, rtol=1e-9, atol=1e-6)
