"""Plans of labels: LabelEncoder, LabelBinarizer and MultiLabelBinarizer against scikit-learn."""

import copy
import functools
import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, given
from hypothesis import strategies as st
from sklearn import config_context
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import LabelBinarizer, LabelEncoder, MultiLabelBinarizer

from fastcore import Plan, UnsupportedError

from .plan_compare import alone, assert_same, compare, native, outcome
from .profiles import examples

quick = functools.partial(examples, phases=(Phase.generate, Phase.shrink))

TEXTS = ["b", "a", "ccc", "ü€", "", "a b"]
NUMBERS = [3, 1, -2, 100, 7]
DTYPES = ["i1", "i2", "i4", "i8", "u1", "u4", "u8", "f4", "f8", ">i4", "bool"]


def forms(labels):
    """The same labels as each kind of vector that is read natively."""
    yield list(labels)
    yield tuple(labels)
    yield np.array(labels)
    yield np.array(labels, dtype=object)
    yield pd.Series(labels)
    yield list(np.array(labels))
    yield np.repeat(np.array(labels), 2)[::-2]
    if isinstance(labels[0], str):
        yield pd.Series(labels, dtype=object)
        yield pd.Series(labels, dtype="category")
        yield pd.Series(list(labels) * 40)


def odd(labels):
    """What scikit-learn warns of or refuses, or knows to convert."""
    yield from (labels[:0], np.array(labels)[:0], np.array(labels)[:, None], [list(labels)])
    yield from ([*labels, None], [*labels, float("nan")], np.array([*labels, None], dtype=object))
    yield from ([*labels, "zz"], [*labels, "a\0"], ["zz"], ["a\0"], [77], [0.5], [labels[0], 0.5])
    yield from ([float("inf")], np.array([1.5, 3.0]), np.array([1.0, np.nan]), "ab", 3, None)
    yield from (pd.Series([*labels, None]), pd.Series([1, None], dtype="Int64"), [b"a"], [[1], [2]])
    yield from (pd.DataFrame({"y": labels}), np.array(labels).astype(str), {"y": labels}, [{}])
    yield from (np.array([3, 1], dtype=t) for t in DTYPES)
    yield np.array([[0, 1, 0], [1, 1, 0]])
    yield [np.int8(3), np.int8(1)]


@given(data=st.data())
@quick(16)
def test_label_encoder(data):
    known = data.draw(st.sampled_from([TEXTS, NUMBERS]))
    known = data.draw(st.lists(st.sampled_from(known), min_size=1, max_size=9))
    given_ = data.draw(st.lists(st.sampled_from(known), min_size=1, max_size=9))
    fits = list(forms(known))
    est = LabelEncoder().fit(data.draw(st.sampled_from(fits)))
    plan = Plan.from_sklearn(est, strict=True)
    for y in forms(given_):
        # Objects that are numbers are converted by NumPy, each for itself.
        objects = object in (est.classes_.dtype, getattr(y, "dtype", None))
        if isinstance(known[0], int) and objects:
            assert compare(est, y, plan)
        else:
            native(est, y)
    for y in odd(given_):
        compare(est, copy.copy(y), plan)


@pytest.mark.parametrize(
    "known",
    [
        np.array([True, False]),
        np.array([1.5, -2.0, np.nan]),
        np.array([0.1, 0.2], dtype=np.float32),
        np.array([3, -7], dtype=np.int8),
        np.array([2**60, 2**60 + 1, -5]),
        np.array([2**63 - 1, 2**63 - 2], dtype=np.uint64),
        np.array(["b", None, "a", np.nan], dtype=object),
        np.array([1, 2.5, True], dtype=object),
        pd.Series(["x", None, "y"]),
    ],
    ids=str,
)
def test_other_labels_are_encoded(known):
    est = LabelEncoder().fit(known)
    native(est, known)
    native(est, known[::-1])
    plan = Plan.from_sklearn(est, strict=True)
    for y in (known.tolist(), known[:1].tolist(), pd.Series(known)):
        assert compare(est, y, plan)
    for y in odd([2**60, 3] if known.dtype.kind in "iu" else ["a", "b"]):
        compare(est, copy.copy(y), plan)
    for dtype in DTYPES:
        compare(est, np.array([0, 1, 3], dtype=dtype), plan)


