"""Vectorizers with a token_pattern or functions of their own: tokens out of Python, counted in C;
the user's functions are called as scikit-learn calls them, and never twice."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
from sklearn.pipeline import FeatureUnion, make_pipeline

from fastcore import Plan, UnsupportedError
from fastcore._plan_calling import Counting
from fastcore._plan_store import stored

from .plan_compare import alone, assert_same, compare, native, outcome
from .profiles import examples

TEXTS = ["The cat-sat, 3.14 x", "", "a #tag and a @name ÉCLAIR", "the ΟΔΟΣ dog's dog", "\n a  b\t"]
PATTERNS = [r"\S+", r"(?u)\b\w+\b|[^\w\s]", r"[a-z']+", r"(\w)\w*", r"\d*", r"(?i)[A-Z]+(?=s)"]
texts = st.lists(st.sampled_from([*TEXTS, "İ s'", "ﬁ ½x"]) | st.text(max_size=9), max_size=5)


def frame_of(texts):
    return pd.DataFrame({"t": pd.Series(texts, dtype=object), "n": np.arange(len(texts)) * 0.5})


def branch(vectorizer):
    return ColumnTransformer(
        [("t", vectorizer, "t"), ("n", "passthrough", ["n"])], sparse_threshold=1.0
    )


# ---- Patterns ---------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:Your stop_words may be inconsistent")
@examples(80)
@given(
    texts,
    st.sampled_from(PATTERNS),
    st.sampled_from([CountVectorizer, TfidfVectorizer, HashingVectorizer]),
    st.sampled_from([(1, 1), (1, 3), (2, 2)]),
    st.booleans(),
    st.sampled_from([None, "ascii", "unicode"]),
    st.sampled_from([None, ["the", "a", ""]]),
)
def test_patterns(X, pattern, kind, ngrams, lower, accents, stops):
    kw = {"n_features": 64} if kind is HashingVectorizer else {}
    est = kind(
        token_pattern=pattern,
        ngram_range=ngrams,
        lowercase=lower,
        strip_accents=accents,
        stop_words=stops,
        **kw,
    )
    if outcome(lambda: est.fit([*TEXTS, "and and the the tag tag"]))[1] is not None:
        return  # no terms are left
    if not X or any(0xD800 <= ord(c) < 0xE000 for text in X for c in text):
        compare(est, X)
        return
    outcome(lambda: est.transform(X))  # of stop words it warns once, whoever asks
    native(est, X)
    theirs = est.transform(X[:1]).toarray()[0]
    np.testing.assert_array_equal(alone(est).transform_one(X[0]), theirs)


def test_patterns_in_branches_files_and_rows(tmp_path):
    X = frame_of(TEXTS)
    union = FeatureUnion(
        [
            ("words", CountVectorizer()),
            ("any", CountVectorizer(token_pattern=r"\S+")),
            ("again", TfidfVectorizer(token_pattern=r"\S+", lowercase=False)),
        ]
    )
    for est in (
        branch(HashingVectorizer(n_features=16, token_pattern=r"[^,]+")).fit(X),
        branch(make_pipeline(union)).fit(X.iloc[[0, 2, 4]]),
    ):
        given_ = X.iloc[[0, 1, 2, 4]]
        native(est, given_)
        want = est.transform(given_)
        rows = given_.to_dict("records")
        assert_same(alone(est).transform(rows), want)
        np.testing.assert_array_equal(alone(est).transform_one(rows[2]), want.toarray()[2])
        compare(est, frame_of(["ab", None, 3]))
        Plan.from_sklearn(est, strict=True).save(tmp_path / "p")
        loaded = Plan.load(tmp_path / "p")
        assert loaded._stored.golden.rows
        assert_same(loaded.transform(given_), want)
        np.testing.assert_array_equal(loaded.transform_one(rows[0]), want.toarray()[0])


def test_patterns_that_are_none():
    est = CountVectorizer(token_pattern=r"(\w)(\w)")
    est.vocabulary_, est.fixed_vocabulary_ = {"ab": 0}, False
    for pattern in (r"(\w)(\w)", None, re.compile(r"\w+")):
        est.token_pattern = pattern
        assert not Plan.from_sklearn(est).explain().native
        compare(est, ["ab"])


def test_a_forged_pattern_is_refused():
    plan = Plan.from_sklearn(CountVectorizer(token_pattern=r"\S+").fit(TEXTS))
    plan._stored = stored(plan)  # golden rows are those of the right one
    for pattern in ("(", "(a)(b)", 3, ["a"]):
        plan._recipe.tree.params["pattern"] = pattern
        with pytest.raises(ValueError, match="is no valid plan"):
            Plan._from_bytes(plan.__reduce__()[1][0])


# ---- Functions --------------------------------------------------------------------------------


def shouted(text):
    return text.upper()


def split(text):
    return text.split()


def by_comma(text):
    return tuple(text.split(","))


def one_by_one(text):
    yield from text.split()


def numbers(text):
    return [len(word) for word in text.split()]


def mixed(text):
    return [*text.split(), b"bytes", None] if "#" in text else text.split()


def array_of(text):
    return np.array(text.split() or ["none"])


def fails(text):
    if "#" in text:
        raise LookupError(text)
    return text.split()


def lone(text):
    return [*text.split(), "\ud800"]


FUNCTIONS = [
    {"tokenizer": split},
    {"tokenizer": split, "ngram_range": (1, 3), "stop_words": ["the", "a"]},
    {"tokenizer": by_comma, "ngram_range": (2, 2)},
    {"tokenizer": one_by_one},
    {"tokenizer": one_by_one, "ngram_range": (1, 2)},
    {"tokenizer": numbers},
    {"tokenizer": array_of},
    {"tokenizer": mixed},
    {"tokenizer": fails},
    {"tokenizer": lone},
    {"preprocessor": shouted},
    {"preprocessor": shouted, "ngram_range": (1, 2), "strip_accents": "ascii"},
    {"preprocessor": shouted, "analyzer": "char", "ngram_range": (2, 3)},
    {"preprocessor": numbers, "analyzer": "char_wb"},
    {"preprocessor": lone, "tokenizer": list},
    {"strip_accents": shouted},
    {"strip_accents": shouted, "analyzer": "char_wb", "ngram_range": (1, 2)},
    {"analyzer": split},
    {"analyzer": one_by_one},
    {"analyzer": numbers},
    {"analyzer": mixed},
    {"analyzer": fails},
    {"analyzer": str},
    {"analyzer": lambda tokens: tokens},
]


class Spy:
    """A function that records what it is called with."""

    def __init__(self, function, seen):
        self.function, self.seen = function, seen

    def __call__(self, text):
        self.seen.append(text)
        return self.function(text)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kw", FUNCTIONS, ids=lambda kw: "-".join(map(str, kw)))
@pytest.mark.parametrize("kind", [CountVectorizer, TfidfVectorizer, HashingVectorizer])
@pytest.mark.parametrize("where", ["whole", "branch"])
def test_functions_are_called_as_scikit_learn_calls_them(kw, kind, where):
    seen = []
    spied = {key: Spy(value, seen) if callable(value) else value for key, value in kw.items()}
    more = {"n_features": 32} if kind is HashingVectorizer else {}
    if any(value is fails for value in kw.values()) or where == "branch":
        known = [text for text in TEXTS if "#" not in text]
    else:
        known = TEXTS
    est = kind(**spied, **more)
    est = branch(est) if where == "branch" else est
    try:
        est.fit(frame_of(known) if where == "branch" else known)
    except Exception:
        return
    if isinstance(est, HashingVectorizer):
        est.build_analyzer()  # its look at the stop words, which is the others' in fit
    plan = Plan.from_sklearn(est)
    assert not plan.explain().native
    for X in (TEXTS, [*TEXTS[:2], None, *TEXTS[2:]], [["ab", "cd"], ["cd"]], [], "ab"):
        if where == "branch":
            if isinstance(X, str):
                continue
            X = frame_of(X)
        seen.clear()
        ours = outcome(lambda X=X: plan.transform(X))
        called = list(seen)
        seen.clear()
        theirs = outcome(lambda X=X: est.transform(X))
        assert called == seen
        assert ours[1:] == theirs[1:]
        if theirs[1] is None:
            assert_same(ours[0], theirs[0])


def test_tokens_are_counted_in_c(monkeypatch):
    asked = []
    monkeypatch.setattr(Counting, "_original", lambda *args: asked.append(args))
    for kw in ({"tokenizer": split}, {"analyzer": by_comma}, {"preprocessor": shouted}):
        for est in (
            CountVectorizer(**kw, token_pattern=None if "tokenizer" in kw else r"\w+"),
            TfidfVectorizer(dtype=np.float32, token_pattern=None, **kw)
            if "tokenizer" in kw
            else TfidfVectorizer(**kw),
        ):
            est.fit(TEXTS)
            plan = Plan.from_sklearn(est)
            assert_same(plan.transform(text for text in TEXTS), est.transform(TEXTS))
            theirs = est.transform(TEXTS[:1]).toarray()[0]
            np.testing.assert_array_equal(plan.transform_one(TEXTS[0]), theirs)
            with pytest.raises(UnsupportedError, match="of its own"):
                plan.save("never")
            with pytest.raises(UnsupportedError, match="counted natively"):
                Plan.from_sklearn(est, strict=True)
    assert not asked


def test_what_documents_raise_comes_in_its_turn():
    def found(*texts):
        yield from texts
        raise RuntimeError("gone")

    est = CountVectorizer(tokenizer=split, token_pattern=None).fit(TEXTS)
    plan = Plan.from_sklearn(est)
    for some in ([], ["ab"], ["ab", None]):
        ours, theirs = (outcome(lambda p=p, f=some: p.transform(found(*f))) for p in (plan, est))
        assert ours[1] == theirs[1] is not None
