"""Encoders whose categories are more than texts and small numbers, on inputs of every dtype."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import Phase, given
from hypothesis import strategies as st
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, TargetEncoder

from fastcore import Columns, Plan, UnsupportedError

from .plan_compare import assert_same, compare, native
from .profiles import examples

OBJECTS = [1, 2, 2.5, True, False, None, -3, 2**60, 2**60 + 1]
TEXTS = ["a", "b", "1", None]
LARGE = [2**60, 2**60 + 1, -(2**60), 3, 2**53, 2**53 + 1]
UNSIGNED = [2**63 - 1, 2**63 - 2, 2**62, 0]
DTYPES = ["?", "i1", "u1", "i8", "u8", "f2", "f4", "f8", ">i8"]


def encoders(X, y):
    unknown = {"handle_unknown": "use_encoded_value", "unknown_value": -1}
    yield OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit(X)
    yield OneHotEncoder(drop="if_binary").fit(X)
    yield OneHotEncoder(min_frequency=2, handle_unknown="infrequent_if_exist").fit(X)
    yield OrdinalEncoder(**unknown).fit(X)
    yield TargetEncoder().fit(X, y)


def column(values, dtype=object):
    made = np.empty((len(values), 1), dtype=dtype)
    made[:, 0] = values
    return made


@given(data=st.data())
@examples(10, phases=(Phase.generate, Phase.shrink))
def test_objects(data):
    pool = data.draw(st.sampled_from([OBJECTS, TEXTS, ["a", "b"], [True, False, None], [1, 2.5]]))
    known = data.draw(st.lists(st.sampled_from(pool), min_size=3, max_size=12))
    given_ = data.draw(st.lists(st.sampled_from(known), min_size=1, max_size=6))
    odd = data.draw(st.lists(st.sampled_from([*pool, "zz", 7, 0.1, np.nan, None]), min_size=1))
    X, frame = column(known), pd.DataFrame({"c": pd.Series(known, dtype=object)})
    y = np.resize([0, 1, 0.5], len(known))
    for est in encoders(X, y):
        native(est, column(given_))
        compare(est, column(odd))
        for dtype in DTYPES:
            compare(est, np.array([[0], [1], [2]]).astype(dtype))
    for est in encoders(frame, y):
        native(est, pd.DataFrame({"c": pd.Series(given_, dtype=object)}))
        assert compare(est, frame)
        compare(est, pd.DataFrame({"c": pd.Series(odd, dtype=object)}))
        compare(est, pd.DataFrame({"c": pd.Series(["a", "b", None] * 30, dtype="str")}))
        compare(est, pd.DataFrame({"c": pd.Series(["a", "zz"] * 40, dtype="category")}))
        compare(est, pd.DataFrame({"c": [1, 2]}))
        compare(est, pl.DataFrame({"c": ["a", "1", None] * 30}))
        plan = Plan.from_sklearn(est, strict=True)
        rows = [{"c": value} for value in given_]
        meant = pd.DataFrame({"c": pd.Series(given_, dtype=object)})
        assert_same(plan.transform(rows), est.transform(meant))
        texts = [{"c": value} for value in known if isinstance(value, str)]
        if texts:
            meant = est.transform(pd.DataFrame(texts, dtype=object))
            assert_same(plan.transform(Columns.from_rows(texts)), meant)


@pytest.mark.parametrize(("dtype", "pool"), [("i8", LARGE), ("u8", UNSIGNED), ("f2", [0.1, 2, 3])])
@given(data=st.data())
@examples(4, phases=(Phase.generate, Phase.shrink))
def test_numbers_of_every_width(dtype, pool, data):
    known = np.array(data.draw(st.lists(st.sampled_from(pool), min_size=4, max_size=9)), dtype)
    some = data.draw(st.lists(st.sampled_from(known.tolist()), min_size=1, max_size=9))
    y = np.resize([0, 1, 0.5], len(known))
    for est in encoders(known[:, None], y):
        native(est, np.array(some, dtype)[:, None])
        native(est, np.array(some, dtype)[::-1, None])
        for other in (*DTYPES, object):
            with np.errstate(all="ignore"):
                compare(est, np.array([*some, pool[0]], dtype)[:, None].astype(other))
                compare(est, np.array([[5], [0], [1]]).astype(other))
        compare(est, [[value] for value in some])
        compare(est, np.array([*some, pool[0]], dtype)[:, None])
    for est in encoders(pd.DataFrame({"c": known}), y):
        native(est, pd.DataFrame({"c": np.array(some, dtype)}))
        compare(est, pd.DataFrame({"c": some}))
        compare(est, pl.DataFrame({"c": np.array(some, dtype)}))
        compare(est, pd.DataFrame({"c": pd.array([1, None], dtype="Int64")}))


def test_beyond_int64():
    X = np.array([[2**64 - 1], [2**64 - 2]], dtype=np.uint64)
    est = OrdinalEncoder().fit(X)
    with pytest.raises(UnsupportedError, match="categories beyond int64"):
        Plan.from_sklearn(est, strict=True)
    compare(est, X)


@given(known=st.lists(st.booleans(), min_size=2, max_size=5), seed=st.integers(0, 99))
@examples(6, phases=(Phase.generate, Phase.shrink))
def test_bools(known, seed):
    """As a column of their own, and beside others, from every container."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame({"b": known, "s": ["x"] * len(known), "f": rng.integers(0, 2, len(known)) / 2})
    y = np.resize([0, 1, 0.5], len(known))
    for est in encoders(X, y):
        native(est, X)
        compare(est, X.iloc[::-1].assign(b=~X.b))
        compare(est, X.astype({"b": object}))
        compare(est, X.astype({"b": "boolean"}))
        compare(est, pl.from_pandas(X))
        compare(est, X.to_numpy())
    for est in encoders(np.array(known)[:, None], y):
        native(est, np.array(known)[:, None])
        for dtype in (*DTYPES, object):
            compare(est, np.array([[0], [1], [1]]).astype(dtype))
        compare(est, [[True], [False]])


@pytest.mark.parametrize(
    "values", [[1, 2.5, None, True], ["a", None, np.nan], LARGE, UNSIGNED], ids=str
)
def test_saved_and_loaded(tmp_path, values):
    dtype = object if None in values else np.array(values).dtype
    X = column(values, dtype)
    for est in encoders(X, np.arange(len(X)) % 2):
        Plan.from_sklearn(est, strict=True).save(tmp_path / "p")
        loaded = Plan.load(tmp_path / "p")
        assert_same(loaded.transform(X), est.transform(X))
        assert loaded.fingerprint == Plan.from_sklearn(est).fingerprint