@given(data=st.data())
@quick(20)
def test_label_binarizer(data):
    known = data.draw(st.sampled_from([TEXTS, NUMBERS]))
    some = st.lists(st.sampled_from(known), min_size=1, max_size=9)
    fitted, given_ = data.draw(some), data.draw(some)
    neg, pos = data.draw(st.sampled_from([(0, 1), (-1, 1), (0, 7), (-3, 0), (2, 300), (-9, -2)]))
    sparse = neg == 0 and data.draw(st.booleans())
    est = LabelBinarizer(neg_label=neg, pos_label=pos, sparse_output=sparse)
    est.fit(data.draw(st.sampled_from([fitted, np.array(fitted)])))
    plan = Plan.from_sklearn(est, strict=True)
    certain = {*given_} <= {*fitted} or len({*fitted}) > 2
    for y in forms(given_):
        objects = object in (getattr(y, "dtype", None),)
        if certain and not (isinstance(given_[0], int) and objects):
            native(est, y)
        else:
            compare(est, y, plan)
    for y in odd(given_):
        compare(est, copy.copy(y), plan)
    if isinstance(given_[0], int):
        for dtype in DTYPES:
            with np.errstate(all="ignore"):
                compare(est, np.array(given_).astype(dtype), plan)


@given(
    seed=st.integers(0, 2**32 - 1),
    labels=st.sampled_from([(0, 1), (-1, 1), (0, 7), (-3, 0), (2, 300)]),
)
@quick(10)
def test_matrices_of_labels(seed, labels):
    rng = np.random.default_rng(seed)
    Y = rng.integers(0, 2, (9, 4))
    neg, pos = labels
    for sparse in (False, True)[: 1 + (neg == 0)]:
        est = LabelBinarizer(neg_label=neg, pos_label=pos, sparse_output=sparse).fit(Y)
        for Z in (Y, Y[:1], Y.astype(float), np.asfortranarray(Y), Y.astype(np.int16), Y * 0):
            native(est, Z)
        plan = Plan.from_sklearn(est, strict=True)
        others = [Y[:, :3], Y[:, :1], Y[0], Y[:0], Y * 5, Y.tolist(), np.where(Y, 0.5, 0), [0, 1]]
        for Z in [*others, *(Y.astype(dtype) for dtype in DTYPES)]:
            compare(est, Z, plan)


LABEL = st.sampled_from(["a", "b", "zz", 3, 7, True, 2.5, None, ("a", 1), (), b"x", frozenset("a")])


@given(
    known=st.lists(
        st.sampled_from(["a", "b", 3, 7, 2.5, None, ("a", 1), ()]), min_size=1, unique=True
    ),
    y=st.lists(
        st.one_of(*(st.lists(LABEL).map(kind) for kind in (list, tuple, set, iter))), max_size=6
    ),
    sparse=st.booleans(),
)
@quick(60)
def test_sets_of_labels(known, y, sparse):
    est = MultiLabelBinarizer(classes=known, sparse_output=sparse).fit([])
    plan = alone(est)
    ours = outcome(lambda: plan.transform(copy.deepcopy(y)))
    theirs = outcome(lambda: est.transform(copy.deepcopy(y)))
    assert ours[1:] == theirs[1:]
    assert_same(ours[0], theirs[0])


@given(data=st.data(), sparse=st.booleans())
@quick(20)
def test_sets_of_many_labels(data, sparse):
    """CSR's indices have the order of Python's sets, which is that of their sizes."""
    est = MultiLabelBinarizer(sparse_output=sparse).fit([range(500)])
    y = data.draw(st.lists(st.lists(st.integers(0, 520), max_size=40), max_size=4))
    for given_ in (y, tuple(map(set, y)), pd.Series(y, dtype=object)):
        native(est, given_)


