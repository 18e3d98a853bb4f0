"""P54: the data, the fitted pipeline, and the same in plain Python.

54 columns become 726: 30 numbers imputed and standardised, 4 binned, 3 to normal by quantiles, 3 by
Yeo-Johnson, 6 one-hot of 5 to 200 levels, 2 ordinal, 1 target-encoded, the products of 4, and a
text of six words hashed into 256.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable
from typing import Any

import numpy as np

NUMBERS = [f"n{i}" for i in range(30)]
BINNED = [f"b{i}" for i in range(4)]
QUANTILES = [f"q{i}" for i in range(3)]
POWERS = [f"p{i}" for i in range(3)]
LEVELS = {"h0": 5, "h1": 10, "h2": 31, "h3": 50, "h4": 100, "h5": 200}
ORDINALS = {"o0": 4, "o1": 12}
TARGET = "t0"
PRODUCTS = [f"x{i}" for i in range(4)]
TEXT = "words"
FLOATS = [*NUMBERS, *BINNED, *QUANTILES, *POWERS, *PRODUCTS]
TEXTS = [*LEVELS, *ORDINALS, TARGET]
WIDTH = 726
FITTED_ROWS = 5_000


def columns(rows: int, seed: int) -> dict[str, Any]:
    """By name: a float64 vector, or a list of texts. 2 % of the levels were not seen at fit."""
    rng = np.random.default_rng(seed)
    made: dict[str, Any] = {}
    for name in FLOATS:
        values = rng.normal(size=rows) * rng.uniform(0.5, 50) + rng.uniform(-5, 5)
        if name in QUANTILES:
            values = np.exp(values / 40)
        if name in NUMBERS:
            values[rng.random(rows) < 0.05] = np.nan
        made[name] = values
    for name, count in {**LEVELS, **ORDINALS, TARGET: 40}.items():
        codes = rng.integers(0, count, rows)
        if name in LEVELS:
            codes[rng.random(rows) < 0.02] = count  # never fitted: `fitted` leaves it out
        made[name] = [f"{name}-level-{code}" for code in codes.tolist()]
    words = [f"w{i}x{i * 7919 % 1000}" for i in range(2_000)]
    chosen = rng.integers(0, len(words), (rows, 6)).tolist()
    made[TEXT] = [" ".join(words[i] for i in row) for row in chosen]
    return made


def training() -> dict[str, Any]:
    """What the pipeline is fitted on: every level, and none besides."""
    made = columns(FITTED_ROWS, 54)
    for name, count in LEVELS.items():
        made[name] = [f"{name}-level-{i % count}" for i in range(FITTED_ROWS)]
    return made


def frame(made: dict[str, Any]) -> Any:
    """As a DataFrame, texts as pandas reads them."""
    import pandas as pd

    return pd.DataFrame(made)


def row_dicts(made: dict[str, Any]) -> list[dict[str, Any]]:
    lists = [v.tolist() if isinstance(v, np.ndarray) else v for v in made.values()]
    return [dict(zip(made, row, strict=True)) for row in zip(*lists, strict=True)]


def fitted(*, sparse: bool = False) -> Any:
    """The ColumnTransformer; ``sparse``: with CSR output."""
    from sklearn.compose import ColumnTransformer
    from sklearn.feature_extraction.text import HashingVectorizer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import (
        KBinsDiscretizer,
        OneHotEncoder,
        OrdinalEncoder,
        PolynomialFeatures,
        PowerTransformer,
        QuantileTransformer,
        StandardScaler,
        TargetEncoder,
    )

    numeric = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    quantile = QuantileTransformer(output_distribution="normal", random_state=0)
    made = training()
    target = np.asarray(made["n0"] > np.asarray(made["n1"]), dtype=float)
    return ColumnTransformer(
        [
            ("number", numeric, NUMBERS),
            ("bin", KBinsDiscretizer(5, quantile_method="averaged_inverted_cdf"), BINNED),
            ("quantile", quantile, QUANTILES),
            ("power", PowerTransformer(), POWERS),
            ("onehot", OneHotEncoder(handle_unknown="ignore"), list(LEVELS)),
            ("ordinal", OrdinalEncoder(), list(ORDINALS)),
            ("target", TargetEncoder(), [TARGET]),
            ("product", PolynomialFeatures(2), PRODUCTS),
            ("text", HashingVectorizer(n_features=256), TEXT),
        ],
        sparse_threshold=1.0 if sparse else 0.0,
    ).fit(frame(made), target)


# ---- By hand ----------------------------------------------------------------------------------

Row = dict[str, Any]


def by_hand(est: Any) -> Callable[[Row], list[float]]:
    """One row as a list: dicts, bisection and the math module, everything looked up before."""
    parts = {name: step for name, step, _ in est.transformers_}
    imputer, scaler = parts["number"][0], parts["number"][1]
    numbers = list(
        zip(NUMBERS, imputer.statistics_.tolist(), scaler.mean_.tolist(), scaler.scale_.tolist(),
            strict=True)
    )  # fmt: skip
    bins = list(zip(BINNED, [e[1:-1].tolist() for e in parts["bin"].bin_edges_], strict=True))
    power = parts["power"]
    powers = list(
        zip(POWERS, power.lambdas_.tolist(), power._scaler.mean_.tolist(),
            power._scaler.scale_.tolist(), strict=True)
    )  # fmt: skip
    quantiles = [
        (name, parts["quantile"].quantiles_[:, i].tolist()) for i, name in enumerate(QUANTILES)
    ]
    references = parts["quantile"].references_.tolist()
    onehots, offset = [], 56
    for name, levels in zip(LEVELS, parts["onehot"].categories_, strict=True):
        onehots.append((name, {level: offset + i for i, level in enumerate(levels)}))
        offset += len(levels)
    ordinals = [
        (name, {level: float(i) for i, level in enumerate(levels)})
        for name, levels in zip(ORDINALS, parts["ordinal"].categories_, strict=True)
    ]
    categories = parts["target"].categories_[0]
    target = dict(zip(categories, parts["target"].encodings_[0].tolist(), strict=True))
    mean = float(parts["target"].target_mean_)
    normal, word = _normal(), _hashed_words(470)
    zeros = [0.0] * WIDTH
    expm1, log1p, sqrt = math.expm1, math.log1p, math.sqrt

    def transform(row: Row) -> list[float]:
        out = zeros[:]
        out[:30] = [
            ((fill if (x := row[name]) != x else x) - center) / scale
            for name, fill, center, scale in numbers
        ]
        at = 30
        for name, edges in bins:
            out[at + bisect_right(edges, row[name])] = 1.0
            at += 5
        for name, knots in quantiles:
            out[at] = normal(row[name], knots, references)
            at += 1
        for name, power, center, scale in powers:
            x = row[name]
            if x >= 0:
                y = expm1(power * log1p(x)) / power
            else:
                y = -expm1((2 - power) * log1p(-x)) / (2 - power)
            out[at] = (y - center) / scale
            at += 1
        for name, levels in onehots:
            where = levels.get(row[name])
            if where is not None:
                out[where] = 1.0
        out[452:454] = [codes[row[name]] for name, codes in ordinals]
        out[454] = target.get(row[TARGET], mean)
        a, b, c, d = (row[name] for name in PRODUCTS)
        ab = (1.0, a, b, c, d, a * a, a * b, a * c, a * d)
        out[455:470] = (*ab, b * b, b * c, b * d, c * c, c * d, d * d)
        used = set()
        for token in row[TEXT].lower().split():
            where, sign = word(token)
            out[where] += sign
            used.add(where)
        norm = sqrt(sum([out[where] ** 2 for where in used])) or 1.0
        for where in used:
            out[where] /= norm
        return out

    return transform


def _normal() -> Callable[[float, list[float], list[float]], float]:
    from statistics import NormalDist

    inverse = NormalDist().inv_cdf
    low, high = -5.199337582605575, 5.19933758270342

    def normal(x: float, knots: list[float], references: list[float]) -> float:
        if x - 1e-7 < knots[0]:
            return low
        if x + 1e-7 > knots[-1]:
            return high
        i = bisect_right(knots, x) - 1
        if i + 1 >= len(knots):
            return high
        slope = (references[i + 1] - references[i]) / (knots[i + 1] - knots[i])
        return min(high, max(low, inverse(references[i] + slope * (x - knots[i]))))

    return normal


def _hashed_words(offset: int) -> Callable[[str], tuple[int, float]]:
    """Words are hashed once and remembered."""
    from functools import cache

    from sklearn.utils import murmurhash3_32

    @cache
    def word(token: str) -> tuple[int, float]:
        h = murmurhash3_32(token, seed=0)
        return offset + abs(h) % 256, 1.0 if h >= 0 else -1.0

    return word
