"""DictVectorizer and FeatureHasher in plans: dicts, pairs and lists of texts read in C, against
scikit-learn."""

from decimal import Decimal
from types import MappingProxyType

import numpy as np
import pandas as pd
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction import DictVectorizer, FeatureHasher
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.feature_selection import SelectKBest
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import MaxAbsScaler, Normalizer, StandardScaler

from fastcore import Plan, _core
from fastcore.columns import Columns

from .plan_compare import alone, assert_same, compare, native, outcome
from .profiles import examples

NAMES = ["a", "b", "city", "city=Rome", "tag", "é", "日本", "", "x" * 300]
KNOWN = [
    {"a": 1.5, "city": "Rome", "tag": ["x", "y"], "é": 1},
    {"b": 2, "a": None, "city": "Oslo", "日本": "", "x" * 300: "long" * 90},
]
names = st.sampled_from(NAMES)
numbers = st.one_of(
    st.floats(-1e6, 1e6, width=32),
    st.integers(-(2**53), 2**53),
    st.booleans(),
    st.sampled_from([0.0, -0.0, np.float32(0.1), np.int64(-7), np.float64(2.5), np.uint8(3)]),
    st.sampled_from([float("nan"), float("inf"), 0.1, 1 / 3]),
)
words = st.sampled_from(["Rome", "Oslo", "x", "", "ß", "a b"])
fields = st.dictionaries(
    names, numbers | words | st.none() | st.lists(words, max_size=3), max_size=9
)
pairs = st.lists(st.tuples(names, numbers | words), max_size=12)
floats = st.sampled_from([np.float64, np.float32])
ODD = [
    [],
    5,
    "abc",
    [1],
    ["abc"],
    [{"a": {"b": 1}}],
    [{1: 2}],
    [{("a", "b"): 2.0}, {"a": 1}],
    [{"a": [1]}],
    [{"a": ["x", "x"]}, {"city": "Rome", "city=Rome": 3}],
    [{"a": {"x", "y"}}],
    [{"a": np.bool_(True)}],
    [{"a": 10**400}],
    [{"a": 2**60 + 1}],
    [{"a": 1e300}],
    [{"a": 1j}],
    [{"a": Decimal("1.5")}],
    [{"a": b"x"}],
    [{b"a": 1}],
    [{"\ud800": 1}],
    [{"a": "\ud800"}],
    [{"a": None}],
    [{"a": np.array([1.0])}],
    [[("a", 1), ("b", 2, 3)]],
    [[("a", 1), "bc"]],
    [[("a", 0.1), ("a", 0.2), ("a", 0.3)]],
    [[("a", 2), ["a", 3], ("a", 4)]],
    [["a", "b"], ("c",), [b"d"]],
    [["a", None]],
    [["\ud800"]],
    [MappingProxyType({"a": 1.0, "city": "Rome"})],
    {"a": 1.0, "city": "Rome"},
    {},
    (row for row in KNOWN),
]


def again(X):
    """Generators once more; whatever else as it is."""
    return (row for row in KNOWN) if iter_once(X) else X


def iter_once(X):
    return hasattr(X, "__next__")


def same(est, X):
    """As compare(), for what can be iterated but once too."""
    plan = Plan.from_sklearn(est)
    ours, theirs = (
        outcome(lambda: plan.transform(again(X))),
        outcome(lambda: est.transform(again(X))),
    )
    assert ours[1] == theirs[1]
    assert ours[2] == theirs[2]
    if theirs[1] is None:
        assert_same(ours[0], theirs[0])


@examples(80)
@given(
    st.lists(fields, min_size=1, max_size=5),
    floats,
    st.booleans(),
    st.booleans(),
    st.sampled_from(["=", "", ": ", "é"]),
)
def test_fields(rows, dtype, sparse, ordered, separator):
    est = DictVectorizer(dtype=dtype, sparse=sparse, sort=ordered, separator=separator).fit(KNOWN)
    assert compare(est, rows)
    theirs = est.transform(rows)
    if not sparse or len(theirs.data) == theirs.astype(bool).sum() == len(np.unique(theirs.data)):
        native(est, rows)
    one = est.transform(rows[:1])
    one = one.toarray()[0] if sparse else one[0]
    np.testing.assert_array_equal(Plan.from_sklearn(est).transform_one(rows[0]), one)


