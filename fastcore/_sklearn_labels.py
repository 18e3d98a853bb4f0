"""Readers of fitted transformers of labels: of ``y``, and not of a matrix."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from ._plan_labels import KIND
from ._plan_tree import Step
from ._sklearn_base import Make, NotNative
from ._sklearn_encode import known_values

#: Labels that int64 and float64 hold, and their differences too.
LARGEST = 1 << 31


def _classes(est: Any) -> dict[str, Any]:
    """The classes, and the dtype that they have: of texts, that of objects."""
    classes = est.classes_
    if not len(classes):
        raise NotNative("no classes")
    dtype = np.dtype(object) if classes.dtype.kind == "U" else classes.dtype.newbyteorder("=")
    return {"categories": [known_values(classes)], "dtype": dtype.str}


def _encoder(est: Any) -> Step:
    return Step(KIND, {"form": "encode", **_classes(est)}, 1)


@cache
def _unsigned() -> bool:
    """Whether unsigned labels become int64, as since scikit-learn 1.9."""
    from sklearn.preprocessing import LabelBinarizer

    made = LabelBinarizer().fit([0, 1]).transform(np.zeros(1, dtype=np.uint8))
    return bool(made.dtype == np.int64)


def _binarizer(est: Any) -> Step:
    neg, pos = int(est.neg_label), int(est.pos_label)
    if max(abs(neg), abs(pos)) > LARGEST:
        raise NotNative(f"labels beyond {LARGEST}")
    rest: dict[str, Any] = {"neg": neg, "pos": pos, "sparse": bool(est.sparse_output)}
    if est.y_type_ == "multilabel-indicator":
        return Step(KIND, {"form": "indicator", **rest}, len(est.classes_))
    if est.sparse_output:  # versions of scikit-learn have indices of other widths
        rest["index"] = est.transform(est.classes_[:1]).indices.dtype.str
    params = {"form": "binarize", "unsigned": _unsigned(), **_classes(est), **rest}
    return Step(KIND, params, 1)


def _plain(label: Any) -> Any:
    """A label as files have it."""
    if isinstance(label, np.generic):
        label = label.item()
    if (
        label is None
        or type(label) in (str, int, bool)
        or (type(label) is float and label == label)
    ):
        return label
    raise NotNative(f"a class of type {type(label).__name__}")


def _sets(est: Any) -> Step:
    if not len(est.classes_):
        raise NotNative("no classes")
    # A list stands for a tuple: no label is a list.
    classes = [
        [_plain(item) for item in label] if type(label) is tuple else _plain(label)
        for label in est.classes_
    ]
    return Step(KIND, {"form": "sets", "classes": [classes], "sparse": bool(est.sparse_output)}, 1)


LABELS: dict[str, Make] = {
    "sklearn.preprocessing.LabelEncoder": _encoder,
    "sklearn.preprocessing.LabelBinarizer": _binarizer,
    "sklearn.preprocessing.MultiLabelBinarizer": _sets,
}
