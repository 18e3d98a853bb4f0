"""Single transformers with random valid options."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
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
    MaxAbsScaler,
    MinMaxScaler,
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


BOOLS = [False, True]
NAN = float("nan")
Options = dict[str, list[Any]]

#: Of each class its options; the first is not always the default.
NUMERIC: dict[type, Options] = {
    SimpleImputer: {
        "strategy": ["mean", "median", "most_frequent", "constant"],
        "fill_value": [None, None, 0, -1.5, 3, "x"],
        "missing_values": [NAN, NAN, NAN, 0, -1, None, pd.NA],
        "add_indicator": BOOLS,
        "keep_empty_features": BOOLS,
        "copy": [True, True, False],
    },
    StandardScaler: {"with_mean": BOOLS, "with_std": BOOLS, "copy": [True, True, False]},
    MinMaxScaler: {"feature_range": [(0, 1), (-1, 2), (0.1, 0.3)], "clip": BOOLS},
    MaxAbsScaler: {"copy": [True, True, False]},
    RobustScaler: {
        "with_centering": BOOLS,
        "with_scaling": BOOLS,
        "quantile_range": [(25.0, 75.0), (10.0, 90.0)],
        "unit_variance": BOOLS,
    },
    QuantileTransformer: {
        "n_quantiles": [3, 10, 1000],
        "output_distribution": ["uniform", "normal"],
        "copy": [True, True, False],
    },
    PowerTransformer: {"method": ["yeo-johnson", "yeo-johnson", "box-cox"], "standardize": BOOLS},
    KBinsDiscretizer: {
        "n_bins": [2, 3, 7],
        "encode": ["onehot", "onehot-dense", "ordinal"],
        "strategy": ["uniform", "quantile"],
        "quantile_method": ["averaged_inverted_cdf", "linear"],
        "dtype": [None, None, np.float32, np.float64],
    },
    PolynomialFeatures: {
        "degree": [2, 1, 3, (0, 2), (2, 2)],
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
        "validate": BOOLS,
        "feature_names_out": [None, "one-to-one"],
        "check_inverse": [False],
        "accept_sparse": [True],
    },
    MissingIndicator: {
        "features": ["missing-only", "all"],
        "sparse": ["auto", True, False],
        "error_on_new": BOOLS,
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
    Normalizer: {"norm": ["l1", "l2", "max"]},
    KNNImputer: {
        "n_neighbors": [1, 3],
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
    },
    PCA: {"n_components": [1, 2], "whiten": BOOLS, "svd_solver": ["full"]},
    TruncatedSVD: {"n_components": [1, 2], "algorithm": ["arpack"], "random_state": [0]},
}
CATEGORIES: dict[type, Options] = {
    OneHotEncoder: {
        "handle_unknown": ["error", "ignore", "infrequent_if_exist", "warn"],
        "drop": [None, None, "first", "if_binary"],
        "sparse_output": BOOLS,
        "min_frequency": [None, None, 3, 0.2],
        "max_categories": [None, None, None, 2, 3],
        "dtype": [np.float64, np.float64, np.float32, np.int64, np.int8, bool],
    },
    OrdinalEncoder: {
        "handle_unknown": ["error", "use_encoded_value"],
        "unknown_value": [None, -1, NAN, 99],
        "encoded_missing_value": [NAN, NAN, -2],
        "min_frequency": [None, None, 3],
        "max_categories": [None, None, 3],
        "dtype": [np.float64, np.float64, np.float32, np.int64],
    },
    TargetEncoder: {
        "smooth": ["auto", 2.0],
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
    "analyzer": ["word", "word", "char", "char_wb"],
    "ngram_range": [(1, 1), (1, 1), (1, 2), (2, 3)],
    "lowercase": [True, True, False],
    "strip_accents": [None, None, "ascii", "unicode"],
    "stop_words": [None, None, "english", ["cat", "x"]],
    "token_pattern": [r"(?u)\b\w\w+\b", r"\w+", r"[a-z]+", r"(\w)\w*"],
    "tokenizer": [None, None, None, None, str.split],
    "binary": BOOLS,
    "dtype": [np.float64, np.float64, np.float32],
}
_NORM: Options = {"norm": ["l2", "l1", None]}
_IDF: Options = {**_NORM, "use_idf": BOOLS, "smooth_idf": BOOLS, "sublinear_tf": BOOLS}
DOCUMENTS: dict[type, Options] = {
    CountVectorizer: {**_WORDS, "max_features": [None, None, 3], "min_df": [1, 1, 2]},
    TfidfVectorizer: {**_WORDS, **_IDF},
    HashingVectorizer: {**_WORDS, **_NORM, "n_features": [8, 64], "alternate_sign": BOOLS},
}
COUNTS: dict[type, Options] = {TfidfTransformer: _IDF}
#: Options that say what another one would have to be.
ALWAYS = {"check_inverse", "accept_sparse", "max_iter", "algorithm", "random_state", "svd_solver"}
ALWAYS |= {"n_components", "n_features", "k"}


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
