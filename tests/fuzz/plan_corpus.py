"""Seeds for fuzz_plan.c: the programs that plans of every family are lowered to, with a few cells.

``python -m tests.fuzz.plan_corpus`` writes them to tests/fuzz/corpus/plan, in the form that
tests/c/plan_fixture.h reads. tests/c/test_plan_families.c replays them too, and needs each family
among them: a new one has its estimator in `estimators` below.
"""

import itertools
import random
import struct
import sys
from pathlib import Path
from unittest import mock

import numpy as np
import pandas as pd
from sklearn import decomposition, feature_selection, impute, linear_model, pipeline
from sklearn import preprocessing as p
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.experimental import enable_iterative_imputer as enable_iterative_imputer
from sklearn.feature_extraction import DictVectorizer, FeatureHasher, text

from fastcore import Plan, _core

#: Bits of characters that text programs keep here: they have them for all of Unicode.
CHARACTERS = 1 << 9
FOLDER = Path(__file__).parent / "corpus" / "plan"
#: Behind a token or a name: FC_TOKEN_END.
END = b"\xff"
#: Seeds whose programs refuse negative numbers.
POSITIVE = ("boxcox", "log1p", "sqrt")
DOCUMENTS = ["The quick brown fox", "fox et là: naïve", "", "brown brown 1984 quick"]


def numbers(seed: int, columns: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(12, columns)).round(2)


def ignoring(**others: object) -> p.OneHotEncoder:
    return p.OneHotEncoder(handle_unknown="ignore", **others)


def holes() -> np.ndarray:
    X = numbers(1)
    X[::4, 0] = X[1::5, 1] = np.nan
    return X


def estimators() -> dict[str, BaseEstimator]:
    """Fitted, by a name for the seed."""
    X, positive, whole = numbers(0), np.abs(numbers(2)) + 0.1, (numbers(3) * 2).round()
    chain = pipeline.make_pipeline(
        impute.SimpleImputer(add_indicator=True), p.StandardScaler(), p.MinMaxScaler(clip=True)
    )
    iterative = impute.IterativeImputer(
        linear_model.LinearRegression(), max_iter=2, random_state=0, tol=1.0
    )
    function = p.FunctionTransformer
    made: dict[str, BaseEstimator] = {
        "chain": chain.fit(holes()),
        "indicator": impute.MissingIndicator(error_on_new=False).fit(holes()),
        "robust": pipeline.make_pipeline(p.RobustScaler(), p.MaxAbsScaler(), p.Binarizer()).fit(X),
        "neighbors": impute.KNNImputer(n_neighbors=2, weights="distance").fit(holes()),
        "iterate": iterative.fit(holes()),
        "l1": p.Normalizer("l1").fit(X),
        "l2": p.Normalizer("l2").fit(X),
        "center": p.KernelCenterer().fit(X[:3]),
        "quantile": p.QuantileTransformer(n_quantiles=6, output_distribution="normal").fit(X),
        "yeojohnson": p.PowerTransformer().fit(X),
        "boxcox": p.PowerTransformer("box-cox").fit(positive),
        "discretize": p.KBinsDiscretizer(3, encode="onehot").fit(X),
        "discretize_dense": p.KBinsDiscretizer(3, encode="onehot-dense").fit(X),
        "discretize_ordinal": p.KBinsDiscretizer(3, encode="ordinal").fit(X),
        "polynomial": p.PolynomialFeatures(3).fit(X),
        "polynomial_pairs": p.PolynomialFeatures(2, interaction_only=True).fit(X),
        "spline": p.SplineTransformer(3, extrapolation="linear").fit(X),
        "spline_periodic": p.SplineTransformer(4, degree=2, extrapolation="periodic").fit(X),
        "spline_constant": p.SplineTransformer(3, degree=2, include_bias=False).fit(X),
        "onehot": ignoring().fit(whole),
        "onehot_scaled": pipeline.make_pipeline(
            ignoring(sparse_output=False), p.StandardScaler()
        ).fit(whole),
        "ordinal": p.OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1).fit(
            whole
        ),
        "pca": decomposition.PCA(2, whiten=True).fit(X),
        "selection": feature_selection.SelectKBest(k=2).fit(X, X[:, 0] > 0),
        "wide": pipeline.make_pipeline(p.RobustScaler(), p.StandardScaler()).fit(numbers(4, 40)),
        "log1p": function(np.log1p, validate=True).fit(positive),
        "sqrt": function(np.sqrt).fit(positive),
        "columns": ColumnTransformer(
            [
                ("s", p.StandardScaler(), [0, 2]),
                ("o", p.OneHotEncoder(handle_unknown="ignore"), [1]),
            ],
            remainder="passthrough",
            sparse_threshold=1.0,
            transformer_weights={"s": 3.0},
        ).fit(whole),
    }
    return made


