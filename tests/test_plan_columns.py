"""``Columns`` are read by plans where they lie: numbers, texts, categories, and nulls of each."""

from typing import Any, cast

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from fastcore import Columns, Plan, Rows, Schema

from .plan_compare import assert_same
from .profiles import examples

LEVELS = ["", "a", "é", "色", *("x" * n for n in (15, 16, 17, 300)), "a\0", "aa", "A"]
LEVELS += [f"level-{i}" for i in range(300)]


def alone(est: Any) -> Plan:
    """A plan that cannot ask."""
    plan = Plan.from_sklearn(est, strict=True)
    plan._original = None
    return plan


def read(plan: Plan, columns: Columns) -> bool:
    """Whether C reads them by itself."""
    assert plan._row is not None
    return plan._row.program.reads(columns)


def one_column(values: Any) -> Columns:
    return Columns.from_arrow(pa.table({"t": values}))


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.string_view()])
@pytest.mark.parametrize("encoded", [False, True])
def test_texts_of_any_length(kind: Any, encoded: bool) -> None:
    est = OneHotEncoder(handle_unknown="ignore").fit(pd.DataFrame({"t": LEVELS[::2]}, dtype=object))
    texts = [*LEVELS, None, "level-", None, "xx"]
    given_ = pa.array(texts, kind if not encoded else pa.string())
    columns = one_column(given_.dictionary_encode() if encoded else given_)
    plan = alone(est)
    assert read(plan, columns)
    assert_same(plan.transform(columns), est.transform(pd.DataFrame({"t": texts}, dtype=object)))
    if not encoded:  # a null is missing, and no unknown category
        column = plan.counters()["inputs"]["t"]
        assert (column["missing"], column["unknown"]) == (2, len(LEVELS) // 2 + 2)


@pytest.mark.parametrize("missing", [None, np.nan])
@pytest.mark.parametrize("encoded", [False, True])
def test_null_is_what_missing_was_when_it_was_fitted(missing: Any, encoded: bool) -> None:
    est = OrdinalEncoder().fit(pd.DataFrame({"t": ["b", "a", missing]}, dtype=object))
    texts = ["a", None, "b", None]
    values = pa.array(texts)
    columns = one_column(values.dictionary_encode() if encoded else values)
    plan = alone(est)
    assert read(plan, columns)
    meant = pd.DataFrame({"t": [missing if t is None else t for t in texts]}, dtype=object)
    assert_same(plan.transform(columns), est.transform(meant))


@pytest.mark.parametrize("encoded", [False, True])
def test_documents(encoded: bool) -> None:
    texts = ["The quick Fox", "", "fox FOX é", "the the"]
    columns = one_column(pa.array(texts).dictionary_encode() if encoded else pa.array(texts))
    est = ColumnTransformer([("c", CountVectorizer(), "t"), ("h", HashingVectorizer(), "t")])
    est.fit(pd.DataFrame({"t": texts}))
    plan = alone(est)
    assert read(plan, columns)
    assert_same(plan.transform(columns), est.transform(pd.DataFrame({"t": texts})))
    missing = pa.array([*texts, None])
    with pytest.raises(ValueError, match=r"np\.nan is an invalid document"):
        Plan.from_sklearn(est).transform(
            one_column(missing.dictionary_encode() if encoded else missing)
        )


NUMBERS = {"float64": 1.5, "float32": 0.1, "int64": 2**53 + 1, "int32": 7, "bool": True}


@pytest.mark.parametrize("kind", NUMBERS)
def test_numbers_and_their_nulls(kind: str) -> None:
    est = ColumnTransformer([("m", SimpleImputer(add_indicator=True), ["t"])])
    est.fit(pd.DataFrame({"t": [1.0, 2.0, np.nan]}))
    values = [NUMBERS[kind], None, None, NUMBERS[kind]]
    arrow = {"float64": pa.float64(), "float32": pa.float32(), "bool": pa.bool_()}
    columns = one_column(pa.array(values, arrow.get(kind) or getattr(pa, kind)()))
    plan = alone(est)
    assert read(plan, columns)
    if kind == "float32":
        values = [None if v is None else float(np.float32(v)) for v in values]
    assert_same(plan.transform(columns), est.transform(pd.DataFrame({"t": values}, dtype=float)))


class Wild(BaseModel):
    n: float
    t: dict[str, int]


def test_what_c_does_not_read_becomes_vectors() -> None:
    """Objects, lists, times; and texts where numbers were fitted, or the other way round."""
    scaler = StandardScaler().fit(pd.DataFrame({"t": [1.0, 3.0]}))
    texts = alone(OneHotEncoder(handle_unknown="ignore").fit(pd.DataFrame({"t": ["a", "b"]})))
    assert not read(Plan.from_sklearn(scaler), one_column(pa.array(["a"])))
    assert not read(texts, one_column(pa.array([1.0])))
    assert not read(texts, Columns.from_arrow(pa.table({"u": pa.array(["a"])})))
    times = one_column(pa.array([0, 1], pa.timestamp("us")))
    assert not read(Plan.from_sklearn(scaler), times)
    lists = one_column(pa.array([[1.0], [2.0]], pa.list_(pa.float64(), 1)))
    assert not read(Plan.from_sklearn(scaler), lists)
    objects = cast(Columns, Schema(Rows[Wild]).validate_json(b'[{"n": 1, "t": {"a": 1}}]'))
    assert not read(texts, objects)
    # One column of objects is enough, and what the others hold is read as before.
    est = ColumnTransformer(
        [
            ("n", StandardScaler(), ["n"]),
            ("t", OneHotEncoder(handle_unknown="ignore"), ["t"]),
            ("h", HashingVectorizer(token_pattern=r"\w"), "h"),
        ]
    ).fit(pd.DataFrame({"n": [1.0, 2.0], "t": ["a", "b"], "h": ["x y", "z"]}))
    table = pa.table({"n": pa.array([1, None]), "t": ["b", "c"], "h": ["x", "y z"]})
    for encoded in (table, table.set_column(1, "t", table["t"].dictionary_encode())):
        columns = Columns.from_arrow(encoded)
        assert not read(Plan.from_sklearn(est), columns)
        assert_same(Plan.from_sklearn(est).transform(columns), est.transform(table.to_pandas()))


def test_output_that_lies_on_columns() -> None:
    """Numbers of Arrow are read where they lie: what would overwrite them is computed elsewhere."""
    memory = np.arange(8.0)
    columns = one_column(pa.Array.from_buffers(pa.float64(), 4, [None, pa.py_buffer(memory)]))
    program = alone(StandardScaler().fit(pd.DataFrame({"t": [-1.0, 1.0]})))._row.program  # type: ignore[union-attr]
    assert program.run(columns, 4, memory[2:6].reshape(4, 1), None, 1) is None
    apart = memory[4:].reshape(4, 1)
    assert program.run(columns, 4, apart, None, 1) is apart
    np.testing.assert_array_equal(memory, [0, 1, 2, 3, 0, 1, 2, 3])
    assert program.run(columns, 3, None, None, 1) is None  # they are four


@examples(30)
@given(st.data())
def test_any_columns(data: st.DataObject) -> None:
    """Of several blocks too, in parts of them, and all kinds beside each other."""
    rows = data.draw(st.integers(1, 700))
    seed = data.draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    levels = np.array(["", "a", "bc", "é" * 9, "level-17", "level-18"], dtype=object)

    def texts(null: float) -> list[Any]:
        found = levels[rng.integers(0, len(levels), rows)]
        return [None if rng.random() < null else t for t in found]

    table = {
        "n": pa.array(rng.normal(size=rows)),
        "i": pa.array(rng.integers(-9, 9, rows), mask=rng.random(rows) < 0.2),
        "t": pa.array(texts(0.1), pa.string()),
        "d": pa.array(texts(0.1), pa.string()).dictionary_encode(),
        "h": pa.array(texts(0.0), pa.string()),
    }
    order = data.draw(st.permutations(list(table)))
    fitted = pd.DataFrame(
        {"n": [1.0, 2.0], "i": [3.0, np.nan], "t": ["a", ""], "d": ["bc", "a"], "h": ["a b", ""]}
    )
    encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    est = ColumnTransformer(
        [
            ("n", StandardScaler(), ["n", "i"]),
            ("t", encoder, ["t", "d"]),
            ("h", HashingVectorizer(n_features=16), "h"),
        ],
        sparse_threshold=data.draw(st.sampled_from([0.0, 1.0])),
    ).fit(fitted)
    columns = Columns.from_arrow(pa.table({name: table[name] for name in order}))
    plan = alone(est)
    assert read(plan, columns)
    frame = pd.DataFrame(
        {
            "n": table["n"].to_numpy(),
            "i": table["i"].to_numpy(zero_copy_only=False).astype(float),
            **{c: pd.Series(table[c].to_pylist(), dtype=object) for c in "tdh"},
        }
    )
    assert_same(plan.transform(columns), est.transform(frame))
