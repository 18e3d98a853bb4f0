"""Lowering of encoders: texts and numbers to category codes, codes to columns."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._lowering import (
    F64,
    I32,
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
    if column.tag not in ("text", "category", "auto"):
        raise NotLowered("numbers where texts are expected")
    texts = [c for c in categories if isinstance(c, str)]
    table = {text: code for code, text in enumerate(texts)}
    none = next((i for i, c in enumerate(categories) if c is None), -1)
    nan = next((i for i, c in enumerate(categories) if isinstance(c, float)), -1)
    if column.fill is not None:
        nan = table.get(column.fill, -1)
    if column.tag == "auto":
        # Rows: None means what missing was when the encoder was fitted.
        wants = "none" if none >= 0 and column.fill is None else "nan"
        low.texts[column.index] = wants
        if wants == "nan":
            none = nan
    key = (column.index, tuple(map(repr, categories)), column.fill, column.tag)
    return low.source(key, Source(column.index, table, none, nan))


def codes(low: Lowering, step: Step, value: Value) -> int:
    """A panel of category codes, one column for each feature."""
    categories = step.params["categories"]
    text = [isinstance(c, list) for c in categories]
    panels: dict[bool, int] = {}
    for kind in (True, False):
        which = [i for i, t in enumerate(text) if t == kind]
        if not which:
            continue
        if kind:
            if value.columns is None:
                raise NotLowered("numbers where texts are expected")
            columns = value.columns
            sources = [text_source(low, columns[i], categories[i]) for i in which]
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


def search(low: Lowering, categories: list[np.ndarray], which: list[int], value: Value) -> int:
    if value.columns is not None:
        for i in which:
            column = value.columns[i]
            if column.tag in ("text", "category", "object") or column.fill is not None:
                raise NotLowered("texts where numbers are expected")
        sources = [
            low.source((value.columns[i].index, None), Source(value.columns[i].index))
            for i in which
        ]
        panel = low.panel(F64, sources)
    else:
        panel = low.join(value.pieces, which, F64)
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


def onehot(low: Lowering, step: Step, value: Value) -> Value:
    p = step.params
    params = {
        "table": np.concatenate(p["tables"]),
        "counts": np.array([len(t) - 1 for t in p["tables"]], dtype=np.int64),
    }
    panel = low.step("onehot", [codes(low, step, value)], I32, step.width, params)
    piece = Piece(panel, p["width"], np.dtype(p["dtype"]), onehot=True)
    return Value(pieces=(piece,), sparse=p["sparse"])


def ordinal(low: Lowering, step: Step, value: Value) -> Value:
    p = step.params
    dtype = np.dtype(p["dtype"])
    params = {
        "table": np.concatenate(p["tables"]),
        "counts": np.array([len(t) - 1 for t in p["tables"]], dtype=np.int64),
        "unknown": p["unknown"],
    }
    known = codes(low, step, value)
    panel = low.step("ordinal", [known], panel_type(dtype), step.width, params)
    return Value(pieces=(Piece(panel, step.width, dtype),))


SPECIAL: dict[str, Special] = {
    "onehot": onehot,
    "ordinal": ordinal,
}
