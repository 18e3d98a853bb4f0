"""What must be there though nothing is made of it, and what is said where nothing is done."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import (
    Binarizer,
    FunctionTransformer,
    PolynomialFeatures,
    RobustScaler,
    StandardScaler,
)

from fastcore import Plan
from fastcore._config import disabled

from .plan_compare import alone, compare, outcome

FRAME = pd.DataFrame({"a": [0.0, 1, 4], "b": [0.0, 0, 100], "c": [1.0, 5, 2]})
FRAMES = (FRAME, pl.from_pandas(FRAME), pa.Table.from_pandas(FRAME))
INNER = ColumnTransformer([("scaled", StandardScaler(), ["b"])])  # and "a" is dropped


@pytest.mark.parametrize(
    "est",
    [
        ColumnTransformer([("inner", INNER, ["a", "b"])]),
        make_pipeline(ColumnTransformer([("inner", INNER, ["a", "b"])]), StandardScaler()),
        FeatureUnion([("one", INNER), ("other", ColumnTransformer([("c", INNER, ["c", "b"])]))]),
    ],
    ids=["nested", "pipeline", "union"],
)
def test_columns_that_are_dropped_inside(est):
    """A ColumnTransformer asks for all that goes to its parts, whatever these do with it."""
    est.fit(FRAME)
    plan = Plan.from_sklearn(est)
    plans = [plan] if disabled() else [plan, alone(est)]
    for missing in FRAME:
        kept = [name for name in FRAME if name != missing]
        for frame in FRAMES:
            compare(est, frame.select(kept) if hasattr(frame, "select") else frame[kept], plan)
        rows = FRAME[kept].to_dict("records")
        expected = outcome(lambda rows=rows: est.transform(pd.DataFrame(rows)))
        for ours in plans:
            found = outcome(lambda rows=rows, ours=ours: ours.transform(rows))
            assert found[1] == expected[1]
            one = outcome(lambda rows=rows, ours=ours: ours.transform_one(rows[0]))
            assert one[1] == expected[1]
            if expected[1] is None:
                np.testing.assert_array_equal(found[0], expected[0])
                np.testing.assert_array_equal(one[0], expected[0][0])


@pytest.mark.parametrize("kind", ["default", "pandas", "polars"])
@pytest.mark.parametrize("func", [None, np.log1p], ids=["same", "log1p"])
@pytest.mark.parametrize("depth", [0, 1, 2])
def test_functions_warn_of_other_frames(depth, func, kind):
    """Their own set_output changes nothing, but they say so."""
    for frame in FRAMES[:2]:
        est = FunctionTransformer(func).set_output(transform=kind)
        for _ in range(depth):
            inside = make_pipeline(est, RobustScaler()) if kind == "default" else est
            est = ColumnTransformer([("part", inside, ["a", "b"])])
        plan = Plan.from_sklearn(est.fit(frame[:2]))
        for given in FRAMES[: 3 if depth == 0 else 2]:
            compare(est, given, plan)


def test_a_slice_of_no_columns():
    """It is a part like others, so that NumPy's order of what is stacked is C's."""
    for columns in (slice("c", "a"), []):
        parts = [("none", FunctionTransformer(), columns)]
        est = ColumnTransformer(parts, remainder="passthrough").fit(FRAME)
        ours, theirs = Plan.from_sklearn(est).transform(FRAME), est.transform(FRAME)
        np.testing.assert_array_equal(ours, theirs)
        assert ours.flags.f_contiguous == theirs.flags.f_contiguous


def test_float16_behind_what_keeps_it():
    est = make_pipeline(Binarizer(), PolynomialFeatures()).fit(FRAME.to_numpy())
    compare(est, FRAME.to_numpy(dtype=np.float16))