def test_what_is_no_set_of_labels():
    est = MultiLabelBinarizer().fit([("a", "b"), (), ("cc",)])
    plan = Plan.from_sklearn(est, strict=True)
    assert compare(est, ["ab", {"a": 1}, "", np.array(["b", "q"])], plan)
    for y in ([1], [["a"], None], [[["a"]]], [[{}]], 5, None, [], "ab", np.array(3), np.array([1])):
        compare(est, y, plan)
    for y in ({"ab": 1}, np.array([["a", "b"], ["b", "cc"]]), pd.Series([["a"]]), [{"a": 1}]):
        assert compare(est, y, plan)
    np.testing.assert_array_equal(plan.transform(iter([["a"], ["b"]])), [[1, 0, 0], [0, 1, 0]])


class Asked:
    """A label that notes what it is asked."""

    def __init__(self, name, notes, fails=None):
        self.name, self.notes, self.fails = name, notes, fails

    def __hash__(self):
        self.notes.append(f"hash {self.name}")
        if self.fails is not None:
            raise self.fails
        return hash(self.name)

    def __eq__(self, other):
        self.notes.append(f"{self.name} == {other}")
        return self.name == other

    def __repr__(self):
        return self.name


@pytest.mark.parametrize("fails", [None, KeyError("k"), ZeroDivisionError("z")])
def test_labels_of_users_are_asked_as_often(fails):
    est = MultiLabelBinarizer().fit([("a", "b")])
    seen = []
    for transform in (Plan.from_sklearn(est, strict=True).transform, est.transform):
        notes = []
        rows = [[Asked("a", notes), Asked("q", notes)], ["b", Asked("b", notes, fails)]]
        seen.append((repr(outcome(lambda rows=rows, f=transform: f(rows))), notes))
    assert seen[0] == seen[1]


def test_nothing_is_kept():
    label, other, rows = ("a", 1), ("b", 2), ["q"]
    plan = Plan.from_sklearn(MultiLabelBinarizer(classes=[label], sparse_output=True).fit([]))
    calls = ([[label, other], {label, "z"}], [[label], 5], [[label, []]], [rows, [other]])
    for y in [*calls, *calls]:
        outcome(lambda y=y: plan.transform(y))
        before = [sys.getrefcount(one) for one in (label, other, rows, y, None)]
        for _ in range(200):
            outcome(lambda y=y: plan.transform(y))
        after = [sys.getrefcount(one) for one in (label, other, rows, y, None)]
        assert all(abs(a - b) < 100 for a, b in zip(after, before, strict=True))