def texts() -> dict[str, ColumnTransformer]:
    analysers = {
        "count": text.CountVectorizer(stop_words=["the"]),
        "tfidf": text.TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
        "count_pairs": text.CountVectorizer(ngram_range=(1, 2), binary=True),
        "hash": text.HashingVectorizer(n_features=16),
        "hash_chars": text.HashingVectorizer(n_features=9, analyzer="char", ngram_range=(2, 3)),
        "hash_wb": text.HashingVectorizer(n_features=9, analyzer="char_wb", strip_accents="ascii"),
    }
    union = pipeline.FeatureUnion(
        [("a", text.CountVectorizer()), ("b", text.HashingVectorizer(n_features=8))]
    )
    for name, step in {
        "stored": p.MaxAbsScaler(),
        "project_stored": decomposition.TruncatedSVD(2, random_state=0),
        "sift": feature_selection.VarianceThreshold(0.2),
    }.items():
        analysers[name] = pipeline.make_pipeline(text.CountVectorizer(), step)
    analysers["stack"] = pipeline.make_pipeline(union, text.TfidfTransformer())
    return {
        name: ColumnTransformer([("t", each, "t")], transformer_weights={"t": 0.5})
        for name, each in analysers.items()
    }


MAPPINGS = [{"a": 1.0, "b": "x"}, {"b": "y", "c": 2.5}, {}]


def mappings() -> dict[str, object]:
    return {
        "dict_items": DictVectorizer().fit(MAPPINGS),
        "hash_items": FeatureHasher(n_features=8, input_type="dict"),
    }


# ---- The form -------------------------------------------------------------------------------


def item(name: str, values: np.ndarray) -> bytes:
    kind = {"f": b"d", "i": b"q"}.get(values.dtype.kind, b"b")
    data = values.tobytes()
    return name.encode() + b"\0" + kind + struct.pack("<I", len(values))[:3] + data


