"""Vectorizers as whole plans, and as the first step of one: any iterable of texts, one text, files,
errors; against scikit-learn."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.decomposition import NMF, FastICA
from sklearn.feature_extraction.text import (
    CountVectorizer,
    HashingVectorizer,
    TfidfTransformer,
    TfidfVectorizer,
)
from sklearn.pipeline import FeatureUnion, make_pipeline

from fastcore import Plan

from .plan_compare import alone, assert_same, compare, native, outcome
from .profiles import examples

TEXTS = ["The cat sat", "", "a dog and a cat: ÉCLAIR", "the dog's dog 日本語", "ab ab zz ÀB"]
PLANS = [
    CountVectorizer(),
    CountVectorizer(dtype=np.int32, binary=True, ngram_range=(1, 3), stop_words=["the"]),
    HashingVectorizer(n_features=32),
    HashingVectorizer(n_features=32, norm=None, dtype=np.int64),
    TfidfVectorizer(sublinear_tf=True, analyzer="char_wb", ngram_range=(2, 3)),
    TfidfVectorizer(dtype=np.float32, norm="l1", strip_accents="unicode", max_features=4),
    make_pipeline(CountVectorizer(max_df=3), "passthrough", TfidfTransformer()),
    make_pipeline("passthrough", HashingVectorizer(n_features=4)),
    FeatureUnion([("words", TfidfVectorizer()), ("chars", CountVectorizer(analyzer="char"))]),
]
fitted = pytest.mark.parametrize(
    "est", [est.fit(TEXTS) for est in PLANS], ids=[str(i) for i in range(len(PLANS))]
)
texts = st.text(max_size=12) | st.sampled_from([*TEXTS, "ΟΔΟΣ", "ΑΣ.Σ σΣ", "İstanbul ab"])


@fitted
@pytest.mark.parametrize(
    "make",
    [
        list,
        tuple,
        np.array,
        lambda texts: np.array(texts, dtype=object),
        lambda texts: np.array([*texts, ""])[:-1][::-1],
        iter,
        lambda texts: (text for text in texts),
        dict.fromkeys,
        pd.Index,
        lambda texts: pd.Series(texts, dtype=object, index=range(9, 9 + len(texts))),
        lambda texts: pd.Series(texts, dtype="str"),
        lambda texts: pd.Series(texts, dtype="string"),
        lambda texts: pd.Series(texts, dtype="category"),
        lambda texts: pd.Series(texts, dtype=pd.ArrowDtype(pa.string())),
        pl.Series,
    ],
)
def test_iterables(est, make):
    X, again = make(TEXTS), make(TEXTS)
    if isinstance(est, FeatureUnion) and iter(X) is X:  # the second branch finds it empty
        ours = outcome(lambda: Plan.from_sklearn(est).transform(X))
        theirs = outcome(lambda: est.transform(again))
        assert ours[1] == theirs[1]
        return
    assert_same(alone(est).transform(X), est.transform(again))


@fitted
def test_arrow_texts_are_a_list_of_them(est):
    for X in (pa.array(TEXTS), pa.chunked_array([TEXTS[:2], TEXTS[2:]])):
        assert_same(alone(est).transform(X), est.transform(TEXTS))
    theirs = outcome(lambda: est.transform(["ab", None]))
    assert outcome(lambda: Plan.from_sklearn(est).transform(pa.array(["ab", None])))[1] == theirs[1]


@examples(60)
@given(st.data(), st.lists(texts, max_size=6))
def test_documents(data, X):
    est = data.draw(st.sampled_from(PLANS))
    if any(0xD800 <= ord(c) < 0xE000 for text in X for c in text) or not X:
        compare(est, X)
    else:
        native(est, X)


@fitted
@pytest.mark.parametrize(
    "X",
    [
        "one text",
        b"bytes",
        [],
        5,
        None,
        ["ab", None],
        [np.nan],
        [float("nan")],
        [pd.NA, "ab"],
        ["ab", 3, None],
        [b"ab zz", "ab"],
        ["ab", b"\xff"],
        ["lone \ud800 zz"],
        [["ab"]],
        np.array([["ab"]]),
        np.array("ab"),
        np.array([b"ab zz"]),
        np.arange(3),
        pd.DataFrame({"ab": TEXTS}),
        pd.Series(["ab", None], dtype="str"),
        [{"t": "ab"}],
    ],
    ids=str,
)
def test_what_is_no_text_is_the_estimators(est, X):
    compare(est, X)


def test_what_an_iterable_raises_comes_in_its_turn():
    def texts(*found):
        yield from found
        raise RuntimeError("gone")

    est = CountVectorizer().fit(TEXTS)
    plan = Plan.from_sklearn(est)
    for found in ([], ["ab"], ["ab", None, "cat"]):
        ours, theirs = (outcome(lambda p=p, f=found: p.transform(texts(*f))) for p in (plan, est))
        assert ours[1] == theirs[1] is not None
    plan._estimator = plan._original = None
    with pytest.raises(RuntimeError, match="gone"):
        plan.transform(texts("ab"))


@fitted
def test_one_document(est):
    plan = alone(est)
    for text in [*TEXTS, "ΟΔΟΣ ΣΑΣ."]:
        ours, theirs = plan.transform_one(text), est.transform([text])
        assert ours.dtype == theirs.dtype
        np.testing.assert_array_equal(ours, theirs.toarray()[0])
    assert plan.counters()["rows"] == len(TEXTS) + 1
    whole = Plan.from_sklearn(est)
    np.testing.assert_array_equal(
        whole.transform_one(b"ab zz"), est.transform(["ab zz"]).toarray()[0]
    )
    for wrong in (None, ["ab"], 3):
        error = outcome(lambda wrong=wrong: est.transform([wrong]))[1]
        assert outcome(lambda wrong=wrong: whole.transform_one(wrong))[1] == error


@fitted
def test_files(est, tmp_path):
    plan = Plan.from_sklearn(est, strict=True)
    plan.save(tmp_path / "p")
    loaded = Plan.load(tmp_path / "p")
    assert loaded._stored.golden.rows
    assert loaded.fingerprint == plan.fingerprint
    X = [*TEXTS, "ΟΔΟΣ"]
    assert_same(loaded.transform(X), est.transform(X))
    assert_same(loaded.transform(dict.fromkeys(TEXTS[:1])), est.transform(TEXTS[:1]))
    assert not hasattr(loaded, "n_features_in_")
    names = outcome(est.get_feature_names_out) if hasattr(est, "get_feature_names_out") else None
    if names and names[1] is None:
        assert list(loaded.get_feature_names_out()) == list(names[0])
    for wrong, kind, said in [
        ("ab", ValueError, "Iterable over raw text documents"),
        ([], ValueError, "empty"),
        (
            ["ab", None],
            AttributeError,
            "'NoneType' object has no attribute 'lower' .sample 1: None",
        ),
        (["ab", np.nan], ValueError, "np.nan is an invalid document.*sample 1"),
        (["\ud800"], ValueError, "no estimator to ask .sample 0"),
        (3, TypeError, "not iterable"),
        (np.zeros((2, 2)), ValueError, "a list of samples"),
    ]:
        with pytest.raises(kind, match=said):
            loaded.transform(wrong)
    loaded._stored.golden.values[0] += 1
    with pytest.raises(ValueError, match="golden row 0"):
        Plan._from_bytes(loaded.__reduce__()[1][0])


def test_the_sample_that_is_refused_is_a_note():
    plan = Plan.from_sklearn(CountVectorizer().fit(TEXTS))
    with pytest.raises(AttributeError) as caught:
        plan.transform(["ab"] * 5 + [3])
    assert caught.value.__notes__ == ["fastcore: sample 5: 3"]


def test_forms_of_the_result():
    est = TfidfVectorizer().fit(TEXTS)
    plan = Plan.from_sklearn(est, verify=1.0)
    assert plan.transform(TEXTS, dtype=np.float32).dtype == np.float32
    assert_same(plan.transform(TEXTS * 900, threads=3), est.transform(TEXTS * 900))
    assert plan.counters() | {"inputs": {}} == {
        "inputs": {},
        "rows": 905 * 5 - 20,
        "verified": 2,
        "mismatches": 0,
    }
    with pytest.raises(ValueError, match="sparse"):
        plan.transform(TEXTS, out=np.empty((5, 8)))
    counted = CountVectorizer().fit(TEXTS)
    assert Plan.from_sklearn(counted).transform(TEXTS, dtype=np.float32).dtype == np.float32
    assert set(plan.check(TEXTS).values()) == {0.0}
    assert not Plan.from_sklearn(est, native=False).explain().native
    compare(est, TEXTS, Plan.from_sklearn(est, native=False))


@pytest.mark.filterwarnings("ignore")
def test_steps_of_scikit_learns_own_behind_native_ones():
    for step in (NMF(2), FastICA(2, random_state=0)):
        pipe = make_pipeline(TfidfVectorizer(), step)
        if isinstance(step, FastICA):
            pipe.steps.insert(1, ("dense", DENSE))
        est = pipe.fit(TEXTS)
        plan = Plan.from_sklearn(est)
        assert plan.explain().nodes[0].native
        compare(est, TEXTS, plan)
        np.testing.assert_array_equal(plan.transform_one(TEXTS[0]), est.transform(TEXTS[:1])[0])


class Dense:
    """A step that nothing knows."""

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return X.toarray()


DENSE = Dense()
