"""Random choices and random columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

WORDS = ["a", "b", "c", "ü€", "", "Straße", "nan", "None", "1", "x y", "0.5", "B"]
UNKNOWN = ["zz", "ﬁ", "a\0", "\U0001d518", "A", " a", "e\u0301"]
TERMS = [
    "the",
    "cat",
    "Cat's",
    "ÜBER",
    "dog,",
    "ﬁne",
    "x",
    "3.14",
    "naïve",
    "İst",
    "日本",
    "²³",
    "_",
]


class Draw:
    """Random choices; equal seeds choose alike."""

    def __init__(self, *seed: int) -> None:
        self.seed = seed
        self.rng = np.random.default_rng(seed)

    def inner(self, number: int) -> Draw:
        """Choices of their own."""
        return Draw(*self.seed, number)

    def choice(self, options: Sequence[Any]) -> Any:
        return options[int(self.rng.integers(len(options)))]

    def chance(self, share: float) -> bool:
        return bool(self.rng.random() < share)

    def number(self, low: int, high: int) -> int:
        return int(self.rng.integers(low, high + 1))

    def some(self, options: Sequence[Any], low: int, high: int) -> list[Any]:
        """Between so many of them, each once, in any order."""
        count = min(self.number(low, high), len(options))
        return [options[i] for i in self.rng.permutation(len(options))[:count]]


# ---- What columns hold ---------------------------------------------------------------------------


def _normal(draw: Draw, rows: int) -> np.ndarray:
    return draw.rng.normal(size=rows) * 3


#: Numbers by how they are spread. Integers of small dtypes hold them all but the wide ones.
SPREADS: dict[str, Callable[[Draw, int], np.ndarray]] = {
    "normal": _normal,
    "positive": lambda draw, rows: np.abs(_normal(draw, rows)) + 0.01,
    "ties": lambda draw, rows: draw.rng.integers(0, 4, rows) / 4,
    "counts": lambda draw, rows: draw.rng.integers(0, 6, rows).astype(float),
    "zeros": lambda draw, rows: draw.rng.choice([0.0, -0.0, 1.0], rows, p=[0.6, 0.2, 0.2]),
    "constant": lambda draw, rows: np.full(rows, 2.5),
    "wide": lambda draw, rows: draw.rng.choice(
        [1e300, -1e-300, 5e-324, 2.0**53 + 2, 1e-8, 1e30, -7.0, 0.1], rows
    ),
}


def _masked(dtype: str) -> Callable[[np.ndarray, np.ndarray], Any]:
    def make(values: np.ndarray, missing: np.ndarray) -> Any:
        small = dtype.endswith("Int8") or dtype == "boolean"
        whole = np.clip(np.nan_to_num(values), 0, 100 if small else 1e9)
        kept = values if dtype.startswith("Float") else whole.astype(np.int64)
        kept = kept.astype(bool) if dtype == "boolean" else kept
        return pd.array(np.where(missing, pd.NA, kept.astype(object)), dtype=dtype)

    return make


def _plain(dtype: Any) -> Callable[[np.ndarray, np.ndarray], Any]:
    kind = np.dtype(dtype)

    def make(values: np.ndarray, missing: np.ndarray) -> Any:
        if kind.kind in "iu":
            info = np.iinfo(kind)
            values = np.clip(values, max(info.min, -(2.0**62)), min(info.max, 2.0**62))
        made = values.astype(kind)
        return np.where(missing, kind.type(np.nan), made) if kind.kind in "fc" else made

    return make


def _objects(values: np.ndarray, missing: np.ndarray, *holes: Any) -> Any:
    """Python's own numbers."""
    made = np.empty(len(values), dtype=object)
    for i, value in enumerate(values.tolist()):
        whole = value == int(value) and abs(value) < 2**53
        made[i] = [value, int(value) if whole else value, value][i % 3]
        if missing[i]:
            made[i] = holes[i % len(holes)]
    return made


def _category(values: np.ndarray, missing: np.ndarray, dtype: Any) -> Any:
    kept = pd.Series(np.clip(values, -1e9, 1e9).round(1).astype(dtype))
    return kept.where(~missing).astype("category") if dtype is float else kept.astype("category")


def _times(values: np.ndarray, missing: np.ndarray, dtype: str) -> Any:
    made = np.clip(values, -1e9, 1e9).astype(np.int64).astype(dtype)
    return np.where(missing, np.array("NaT", dtype=dtype), made)