@examples(80)
@given(
    st.lists(pairs, min_size=1, max_size=5),
    st.sampled_from([np.float64, np.float32, np.int64, np.int32]),
    st.sampled_from([1, 3, 64, 2**20]),
    st.booleans(),
    st.booleans(),
)
def test_hashed_items(rows, dtype, columns, alternate, as_dict):
    kind = "dict" if as_dict else "pair"
    est = FeatureHasher(columns, input_type=kind, dtype=dtype, alternate_sign=alternate).fit()
    compare(est, [dict(row) for row in rows] if as_dict else rows)


@examples(40)
@given(
    st.lists(st.lists(names | words, max_size=40), min_size=1, max_size=5),
    st.sampled_from([np.float64, np.float32, np.int64]),
    st.sampled_from([1, 3, 64, 2**20]),
    st.booleans(),
)
def test_hashed_strings(rows, dtype, columns, alternate):
    est = FeatureHasher(columns, input_type="string", dtype=dtype, alternate_sign=alternate).fit()
    native(est, rows)


@pytest.mark.parametrize("X", ODD, ids=lambda X: ascii(X)[:40])
def test_what_is_unusual_is_the_estimators(X):
    for sparse in (True, False):
        same(DictVectorizer(sparse=sparse).fit(KNOWN), X)
    for kind in ("dict", "pair", "string"):
        for dtype in (np.float64, np.float32, np.int32):
            same(FeatureHasher(8, input_type=kind, dtype=dtype).fit(), X)


def test_what_c_reads_by_itself():
    rows = [
        {"a": 1.5, "b": 2, "city": "Rome", "c": True, "d": np.float32(0.1), "e": np.int64(3)},
        {},
    ]
    for dtype in (np.float64, np.float32):
        for est in (
            DictVectorizer(dtype=dtype).fit(rows),
            DictVectorizer(dtype=dtype, sparse=False, sort=False).fit(rows[::-1]),
            FeatureHasher(64, dtype=dtype).fit(),
            make_pipeline(DictVectorizer(dtype=dtype), TfidfTransformer(norm="l1")).fit(rows),
            make_pipeline(FeatureHasher(6, dtype=dtype), TfidfTransformer(use_idf=False)).fit(rows),
        ):
            native(est, rows)
            native(est, tuple(rows))
            np.testing.assert_array_equal(
                alone(est).transform_one(rows[0]), np.ravel(dense(est.transform(rows[:1])))
            )
    est = DictVectorizer(sparse=False).fit(KNOWN)
    native(est, [{"tag": ["x", "x", "y"], "tag=x": 3, "a": None}, *KNOWN])
    native(FeatureHasher(2, input_type="pair").fit(), [[("a", 2), ["a", 3], ("a", 4), ("é", -1)]])


@pytest.mark.parametrize(
    "step",
    [
        MaxAbsScaler(),
        StandardScaler(with_mean=False),
        Normalizer(),
        SelectKBest(k=2),
        "passthrough",
    ],
)
def test_steps_behind_a_sparse_matrix_of_fields(step):
    rows = [{"a": 1.5, "city": "Rome"}, {"b": 2, "a": 3}, {"city": "Oslo", "b": 1}, {"c": 1.0}]
    native(make_pipeline(DictVectorizer(), step or "passthrough").fit(rows, [0, 1, 0, 1]), rows)


def dense(X):
    return X.toarray() if hasattr(X, "toarray") else X


def test_long_rows():
    rng = np.random.default_rng(0)
    vocabulary = [f"name{i}" for i in range(3000)]
    rows = []
    for n in (0, 17, 3000, 700, 33, 2999):
        which = rng.permutation(3000)[:n]
        rows.append({vocabulary[i]: rng.normal() for i in which})
    native(DictVectorizer().fit([dict.fromkeys(vocabulary, 1.0)]), rows)
    native(FeatureHasher(1 << 18).fit(), rows)
    native(
        FeatureHasher(7).fit(), [{name: round(10 * v) for name, v in row.items()} for row in rows]
    )
    many = rows * 40
    est = FeatureHasher(1 << 18).fit()
    assert_same(alone(est).transform(many, threads=3), est.transform(many))


