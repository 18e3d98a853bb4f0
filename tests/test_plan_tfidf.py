"""Tf-idf in plans: every option of TfidfTransformer and TfidfVectorizer, on counts of every dtype,
behind the other vectorizers and on matrices, against scikit-learn's bits."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import (
    CountVectorizer,
    HashingVectorizer,
    TfidfTransformer,
    TfidfVectorizer,
)
from sklearn.pipeline import FeatureUnion, make_pipeline

from fastcore import Plan

from .plan_compare import alone, assert_same, compare, native
from .profiles import examples

WORDS = ["the", "Cat", "a", "I", "don't", "x_1", "ÉCLAIR", "straße", "日本語", "b b", "zz-top"]
documents = st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join)
weighing = st.fixed_dictionaries(
    {
        "norm": st.sampled_from([None, "l1", "l2"]),
        "use_idf": st.booleans(),
        "smooth_idf": st.booleans(),
        "sublinear_tf": st.booleans(),
    }
)
dtypes = st.sampled_from([np.int64, np.int32, np.float32, np.float64])
FITTED = [" ".join(WORDS), "the cat and the hat", "zz top ab a", "éclair the straße the"]


def frame_of(texts):
    return pd.DataFrame({"n": np.arange(len(texts)) * 1.5, "t": pd.Series(texts, dtype=object)})


def branch(*steps, threshold=1.0):
    step = steps[0] if len(steps) == 1 else make_pipeline(*steps)
    return ColumnTransformer(
        [("n", "passthrough", ["n"]), ("t", step, "t")], sparse_threshold=threshold
    )


def fitted(est, X):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of an idf that divides by zero, of integers
        return est.fit(X)


@examples(60)
@given(
    st.lists(documents, min_size=1, max_size=6),
    weighing,
    dtypes,
    st.sampled_from([r"(?u)\b\w\w+\b", r"\w+", r"(?u)\b\w+\b", r"\b\w\w\w+\b", r"\w{2,}"]),
    st.sampled_from(["word", "char", "char_wb"]),
    st.booleans(),
    st.sampled_from([0.0, 1.0]),
)
def test_weighed_documents(texts, kw, dtype, pattern, analyzer, binary, threshold):
    if analyzer == "word":
        kw = {**kw, "token_pattern": pattern}
    vectorizer = TfidfVectorizer(
        dtype=dtype, analyzer=analyzer, binary=binary, ngram_range=(1, 2), **kw
    )
    est = fitted(branch(vectorizer, threshold=threshold), frame_of(FITTED))
    X = frame_of(texts)
    dense = native(est, X)
    dense = dense.toarray() if hasattr(dense, "toarray") else dense
    np.testing.assert_array_equal(alone(est).transform_one(X.iloc[-1].to_dict()), dense[-1])


@examples(40)
@given(st.lists(documents, min_size=1, max_size=6), weighing, dtypes, st.booleans())
def test_weights_behind_other_vectorizers(texts, kw, dtype, hashed):
    if hashed:
        kind = dtype if np.dtype(dtype).kind == "f" else np.float64
        first = HashingVectorizer(n_features=8, alternate_sign=False, norm=None, dtype=kind)
    else:
        first = CountVectorizer(dtype=dtype)
    est = fitted(branch(first, TfidfTransformer(**kw)), frame_of(FITTED))
    native(est, frame_of(texts))


@examples(60)
@given(st.data(), weighing, dtypes, st.booleans())
def test_weights_of_a_matrix(data, kw, dtype, frame):
    counts = st.integers(0, 4) | st.sampled_from([7, 1000, 12345])
    rows = st.lists(st.tuples(counts, counts, counts), min_size=1, max_size=6)
    X = np.array(data.draw(rows), dtype=dtype)
    known = np.array(data.draw(rows), dtype=data.draw(dtypes))
    if frame:
        X, known = (pd.DataFrame(x, columns=["a", "b", "c"]) for x in (X, known))
    est = fitted(TfidfTransformer(**kw), known)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        finite = np.isfinite(est.transform(X).data if not kw["norm"] else getattr(est, "idf_", 0))
    if np.all(finite):
        native(est, X)
    else:
        compare(est, X)


@pytest.mark.parametrize("value", [-1.0, np.nan, np.inf, 1e308, 3e38, -0.0])
@pytest.mark.parametrize("kw", [{"sublinear_tf": True}, {"norm": None}, {"norm": "l2"}])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_what_warns_or_raises_is_the_estimators(value, kw, dtype):
    known = np.array([[1, 0, 2], [0, 3, 1], [4, 1, 0]], dtype=dtype)
    est = TfidfTransformer(**kw).fit(known)
    est.idf_[2] = 10.0
    with np.errstate(over="ignore"):
        X = np.array([[1, 2, 3], [0, 1, value]]).astype(dtype)
    compare(est, X)


def test_cancelled_hashes_under_a_logarithm():
    X = frame_of(["one two three", "four five six seven eight nine ten"] * 3)
    est = branch(HashingVectorizer(n_features=2, norm=None), TfidfTransformer(norm=None)).fit(X)
    native(est, X)
    est.named_transformers_["t"].steps[1][1].sublinear_tf = True
    compare(est, X)


def test_weights_of_a_union():
    X = frame_of(FITTED)
    union = FeatureUnion([("w", CountVectorizer()), ("h", HashingVectorizer(n_features=4))])
    for kind in (np.float64, np.float32):
        union.transformer_list[1][1].dtype = kind
        native(branch(union, TfidfTransformer()).fit(X), X)


def test_an_idf_of_ones_own():
    est = TfidfVectorizer(vocabulary=["ab", "cat"], dtype=np.float32)
    est.fit(["ab cat"])
    for idf in (np.array([1.5, 2.5]), np.array([1.5, 2.5], dtype=np.float32)):
        est.idf_ = idf
        X = frame_of(["ab ab cat", "cat"])
        whole = branch(CountVectorizer(vocabulary=est.vocabulary_, dtype=np.float32), est._tfidf)
        whole.fit(X)
        whole.named_transformers_["t"].steps[1][1].idf_ = idf
        native(whole, X)
    whole.named_transformers_["t"].steps[1][1].idf_ = [1.5, 2.5]
    assert not Plan.from_sklearn(whole).explain().native


def test_many_terms_and_threads():
    rng = np.random.default_rng(3)
    words = ["".join(map(chr, rng.integers(97, 123, 4))) for _ in range(900)]
    X = frame_of([" ".join(rng.choice(words, rng.integers(0, 900))) for _ in range(700)])
    for dtype in (np.float64, np.float32):
        est = branch(TfidfVectorizer(sublinear_tf=True, dtype=dtype)).fit(X)
        native(est, X)
        plan = Plan.from_sklearn(est)
        assert_same(plan.transform(X, threads=3), est.transform(X))


def test_files(tmp_path):
    X = frame_of(FITTED)
    for dtype in (np.float64, np.float32):
        est = branch(TfidfVectorizer(sublinear_tf=True, dtype=dtype)).fit(X)
        Plan.from_sklearn(est).save(tmp_path / "p")
        loaded = Plan.load(tmp_path / "p")
        assert "golden rows" in str(loaded.explain())
        assert_same(loaded.transform(X), est.transform(X))