#: Columns of numbers by kind, from values and where they are missing.
NUMBERS: dict[str, Callable[[np.ndarray, np.ndarray], Any]] = {
    **{name: _plain(name) for name in ("f8", "f4", "i8", "i4", "i1", "u1", "u8", "?", "f2")},
    **{name: _masked(name) for name in ("Int64", "UInt8", "Float64", "Float32", "boolean", "Int8")},
    "object": lambda v, m: _objects(v, m, None),
    "object nan": lambda v, m: _objects(v, m, np.nan),
    "numeric text": lambda v, m: pd.Series(
        [None if h else repr(x) for x, h in zip(v.tolist(), m, strict=True)], dtype=object
    ),
    "arrow double": lambda v, m: pd.array(pa.array(v, mask=m), dtype="double[pyarrow]"),
    "category of floats": lambda v, m: _category(v, m, float),
    "category of ints": lambda v, m: _category(v, m, int),
    "datetime": lambda v, m: _times(v, m, "M8[s]"),
    "timedelta": lambda v, m: _times(v, m, "m8[ms]"),
    "complex": _plain("c16"),
}
#: The kinds that most columns have.
USUAL = ["f8", "f8", "f8", "f4", "i8", "?", "u1"]


def _texts(values: list[Any], missing: np.ndarray, *holes: Any) -> np.ndarray:
    made = np.empty(len(values), dtype=object)
    made[:] = values
    for i in np.flatnonzero(missing):
        made[i] = holes[i % len(holes)]
    return made


#: Columns of texts by kind.
TEXTS: dict[str, Callable[[list[Any], np.ndarray], Any]] = {
    "str": lambda v, m: pd.Series(_texts(v, m, None), dtype="str"),
    "object None": lambda v, m: _texts(v, m, None),
    "object nan": lambda v, m: _texts(v, m, np.nan),
    "objects": lambda v, m: _texts(v, m, None, np.nan),
    "category": lambda v, m: pd.Series(_texts(v, m, None), dtype="category"),
    "string": lambda v, m: pd.array(_texts(v, m, None), dtype="string"),
    "arrow string": lambda v, m: pd.array(
        pa.array(_texts(v, m, None).tolist(), type=pa.string()), dtype="string[pyarrow]"
    ),
    "bytes": lambda v, m: _texts([x.encode() for x in v], m & False, None),
    "bools": lambda v, m: _texts([len(x) > 1 for x in v], m, None),
    "mixed": lambda v, m: _texts(
        [len(x) if i % 4 == 0 else x for i, x in enumerate(v)], m, None, np.nan, pd.NA, pd.NaT
    ),
}
USUAL_TEXTS = ["str", "object None", "object nan", "category", "objects"]


@dataclass(frozen=True)
class Column:
    """A column: its name, its kind, and what values of it are drawn from."""

    name: Any
    group: str  # number, text, document
    kind: str
    spread: str
    pool: tuple[str, ...]
    missing: float

    def values(self, draw: Draw, rows: int, strange: float = 0.0) -> pd.Series:
        """Rows of it; ``strange``: the share of values that were not seen at fit."""
        holes = draw.rng.random(rows) < self.missing
        odd = draw.rng.random(rows) < strange
        if self.group == "number":
            numbers = SPREADS[self.spread](draw, rows)
            numbers = np.where(odd, numbers * 10 - 50, numbers)
            with np.errstate(all="ignore"):
                return pd.Series(NUMBERS[self.kind](numbers, holes))
        if self.group == "document":
            texts = [" ".join(draw.some(TERMS, 0, 6)) for _ in range(rows)]
            return pd.Series(TEXTS[self.kind](texts, holes))
        texts = [str(text) for text in draw.rng.choice(np.array(self.pool, dtype=object), rows)]
        texts = [draw.choice(UNKNOWN) if o else t for t, o in zip(texts, odd, strict=True)]
        return pd.Series(TEXTS[self.kind](texts, holes))

    def other(self, draw: Draw) -> Column:
        """The same values in another kind of column, or quite other ones."""
        if self.group == "document":
            return replace(self, kind=draw.choice(["str", "objects", "mixed", "bytes", "string"]))
        if draw.chance(0.15):
            return column(draw, self.name, "text" if self.group == "number" else "number")
        kinds = NUMBERS if self.group == "number" else TEXTS
        return replace(self, kind=draw.choice(list(kinds)), missing=draw.choice([0.0, 0.2, 1.0]))


def column(draw: Draw, name: Any, group: str) -> Column:
    missing = draw.choice([0.0, 0.0, 0.1, 0.4, 1.0 if draw.chance(0.3) else 0.2])
    pool = tuple(draw.some(WORDS, 1, 6))
    if group == "number":
        kind = draw.choice(USUAL if draw.chance(0.8) else list(NUMBERS))
        return Column(name, group, kind, draw.choice(list(SPREADS)), pool, missing)
    if group == "document":
        return Column(name, group, draw.choice(["str", "object None"]), "", pool, 0.0)
    kind = draw.choice(USUAL_TEXTS if draw.chance(0.8) else list(TEXTS))
    return Column(name, group, kind, "", pool, missing)