def test_rows_of_other_kinds():
    class Row(pydantic.BaseModel):
        a: float
        city: str

    est = DictVectorizer().fit(KNOWN)
    rows = [{"a": 2.0, "city": "Rome"}, {"a": 3.0, "city": "Oslo"}]
    want = est.transform(rows)
    models = [Row(**row) for row in rows]
    assert_same(alone(est).transform(models), want)
    assert_same(alone(est).transform(Columns.from_rows(rows, Row)), want)
    assert_same(Plan.from_sklearn(est, native=False).transform(models), want)
    np.testing.assert_array_equal(alone(est).transform_one(rows[1]), want.toarray()[1])


def test_branches():
    cells = [["a", "b"], [], ["b", "b", "c"]]
    X = pd.DataFrame({"tags": pd.Series(cells, dtype=object), "n": [1.0, 2.0, 3.0]})
    X["d"] = [{"a": 1.5, "city": "Rome"}, {}, {"b": 2}]
    est = ColumnTransformer(
        [
            ("t", FeatureHasher(8, input_type="string"), "tags"),
            ("d", FeatureHasher(8), "d"),
            ("n", "passthrough", ["n"]),
        ],
        sparse_threshold=1.0,
    )
    est.fit(X)
    native(est, X)
    rows = X.to_dict("records")
    assert_same(alone(est).transform(rows), est.transform(X))
    np.testing.assert_array_equal(alone(est).transform_one(rows[2]), est.transform(X).toarray()[2])
    union = FeatureUnion([("a", FeatureHasher(8)), ("b", FeatureHasher(4, alternate_sign=False))])
    native(union.fit(list(X["d"])), list(X["d"]))


@pytest.mark.parametrize("kind", ["dict", "pair", "string", "fields", "dense"])
def test_files(kind, tmp_path):
    rows = [{"a": 1.5, "city": "Rome"}, {"b": 2, "tag": "x"}]
    if kind in ("fields", "dense"):
        est = DictVectorizer(sparse=kind == "fields").fit(KNOWN)
    else:
        est = FeatureHasher(16, input_type=kind).fit()
        if kind == "pair":
            rows = [list(row.items()) for row in rows]
        elif kind == "string":
            rows = [list(row) for row in rows]
    plan = Plan.from_sklearn(est, strict=True)
    plan.save(tmp_path / "p")
    loaded = Plan.load(tmp_path / "p")
    assert len(loaded._stored.golden.rows) >= 4
    assert_same(loaded.transform(rows), est.transform(rows))
    np.testing.assert_array_equal(loaded.transform_one(rows[0]), plan.transform_one(rows[0]))
    for wrong, error in ([[rows[0], 3], TypeError], [[], ValueError], [3, TypeError]):
        with pytest.raises(error, match=r"sample 1: 3|empty|not iterable"):
            loaded.transform(wrong)


def test_what_has_no_native_form_says_why():
    for est, why in (
        (DictVectorizer(dtype=int).fit(KNOWN[:1]), "dtype"),
        (DictVectorizer().fit([{("a", "b"): 1}]), "no texts"),
        (FeatureHasher(dtype=np.int16).fit(), "dtype"),
        (DictVectorizer().fit([{"\ud800": 1}]), "surrogates"),
    ):
        plan = Plan.from_sklearn(est)
        assert why in plan.explain().nodes[0].reason
        same(est, [{"a": 1}])


@pytest.mark.parametrize(
    ("family", "params"),
    [
        ("hash_items", {}),
        ("dict_items", {"term_bytes": b"ab", "term_ends": [1, 2]}),
    ],
)
def test_bytes_that_are_no_items(family, params):
    blob = {
        name: np.frombuffer(value, np.uint8) if isinstance(value, bytes) else np.array(value)
        for name, value in params.items()
    }
    steps = ((family, (0,), 4, 2, blob),)
    sources = ((0, None, "packed", -1, -1),)
    program = _core.Program(sources, ((3, (0,)),), steps, ((1, 0, 2),), 1, "f8")
    good = b"a\xff" + np.float64(1.5).tobytes()
    assert program.run_csr(([good, good, b""],), 3, None, 1) is not None
    for bad in (b"a", b"a\xff", good[:-1], good + b"b\xff1234567"):
        assert program.run_csr(([good, bad],), 2, None, 1) is None
    assert program.run_csr((["a"],), 1, None, 1) is None
    with pytest.raises(ValueError, match="no such kind of documents"):
        _core.Program(((0, None, "other", -1, -1),), ((3, (0,)),), steps, ((1, 0, 2),), 1, "f8")
