"""Sparse matrices and documents."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

from .draw import TERMS, Draw
from .inputs import ROWS


def matrix(draw: Draw, rows: int, width: int, dtype: str = "f8") -> Any:
    values = draw.rng.normal(size=(rows, width)).round(2) * 4
    values[draw.rng.random(values.shape) < 0.6] = 0
    if dtype == "?" or dtype[0] == "u":
        values = np.abs(values)
    return sp.csr_matrix(values.astype(dtype))


def matrix_variant(width: int, draw: Draw) -> Any:
    dtype = draw.choice(["f8", "f8", "f8", "f4", "i8", "i4", "u1", "?"])
    rows = draw.choice([*ROWS, 0])
    made = matrix(draw, rows, width + draw.choice([0] * 9 + [1]), dtype)
    how = draw.choice(
        ["csr"] * 3
        + ["csc", "coo", "array", "dense", "zeros", "wide", "bad", "lil", "csc array", "F"]
        + ["unsorted"]
    )
    if how == "zeros" and made.nnz:
        made.data[draw.number(0, made.nnz - 1)] = 0
    if how == "bad" and made.nnz and dtype[0] == "f":
        made.data[draw.number(0, made.nnz - 1)] = draw.choice([np.nan, np.inf])
    if how == "wide":
        made.indices, made.indptr = made.indices.astype("i8"), made.indptr.astype("i8")
    forms: dict[str, Callable[[Any], Any]] = {
        "csc": sp.csc_matrix,
        "coo": sp.coo_matrix,
        "array": sp.csr_array,
        "lil": sp.lil_matrix,
        "csc array": sp.csc_array,
        "unsorted": unsorted,
        "F": lambda x: np.asfortranarray(x.toarray()),
        "dense": lambda x: x.toarray(),
    }
    return forms.get(how, lambda x: x)(made)


def unsorted(made: Any) -> Any:
    """With the columns of each row in another order, and one value in two pieces."""
    order = np.concatenate(
        [np.arange(a, b)[::-1] for a, b in pairwise(made.indptr.tolist())] or [[]]
    ).astype(int)
    return sp.csr_matrix((made.data[order], made.indices[order], made.indptr), made.shape)


# ---- Samples -------------------------------------------------------------------------------------

#: One sample of each form.
SAMPLES: dict[str, Callable[[Draw], Any]] = {
    "dict": lambda draw: {
        draw.choice(TERMS): draw.choice([1, 2.5, -3, True, "x", "ü"])
        for _ in range(draw.number(0, 4))
    },
    "pair": lambda draw: [
        (draw.choice(TERMS), draw.choice([1, 2.5, -3, "x"])) for _ in range(draw.number(0, 4))
    ],
    "string": lambda draw: draw.some(TERMS, 0, 4),
    "text": lambda draw: draw.choice(TERMS[:4]),
    "number": lambda draw: draw.choice([1, 2, 3, 7]),
    "sets": lambda draw: set(draw.some(TERMS[:5], 0, 3)),
}


def samples(draw: Draw, rows: int, form: str) -> Any:
    return [SAMPLES[form](draw) for _ in range(rows)]


def samples_variant(form: str, draw: Draw) -> Any:
    """The same, unknown and wrong ones, in several containers."""
    made = samples(draw, draw.choice([*ROWS, 0]), form)
    if made and draw.chance(0.3):
        odd: list[Any] = [None, np.nan, 3, "zz", b"x", {"zz": 1}, {"the": None}, {1: 2}, [1], []]
        odd += [
            {"the": [1, 2]},
            {"the": {"cat", "x"}},
            [("zz", 1)],
            {"zz", "the"},
            0.5,
        ]
        made[draw.number(0, len(made) - 1)] = draw.choice(odd)
    if form in ("text", "number") and draw.chance(0.5):
        return draw.choice([np.array, pd.Series, lambda x: np.array(x, dtype=object)])(made)
    return draw.choice([list, list, tuple, iter])(made)


# ---- Documents -----------------------------------------------------------------------------------


def texts(draw: Draw, rows: int) -> list[Any]:
    return [draw.choice([" ", "  ", "\n", "-"]).join(draw.some(TERMS, 0, 6)) for _ in range(rows)]


def documents_variant(draw: Draw) -> Any:
    made = texts(draw, draw.choice(ROWS))
    made = [text + draw.choice(["", "", " zz", " \0", " \U0001d518x", "ΑΣ"]) for text in made]
    how = draw.choice(
        ["list"] * 3 + ["array", "series", "tuple", "str", "iterator", "bad", "none", "U"]
    )
    if how == "bad":
        made[draw.number(0, len(made) - 1)] = draw.choice(
            [None, np.nan, 3, b"by tes", pd.NA, "\ud800"]
        )
    forms: dict[str, Callable[[Any], Any]] = {
        "array": lambda x: np.array(x, dtype=object),
        "U": np.array,
        "series": lambda x: pd.Series(x, dtype=object),
        "str": lambda x: pd.Series(x, dtype="str"),
        "tuple": tuple,
        "iterator": iter,
        "none": lambda x: x[:0],
    }
    return forms.get(how, lambda x: x)(made)
