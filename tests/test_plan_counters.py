"""What a plan counts of its input columns, against pandas' and NumPy's own answers."""

from __future__ import annotations

import copy
import threading

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    KBinsDiscretizer,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    QuantileTransformer,
    SplineTransformer,
    StandardScaler,
)

from fastcore import Columns, Plan, _core


def matrix(rows, width, dtype, missing=0.1, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, width))
    X[rng.random(X.shape) < missing] = np.nan
    return X.astype(dtype)


def found(plan, what):
    return [each[what] for each in plan.counters()["inputs"].values()]


@pytest.mark.parametrize("dtype", ["f8", "f4"])
@pytest.mark.parametrize("impute", [True, False])
def test_missing_by_column(dtype, impute):
    """Every way through the blocks: widths and offsets that shift marks against groups."""
    for width in (1, 3, 30, 32, 64, 65, 130, 520):
        train = matrix(50, width, dtype, missing=0)
        steps = [SimpleImputer(), StandardScaler()] if impute else [StandardScaler()]
        plan = Plan.from_sklearn(make_pipeline(*steps).fit(train), strict=True)
        for rows in (1, 2, 63, 259, 1000 if width < 65 else 70):
            X = matrix(rows, width, dtype, seed=rows)
            room = np.empty(X.size + 8, dtype)
            for given, out in [
                (X, None),
                (np.asfortranarray(X), None),
                (X[::-1], None),
                (X, room[1 : 1 + X.size].reshape(X.shape)),
            ]:
                plan.reset_counters()
                plan.transform(given, out=out)
                assert found(plan, "missing") == np.isnan(X).sum(axis=0).tolist()
                assert found(plan, "rows") == [rows] * width
                assert not any(found(plan, "outside") + found(plan, "unknown"))


