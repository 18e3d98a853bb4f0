"""The table of transformers in ``docs/plans.md``, made by compiling each of them with its options.

``python -m tests.plan_table --write`` brings the page up to date.
"""

from __future__ import annotations

import sys
import warnings
from contextlib import redirect_stdout
from importlib import import_module
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeRegressor

from fastcore import Plan, UnsupportedError
from fastcore._sklearn import REGISTRY

PAGE = Path(__file__).resolve().parent.parent / "docs" / "plans.md"
BEGIN, END = "<!-- made by tests/plan_table.py -->\n", "<!-- end -->\n"

#: Where scikit-learn's own bits hang on memory order, the batch or the CPU: what tests allow.
TOLERANCES = {
    "IncrementalPCA": 1e-12,
    "IterativeImputer": 1e-9,
    "KNNImputer": 1e-9,
    "KernelCenterer": 1e-12,
    "Normalizer": 1e-12,
    "PCA": 1e-12,
    "TruncatedSVD": 1e-12,
}
_MODEL = LogisticRegression()
#: What a class is constructed with.
ARGUMENTS: dict[str, dict[str, Any]] = {
    "FunctionTransformer": {"func": np.log1p},
    "HashingVectorizer": {"n_features": 32},
    "IncrementalPCA": {"n_components": 2},
    "KNNImputer": {"n_neighbors": 2},
    "PCA": {"n_components": 2},
    "QuantileTransformer": {"n_quantiles": 10},
    "RFE": {"estimator": _MODEL},
    "RFECV": {"estimator": _MODEL, "cv": 2},
    "SelectFdr": {"alpha": 0.9},
    "SelectFpr": {"alpha": 0.9},
    "SelectFromModel": {"estimator": _MODEL},
    "SelectFwe": {"alpha": 0.9},
    "SelectKBest": {"k": 2},
    "SequentialFeatureSelector": {"estimator": _MODEL, "cv": 2},
}
_WORDS: list[dict[str, Any]] = [
    {"analyzer": "char_wb", "ngram_range": (1, 3)},
    {"strip_accents": "unicode"},
    {"stop_words": "english"},
    {"token_pattern": "[a-z]+"},
    {"tokenizer": str.split},
    {"preprocessor": str.upper},
    {"input": "filename"},
]
_SCALED: list[dict[str, Any]] = [{"copy": False}]
#: Options by class, one row's each tried alone.
OPTIONS: dict[str, list[dict[str, Any]]] = {
    "Binarizer": [{"threshold": 1}],
    "CountVectorizer": [*_WORDS[:-1], {"binary": True}, {"dtype": np.float32}],
    "DictVectorizer": [{"sparse": False}, {"sort": False}, {"dtype": np.int64}],
    "FeatureHasher": [{"input_type": "pair"}, {"alternate_sign": False}, {"dtype": np.int64}],
    "FunctionTransformer": [
        {"validate": True}, {"func": None}, {"func": np.sqrt}, {"func": abs},
        {"kw_args": {"where": True}}, {"feature_names_out": lambda _, names: names},
    ],
    "HashingVectorizer": [*_WORDS[:-1], {"norm": "l1"}, {"alternate_sign": False}],
    "IncrementalPCA": [{"whiten": True}],
    "IterativeImputer": [
        {"initial_strategy": "median"}, {"add_indicator": True}, {"skip_complete": True},
        {"estimator": DecisionTreeRegressor()}, {"sample_posterior": True}, {"verbose": 1},
    ],
    "KBinsDiscretizer": [
        {"encode": "onehot-dense"}, {"encode": "ordinal"}, {"strategy": "uniform"},
        {"dtype": np.float32},
    ],
    "KNNImputer": [
        {"weights": "distance"}, {"add_indicator": True}, {"keep_empty_features": True},
        {"n_neighbors": 65}, {"weights": lambda distances: distances},
    ],
    "LabelBinarizer": [{"sparse_output": True}, {"neg_label": -1}],
    "MaxAbsScaler": _SCALED,
    "MinMaxScaler": [*_SCALED, {"clip": True}, {"feature_range": (-1, 1)}],
    "MissingIndicator": [{"features": "all"}, {"error_on_new": False}, {"sparse": True}],
    "MultiLabelBinarizer": [{"sparse_output": True}],
    "Normalizer": [*_SCALED, {"norm": "l1"}, {"norm": "max"}],
    "OneHotEncoder": [
        {"sparse_output": False}, {"drop": "first"}, {"drop": "if_binary"}, {"min_frequency": 2},
        {"handle_unknown": "ignore"}, {"handle_unknown": "infrequent_if_exist"},
        {"dtype": np.int8}, {"dtype": np.float16},
    ],
    "OrdinalEncoder": [
        {"handle_unknown": "use_encoded_value", "unknown_value": -1}, {"max_categories": 2},
        {"dtype": np.int64}, {"dtype": np.float16},
    ],
    "PCA": [{"whiten": True}, {"svd_solver": "arpack"}],
    "PolynomialFeatures": [
        {"degree": (2, 3)}, {"interaction_only": True}, {"include_bias": False}, {"order": "F"},
    ],
    "PowerTransformer": [{"method": "box-cox"}, {"standardize": False}, *_SCALED],
    "QuantileTransformer": [{"output_distribution": "normal"}, *_SCALED],
    "RobustScaler": [*_SCALED, {"with_centering": False}, {"unit_variance": True}],
    "SimpleImputer": [
        {"strategy": "median"}, {"strategy": "most_frequent"}, {"strategy": "constant"},
        {"add_indicator": True}, {"keep_empty_features": True}, {"missing_values": -1}, *_SCALED,
    ],
    "SplineTransformer": [
        {"knots": "quantile"}, {"extrapolation": "linear"}, {"extrapolation": "periodic"},
        {"include_bias": False}, {"order": "F"}, {"sparse_output": True},
    ],
    "StandardScaler": [*_SCALED, {"with_mean": False}, {"with_std": False}],
    "TargetEncoder": [{"smooth": 2.0}, {"target_type": "continuous"}],
    "TfidfTransformer": [{"norm": "l1"}, {"sublinear_tf": True}, {"use_idf": False}],
    "TfidfVectorizer": [*_WORDS, {"sublinear_tf": True}],
}  # fmt: skip


