"""Single transformers with random valid options."""

from __future__ import annotations

import warnings
from contextlib import suppress
from typing import Any

import numpy as np
import pandas as pd
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.feature_extraction import DictVectorizer, FeatureHasher
from sklearn.feature_extraction.text import (
    CountVectorizer,
    HashingVectorizer,
    TfidfTransformer,
    TfidfVectorizer,
)
from sklearn.feature_selection import SelectKBest, SelectPercentile, VarianceThreshold
from sklearn.impute import IterativeImputer, KNNImputer, MissingIndicator, SimpleImputer
from sklearn.preprocessing import (
    Binarizer,
    FunctionTransformer,
    KBinsDiscretizer,
    LabelBinarizer,
    LabelEncoder,
    MaxAbsScaler,
    MinMaxScaler,
    MultiLabelBinarizer,
    Normalizer,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    SplineTransformer,
    StandardScaler,
    TargetEncoder,
)

from .draw import Draw


class Subclass(StandardScaler):
    """Of a class that has no native form."""


def halved(X: Any) -> Any:
    """A function of the user's own."""
    return X / 2


def renamed(transformer: Any, names: Any) -> Any:
    """Names of the user's own."""
    return [f"{name}!" for name in names]


def combined(feature: str, category: Any) -> str:
    """Names of categories."""
    return f"{feature}={category!r}"


def letters(document: str) -> list[str]:
    """An analyzer of the user's own."""
    return [letter for letter in document if letter != " "]


BOOLS = [False, True]
NAN = float("nan")
Options = dict[str, list[Any]]