def test_many_rows_and_threads():
    X = matrix(30_000, 30, "f8")
    X[:, 7] = np.nan
    est = make_pipeline(SimpleImputer(), StandardScaler()).fit(matrix(99, 30, "f8"))
    plan = Plan.from_sklearn(est)
    expected = np.isnan(X).sum(axis=0)
    for threads in (1, 2, 4):
        plan.reset_counters()
        plan.transform(X, threads=threads)
        assert found(plan, "missing") == expected.tolist()
    plan.reset_counters()
    callers = [threading.Thread(target=plan.transform, args=(X[:5000],)) for _ in range(4)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert plan.counters()["rows"] == 20_000
    assert found(plan, "missing") == (4 * np.isnan(X[:5000]).sum(axis=0)).tolist()


def mixed():
    """A pipeline with every kind of input, its training frame, and rows to count in."""
    train = pd.DataFrame(
        {
            "number": [1.0, 2.0, None, 4.0],
            "scaled": [0.0, 1.0, 2.0, 3.0],
            "binned": [0.0, 1.0, 2.0, 3.0],
            "ranked": [0.0, 1.0, 2.0, 3.0],
            "splined": [0.0, 1.0, 2.0, 3.0],
            "imputed": [0.0, None, 2.0, 3.0],
            "hot": ["a", "b", "a", "b"],
            "known": ["a", None, "b", "a"],
            "filled": ["a", "b", "a", None],
            "digit": [1.0, 2.0, 3.0, 2.0],
        }
    )
    unknown = {"handle_unknown": "use_encoded_value", "unknown_value": -1}
    filled = make_pipeline(SimpleImputer(strategy="most_frequent"), OrdinalEncoder(**unknown))
    est = ColumnTransformer(
        [
            ("number", make_pipeline(SimpleImputer(), StandardScaler()), ["number"]),
            ("scaled", MinMaxScaler(), ["scaled"]),
            ("binned", KBinsDiscretizer(2, quantile_method="averaged_inverted_cdf"), ["binned"]),
            ("ranked", QuantileTransformer(n_quantiles=4), ["ranked"]),
            ("splined", SplineTransformer(), ["splined"]),
            ("imputed", make_pipeline(SimpleImputer(), MinMaxScaler()), ["imputed"]),
            ("hot", OneHotEncoder(handle_unknown="ignore"), ["hot"]),
            ("known", OrdinalEncoder(**unknown), ["known"]),
            ("filled", filled, ["filled"]),
            ("digit", OneHotEncoder(handle_unknown="ignore"), ["digit"]),
        ]
    ).fit(train)
    rows = pd.DataFrame(
        {
            "number": [None, 9.0, None],
            "scaled": [None, -0.5, 3.5],
            "binned": [-1.0, 9.0, 1.0],
            "ranked": [None, 3.5, 3.0],
            "splined": [3.0, 0.0, 3.1],
            "imputed": [None, 9.0, 2.0],
            "hot": ["c", None, "a"],
            "known": ["z", None, "a"],
            "filled": [None, "b", "z"],
            "digit": [7.0, 1.0, None],
        }
    )
    expected = {  # missing, unknown, outside
        "number": (2, 0, 0), "scaled": (1, 0, 2), "binned": (0, 0, 2), "ranked": (1, 0, 1),
        "splined": (0, 0, 1), "imputed": (1, 0, 1), "hot": (1, 1, 0), "known": (1, 1, 0),
        "filled": (1, 1, 0), "digit": (1, 1, 0),
    }  # fmt: skip
    return est, rows, expected


@pytest.mark.parametrize("container", ["pandas", "object", "category", "rows", "one", "columns"])
def test_kinds_of_columns(container):
    est, frame, expected = mixed()
    plan = Plan.from_sklearn(est, strict=True)
    texts = ["hot", "known", "filled"]
    dicts = [
        {k: None if v is None or v != v else v for k, v in row.items()}
        for row in frame.to_dict("records")
    ]
    if container in ("object", "category"):
        frame = frame.astype(
            dict.fromkeys(texts if container == "object" else texts[:1], container)
        )
    if container == "one":
        got = np.array([plan.transform_one(row) for row in dicts])
    else:
        given = {"rows": dicts, "columns": Columns.from_pandas(frame)}.get(container, frame)
        got = plan.transform(given)
    assert got.shape[0] == 3
    if container in ("pandas", "object", "category"):
        np.testing.assert_array_equal(got, est.transform(frame))
    counters = plan.counters()
    assert counters["rows"] == 3
    assert {
        name: (each["missing"], each["unknown"], each["outside"])
        for name, each in counters["inputs"].items()
    } == expected
    assert found(plan, "rows") == [3] * 10


def test_what_the_estimator_does_is_counted_apart():
    X = matrix(2000, 4, "f8")
    est = make_pipeline(SimpleImputer(), StandardScaler()).fit(X)
    plan = Plan.from_sklearn(est)
    wild = X.copy()
    wild[1990, 2] = np.inf
    for rows in (wild, wild[1990:1991]):
        with pytest.raises(ValueError, match="infinity"):
            plan.transform(rows, threads=2)
    with pytest.raises(ValueError, match="infinity"):
        plan.transform_one(wild[1990].tolist())
    counters = plan.counters()
    assert counters["rows"] == sum(found(plan, "missing")) == 0
    plan.transform([[1.0, "2", 3.0, None]] * 2)
    plan.transform(X.astype(object)[:3])
    native = plan.counters()
    assert native["rows"] == 5
    off = Plan.from_sklearn(est, native=False)
    off.transform(X)
    off.transform_one(X[0].tolist())
    assert off.counters() == {
        "rows": 2001, "verified": 0, "mismatches": 0, "inputs": {},
    }  # fmt: skip


def test_strides_sparse_output_and_copies(tmp_path):
    est, frame, _ = mixed()
    plan = Plan.from_sklearn(est)
    out = np.empty((plan.transform(frame).shape[1], 3)).T
    plan.transform(frame, out=out)
    other = copy.copy(plan)
    other.transform(frame)
    assert other.counters()["rows"] == 3
    assert plan.counters()["rows"] == 6
    assert plan.counters()["inputs"]["scaled"]["outside"] == 4
    plan.save(tmp_path / "plan")
    loaded = Plan.load(tmp_path / "plan")
    assert loaded.counters()["rows"] == 0
    loaded.transform(frame)
    assert loaded.counters()["inputs"]["scaled"]["outside"] == 2
    est.set_params(sparse_threshold=1.0)
    sparse = ColumnTransformer(est.transformers, sparse_threshold=1.0).fit(
        frame.assign(binned=[0.0, 1.0, 2.0], splined=[0.0, 1.0, 2.0])
    )
    plan = Plan.from_sklearn(sparse, strict=True)
    assert plan.transform(frame).format == "csr"
    assert plan.counters()["inputs"]["binned"]["outside"] == 2


def test_the_arguments_are_checked():
    with pytest.raises(ValueError, match="columns"):
        _core.PlanCounts(-1)
    counts = _core.PlanCounts(1)
    assert counts.read() == (0, [(0, 0, 0)])
    sources, panels, pieces = ((0, None, None, -1, -1),), ((0, (0,)),), ((1, 0, 1),)
    steps = (("impute", (0,), 0, 1, {"fill": np.zeros(1)}),)

    def program(watch):
        return _core.Program(sources, panels, steps, pieces, 1, np.float64, watch)

    plain = (0, -np.inf, np.inf)
    for wrong in ((1, plain), (counts,), (counts, ()), (counts, (plain[:2],)), (counts, (1,))):
        with pytest.raises((TypeError, ValueError)):
            program(wrong)
    with pytest.raises(ValueError, match="column"):
        program((counts, ((5, 0.0, 1.0),)))  # a column that is not there
    made = program((counts, (plain,)))
    del counts
    np.testing.assert_array_equal(made.run(np.array([[np.nan]]), 1, None, None, 1), [[0.0]])