def data_of(name: str) -> tuple[Any, Any]:
    """Something that this class can be fitted on, and labels."""
    rng = np.random.default_rng(0)
    X = np.abs(rng.normal(size=(80, 4)).round(4)) + 0.5
    y = (X[:, 0] + X[:, 2] > 2).astype(int)
    if name in ("CountVectorizer", "HashingVectorizer", "TfidfVectorizer"):
        return ["the cat sat", "A dog, the dog", "\u00dcber cats", ""] * 20, None
    if name == "DictVectorizer":
        return [{"a": float(row[0]), f"k{int(row[1])}": 1} for row in X], None
    if name == "FeatureHasher":
        return [{"a": 2.0, f"k{int(row[1])}": 1} for row in X], None
    if name == "LabelEncoder" or name == "LabelBinarizer":
        return (X[:, 0] * 3).astype(int), None
    if name == "MultiLabelBinarizer":
        return [{int(row[0] * 3), int(row[1] * 3)} for row in X], None
    if name in ("OneHotEncoder", "OrdinalEncoder", "TargetEncoder"):
        return pd.DataFrame({"a": np.array(list("xyzw"))[(X[:, 1] * 2).astype(int) % 4]}), y
    if name == "KernelCenterer":
        return X @ X.T, None
    if name.endswith("Imputer") or name == "MissingIndicator":
        X[rng.random(X.shape) < 0.1] = np.nan
    return X, y


def difference(est: Any, X: Any) -> float:
    """The largest, in units of the largest value; of frames in the order of the frame as C's."""
    plan = Plan.from_sklearn(est, strict=True)
    theirs, ours = est.transform(X), plan.transform(X)
    assert type(ours) is type(theirs)
    assert ours.dtype == theirs.dtype
    ours, theirs = (m.toarray() if hasattr(m, "toarray") else m for m in (ours, theirs))
    if np.array_equal(ours, theirs, equal_nan=True):
        return 0.0
    return float(np.nanmax(np.abs(ours - theirs)) / np.nanmax(np.abs(theirs)))


def shown(option: dict[str, Any]) -> str:
    def text(value: Any) -> str:
        if isinstance(value, np.ufunc):
            return f"np.{value.__name__}"
        if isinstance(value, type):
            return f"np.{value.__name__}"
        if callable(value):
            return getattr(value, "__name__", "f").replace("<lambda>", "f")
        return repr(value).replace("'", '"')

    return "`" + ", ".join(f"{name}={text(value)}" for name, value in option.items()) + "`"


def row(name: str, cls: type) -> str:
    X, y = data_of(name)
    native, fallen, worst = [], [], 0.0
    for option in [{}, *OPTIONS.get(name, [])]:
        est = cls(**{**ARGUMENTS.get(name, {}), **option})
        given = X.copy() if hasattr(X, "copy") else X
        if option == {"missing_values": -1}:
            given = np.nan_to_num(given, nan=-1)
        if option == {"input_type": "pair"}:
            given = [list(each.items()) for each in X]
        if option == {"input": "filename"}:
            fallen.append(shown(option))  # nothing to read: files
            continue
        with redirect_stdout(StringIO()):
            est.fit(given) if y is None else est.fit(given, y)
        try:
            worst = max(worst, difference(est, given))
        except UnsupportedError as error:
            why = str(error).split("): ", 1)[1].split("; leave strict")[0]
            known = why.startswith((*(f"{name}=" for name in option), *option))
            fallen.append(shown(option) + ("" if known else f" ({why})"))
        else:
            native += [shown(option)] if option else []
    limit = TOLERANCES.get(name, 0.0)
    assert worst <= limit, f"{name}: {worst} from scikit-learn's"
    equal = f"to {limit:.0e}".replace("e-0", "e-") if limit else "bit by bit"
    return f"| {name} | {', '.join(native)} | {', '.join(fallen)} | {equal} |"


def class_of(key: str) -> Any:
    module, name = key.rsplit(".", 1)
    return getattr(import_module(module), name)


def table() -> str:
    """Between the marks."""
    classes = {key.rsplit(".", 1)[1]: class_of(key) for key in REGISTRY}
    lines = [
        "| transformer | native with, beside its defaults | the estimator's with | equal |",
        "|---|---|---|---|",
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        lines += [row(name, classes[name]) for name in sorted(classes)]
    return "\n".join(lines) + "\n"


def written(page: str) -> str:
    """The page with the table of this checkout."""
    before, rest = page.split(BEGIN)
    return before + BEGIN + "\n" + table() + "\n" + END + rest.split(END, 1)[1]


if __name__ == "__main__":
    content = written(PAGE.read_text(encoding="utf-8"))
    if "--write" in sys.argv:
        PAGE.write_text(content, encoding="utf-8")
    else:
        print(table())
