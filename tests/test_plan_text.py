"""Documents in plans: every option of the vectorizers over texts of every script, held against
scikit-learn, as a batch, as rows and one at a time."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import StandardScaler

from fastcore import Plan

from .plan_compare import assert_same, compare, native
from .profiles import examples

WORDS = ["the", "The", "cat", "I", "don't", "x_1", "3.14", "ÉCLAIR", "ﬁne", "½x", "straße"]
WORDS += [
    "e\u0301t",
    "İstanbul",
    "日本語",
    "👍🏽",
    "a\u200db",
    "٣٤",
    "ǅ",
    "한글",
    "\u1e9b\u0323",
    "²³",
]
SPACES = [" ", "  ", "\n", "\t ", "\u00a0", "\u2003\u2003", "\x1c", "-", ", ", ""]
pieces = st.one_of(st.sampled_from(WORDS), st.sampled_from(SPACES), st.text(max_size=4))
documents = (
    st.lists(pieces, max_size=14)
    .map("".join)
    .filter(lambda text: not any(0xD800 <= ord(c) < 0xE000 for c in text) and "Σ" not in text)
)
options = st.fixed_dictionaries(
    {
        "analyzer": st.sampled_from(["word", "char", "char_wb"]),
        "ngram_range": st.sampled_from([(1, 1), (1, 2), (2, 2), (2, 5), (3, 40)]),
        "lowercase": st.booleans(),
        "strip_accents": st.sampled_from([None, "ascii", "unicode"]),
        "binary": st.booleans(),
    }
)
stop_words = st.sampled_from([None, "english", ["the", "cat", "straße", "日本語"]])


def frame_of(texts):
    return pd.DataFrame({"n": np.arange(len(texts)) * 1.5, "t": pd.Series(texts, dtype=object)})


def columns_of(vectorizer, threshold):
    return ColumnTransformer(
        [("n", StandardScaler(), ["n"]), ("t", vectorizer, "t")], sparse_threshold=threshold
    )


def assert_native(est, X):
    """The plan gives the estimator's output without the estimator."""
    plan = Plan.from_sklearn(est, strict=True)
    theirs = est.transform(X)
    plan._estimator = plan._original = None
    assert_same(plan.transform(X), theirs)
    assert_same(plan.transform(X.to_dict("records")), theirs)
    if theirs.shape[1] > 1 << 16:
        return
    dense = theirs.toarray() if hasattr(theirs, "toarray") else theirs
    for i in (0, len(X) - 1):
        np.testing.assert_array_equal(plan.transform_one(X.iloc[i].to_dict()), dense[i])


@pytest.mark.filterwarnings("ignore:Your stop_words may be inconsistent")
@examples(150)
@given(
    st.lists(documents, min_size=1, max_size=8),
    options,
    stop_words,
    st.sampled_from([1, 2, 7, 2**20, 2**30 + 1]),
    st.sampled_from([None, "l1", "l2"]),
    st.booleans(),
    st.sampled_from([np.float64, np.float32]),
)
def test_hashed_documents(texts, kw, stops, columns, norm, alternate, dtype):
    if kw["analyzer"] == "word":
        kw = {**kw, "stop_words": stops}
    vectorizer = HashingVectorizer(
        n_features=columns, norm=norm, alternate_sign=alternate, dtype=dtype, **kw
    )
    threshold = 1.0 if columns > 100 else 0.3
    X = frame_of(texts)
    assert_native(columns_of(vectorizer, threshold).fit(X), X)


