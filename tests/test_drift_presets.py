"""Presets against what evidently and nannyml have said (tests/drift_presets/record.py)."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fastcore import drift
from fastcore._drift_presets import PRESETS, by_preset
from tests.drift_presets.record import cases

RECORDED = json.loads((Path(__file__).parent / "drift_presets" / "recorded.json").read_text())
CASES = cases()


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("name", CASES)
def test_recorded_cases(preset: str, name: str) -> None:
    old, new = CASES[name]
    for statistic, wanted in RECORDED[preset][name].items():
        if old.dtype.kind == "U":
            got = by_preset(statistic, preset, old.astype(object), new.astype(object))
        else:
            got = by_preset(statistic, preset, old, new)
        # The peers' distance 0 is the root of a rounding.
        assert math.isclose(got, wanted, rel_tol=1e-9, abs_tol=3e-8), (statistic, got, wanted)
        function: Any = getattr(drift, statistic)
        assert function(old, new, preset=preset) == (got, None)
        with_missing = [*old.tolist(), None if old.dtype.kind == "U" else math.nan]
        assert function(with_missing, new, preset=preset) == (got, None)


def test_every_statistic_of_every_preset_is_recorded() -> None:
    assert sum(map(len, RECORDED["evidently"].values())) == 5 * 27 + 4 * 3
    assert sum(map(len, RECORDED["nannyml"].values())) == 3 * 27 + 2 * 3
    for preset, names in PRESETS.items():
        assert {n for found in RECORDED[preset].values() for n in found} == set(names)


def test_where_the_presets_are_blind_and_the_default_is_not() -> None:
    """One value far out swallows the bins of those whose edges come from where it is."""
    rng = np.random.default_rng(0)
    old, new = rng.normal(size=5000), rng.normal(1, 1, 5000)
    spoiled = np.append(new, 1e6)
    assert drift.psi(old, new, preset="evidently").statistic > 0.9
    assert drift.psi(old, spoiled, preset="evidently").statistic < 0.05
    assert drift.psi(old, spoiled).statistic > 0.9
    old = np.append(old, 1e6)
    assert drift.jensenshannon(old, new, preset="nannyml").statistic < 0.02
    assert drift.jensenshannon(old, new).statistic > 0.3


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda: drift.psi([1], [1], preset="x"), ValueError, "preset: expected one of evidently"),
        (lambda: drift.psi([1], [1], preset="nannyml"), ValueError, "preset: nannyml has no psi"),
        (
            lambda: drift.psi([1], [1], preset="evidently", bins=5),
            ValueError,
            "preset: takes no bins, edges",
        ),
        (
            lambda: drift.wasserstein_distance([1], [1], preset="evidently", u_weights=[1]),
            ValueError,
            "preset: takes no weights",
        ),
        (
            lambda: drift.wasserstein_distance(
                drift.Reference.fit({"x": [1.0]}), [1.0], preset="evidently"
            ),
            TypeError,
            "reference: a preset takes samples",
        ),
        (
            lambda: drift.psi([1], [1], preset="evidently", edges=np.array([1.0])),
            ValueError,
            "preset: takes no bins, edges",
        ),
        (
            lambda: drift.hellinger([1], [math.inf], preset="nannyml"),
            ValueError,
            "current: preset='nannyml' takes finite numbers",
        ),
        (
            lambda: by_preset(
                "wasserstein_distance", "nannyml", np.array(["a"], object), np.array(["a"], object)
            ),
            TypeError,
            "reference: expected numbers",
        ),
    ],
)
def test_bad_arguments(call: Any, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        call()


def test_nothing_to_compare() -> None:
    for function in (drift.psi, drift.jensenshannon, drift.kl_divergence, drift.hellinger):
        assert math.isnan(function([], [1.0], preset="evidently").statistic)
        assert math.isnan(
            function([math.nan], [1.0], preset="evidently", nan="propagate").statistic
        )
