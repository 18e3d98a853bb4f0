"""Lowering of transformers of documents: texts to sparse panels."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import _unicode
from ._lowering import (
    CSR,
    FLOAT32,
    FLOAT64,
    TEXT,
    Lowering,
    NotLowered,
    Piece,
    Source,
    Special,
    Value,
    panel_type,
)
from ._plan_tree import Step
from ._unicode import Tokens

#: The analyzer of documents that are their tokens.
TOKENS = 3


def _documents(low: Lowering, value: Value, kind: str | Tokens = "text") -> int:
    columns = value.columns
    if columns is None or len(columns) != 1 or columns[0].tag not in ("text", "auto"):
        raise NotLowered("documents must be one column of texts")
    if columns[0].fill is not None:
        raise NotLowered("documents that were imputed")
    index = columns[0].index
    return low.panel(TEXT, [low.source((index, kind), Source(index, text=True, kind=kind))])


def _reads(params: dict[str, Any]) -> str | Tokens:
    """What the documents of an analyzer are."""
    pattern = params.get("pattern")
    if pattern is None:
        return str(params.get("reads", "text"))
    return Tokens(pattern, bool(params["lower"]), params["accents"])


def _tables(params: dict[str, Any]) -> dict[str, Any]:
    """The parameters of the kernel's analyzer, with this Python's tables of characters."""
    if params["analyzer"] == TOKENS:
        return {
            "analyzer": TOKENS,
            "ngrams": params["ngrams"],
            "stop_bytes": params["stop_bytes"],
            "stop_ends": params["stop_ends"],
        }
    lower, accents = params["lower"], params["accents"]
    codes, ends, folded = _unicode.folding(lower, accents)
    refused = [_unicode.SIGMA] if lower and accents != "ascii" else []
    return {
        "analyzer": params["analyzer"],
        "least": params.get("least", 2),
        "ngrams": params["ngrams"],
        "lower": int(lower),
        "fold_codes": codes,
        "fold_ends": ends,
        "fold_bytes": folded,
        "refused": np.array(refused, dtype=np.int64),
        "word_bits": _unicode.word_bits(),
        "space_bits": _unicode.space_bits(),
        "stop_bytes": params["stop_bytes"],
        "stop_ends": params["stop_ends"],
    }


def hash_terms(low: Lowering, step: Step, value: Value) -> Value:
    p = step.params
    dtype = np.dtype(p["dtype"])
    params = {
        **_tables(p),
        "alternate": int(p["alternate"]),
        "binary": int(p["binary"]),
        "norm": p["norm"],
        "single": int(dtype == np.float32),
    }
    documents = _documents(low, value, _reads(p))
    panel = low.step("hash_terms", [documents], CSR, p["columns"], params)
    return Value(pieces=(Piece(panel, p["columns"], dtype, csr=True),), sparse=True)


def count_terms(low: Lowering, step: Step, value: Value) -> Value:
    p = step.params
    width = len(p["term_ends"])
    params = {
        **_tables(p),
        "term_bytes": p["term_bytes"],
        "term_ends": p["term_ends"],
        "binary": int(p["binary"]),
    }
    documents = _documents(low, value, _reads(p))
    panel = low.step("count_terms", [documents], CSR, width, params)
    return Value(pieces=(Piece(panel, width, np.dtype(p["dtype"]), csr=True),), sparse=True)


def hash_items(low: Lowering, step: Step, value: Value) -> Value:
    p = step.params
    dtype = np.dtype(p["dtype"])
    params = {
        "alternate": int(p["alternate"]),
        "single": int(dtype == np.float32),
        "whole": int(dtype.kind != "f"),
    }
    documents = _documents(low, value, p["reads"])
    panel = low.step("hash_items", [documents], CSR, p["columns"], params)
    return Value(pieces=(Piece(panel, p["columns"], dtype, csr=True),), sparse=True)


def dict_items(low: Lowering, step: Step, value: Value) -> Value:
    p = step.params
    dtype, sparse, width = np.dtype(p["dtype"]), bool(p["sparse"]), len(p["term_ends"])
    params = {
        "term_bytes": p["term_bytes"],
        "term_ends": p["term_ends"],
        "single": int(dtype == np.float32),
    }
    type_ = CSR if sparse else panel_type(dtype)
    documents = _documents(low, value, "fields:" + p["separator"])
    panel = low.step("dict_items", [documents], type_, width, params)
    if p["wide"]:
        low.wide.add(panel)
    return Value(pieces=(Piece(panel, width, dtype, csr=sparse),), sparse=sparse)


def tfidf(low: Lowering, step: Step, value: Value) -> Value:
    piece = low.stacked(value) if value.sparse else low.floats(value)
    single = piece.dtype == FLOAT32
    params = {
        "idf": step.params["idf"],
        "sublinear": step.params["sublinear"],
        "norm": step.params["norm"],
        "varies": step.params["varies"],
        "single": int(single),
    }
    panel = low.step("tfidf", [piece.panel], CSR, piece.width, params)
    dtype = FLOAT32 if single else FLOAT64
    return Value(pieces=(Piece(panel, piece.width, dtype, csr=True),), sparse=True)


SPECIAL: dict[str, Special] = {
    "hash_terms": hash_terms,
    "count_terms": count_terms,
    "dict_items": dict_items,
    "hash_items": hash_items,
    "tfidf": tfidf,
}