#: Of each class its options; the first is not always the default.
NUMERIC: dict[type, Options] = {
    SimpleImputer: {
        "strategy": ["mean", "median", "most_frequent", "constant"],
        "fill_value": [None, None, 0, -1.5, 3, "x", NAN, True, np.float32(0.1), np.int8(3)],
        "missing_values": [NAN, NAN, NAN, NAN, 0, -1, None, pd.NA, np.int64(0), 0.25, 2**60, "x"],
        "add_indicator": BOOLS,
        "keep_empty_features": BOOLS,
        "copy": [True, True, False],
    },
    StandardScaler: {"with_mean": BOOLS, "with_std": BOOLS, "copy": [True, True, False]},
    MinMaxScaler: {
        "feature_range": [(0, 1), (-1, 2), (0.1, 0.3), (np.float32(0.1), 1)],
        "clip": BOOLS,
        "copy": [True, True, False],
    },
    MaxAbsScaler: {"copy": [True, True, False], "clip": BOOLS},
    RobustScaler: {
        "with_centering": BOOLS,
        "with_scaling": BOOLS,
        "quantile_range": [(25.0, 75.0), (10.0, 90.0)],
        "unit_variance": BOOLS,
        "copy": [True, True, False],
    },
    QuantileTransformer: {
        "n_quantiles": [3, 10, 1000],
        "output_distribution": ["uniform", "normal"],
        "ignore_implicit_zeros": BOOLS,
        "subsample": [10_000, 15, None],
        "random_state": [0],
        "copy": [True, True, False],
    },
    PowerTransformer: {
        "method": ["yeo-johnson", "yeo-johnson", "box-cox"],
        "standardize": BOOLS,
        "copy": [True, True, False],
    },
    KBinsDiscretizer: {
        "n_bins": [2, 3, 7],
        "encode": ["onehot", "onehot-dense", "ordinal"],
        "strategy": ["uniform", "quantile", "kmeans"],
        "quantile_method": ["averaged_inverted_cdf", "linear", "nearest", "weibull", "hazen"],
        "subsample": [None, 12, 200_000],
        "random_state": [0],
        "dtype": [None, None, np.float32, np.float64],
    },
    PolynomialFeatures: {
        "degree": [2, 1, 3, (0, 2), (2, 2), (2, 3), 0, (1, 1)],
        "interaction_only": BOOLS,
        "include_bias": BOOLS,
        "order": ["C", "C", "F"],
    },
    SplineTransformer: {
        "n_knots": [2, 5],
        "degree": [0, 1, 2, 3],
        "knots": ["uniform", "quantile"],
        "extrapolation": ["error", "constant", "linear", "continue", "periodic"],
        "include_bias": BOOLS,
        "order": ["C", "C", "F"],
        "sparse_output": [False, False, False, True],
        "handle_missing": ["error", "zeros"],
    },
    Binarizer: {"threshold": [0.0, 0.5, -1, np.float32(0.1)], "copy": [True, False]},
    FunctionTransformer: {
        "func": [np.log1p, None, np.abs, np.sqrt, np.square, np.sign, np.expm1, halved, np.isnan],
        "inverse_func": [None, np.exp],
        "kw_args": [None, None, {}, {"where": True}],
        "validate": BOOLS,
        "feature_names_out": [None, "one-to-one", renamed],
        "check_inverse": [False],
        "accept_sparse": [True],
    },
    MissingIndicator: {
        "features": ["missing-only", "all"],
        "sparse": ["auto", True, False],
        "error_on_new": BOOLS,
        "missing_values": [NAN, NAN, 0, None, pd.NA, np.float32(0.1), "x"],
    },
    VarianceThreshold: {"threshold": [0.0, 0.0, 0.5]},
    SelectKBest: {"k": [1, 2, "all"]},
    SelectPercentile: {"percentile": [10, 50]},
    OneHotEncoder: {},
    OrdinalEncoder: {},
    Subclass: {},
}
#: Whose bits hang on the memory order, the batch or the CPU; with what tests allow for each.
CLOSE: dict[type, Options] = {
    Normalizer: {"norm": ["l1", "l2", "max"], "copy": [True, True, False]},
    KNNImputer: {
        "n_neighbors": [1, 3],
        "missing_values": [NAN, NAN, 0, -1],
        "copy": [True, True, False],
        "weights": ["uniform", "distance"],
        "add_indicator": BOOLS,
        "keep_empty_features": BOOLS,
    },
    IterativeImputer: {
        "max_iter": [2],
        "initial_strategy": ["mean", "median", "most_frequent", "constant"],
        "add_indicator": BOOLS,
        "keep_empty_features": BOOLS,
        "skip_complete": BOOLS,
        "fill_value": [None, 0.5],
        "min_value": [-np.inf, -1.0],
        "max_value": [np.inf, 2.5],
        "imputation_order": ["ascending", "roman", "arabic", "descending"],
        "n_nearest_features": [None, 1],
        "missing_values": [NAN, NAN, 0],
        "random_state": [0],
    },
    PCA: {"n_components": [1, 2], "whiten": BOOLS, "svd_solver": ["full"]},
    TruncatedSVD: {"n_components": [1, 2], "algorithm": ["arpack"], "random_state": [0]},
}
CATEGORIES: dict[type, Options] = {
    OneHotEncoder: {
        "handle_unknown": ["error", "ignore", "infrequent_if_exist", "warn"],
        "drop": [None, None, "first", "if_binary"],
        "feature_name_combiner": ["concat", "concat", combined],
        "sparse_output": BOOLS,
        "min_frequency": [None, None, 3, 0.2],
        "max_categories": [None, None, None, 2, 3],
        "dtype": [np.float64, np.float64, np.float32, np.int64, np.int8, bool],
    },
    OrdinalEncoder: {
        "handle_unknown": ["error", "use_encoded_value"],
        "unknown_value": [None, -1, NAN, 99],
        "encoded_missing_value": [NAN, NAN, -2, 2.5],
        "min_frequency": [None, None, 3],
        "max_categories": [None, None, 3],
        "dtype": [np.float64, np.float64, np.float32, np.int64],
    },
    TargetEncoder: {
        "smooth": ["auto", 2.0, 0.0],
        "target_type": ["auto", "auto", "continuous"],
        "random_state": [0],
    },
    SimpleImputer: {
        "strategy": ["most_frequent", "constant"],
        "fill_value": [None, None, "filled", "a"],
        "missing_values": [NAN, NAN, None, None, pd.NA, "a"],
        "add_indicator": [False, False, True],
        "keep_empty_features": BOOLS,
    },
}
_WORDS: Options = {
    "analyzer": ["word", "word", "char", "char_wb", letters],
    "ngram_range": [(1, 1), (1, 1), (1, 2), (2, 3)],
    "lowercase": [True, True, False],
    "strip_accents": [None, None, "ascii", "unicode", str.upper],
    "preprocessor": [None, None, None, str.strip],
    "stop_words": [None, None, "english", ["cat", "x"]],
    "token_pattern": [r"(?u)\b\w\w+\b", r"\w+", r"[a-z]+", r"(\w)\w*"],
    "tokenizer": [None, None, None, None, str.split],
    "decode_error": ["strict", "ignore"],
    "encoding": ["utf-8", "latin-1"],
    "binary": BOOLS,
    "dtype": [np.float64, np.float64, np.float32, np.int64],
}
VOCABULARY = [None, None, None, {"cat": 1, "the": 0, "x": 2}, ["x", "cat", "dog"], {"the", "x"}]
_NORM: Options = {"norm": ["l2", "l1", None]}
_IDF: Options = {**_NORM, "use_idf": BOOLS, "smooth_idf": BOOLS, "sublinear_tf": BOOLS}
DOCUMENTS: dict[type, Options] = {
    CountVectorizer: {
        **_WORDS,
        "max_features": [None, None, 3],
        "min_df": [1, 1, 2],
        "max_df": [1.0, 0.7],
        "vocabulary": VOCABULARY,
    },
    TfidfVectorizer: {**_WORDS, **_IDF, "vocabulary": VOCABULARY, "max_df": [1.0, 0.7]},
    HashingVectorizer: {**_WORDS, **_NORM, "n_features": [8, 64], "alternate_sign": BOOLS},
}
COUNTS: dict[type, Options] = {TfidfTransformer: _IDF}
_NUMBERS: Options = {"dtype": [np.float64, np.float64, np.float32, np.int64]}


