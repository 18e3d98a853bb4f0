"""Rows of dicts: the keys in any order, with others between, and of any kind of text."""

from __future__ import annotations

import random
from collections import OrderedDict
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from fastcore import Plan

NAMES = ["a", "b", "longer_name_1", "longer_name_2", "größe", "色", "x", "y"]


class Text(str):
    """A str of its own class: equal, and hashed alike."""


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(8)
    made: dict[str, Any] = {name: rng.normal(size=50) for name in NAMES[:6]}
    made["x"] = rng.choice(["p", "q", "r"], 50).tolist()
    made["y"] = rng.choice(["u", "v"], 50).tolist()
    return pd.DataFrame(made)


@pytest.fixture(scope="module")
def plan(frame: pd.DataFrame) -> Plan:
    # Columns in another order than the frame's, one of them read twice, one by nobody.
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    est = ColumnTransformer(
        [
            ("hot", OneHotEncoder(sparse_output=False), ["y", "x"]),
            ("number", numbers, ["色", "longer_name_2", "a", "b", "größe"]),
            ("code", OrdinalEncoder(), ["x"]),
            ("again", StandardScaler(), ["b"]),
        ]
    ).fit(frame)
    made = Plan.from_sklearn(est, strict=True)
    # Everything below is by the program itself.
    made._original = made._estimator = None
    return made


def test_keys_in_any_order_with_others_between(plan: Plan, frame: pd.DataFrame) -> None:
    want = plan.transform(frame)
    rng = random.Random(9)
    for k, row in enumerate(frame.to_dict("records")):
        items = [*row.items(), ("other", object()), (7, None), ("b2", 1.0)]
        if k % 3:
            rng.shuffle(items)
        # New objects, that no other text is identical to.
        given = {("".join(list(n)) if isinstance(n, str) else n): v for n, v in items}
        np.testing.assert_array_equal(plan.transform_one(given), want[k])
        np.testing.assert_array_equal(plan.transform_one(OrderedDict(given)), want[k])
        np.testing.assert_array_equal(plan.transform([given, row]), want[[k, k]])


def test_keys_that_are_texts_of_another_class(plan: Plan, frame: pd.DataFrame) -> None:
    row = frame.iloc[3].to_dict()
    given = {Text(name): value for name, value in row.items()}
    np.testing.assert_array_equal(plan.transform_one(given), plan.transform(frame[3:4])[0])


@pytest.mark.parametrize("gone", NAMES[:3] + NAMES[4:])
def test_a_missing_key_wherever_it_stands(plan: Plan, frame: pd.DataFrame, gone: str) -> None:
    row = frame.iloc[3].to_dict()
    del row[gone]
    if gone == "longer_name_1":  # nobody reads it
        np.testing.assert_array_equal(plan.transform_one(row), plan.transform(frame[3:4])[0])
        return
    program = plan._row.program  # type: ignore[union-attr]
    assert program.run_row(row, False) is None
    if gone in ("x", "y"):
        assert program.run_row(row, True) is None  # an unknown category is an error here
    else:
        want = plan.transform(frame[3:4].assign(**{gone: np.nan}))[0]
        np.testing.assert_array_equal(program.run_row(row, True), want)
