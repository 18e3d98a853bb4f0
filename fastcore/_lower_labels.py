"""Lowering of labels: a column of categories, or a matrix of zeros and ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._lower_encode import onehot, ordinal
from ._lowering import Lowering, NotLowered, Special, Value
from ._plan_labels import KIND
from ._plan_tree import Step

INT64 = "<i8"


def labels(low: Lowering, step: Step, value: Value) -> Value:
    form = step.params["form"]
    if form == "encode":
        return _encode(low, step, value)
    if form == "binarize":
        return _binarize(low, step, value)
    if form == "indicator":
        return _indicator(low, step, value)
    raise NotLowered("sets of labels are no column")


def _encode(low: Lowering, step: Step, value: Value) -> Value:
    count = len(step.params["categories"][0])
    params = {
        "categories": step.params["categories"],
        "tables": [np.append(np.arange(count, dtype=np.float64), 0.0)],
        "unknown": 0,
        "dtype": INT64,
    }
    return ordinal(low, Step("ordinal", params, 1), value)


def _binarize(low: Lowering, step: Step, value: Value) -> Value:
    """A one for the class: of two, where it is the second; of a single one, nowhere.

    An unknown label has no one. Whether it is a label at all (and not, say, 0.5) is certain of
    integers and texts only; and with two classes or fewer it changes what kind of target `y` is.
    """
    count = len(step.params["categories"][0])
    tag = value.columns[0].tag if value.columns else "auto"
    certain = tag == "category" or tag[1:2] in ("i", "u")
    whole = count > 2 or (count == 2 and not step.params["sparse"])  # see Labels._binary
    ones = [*range(count)] if whole else [-1, 0][:count]
    table = [*ones, -1 if certain and count > 2 else -2]
    params: dict[str, Any] = {
        "categories": step.params["categories"],
        "tables": [np.array(table, dtype=np.int64)],
        "width": count if whole else 1,
        "dtype": INT64,
        "sparse": step.params["sparse"],
    }
    return onehot(low, Step("onehot", params, 1), value)


def _indicator(low: Lowering, step: Step, value: Value) -> Value:
    params: dict[str, Any] = {
        "categories": [np.array([0.0, 1.0])] * step.width,
        "dtype": INT64,
        "sparse": step.params["sparse"],
        "width": step.width,
        "unknown": 0,
    }
    if params["sparse"]:
        tables = [np.array([-1, column, -2], dtype=np.int64) for column in range(step.width)]
        return onehot(low, Step("onehot", {**params, "tables": tables}, step.width), value)
    each = np.array([step.params["neg"], step.params["pos"], 0], dtype=np.float64)
    return ordinal(
        low, Step("ordinal", {**params, "tables": [each] * step.width}, step.width), value
    )


SPECIAL: dict[str, Special] = {KIND: labels}
