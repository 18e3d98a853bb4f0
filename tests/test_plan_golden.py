"""Golden rows of plan files: as float64 and as float32, and how far they may lie away behind steps
whose last digits NumPy varies between CPUs."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    PowerTransformer,
    QuantileTransformer,
    StandardScaler,
)

from fastcore import Plan, _plan_file, _plan_golden, _plan_store
from fastcore._lowering import Move
from fastcore._sklearn_power import _same_yeo_johnson

from .plan_fixture import fitted


@pytest.fixture(autouse=True)
def native(monkeypatch):
    monkeypatch.delenv("FASTCORE_DISABLE", raising=False)


def sample(seed, *, positive=False):
    X = np.random.default_rng(seed).normal(3, 2, (60, 3)) * [1, 50, 1]
    X[:, 2] = X[:, 0]  # what PCA takes the difference of
    return np.abs(X) + 0.1 if positive else X


POWER = PowerTransformer() if _same_yeo_johnson() else PowerTransformer("box-cox")
VARYING = {
    "power": POWER,
    "boxcox": PowerTransformer("box-cox"),
    "difference": make_pipeline(POWER, PCA(2)),
    "log": make_pipeline(FunctionTransformer(np.log, validate=True), StandardScaler()),
    "normal": QuantileTransformer(n_quantiles=20, output_distribution="normal"),
}


def plan_of(name):
    X = sample(4, positive=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Plan.from_sklearn(VARYING[name].fit(X), strict=True), X


def elsewhere(plan, rows, move):
    """The file as a CPU would have written it whose functions give other last digits."""
    stored = _plan_store.stored(plan)
    golden = _plan_golden.with_values(rows, _plan_store.row_runner(plan, move))
    golden.single = _plan_golden.with_values(rows, _plan_store.single_runner(plan, move))
    return _plan_file.to_bytes(replace(stored, golden=golden))


@pytest.mark.parametrize("name", VARYING)
def test_last_digits_of_functions_may_differ(name):
    plan, X = plan_of(name)
    near = X[np.argsort(np.abs(plan.transform(X)), axis=0)[:3].ravel()].tolist()
    rows = [*near, *(X[:3] * 40).tolist(), *(X[:3] / 40).tolist()]
    for mask in (0, 1, 2, 3, 5, 6):
        reason = Plan._from_bytes(elsewhere(plan, rows, Move(1, mask))).explain().nodes[0].reason
        assert "golden rows" in reason
    for move in (Move(400), Move(-400, 2)):
        with pytest.raises(ValueError, match="does not compute here what it computed"):
            Plan._from_bytes(elsewhere(plan, rows, move))


def test_float32_is_kept_too():
    plan = Plan.from_sklearn(fitted(), strict=True)
    golden = _plan_store.stored(plan).golden
    frame = plan_frame(golden.single.rows)
    np.testing.assert_array_equal(plan.transform(frame), golden.single.values)
    assert (golden.single.values != golden.values).any()
    stored = _plan_file.from_bytes(_plan_file.to_bytes(_plan_store.stored(plan)))
    assert repr(stored.golden) == repr(golden)
    stored.golden.single.values[2, 0] = np.nextafter(stored.golden.single.values[2, 0], 9)
    with pytest.raises(ValueError, match=r"'n__age' of golden row 2 is"):
        Plan._from_bytes(_plan_file.to_bytes(stored))


def plan_frame(rows):
    import pandas as pd

    frame = pd.DataFrame(rows, columns=["age", "visits", "score", "plan", "city"], dtype=object)
    for name in ("age", "visits", "score"):
        frame[name] = frame[name].astype(np.float32)
    return frame


def test_how_columns_are_moved():
    assert Move(4).of(0, 3).tolist() == [4, 4, 4]
    assert Move(-4, 1).of(0, 4).tolist() == [-4, 4, -4, 4]
    signs = np.array([move.of(0, 200) > 0 for move in _plan_golden.moves()])
    apart = (signs[:, :, None] != signs[:, None, :]).any(axis=0)
    assert (~apart).mean() < 0.1  # few pairs of columns go the same way in every run
