"""Vectorizers with functions of the user's own: these are called as the vectorizer calls them, once
for each document and in that order; what they give is then counted or hashed in C.

Where C cannot take what a function gave (a generator, tokens that are no texts ...) scikit-learn's
own code goes on from there: with what the functions gave so far, and they are called for no
document twice.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from itertools import chain, repeat
from typing import Any

from . import _plan_calls
from ._lower import Lowered, lower
from ._plan_tree import Chain, Recipe, Step, Tree
from ._sklearn_base import NotNative
from ._sklearn_text import DOCUMENTS

#: The functions that a vectorizer may have.
FUNCTIONS = ("analyzer", "tokenizer", "preprocessor", "strip_accents")


def calls(est: Any) -> bool:
    """Whether a vectorizer has functions that its documents go through."""
    return any(callable(getattr(est, name)) for name in FUNCTIONS)


def lowered_for(est: Any, make: Callable[[Any], Tree]) -> Lowered:
    """The program that counts what the functions give; NotNative or NotLowered."""
    chars = not callable(est.analyzer) and est.analyzer != "word"
    plain = copy.copy(est)
    plain.preprocessor = plain.tokenizer = plain.strip_accents = None
    plain.lowercase = False
    plain.token_pattern = r"\w+"  # any will do: tokens are given
    plain._stop_words_id = id(plain.stop_words)  # checked against the functions, not without them
    if callable(est.analyzer):
        plain.analyzer, plain.stop_words, plain.ngram_range = "word", None, (1, 1)
    tree = make(plain)
    first = tree.steps[0] if isinstance(tree, Chain) else tree
    assert isinstance(first, Step)
    if not chars:
        first.params |= {"analyzer": 3, "reads": "strings"}
    recipe = Recipe(tree, 1, None, None, "documents" if chars else "strings")
    return lower(recipe, ("text",), "samples")


def _is_plain(found: Any, text: bool) -> bool:
    """Whether C takes what the functions gave for a document: a text, or a list of texts."""
    texts = [found] if text else found
    if type(texts) not in (list, tuple) or not _TEXT.issuperset(map(type, texts)):
        return False
    try:
        "".join(texts).encode()
    except UnicodeEncodeError:
        return False
    return True


_TEXT = frozenset((str,))


class Counting:
    """``transform`` of a vectorizer with functions of its own."""

    def __init__(self, estimator: Any) -> None:
        self.estimator = estimator
        try:
            self.lowered = lowered_for(estimator, DOCUMENTS[_key(estimator)])
        except (AttributeError, KeyError, IndexError) as error:
            raise NotNative(f"not understood: {error}") from None

    def transform(self, X: Any) -> Any:
        est = self.estimator
        if isinstance(X, str) or not len(getattr(est, "vocabulary_", "any")):
            return est.transform(X)
        est.build_analyzer()  # which looks whether stop words fit the functions
        call, finish = self._functions()
        text = not callable(est.analyzer) and est.analyzer != "word"
        documents, done = iter(X), []
        for document in documents:
            done.append(call(document))
            if not _is_plain(done[-1], text):
                return self._original(done, documents, call, finish)
        found = self.lowered.program.run_csr((done,), len(done), None, None) if done else None
        if found is None:
            return self._original(done, documents, call, finish)
        return _plan_calls.csr(found, (len(done), self.lowered.width))

    def _functions(self) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
        """What is called for a document, and what scikit-learn makes terms of its result with."""
        est = self.estimator
        if callable(est.analyzer):
            return lambda document: est.analyzer(est.decode(document)), lambda found: found
        preprocess = est.build_preprocessor()
        if est.analyzer != "word":
            ngrams = est._char_ngrams if est.analyzer == "char" else est._char_wb_ngrams
            return lambda document: preprocess(est.decode(document)), ngrams
        tokenize, stops = est.build_tokenizer(), est.get_stop_words()
        return (
            lambda document: tokenize(preprocess(est.decode(document))),
            lambda tokens: est._word_ngrams(tokens, stops),
        )

    def _original(
        self,
        done: list[Any],
        documents: Iterator[Any],
        call: Callable[[Any], Any],
        finish: Callable[[Any], Any],
    ) -> Any:
        """scikit-learn's ``transform``, of what was done so far and the documents that are left."""
        results = iter(done)

        def analyze(document: Any) -> Any:
            for found in results:
                return finish(found)
            return finish(call(document))

        stand_in = copy.copy(self.estimator)
        stand_in.build_analyzer = lambda: analyze
        return stand_in.transform(chain(repeat(None, len(done)), documents))


def _key(est: Any) -> str:
    return f"sklearn.feature_extraction.text.{type(est).__qualname__}"
