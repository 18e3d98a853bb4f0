"""Readers of fitted transformers of documents."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ._plan_tree import Step
from ._sklearn_base import Make, NotNative
from ._unicode import packed

_ANALYZERS = ["word", "char", "char_wb"]
_NORMS = [None, "l1", "l2", "max"]
_TOKEN = r"(?u)\b\w\w+\b"


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
        raise NotNative("a preprocessor of its own")
    if not isinstance(est.analyzer, str):
        raise NotNative("an analyzer of its own")
    word = est.analyzer == "word"
    if word and est.tokenizer is not None:
        raise NotNative("a tokenizer of its own")
    if word and est.token_pattern != _TOKEN:
        raise NotNative("another token_pattern than the default")
    if est.strip_accents not in (None, "ascii", "unicode"):
        raise NotNative("a strip_accents of its own")
    low, high = est.ngram_range
    if low < 1:
        raise NotNative(f"ngram_range={est.ngram_range!r}")
    params: dict[str, Any] = {
        "analyzer": _ANALYZERS.index(est.analyzer),
        "ngrams": np.array([low, high], dtype=np.int64),
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


def _hashing(est: Any) -> Step:
    dtype = np.dtype(est.dtype)
    if dtype not in (np.float64, np.float32):
        raise NotNative(f"dtype={dtype}")
    params = {
        **_analyzer(est),
        "alternate": bool(est.alternate_sign),
        "binary": bool(est.binary),
        "norm": _NORMS.index(est.norm),
        "columns": int(est.n_features),
        "dtype": dtype.str,
    }
    return Step("hash_terms", params, 1)


def _count(est: Any) -> Step:
    dtype = np.dtype(est.dtype)
    if dtype not in (np.int64, np.float64, np.float32):
        raise NotNative(f"dtype={dtype}")
    vocabulary = getattr(est, "vocabulary_", None)
    if not vocabulary:
        raise NotNative("no vocabulary yet")
    terms = sorted(vocabulary, key=vocabulary.__getitem__)
    if [int(vocabulary[term]) for term in terms] != list(range(len(terms))):
        raise NotNative("a vocabulary that is not numbered from 0")
    if not all(type(term) is str for term in terms):
        raise NotNative("terms that are no texts")
    term_bytes, term_ends = _packed(terms)
    params = {
        **_analyzer(est),
        "term_bytes": term_bytes,
        "term_ends": term_ends,
        "binary": bool(est.binary),
        "dtype": dtype.str,
    }
    return Step("count_terms", params, 1)


#: Transformers whose input is a sequence of documents, not a matrix.
REGISTRY: dict[str, Make] = {
    "sklearn.feature_extraction.text.CountVectorizer": _count,
    "sklearn.feature_extraction.text.HashingVectorizer": _hashing,
}