def trimmed(blob: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The parameters of an analyser, for the first characters only."""
    if "word_bits" not in blob:
        return blob
    blob = dict(blob)
    for name in ("word_bits", "space_bits"):
        blob[name] = blob[name][: CHARACTERS // 8]
    kept = int(np.searchsorted(blob["fold_codes"], CHARACTERS))
    blob["fold_codes"], blob["fold_ends"] = blob["fold_codes"][:kept], blob["fold_ends"][:kept]
    blob["fold_bytes"] = blob["fold_bytes"][: int(blob["fold_ends"][-1]) if kept else 0]
    blob["refused"] = blob["refused"][:8]
    return blob


def written(args: tuple, cells: bytes) -> bytes:
    """A program's arguments, and the cells that it is run on."""
    sources, panels, steps, pieces = args[:4]
    out = bytearray([len(sources), len(panels)])
    for type_, which in panels:
        out += bytes([type_, len(which), *which])
    out.append(len(steps))
    for family, inputs, type_, width, blob in steps:
        out += family.encode() + bytes([0, len(inputs), *inputs, type_])
        out += struct.pack("<I", width)[:3]
        blob = trimmed(blob)
        out.append(len(blob))
        for name, values in blob.items():
            out += item(name, values)
    out.append(len(pieces))
    for panel, onehot, width in pieces:
        out += bytes([panel, onehot]) + struct.pack("<I", width)[:3]
    return bytes(out) + cells


def cells(
    sources: int, kind: int, seed: int, span: tuple[int, int] = (130, 190), rows: int = 9
) -> bytes:
    """Rows, what the sources' memory holds, and numbers that are mostly small."""
    draw = random.Random(seed)
    body = bytes(draw.randrange(*span) for _ in range(sources * rows))
    return bytes([rows] + [kind] * sources) + body


def items(row: dict[str, object]) -> bytes:
    """As plan/items.h has them."""
    named = ((k, v) if isinstance(v, float) else (f"{k}={v}", 1.0) for k, v in row.items())
    return b"".join(name.encode() + END + struct.pack("<d", value) for name, value in named)


def documents(kind: int, rows: list[bytes]) -> bytes:
    heap, ends = b"".join(rows), list(itertools.accumulate(map(len, rows)))
    return bytes([len(ends), kind, len(heap)]) + heap + bytes(ends)


def programs(estimator: BaseEstimator, X: object) -> list[tuple]:
    """The arguments of each program that a plan makes for such input."""
    made: list[tuple] = []
    real = _core.Program

    def spy(*args):
        made.append(args)
        return real(*args)

    with mock.patch.object(_core, "Program", spy):
        Plan.from_sklearn(estimator, strict=True).transform(X)
    return made[-1:]


def seeds() -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for number, (name, estimator) in enumerate(estimators().items()):
        for dtype in ("f8", "f4"):
            X = np.abs(numbers(number, estimator.n_features_in_)[:6]).astype(dtype)
            X = X.round() if name[:3] in ("one", "ord", "col") else X
            for args in programs(estimator, X):
                kind = 0 if dtype == "f8" else 1
                span = (165, 200) if name in POSITIVE else (130, 190)
                found[f"{name}_{dtype}"] = written(args, cells(len(args[0]), kind, number, span))
    frame = pd.DataFrame({"t": DOCUMENTS})
    for number, (name, estimator) in enumerate(texts().items()):
        for args in programs(estimator.fit(frame), frame):
            found[name] = written(args, documents(number % 3, [row.encode() for row in DOCUMENTS]))
    for number, (name, estimator) in enumerate(mappings().items()):
        for args in programs(estimator, MAPPINGS):
            found[name] = written(args, documents(number, list(map(items, MAPPINGS))))
    found["nudge"] = nudge()
    found["codes"] = codes()
    return found


def codes() -> bytes:
    """Texts that are looked up where they lie, beside a dictionary's codes."""
    table = {"table": np.array([0.0, 1.0, 2.0, -1.0] * 2), "counts": np.array([3, 3])}
    step = ("ordinal", (0,), 0, 2, {**table, "unknown": np.array([1])})
    args = ((None,) * 2, ((2, (0, 1)),), (step,), ((1, 0, 2),))
    texts = bytes([4]) + b"abba" + bytes([1, 2, 4, 4, 3, 9])
    return written(args, bytes([6, 5, 6]) + texts + bytes(range(6)))


def nudge() -> bytes:
    """A program that is only made to see how far a result may move."""
    from fastcore._plan_golden import ULPS

    step = ("nudge", (0,), 0, 2, {"ulps": np.array([ULPS, -ULPS])})
    args = ((None,) * 2, ((0, (0, 1)),), (step,), ((1, 0, 2),))
    return written(args, cells(2, 0, 5))


def main() -> int:
    FOLDER.mkdir(parents=True, exist_ok=True)
    made = seeds()
    for old in FOLDER.iterdir():
        old.unlink()
    for name, data in made.items():
        (FOLDER / name).write_bytes(data)
    print(f"{len(made)} seeds, {sum(map(len, made.values()))} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