def _hasher(form: str) -> Options:
    return {"input_type": [form], "n_features": [4, 16], "alternate_sign": BOOLS, **_NUMBERS}


_LABELS: dict[type, Options] = {
    LabelEncoder: {},
    LabelBinarizer: {"sparse_output": BOOLS, "neg_label": [0, -1], "pos_label": [1, 2]},
}
#: By the form of a sample.
SAMPLES: dict[str, dict[type, Options]] = {
    "dict": {
        DictVectorizer: {"sparse": BOOLS, "sort": BOOLS, "separator": ["=", "|"], **_NUMBERS},
        FeatureHasher: _hasher("dict"),
    },
    "pair": {FeatureHasher: _hasher("pair")},
    "string": {FeatureHasher: _hasher("string")},
    "text": _LABELS,
    "number": _LABELS,
    "sets": {MultiLabelBinarizer: {"sparse_output": BOOLS}},
}
#: Options that say what another one would have to be.
ALWAYS = {"check_inverse", "accept_sparse", "max_iter", "algorithm", "random_state", "svd_solver"}
ALWAYS |= {"n_components", "n_features", "k", "input_type"}


def fitting(draw: Draw, X: Any) -> Any:
    """With options that hang on what it is fitted on: knots, categories, what is dropped."""
    kinds = [SplineTransformer, OneHotEncoder, OneHotEncoder, OrdinalEncoder, TargetEncoder]
    kind = draw.choice([*kinds, KBinsDiscretizer])
    both = {**CATEGORIES, **NUMERIC} | {k: CATEGORIES[k] for k in (OneHotEncoder, OrdinalEncoder)}
    est = step(draw, {kind: both[kind]})
    columns = [list(X[n]) for n in X.columns] if hasattr(X, "columns") else [list(c) for c in X.T]
    if kind is SplineTransformer:
        ends = [-3.0] * len(columns), [3.5] * len(columns)
        return est.set_params(knots=np.linspace(*ends, draw.choice([2, 4])))
    if kind is KBinsDiscretizer:
        return est.set_params(n_bins=[draw.number(2, 5) for _ in columns])
    kept = [list(dict.fromkeys(None if v is None else v for v in column)) for column in columns]
    with suppress(TypeError):  # what has no order
        kept = [sorted(each) for each in kept]
    if draw.chance(0.6):
        est.set_params(categories=kept)
    if kind is OneHotEncoder and draw.chance(0.6):
        est.set_params(drop=np.array([draw.choice(each) for each in kept], dtype=object))
    return est


def step(draw: Draw, classes: dict[type, Options], share: float = 0.4) -> Any:
    """One of these, with some of its options."""
    kind = draw.choice(list(classes))
    options = classes[kind] or CATEGORIES.get(kind, {})
    chosen = {
        name: draw.choice(values)
        for name, values in options.items()
        if draw.chance(share) or name in ALWAYS
    }
    if chosen.get("handle_unknown") == "use_encoded_value":
        chosen["unknown_value"] = draw.choice([-1, NAN, 99])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return kind(**chosen)