def test_failing_allocations_are_memory_errors():
    code = """
import _testcapi
from fastcore import _core
table = {("a", i): i for i in range(300)}
y = [list(table), [("a", 1), ("b", 2), "q"]] * 3
for sparse in (False, True):
    for width in (0, 1):
        for k in range(200_000):
            _testcapi.set_nomemory(k, k + 1 if width else 0)
            try:
                _core.label_sets(table, y, sparse)
                done = True
            except MemoryError:
                done = False
            finally:
                _testcapi.remove_mem_hooks()
            if done:
                break
        else:
            raise SystemExit("never succeeds")
print("survived")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.startswith("survived"), done.stderr


@pytest.mark.parametrize("y", [[3, 1, 1], ["b", "a"], np.array([1, 3], dtype=np.int8), [1]])
def test_two_classes_lie_in_memory_as_they_do(y):
    est = LabelBinarizer(neg_label=-1).fit(y if len({*y}) == 2 else [1, 3])
    assert native(est, y).strides == est.transform(y).strides


# ---- Plans of them ------------------------------------------------------------------------------

FITTED = [
    (LabelEncoder(), TEXTS, ["ccc"]),
    (LabelEncoder(), NUMBERS, [100]),
    (LabelEncoder(), [2**60, 2**60 + 1], [2**60 + 1]),
    (LabelBinarizer(neg_label=-1), TEXTS, ["a"]),
    (LabelBinarizer(sparse_output=True), NUMBERS, [-2]),
    (LabelBinarizer(), [True, False], [True]),
    (LabelBinarizer(pos_label=4), np.eye(3, dtype=int), np.array([[0, 1, 1]])),
    (MultiLabelBinarizer(), [("a", "b"), ("c",)], [{"a", 1}]),
    (MultiLabelBinarizer(), [(("b", 2), ("a", 1)), ()], [[("b", 2), ()]]),
    (MultiLabelBinarizer(sparse_output=True), [TEXTS, NUMBERS[:0]], [["b", "new"]]),
]


@pytest.mark.parametrize(("est", "fit", "y"), FITTED, ids=str)
def test_saved_and_loaded(tmp_path, est, fit, y):
    est.fit(fit)
    plan = Plan.from_sklearn(est, strict=True)
    plan.save(tmp_path / "p")
    for other in (Plan.load(tmp_path / "p"), pickle.loads(pickle.dumps(plan)), copy.copy(plan)):
        theirs = outcome(lambda: est.transform(y))
        ours = outcome(lambda other=other: other.transform(y))
        assert ours[2] == theirs[2]
        assert_same(ours[0], theirs[0])
        assert other.fingerprint == plan.fingerprint
        assert repr(other).startswith("<Plan of")
        assert other.explain().native
    loaded = Plan.load(tmp_path / "p")
    if not isinstance(fit[0], int) or fit[0] < 2**53:
        assert "golden rows equal bit for bit" in str(loaded.explain())
    if not isinstance(est, MultiLabelBinarizer):
        for wrong in ([0.25], 5, [["a"]]):
            with pytest.raises(ValueError, match=r"^y"):
                loaded.transform(wrong)


@pytest.mark.parametrize(("est", "fit", "y"), FITTED, ids=str)
def test_whatever_a_plan_has(est, fit, y):
    est.fit(fit)
    plan = Plan.from_sklearn(est, strict=True, verify=1.0)
    theirs = outcome(lambda: est.transform(y))[0]
    ours = outcome(lambda: plan.transform(y))[0]
    assert_same(ours, theirs)
    assert plan.counters() | {"inputs": {}} == {
        "inputs": {},
        "rows": 1,
        "verified": 1,
        "mismatches": 0,
    }
    assert not any(outcome(lambda: plan.check(y))[0].values())
    dense = np.atleast_1d(theirs.toarray()[0] if hasattr(theirs, "toarray") else theirs[0])
    one = outcome(lambda: plan.transform_one(y[0]))[0]
    np.testing.assert_array_equal(one, dense, strict=True)
    single = outcome(lambda: plan.transform(y, dtype=np.float32))[0]
    assert single.dtype == np.float32
    for name in ("n_features_in_", "feature_names_in_"):
        with pytest.raises(AttributeError):
            getattr(plan, name)
    if not hasattr(theirs, "toarray"):
        out = np.empty(theirs.shape)
        assert outcome(lambda: plan.transform(y, out=out))[0] is out
        np.testing.assert_array_equal(out, theirs)
    with config_context(transform_output="pandas"):
        assert_same(outcome(lambda: plan.transform(y))[0], theirs)
    old = Plan.from_sklearn(est, native=False)
    assert_same(outcome(lambda: old.transform(y))[0], theirs)
    np.testing.assert_array_equal(outcome(lambda: old.transform_one(y[0]))[0], dense)


def test_no_step_of_a_pipeline():
    est = Pipeline([("y", LabelEncoder())])
    est.steps[0][1].fit(TEXTS)
    with pytest.raises(UnsupportedError, match="takes labels, and no matrix"):
        Plan.from_sklearn(est, strict=True)
    assert compare(est, TEXTS)


def test_labels_that_files_do_not_hold():
    y = [(frozenset("a"), b"x"), (frozenset("b"),)]
    est = MultiLabelBinarizer(classes=[frozenset("a"), b"x"]).fit(y)
    with pytest.raises(UnsupportedError, match="a class of type frozenset"):
        Plan.from_sklearn(est, strict=True)
    assert compare(est, y)
