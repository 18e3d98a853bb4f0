"""Pipelines of them: chains, unions and column transformers in each other."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.pipeline import FeatureUnion, Pipeline

from .draw import Column, Draw
from .steps import CATEGORIES, CLOSE, COUNTS, DOCUMENTS, NUMERIC, SAMPLES, SimpleImputer, step

CLOSE_NAMES = {kind.__name__ for kind in CLOSE}


def numeric(draw: Draw, depth: int) -> Any:
    """For columns of numbers."""
    if depth and draw.chance(0.15):
        return union(draw, [numeric(draw, depth - 1) for _ in range(draw.number(1, 3))])
    steps = [step(draw, NUMERIC) for _ in range(draw.choice([1, 1, 2, 2, 3]))]
    if draw.chance(0.4):
        steps.insert(0, step(draw, {SimpleImputer: NUMERIC[SimpleImputer]}))
    if draw.chance(0.12):
        steps[-1:] = [step(draw, CLOSE)]
    return chain(draw, steps)


def categories(draw: Draw, depth: int) -> Any:
    """For columns of texts."""
    if depth and draw.chance(0.1):
        return union(draw, [categories(draw, depth - 1) for _ in range(draw.number(1, 2))])
    steps = [step(draw, CATEGORIES)]
    if isinstance(steps[0], SimpleImputer):
        steps.append(step(draw, {k: v for k, v in CATEGORIES.items() if k is not SimpleImputer}))
    if draw.chance(0.2):
        steps.append(step(draw, NUMERIC))
    return chain(draw, steps)


def documents(draw: Draw) -> Any:
    """For one sequence of documents."""
    if draw.chance(0.1):
        return union(draw, [documents(draw) for _ in range(2)])
    steps = [step(draw, DOCUMENTS, 0.15)]
    if draw.chance(0.3):
        steps.append(step(draw, COUNTS))
    elif draw.chance(0.2):
        steps.append(step(draw, CLOSE if draw.chance(0.3) else NUMERIC))
    return chain(draw, steps)


def samples(draw: Draw, form: str) -> Any:
    """For dicts, pairs, lists of texts, and labels."""
    steps = [step(draw, SAMPLES[form], 0.5)]
    if form in ("dict", "pair", "string") and draw.chance(0.3):
        steps.append(step(draw, draw.choice([COUNTS, NUMERIC])))
    return chain(draw, steps) if len(steps) > 1 else steps[0]


def chain(draw: Draw, steps: list[Any]) -> Any:
    if draw.chance(0.1):
        steps.insert(draw.number(0, len(steps)), "passthrough")
    if len(steps) == 1 and not isinstance(steps[0], str) and draw.chance(0.7):
        return steps[0]
    return Pipeline([(f"s{i}", each) for i, each in enumerate(steps)])


def union(draw: Draw, parts: list[Any]) -> Any:
    named = [(f"u{i}", part) for i, part in enumerate(parts)]
    if draw.chance(0.15):
        named.append(("extra", draw.choice(["passthrough", "drop"])))
    return FeatureUnion(named, **_options(draw, named, 0.25))


def _options(draw: Draw, named: list[Any], share: float) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if draw.chance(share):
        weights = [2, 0.5, -1.0, np.float32(0.1), True]
        made["transformer_weights"] = {part[0]: draw.choice(weights) for part in named[:2]}
    if draw.chance(share):
        made["verbose_feature_names_out"] = False
    return made


def column_transformer(draw: Draw, columns: list[Column], depth: int, by_name: bool) -> Any:
    """Over columns of which the group is known."""
    parts: list[Any] = []
    for i in range(draw.number(1, 3)):
        group = draw.choice(sorted({column.group for column in columns}))
        places = [k for k, column in enumerate(columns) if column.group == group]
        if group == "document":
            place = draw.choice(places)
            parts.append((f"d{i}", documents(draw), columns[place].name if by_name else place))
            continue
        chosen = draw.some(places, 1, 4)
        if depth and draw.chance(0.15):
            inner = [columns[k] for k in chosen]
            made = column_transformer(draw, inner, depth - 1, by_name)
        elif draw.chance(0.1):
            made = "passthrough"
        else:
            numbers = group == "number" and not draw.chance(0.15)
            made = numeric(draw, depth) if numbers else categories(draw, depth)
        parts.append((f"c{i}", made, selector(draw, columns, chosen, by_name)))
    if draw.chance(0.1):
        parts.append(("gone", "drop", selector(draw, columns, [0], by_name)))
    options = _options(draw, parts, 0.2)
    options["sparse_threshold"] = draw.choice([0.3, 0, 1, 0.7])
    if draw.chance(0.25):
        options["remainder"] = draw.choice(["passthrough", categories(draw, 0), numeric(draw, 0)])
    elif draw.chance(0.1):
        options["verbose_feature_names_out"] = draw.choice(
            ["{transformer_name}.{feature_name}", "{feature_name}|{transformer_name}", named]
        )
    return ColumnTransformer(parts, **options)


def selector(draw: Draw, columns: list[Column], chosen: list[int], by_name: bool) -> Any:
    """The chosen ones, said in one of the ways that there are."""
    if by_name and draw.chance(0.75):
        names = [columns[k].name for k in chosen]
        how = draw.choice(["list", "list", "list", "array", "callable", "function", "slice"])
        if how == "slice":
            return slice(columns[min(chosen)].name, columns[max(chosen)].name)
        if how == "callable" and draw.chance(0.4):
            return make_column_selector(pattern="|".join(map(re.escape, names)))
        if how == "array":
            return np.array(names, dtype=object)
        if how == "callable" and columns[chosen[0]].group == "number":
            return make_column_selector(dtype_include=np.number)
        return Names(names) if how == "function" else names
    how = draw.choice(["list", "mask", "masks", "slice", "array", "negative", "none"])
    if how in ("mask", "masks"):
        mask = [k in chosen for k in range(len(columns))]
        return mask if how == "mask" else np.array(mask)
    if how == "none" and draw.chance(0.3):
        return []
    if how == "slice":
        return draw.choice(
            [slice(min(chosen), max(chosen) + 1), slice(None), slice(min(chosen), None, 2)]
        )
    if how == "negative":
        return [k - len(columns) for k in chosen]
    return np.array(chosen) if how == "array" else chosen


def named(transformer: str, feature: str) -> str:
    """Names of the user's own."""
    return f"{feature} of {transformer}"


class Names:
    """A selector that is a function."""

    def __init__(self, names: list[Any]) -> None:
        self.names = names

    def __call__(self, X: Any) -> list[Any]:
        return self.names

    def __repr__(self) -> str:
        return f"(lambda X: {self.names!r})"


def output(draw: Draw, est: Any) -> Any:
    """With ``set_output``, now and then."""
    if draw.chance(0.2) and hasattr(est, "set_output"):
        with suppress(ValueError):  # of a step that cannot
            est.set_output(transform=draw.choice(["pandas", "pandas", "polars"]))
    return est
