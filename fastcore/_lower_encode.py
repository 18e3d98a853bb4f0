"""Lowering of encoders: texts and numbers to category codes, codes to columns."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ._lower_values import missing_code
from ._lowering import (
    F64,
    FLOAT64,
    I32,
    NO_NUMBERS,
    REFUSED,
    Column,
    Lowering,
    NotLowered,
    Piece,
    Source,
    Special,
    Value,
    panel_type,
)
from ._plan_tree import Step


def text_source(low: Lowering, column: Column, categories: list[Any]) -> int:
    if column.tag not in ("text", "natext", "category", "auto"):
        raise NotLowered("numbers where texts are expected")
    table = {
        known: code for code, known in enumerate(categories) if known is not None and known == known
    }
    none = next((i for i, c in enumerate(categories) if c is None), -1)
    nan = next((i for i, c in enumerate(categories) if c != c), -1)
    if column.framed and not column.fills_none and (none >= 0 or nan >= 0):
        raise NotLowered("what pandas makes of None that was not imputed")
    known_null = column.fills_nan
    if column.tag == "natext" and not (column.fill is not None and column.fills_none):
        known_null = column.fill is None  # NA is unknown, and not imputed
        none = nan = -1
    elif column.fill is not None:
        filled = table.get(column.fill, -1)
        nan = filled if column.fills_nan else REFUSED
        none = filled if column.fills_none else none
    if column.tag == "auto" and not column.fills_nan:
        low.texts[column.index] = "none"
    elif column.tag == "auto":
        # Rows: None means what missing was when the encoder was fitted.
        wants = "none" if none >= 0 else "nan"
        low.texts[column.index] = wants
        if wants == "nan":
            none = nan
    filling = (column.fill, column.fills_none, column.fills_nan)
    key = (column.index, tuple(map(repr, categories)), *filling, column.tag)
    source = Source(column.index, table, missing_code(none), missing_code(nan), nulls=known_null)
    return low.source(key, source)


def integer_source(low: Lowering, column: Column, categories: np.ndarray) -> int:
    """A column that is looked up among integers that float64 does not hold."""
    exact = column.tag == "text" or column.tag == categories.dtype.str
    if not exact or column.fill is not None or low.container not in ("array", "pandas"):
        raise NotLowered("other numbers where large integers are expected")
    table = {number: code for code, number in enumerate(categories.tolist())}
    return low.source((column.index, "integers"), Source(column.index, table))


def codes(low: Lowering, step: Step, value: Value) -> int:
    """A panel of category codes, one column for each feature."""
    categories = step.params["categories"]
    columns = value.columns
    if columns is None and any(piece.column for piece in value.pieces):
        columns, categories = flattened(value.pieces, categories)
    text = [isinstance(c, list) or c.dtype.kind in "iu" for c in categories]
    panels: dict[bool, int] = {}
    for kind in (True, False):
        which = [i for i, t in enumerate(text) if t == kind]
        if not which:
            continue
        if kind:
            if columns is None:
                raise NotLowered("numbers where texts are expected")
            sources = [
                (text_source if isinstance(categories[i], list) else integer_source)(
                    low, columns[i], categories[i]
                )
                for i in which
            ]
            panels[kind] = low.panel(I32, sources)
        else:
            panels[kind] = search(low, [categories[i] for i in which], which, value)
    if len(panels) == 1:
        return next(iter(panels.values()))
    seen = {True: 0, False: 0}
    columns_of = []
    for t in text:
        columns_of.append(seen[t])
        seen[t] += 1
    params = {
        "panels": np.array([0 if t else 1 for t in text], dtype=np.int64),
        "columns": np.array(columns_of, dtype=np.int64),
    }
    return low.step("join", [panels[True], panels[False]], I32, len(text), params)


def check_stand_in(tag: str, categories: np.ndarray) -> None:
    """scikit-learn puts the first category where one is unknown, in the dtype of the column.

    An error or a warning may come of it.
    """
    if tag not in ("auto", "number", "text") and len(categories):
        dtype, first = np.dtype(tag), categories[0]
        known = categories.tolist()
        if dtype.kind == "b" and not {0.0, 1.0} <= {*known} and float(bool(first)) not in known:
            raise NotLowered("bools that are no categories")
        if dtype.kind in "iu" and not np.iinfo(dtype).min <= first <= np.iinfo(dtype).max:
            raise NotLowered(f"categories that {dtype} does not hold")


def number_source(
    low: Lowering, columns: tuple[Column, ...], which: int, categories: np.ndarray
) -> int:
    """A column that is looked up among numbers."""
    column = columns[which]
    objects = column.tag == "text" and low.container in ("array", "pandas")
    objects = objects or (column.tag == "auto" and low.container == "pandas")
    plain = column.tag in ("auto", "number") or (
        column.tag not in NO_NUMBERS and np.dtype(column.tag).kind in "biuf"
    )
    if column.fill is not None or not (objects or plain) or column.tag == np.longdouble().dtype.str:
        raise NotLowered("texts where numbers are expected")
    check_stand_in(column.tag, categories)
    # In a table with texts scikit-learn sees objects, where null is None and not NaN.
    mixed = low.container == "table" and any(c.tag in ("text", "category") for c in columns)
    mixed = mixed or (low.container == "table" and column.tag == "|b1")
    if not objects and not mixed:
        return low.source((column.index, None), Source(column.index))
    source = Source(column.index, exact=objects, nulls=not mixed)
    return low.source((column.index, "exact", mixed), source)


def search(low: Lowering, categories: list[np.ndarray], which: list[int], value: Value) -> int:
    if value.columns is not None:
        pairs = zip(which, categories, strict=True)
        sources = [number_source(low, value.columns, i, known) for i, known in pairs]
        panel = low.panel(F64, sources)
    else:
        panel = low.join(*untouched(low, categories, which, value.pieces), F64)
    known = [values[~np.isnan(values)] for values in categories]
    params = {
        "values": np.concatenate([*known, np.zeros(0)]),
        "counts": np.array([len(v) for v in known], dtype=np.int64),
        "nan": np.array(
            [
                len(values) - 1 if len(values) and np.isnan(values[-1]) else -1
                for values in categories
            ],
            dtype=np.int64,
        ),
    }
    return low.step("search", [panel], I32, len(which), params)


def flattened(
    pieces: tuple[Piece, ...], categories: list[Any]
) -> tuple[tuple[Column, ...], list[Any]]:
    """A column for each feature, and the categories: bools that a step has computed are numbers."""
    found: list[Column] = []
    categories = list(categories)
    for piece in pieces:
        for _ in range(piece.width):
            known = categories[len(found)]
            if piece.column is None and isinstance(known, list):
                if not all(isinstance(item, bool) for item in known):
                    raise NotLowered("numbers where texts are expected")
                categories[len(found)] = np.array(known, dtype=np.float64)
            found.append(piece.column or Column(-1, "computed"))
    return tuple(found), categories


def untouched(
    low: Lowering, categories: list[np.ndarray], which: list[int], pieces: tuple[Piece, ...]
) -> tuple[tuple[Piece, ...], list[int]]:
    """The pieces of some columns, and which of theirs these are.

    Those that nothing was done to are read as the input's.
    """
    found: list[Piece] = []
    places: list[int] = []
    at = seen = 0
    for piece in pieces:
        wanted = [k - at for k in which if at <= k < at + piece.width]
        if wanted and piece.column is not None:
            source = number_source(low, (piece.column,), 0, categories[which.index(at)])
            piece = replace(piece, panel=low.panel(F64, [source]), column=None)
        if wanted:
            found.append(piece)
            places += [seen + k for k in wanted]
            seen += piece.width
        at += piece.width
    return tuple(found), places


def _table(tables: list[np.ndarray]) -> np.ndarray:
    if not tables:
        raise NotLowered("no columns")
    return np.concatenate(tables)


def onehot(low: Lowering, step: Step, value: Value) -> Value:
    p = step.params
    params = {
        "table": _table(p["tables"]),
        "counts": np.array([len(t) - 1 for t in p["tables"]], dtype=np.int64),
    }
    panel = low.step("onehot", [codes(low, step, value)], I32, step.width, params)
    piece = Piece(panel, p["width"], np.dtype(p["dtype"]), onehot=True)
    return Value(pieces=(piece,), sparse=p["sparse"])


def ordinal(low: Lowering, step: Step, value: Value) -> Value:
    p = step.params
    dtype = np.dtype(p["dtype"])
    params = {
        "table": _table(p["tables"]),
        "counts": np.array([len(t) - 1 for t in p["tables"]], dtype=np.int64),
        "unknown": p["unknown"],
    }
    known = codes(low, step, value)
    panel = low.step("ordinal", [known], panel_type(dtype), step.width, params)
    return Value(pieces=(Piece(panel, step.width, dtype),))


def target(low: Lowering, step: Step, value: Value) -> Value:
    tables = step.params["tables"]
    params = {
        "table": _table(tables),
        "counts": np.array([len(t) - 1 for t in tables], dtype=np.int64),
        "unknown": 1,
    }
    known = codes(low, step, value)
    classes = len(tables) // max(step.width, 1)
    if classes > 1:
        features = np.repeat(np.arange(step.width), classes)
        each = {"panels": np.zeros(len(features), dtype=np.int64), "columns": features}
        known = low.step("join", [known], I32, len(features), each)
    panel = low.step("ordinal", [known], F64, len(tables), params)
    return Value(pieces=(Piece(panel, len(tables), FLOAT64),))


def unseen(low: Lowering, step: Step, value: Value) -> Value:
    """For each cell, whether its category is unknown."""
    counts = np.array([len(known) for known in step.params["categories"]], dtype=np.int64)
    table = np.zeros(int(counts.sum()) + len(counts))
    table[np.cumsum(counts + 1) - 1] = 1.0
    params = {"table": table, "counts": counts, "unknown": 1}
    panel = low.step("ordinal", [codes(low, step, value)], F64, step.width, params)
    return Value(pieces=(Piece(panel, step.width, np.dtype(bool)),))


SPECIAL: dict[str, Special] = {
    "onehot": onehot,
    "ordinal": ordinal,
    "target": target,
    "unseen": unseen,
}
