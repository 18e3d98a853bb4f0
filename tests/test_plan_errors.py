"""Errors of plans: scikit-learn's own with the cell as a note, or of the same type and meaning."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler

from fastcore import Columns, Plan
from tests.plan_compare import outcome
from tests.plan_fixture import ROWS, fitted, train


@pytest.fixture(autouse=True)
def native(monkeypatch):
    monkeypatch.delenv("FASTCORE_DISABLE", raising=False)


@pytest.fixture
def strict():
    """With an encoder that knows no unknown categories."""
    est = fitted().set_params(o__handle_unknown="error")
    return est.fit(train())


def loaded_of(est):
    return Plan._from_bytes(Plan.from_sklearn(est, strict=True).__reduce__()[1][0])


def frame(row, column, value):
    X = pd.concat([train()] * 30, ignore_index=True)
    X[column] = X[column].astype(object if isinstance(value, str) else float)
    X.loc[row, column] = value
    return X


CELLS = [
    (77, "age", np.inf, "infinity"),
    (3, "visits", -np.inf, "infinity"),
    (5, "score", "high", "could not convert string to float: 'high'"),
    (9, "city", "Bergen", None),
    (119, "plan", "gold", "Found unknown categories ['gold']"),
]


@pytest.mark.parametrize(("row", "column", "value", "meaning"), CELLS)
def test_the_cell_is_named(strict, row, column, value, meaning):
    X = frame(row, column, value)
    plan, loaded = Plan.from_sklearn(strict), loaded_of(strict)
    forms = [X, X.to_dict("records")]
    for form in forms:
        theirs = outcome(lambda: strict.transform(X))
        ours = outcome(lambda form=form: plan.transform(form))
        if form is X:
            assert ours[1] == theirs[1]
        where = f"column {column!r}, row {row}: {value!r}"
        with pytest.raises(ValueError) as error:  # noqa: PT011
            plan.transform(form)
        assert error.value.__notes__ == [f"fastcore: {where}"]
        with pytest.raises(ValueError) as error:  # noqa: PT011
            loaded.transform(form)
        assert type(error.value) is theirs[1][0]
        assert where in str(error.value)
        assert meaning is None or meaning in str(error.value)


def test_rows_one_at_a_time(strict):
    plan, loaded = Plan.from_sklearn(strict), loaded_of(strict)
    good = {**ROWS[0], "score": 1.0}
    for column, value, kind in [
        ("age", float("inf"), ValueError),
        ("age", "old", ValueError),
        ("plan", "gold", ValueError),
        ("visits", {}, TypeError),
    ]:
        row = {**good, column: value}
        with pytest.raises(kind) as error:
            loaded.transform_one(row)
        assert f"column {column!r}, row 0: {value!r}" in str(error.value)
        with pytest.raises(kind) as error:
            plan.transform_one(row)
        assert f"column {column!r}" in error.value.__notes__[0]
    missing = {name: value for name, value in good.items() if name != "age"}
    for each in (plan, loaded):
        with pytest.raises(ValueError, match=r"columns are missing: \{'age'\}"):
            each.transform_one(missing)
        with pytest.raises(ValueError, match=r"columns are missing: \{'age'\}"):
            each.transform([missing])
        with pytest.raises(ValueError, match=r"columns are missing: \{'age'\}"):
            each.transform(train().drop(columns="age"))


def test_polars_and_arrow(strict):
    X = frame(50, "age", np.inf).fillna({"city": "Oslo"})
    for form in (pl.from_pandas(X), pa.Table.from_pandas(X)):
        with pytest.raises(ValueError, match=r"infinity.*column 'age', row 50: inf"):
            loaded_of(strict).transform(form)


@pytest.mark.parametrize(("row", "column", "value", "meaning"), CELLS)
def test_arrays_by_name_and_columns(strict, row, column, value, meaning):
    X = frame(row, column, value)
    plan, loaded = Plan.from_sklearn(strict), loaded_of(strict)
    where = f"column {column!r}, row {row}: {value!r}"
    arrays = {name: X[name].to_numpy() for name in X}
    for form in (arrays, Columns.from_pandas(X)):
        theirs = outcome(lambda: strict.transform(X))
        with pytest.raises(theirs[1][0]) as error:
            plan.transform(form)
        assert error.value.__notes__ == [f"fastcore: {where}"]
        with pytest.raises(theirs[1][0]) as error:
            loaded.transform(form)
        assert where in str(error.value)
        assert meaning is None or meaning in str(error.value)


def test_shapes_and_names_without_an_estimator():
    X = np.arange(12.0).reshape(4, 3)
    est = StandardScaler().fit(X)
    loaded = loaded_of(est)
    for Z in (X[:, :2], X[:0], X[0], np.float64(3)):
        theirs = outcome(lambda Z=Z: est.transform(Z))[1]
        ours = outcome(lambda Z=Z: loaded.transform(Z))[1]
        assert ours[0] is theirs[0]
        assert ours[1][:30] == theirs[1][:30]
    bad = X.copy()
    bad[2, 1] = np.inf
    with pytest.raises(ValueError, match=r"infinity.*\(column 1, row 2: inf\)"):
        loaded.transform(bad)
    with pytest.raises(ValueError, match=r"infinity.*\(column 1, row 0: inf\)"):
        loaded.transform_one(list(bad[2]))
    named = pd.DataFrame(X, columns=["a", "b", "c"])
    est = MinMaxScaler().fit(named)
    loaded = loaded_of(est)
    for Z in (named[["b", "a", "c"]], named.rename(columns={"a": "z"}), named[["a", "b"]]):
        theirs = outcome(lambda Z=Z: est.transform(Z))[1]
        ours = outcome(lambda Z=Z: loaded.transform(Z))[1]
        if Z.shape[1] == 3:
            assert ours == theirs
        assert ours[0] is theirs[0]


def test_other_kinds_say_why():
    est = OneHotEncoder(handle_unknown="ignore").fit(pd.DataFrame({"t": ["a", "b"]}))
    with pytest.raises(ValueError, match=r"expected a text, got a bytes; .*loaded from"):
        loaded_of(est).transform(pd.DataFrame({"t": [b"a"]}))
