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


def test_output_between_two_inputs_is_written_in_place(plan: Plan, frame: pd.DataFrame) -> None:
    want = plan.transform(frame)
    memory = np.empty((3, want.size))
    first, out = memory[0, :50], memory[1].reshape(want.shape)
    columns = {name: frame[name].to_numpy() for name in NAMES}
    columns["a"], columns["b"] = first, memory[2, :50]
    columns["a"][:], columns["b"][:] = frame["a"], frame["b"]
    program = plan._row.program  # type: ignore[union-attr]
    sources = plan._row.sources  # type: ignore[union-attr]
    vectors = tuple(
        columns[NAMES[s.column]] if s.table is None else program.codes(i, columns[NAMES[s.column]])
        for i, s in enumerate(sources)
    )
    # `plan` has no estimator to ask: None would be what it is asked for.
    assert program.run(vectors, 50, out, None, 1) is out
    np.testing.assert_array_equal(out, want)
    # Where it lies on an input it is not written.
    across = memory.reshape(-1)[7 : 7 + want.size].reshape(want.shape)
    assert program.run(vectors, 50, across, None, 1) is None


@pytest.mark.parametrize("rows", [1, 5_000])
def test_texts_of_columns_are_looked_up_where_they_lie(
    plan: Plan, frame: pd.DataFrame, rows: int
) -> None:
    from fastcore import Columns

    large = frame.iloc[np.arange(rows) % len(frame)].reset_index(drop=True)
    np.testing.assert_array_equal(plan.transform(Columns.from_pandas(large)), plan.transform(large))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("threads", [1, 2])
def test_large_output_is_the_small_ones(dtype: str, threads: int) -> None:
    """Past the caches, row by row put together, at every alignment of the rows."""
    rng = np.random.default_rng(5)
    X = rng.integers(0, 300, (3_000, 3)).astype(float)
    est = OneHotEncoder(sparse_output=False, handle_unknown="ignore").fit(X)
    union = ColumnTransformer([("s", StandardScaler(), [0, 1]), ("h", est, [0, 1, 2])]).fit(X)
    plan = Plan.from_sklearn(union, strict=True)
    width = plan.transform(X[:1]).shape[1]
    assert 3_000 * width * np.dtype(dtype).itemsize >= 8 << 20
    memory = np.zeros(3_000 * width + 8, dtype)
    want = np.concatenate([plan.transform(X[i : i + 100]) for i in range(0, 3_000, 100)])
    for shift in range(8):
        memory[:] = 7
        out = memory[shift : shift + want.size].reshape(want.shape)
        assert plan.transform(X, out=out, threads=threads) is out
        np.testing.assert_array_equal(out, want.astype(dtype))
        assert (memory[:shift] == 7).all()
        assert (memory[shift + want.size :] == 7).all()


@pytest.mark.parametrize("dtype", ["float64", "float32", "int64", "uint8"])
def test_the_program_of_an_array_is_found_by_its_dtype(dtype: str) -> None:
    """Without asking what its columns hold, once that is known."""
    X = np.arange(12).reshape(4, 3).astype(dtype)
    est = StandardScaler().fit(X)
    plan = Plan.from_sklearn(est, strict=True)
    want = est.transform(X)
    np.testing.assert_array_equal(plan.transform(X), want)
    assert plan._arrays[X.dtype].program.run(X, 4, None, None, None) is not None
    plan._prepare_array = None  # type: ignore[method-assign,assignment]
    np.testing.assert_array_equal(plan.transform(X), want)
