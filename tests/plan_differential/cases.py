"""A seed and a number: a pipeline that was fitted, and inputs for it."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from sklearn.preprocessing import KernelCenterer

from . import inputs, others, pipelines
from .draw import Draw
from .steps import fitting

#: So many inputs each.
INPUTS = 4


@dataclass
class Case:
    """What is fitted on what; ``makes`` give the same inputs at each call."""

    est: Any
    X: Any
    y: Any
    makes: list[Callable[[], Any]]


def case(seed: int, number: int) -> Case:
    draw = Draw(seed, number)
    rare = ["matrix", "documents", "samples"]
    how = draw.choice(["frame"] * 5 + ["polars"] + ["array"] * 3 + rare)
    return {"frame": _frame, "polars": _frame, "array": _array}.get(how, _other)(draw, how)


def fit(est: Any, X: Any, y: Any) -> Any:
    """The estimator, fitted, or None where it is not for such data."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            return est.fit(X, y)
        except Exception:
            return None


def _labels(draw: Draw, rows: int) -> Any:
    how = draw.choice(["two", "three", "numbers"])
    if how == "numbers":
        return draw.rng.normal(size=rows)
    return draw.rng.integers(0, 2 if how == "two" else 3, rows)


def _made(draw: Draw, est: Any, X: Any, rows: int, make: Callable[[Draw], Any]) -> Case:
    def quietly(number: int) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return make(draw.inner(number))

    makes = [partial(quietly, number) for number in range(INPUTS)]
    return Case(pipelines.output(draw, est), X, _labels(draw, rows), makes)


def _frame(draw: Draw, how: str) -> Case:
    groups = draw.choice([["number"], ["number", "text"], ["number", "text", "document"], ["text"]])
    columns = inputs.columns_of(draw, groups, True)
    rows = draw.choice([20, 40])
    X: Any = inputs.frame(columns, draw, rows)
    if how == "polars":
        X = inputs.as_polars(X)
    if draw.chance(0.08) and "document" not in groups:
        est = fitting(draw, X)
    elif len({each.group for each in columns}) == 1 and draw.chance(0.35):
        make = {"number": pipelines.numeric, "text": pipelines.categories}.get(groups[0])
        est = make(draw, 2) if make else pipelines.column_transformer(draw, columns, 2, True)
    else:
        est = pipelines.column_transformer(draw, columns, 2, True)
    polars = how == "polars"
    return _made(draw, est, X, rows, lambda d: inputs.frame_variant(columns, polars, d))


def _array(draw: Draw, how: str) -> Case:
    groups = draw.choice([["number"], ["number"], ["number"], ["number", "text"], ["text"]])
    columns = inputs.columns_of(draw, groups, False)
    dtype = draw.choice(["f8", "f8", "f4", "i8", "O", "?"]) if "text" not in groups else "O"
    rows = draw.choice([20, 40])
    X = inputs.laid(inputs.array(columns, draw, rows, dtype), draw)
    if draw.chance(0.08):
        est = fitting(draw, X)
    elif draw.chance(0.5):
        est = pipelines.column_transformer(draw, columns, 2, False)
    elif columns[0].group == "number":
        est = pipelines.numeric(draw, 2)
    else:
        est = pipelines.categories(draw, 2)
    return _made(draw, est, X, rows, lambda d: inputs.array_variant(columns, dtype, d))


def _other(draw: Draw, how: str) -> Case:
    rows = draw.choice([10, 30])
    if how == "documents":
        X: Any = others.texts(draw, rows)
        return _made(draw, pipelines.documents(draw), X, rows, others.documents_variant)
    if how == "samples":
        form = draw.choice(list(others.SAMPLES))
        X = others.samples(draw, rows, form)
        make = lambda d: others.samples_variant(form, d)  # noqa: E731
        return _made(draw, pipelines.samples(draw, form), X, rows, make)
    width = draw.number(1, 5)
    X = others.matrix(draw, rows, width)
    est = KernelCenterer() if draw.chance(0.05) else pipelines.numeric(draw, 1)
    if isinstance(est, KernelCenterer) or draw.chance(0.2):
        X, width = (X @ X.T).toarray(), rows
        if not isinstance(est, KernelCenterer):
            X, width = X[:, :3], 3
    return _made(draw, est, X, rows, lambda d: others.matrix_variant(width, d))
