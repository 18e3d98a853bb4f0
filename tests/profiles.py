"""How many random inputs the tests draw: few in the variants of CI, many in one long run.

``FASTCORE_TEST_PROFILE`` is ``ci`` (the default), ``long``, or ``short``, which is for variants of
what CI has run in full. All have a fixed seed, so the same command draws the same inputs again.
Another choice of test files may not: hypothesis also draws from the constants of whichever modules
are loaded.
"""

import os
from collections.abc import Sequence
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings

T = TypeVar("T")

#: Factor to each test's own number of inputs.
SCALES: dict[str, float] = {"ci": 1, "long": 6, "short": 0.25}


def chosen() -> str:
    """The profile's name; a wrong one must not quietly become the short run."""
    name = os.environ.get("FASTCORE_TEST_PROFILE", "ci")
    if name not in SCALES:
        raise ValueError(f"FASTCORE_TEST_PROFILE: expected one of {', '.join(SCALES)}, got {name}")
    return name


def register() -> None:
    """Make the chosen profile the ground on which every test's settings stand."""
    for name, scale in SCALES.items():
        settings.register_profile(
            name,
            derandomize=True,
            database=None,
            deadline=None,
            max_examples=int(40 * scale),
            suppress_health_check=list(HealthCheck),
        )
    settings.load_profile(chosen())


def examples(number: int, **more: Any) -> settings:
    """Settings of a test that draws `number` inputs in the short run, in proportion elsewhere."""
    return settings(max_examples=max(1, int(number * SCALES[chosen()])), **more)


def part(items: Sequence[T], step: int = 4) -> Sequence[T]:
    """All of them; in the variants every `step`-th, for what goes through long lists of cases."""
    return items[::step] if chosen() == "short" else items