@pytest.mark.filterwarnings("ignore:Your stop_words may be inconsistent")
@examples(100)
@given(
    st.lists(documents, min_size=1, max_size=8),
    options,
    stop_words,
    st.sampled_from([0.0, 1.0]),
    st.sampled_from([np.int64, np.int32, np.float32]),
)
def test_counted_documents(texts, kw, stops, threshold, dtype):
    if kw["analyzer"] == "word":
        kw = {**kw, "stop_words": stops}
    fitted = frame_of([*texts[: len(texts) // 2], "the cat and the hat are here to stay", "É é"])
    est = columns_of(CountVectorizer(dtype=dtype, **kw), threshold).fit(fitted)
    assert_native(est, frame_of(texts))


def test_zeros_that_cancel_stay_stored():
    words = "one two three four five six seven eight nine ten".split()
    X = frame_of([f"{a} {b}" for a in words for b in words])
    est = columns_of(HashingVectorizer(n_features=2, norm=None), 1.0).fit(X)
    assert (est.transform(X).data == 0).sum() > 5
    assert_native(est, X)


@pytest.mark.parametrize("text", [None, np.nan, "ΟΔΟΣ", "\ud800", 3, b"bytes", "ok"])
def test_what_is_no_plain_text_goes_to_the_estimator(text):
    est = columns_of(HashingVectorizer(n_features=8), 0.3).fit(frame_of(["a b"]))
    plan = Plan.from_sklearn(est, strict=True)
    compare(est, frame_of(["plain text", text]), plan)


def test_long_documents_grow_the_scratch_memory():
    rng = np.random.default_rng(5)
    words = ["".join(map(chr, rng.integers(97, 123, 5))) for _ in range(3000)]
    texts = [" ".join(rng.choice(words, n)) for n in (1, 5000, 3, 40, 20000, 2)]
    texts += ["\ufdfa" * 3000]  # each becomes eighteen characters
    X = frame_of(texts)
    for kw in ({"ngram_range": (1, 3)}, {"analyzer": "char_wb", "ngram_range": (3, 4)}):
        for accents in (None, "unicode"):
            vectorizer = HashingVectorizer(n_features=1 << 12, strip_accents=accents, **kw)
            assert_native(columns_of(vectorizer, 1.0).fit(X), X)


def test_branches_and_threads():
    X = frame_of([f"text number {i} of {i % 7} and {i * 31 % 11}" for i in range(3000)])
    union = FeatureUnion([("h", HashingVectorizer(n_features=64)), ("c", CountVectorizer())])
    est = ColumnTransformer(
        [("u", make_pipeline(union), "t"), ("n", "passthrough", ["n"])], sparse_threshold=1.0
    ).fit(X)
    assert_native(est, X)
    plan = Plan.from_sklearn(est)
    for threads in (1, 2, 3):
        assert_same(plan.transform(X, threads=threads), est.transform(X))


@pytest.mark.parametrize(
    ("kw", "why"),
    [
        ({"tokenizer": str.split, "token_pattern": None}, "tokenizer"),
        ({"preprocessor": str.upper}, "preprocessor"),
        ({"analyzer": str.split}, "analyzer"),
        ({"strip_accents": str.upper}, "strip_accents"),
        ({"input": "filename"}, "files"),
        ({"dtype": np.int16, "norm": None}, "dtype"),
    ],
)
def test_what_runs_as_it_is_says_why(kw, why):
    X = frame_of(["a b", "c d e"])
    est = columns_of(HashingVectorizer(n_features=4, **kw), 0.3)
    if kw.get("input") != "filename":
        est.fit(X)
        compare(est, X)
    else:
        est = columns_of(HashingVectorizer(n_features=4), 0.3).fit(X)
        est.named_transformers_["t"].input = "filename"
    assert any(why in node.reason for node in Plan.from_sklearn(est).explain() if not node.native)


@pytest.mark.parametrize("kind", ["str", "category", "polars", "arrow", "array"])
def test_containers(kind):
    texts = ["the cat", "ÉCLAIR the", "", "x y zz zz"] * 40
    X = frame_of(texts)
    est = columns_of(HashingVectorizer(n_features=16), 0.3).fit(X)
    if kind in ("str", "category"):
        given_ = X.assign(t=X["t"].astype(kind))
    elif kind == "array":
        given_ = X[["t"]].to_numpy()
        est = ColumnTransformer([("t", HashingVectorizer(n_features=16), 0)]).fit(given_)
    else:
        given_ = pl.DataFrame(X) if kind == "polars" else pa.Table.from_pandas(X)
    plan = Plan.from_sklearn(est, strict=True)
    want = est.transform(X[["t"]].to_numpy() if kind == "array" else X)
    if kind != "category":
        plan._estimator = plan._original = None
    assert_same(plan.transform(given_), want)


def test_files(tmp_path):
    X = frame_of(["the cat", "ÉCLAIR cat cat", ""])
    vectorizer = CountVectorizer(strip_accents="unicode", stop_words=["the"])
    est = columns_of(vectorizer, 1.0).fit(X)
    Plan.from_sklearn(est).save(tmp_path / "p")
    assert_same(Plan.load(tmp_path / "p").transform(X), est.transform(X))


@pytest.mark.parametrize("lowercase", [True, False])
@pytest.mark.parametrize("ngrams", [(1, 1), (1, 2)])
def test_words_are_found_eight_characters_at_a_time(
    lowercase: bool, ngrams: tuple[int, int]
) -> None:
    """Every character of ASCII between two words, and words that begin and end at every place."""
    texts = [f"aB{chr(c)}Cd{chr(c)}" for c in range(128)]
    texts += ["x" * n + " " + "Y" * (140 - n) for n in range(0, 140, 3)]
    texts += [" " * n + "Zz" * (n % 70) + "-" for n in (0, 1, 7, 8, 62, 63, 64, 65, 127, 128, 129)]
    texts += ["_9 " * n for n in (1, 21, 22, 43, 64)]
    options = {"lowercase": lowercase, "ngram_range": ngrams}
    counts = CountVectorizer(**options).fit(texts[::2])
    native(counts, texts)
    native(HashingVectorizer(n_features=2**10, **options), texts)
    native(HashingVectorizer(n_features=1000, norm=None, stop_words=["ab", "zzzz"]), texts)


@pytest.mark.parametrize("words", [0, 1, 2, 7, 8, 9, 32, 33])
def test_columns_of_few_words_and_of_many(words: int) -> None:
    rng = np.random.default_rng(words)
    texts = [" ".join(f"w{i}" for i in rng.integers(0, 99, words)) for _ in range(20)]
    for features in (1, 2, 13, 64):
        native(HashingVectorizer(n_features=features, norm=None), texts)
