"""Readers of fitted transformers of documents."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import numpy as np

from ._plan_tree import Chain, Step, Tree
from ._sklearn_base import Make, NotNative, single
from ._unicode import packed

_ANALYZERS = ["word", "char", "char_wb", "tokens"]
_NORMS = [None, "l1", "l2", "max"]
#: Patterns whose tokens are all runs of word characters that are long enough.
_RUNS = re.compile(r"(?:\(\?u\))?(?:\\b)?(?:((?:\\w)*)\\w\+|\\w\{([1-9]\d{0,5}),\})(?:\\b)?")


def _least(pattern: str) -> int | None:
    """The fewest characters of a token, if the pattern is of that kind."""
    found = _RUNS.fullmatch(pattern)
    if found is None:
        return None
    return int(found[2]) if found[2] else len(found[1]) // 2 + 1


def _packed(texts: Iterable[str]) -> tuple[np.ndarray, np.ndarray]:
    """Texts as the bytes of all of them and where each ends."""
    try:
        parts = [text.encode() for text in texts]
    except UnicodeEncodeError:
        raise NotNative("a text with lone surrogates") from None
    ends = np.cumsum([len(part) for part in parts], dtype=np.int64)
    return packed(b"".join(parts)), ends


def _analyzer(est: Any) -> dict[str, Any]:
    if est.input != "content":
        raise NotNative(f"input={est.input!r} reads files")
    if est.preprocessor is not None:
        raise NotNative("a preprocessor of its own, whose texts are counted natively")
    if not isinstance(est.analyzer, str):
        raise NotNative("an analyzer of its own, whose terms are counted natively")
    word = est.analyzer == "word"
    if word and est.tokenizer is not None:
        raise NotNative("a tokenizer of its own, whose tokens are counted natively")
    pattern = est.token_pattern
    if word and not isinstance(pattern, str):
        raise NotNative("a token_pattern that is no text")
    least = _least(pattern) if word else 2
    if least is None and re.compile(pattern).groups > 1:
        raise NotNative("a token_pattern of several groups")
    if est.strip_accents not in (None, "ascii", "unicode"):
        raise NotNative("a strip_accents of its own")
    low, high = est.ngram_range
    if not 1 <= low <= high:
        raise NotNative(f"ngram_range={est.ngram_range!r}")
    params: dict[str, Any] = {
        "analyzer": _ANALYZERS.index("tokens" if least is None else est.analyzer),
        "pattern": pattern if least is None else None,
        "ngrams": np.array([low, high], dtype=np.int64),
        "least": least,
        "lower": bool(est.lowercase),
        "accents": est.strip_accents,
        "stop_bytes": None,
        "stop_ends": None,
    }
    stops = est.get_stop_words() if word else None
    if stops is not None:
        if not all(type(text) is str for text in stops):
            raise NotNative("stop words that are no texts")
        if id(est.stop_words) != getattr(est, "_stop_words_id", None):
            # The original compares them with its tokens once, and may warn.
            est.build_analyzer()
        params["stop_bytes"], params["stop_ends"] = _packed(sorted(stops))
    return params


def _dtype(est: Any) -> np.dtype[Any]:
    """The dtype of the counts."""
    dtype: np.dtype[Any] = np.dtype(est.dtype)
    if dtype.str[1:] not in ("f4", "f8", "i4", "i8") or not dtype.isnative:
        raise NotNative(f"dtype={dtype}")
    return dtype


def _hashing(est: Any) -> Step:
    dtype = _dtype(est)
    if est.norm is not None and dtype.kind != "f":
        dtype = np.dtype(np.float64)  # which the norm makes of integers
    params = {
        **_analyzer(est),
        "alternate": bool(est.alternate_sign),
        "binary": bool(est.binary),
        "norm": _NORMS.index(est.norm),
        "columns": int(est.n_features),
        "dtype": dtype.str,
    }
    return Step("hash_terms", params, 1)


def _vocabulary(est: Any) -> tuple[np.ndarray, np.ndarray]:
    """The terms of columns 0, 1 ..., packed."""
    vocabulary = getattr(est, "vocabulary_", None)
    if not vocabulary:
        raise NotNative("no vocabulary yet")
    terms = sorted(vocabulary, key=vocabulary.__getitem__)
    if [int(vocabulary[term]) for term in terms] != list(range(len(terms))):
        raise NotNative("a vocabulary that is not numbered from 0")
    if not all(type(term) is str for term in terms):
        raise NotNative("terms that are no texts")
    return _packed(terms)


def _count(est: Any) -> Step:
    dtype = _dtype(est)
    term_bytes, term_ends = _vocabulary(est)
    params = {
        **_analyzer(est),
        "term_bytes": term_bytes,
        "term_ends": term_ends,
        "binary": bool(est.binary),
        "dtype": dtype.str,
    }
    return Step("count_terms", params, 1)


def _weighing(est: Any, width: int) -> Step:
    """A fitted TfidfTransformer for counts of so many terms."""
    if est.norm not in (None, "l1", "l2"):
        raise NotNative(f"norm={est.norm!r}")
    idf = getattr(est, "idf_", None)
    if idf is not None:
        if not isinstance(idf, np.ndarray) or idf.shape != (width,):
            raise NotNative("an idf_ of its own")
        single(idf)
    params = {
        "idf": None if idf is None else np.asarray(idf, dtype=np.float64),
        "sublinear": int(bool(est.sublinear_tf)),
        "norm": _NORMS.index(est.norm),
        "varies": int(bool(est.sublinear_tf)),
    }
    return Step("tfidf", params, width)


def _tfidf(est: Any) -> Step:
    return _weighing(est, int(est.n_features_in_))


def _tfidf_documents(est: Any) -> Tree:
    count = _count(est)
    return Chain([count, _weighing(est._tfidf, len(count.params["term_ends"]))])


def _hasher(est: Any) -> Step:
    params = {
        "alternate": bool(est.alternate_sign),
        "columns": int(est.n_features),
        "dtype": _dtype(est).str,
    }
    if est.input_type != "string":
        return Step("hash_items", {**params, "reads": HASHED[est.input_type]}, 1)
    tokens: dict[str, Any] = {
        "reads": "strings",
        "analyzer": _ANALYZERS.index("tokens"),
        "ngrams": np.array([1, 1], dtype=np.int64),
        "stop_bytes": None,
        "stop_ends": None,
        "binary": False,
        "norm": 0,
    }
    return Step("hash_terms", {**params, **tokens}, 1)


def _wide(vectorizer: Any) -> bool:
    """Whether indices are of int64: with some versions of scikit-learn and SciPy they are."""
    probe = vectorizer().fit([{"a": 1.0}]).set_output(transform="default")
    return bool(probe.transform([{}]).indices.dtype == np.int64)


def _dicts(est: Any) -> Step:
    if est.dtype is not np.float64 and est.dtype is not np.float32:
        raise NotNative(f"dtype={est.dtype}")
    if type(est.separator) is not str:
        raise NotNative("a separator that is no text")
    term_bytes, term_ends = _vocabulary(est)
    params = {
        "separator": est.separator,
        "dtype": np.dtype(est.dtype).str,
        "sparse": bool(est.sparse),
        "wide": bool(est.sparse) and _wide(type(est)),
        "term_bytes": term_bytes,
        "term_ends": term_ends,
    }
    return Step("dict_items", params, 1)


#: What a sample is to FeatureHasher.
HASHED = {"dict": "dict", "pair": "pairs", "string": "strings"}

#: Transformers whose input is a sequence of documents, not a matrix.
DOCUMENTS: dict[str, Make] = {
    "sklearn.feature_extraction.text.CountVectorizer": _count,
    "sklearn.feature_extraction.text.HashingVectorizer": _hashing,
    "sklearn.feature_extraction.text.TfidfVectorizer": _tfidf_documents,
}

#: Transformers whose input is a sequence of anything else.
SAMPLES: dict[str, Make] = {
    "sklearn.feature_extraction.DictVectorizer": _dicts,
    "sklearn.feature_extraction.FeatureHasher": _hasher,
}

REGISTRY: dict[str, Make] = {
    **DOCUMENTS,
    **SAMPLES,
    "sklearn.feature_extraction.text.TfidfTransformer": _tfidf,
}
