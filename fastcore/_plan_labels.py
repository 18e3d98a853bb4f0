"""Plans of labels: LabelEncoder, LabelBinarizer and MultiLabelBinarizer, which take ``y``.

Labels are a column of categories to a program; what is peculiar to them is which vectors mean what
to scikit-learn, and that is here. Sets of labels are read in C, as Python's objects.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from . import _core, _plan_calls
from ._input_arrays import array_tags, array_vectors
from ._input_frames import pandas_column, pandas_tag
from ._lowering import Lowered
from ._plan_tree import Step

if TYPE_CHECKING:
    from ._plan_tree import Tree

#: The kind of the one step that such a plan is.
KIND = "labels"
#: The program for a container and its tags, or None.
Lower = Callable[[str, tuple[str, ...]], Lowered | None]


def labels_of(tree: Tree) -> Labels | None:
    """What runs a plan of labels; None for a plan of a matrix."""
    return Labels(tree) if isinstance(tree, Step) and tree.kind == KIND else None


class Labels:
    """A fitted transformer of labels; ``form`` is one of encode, binarize, indicator, sets."""

    def __init__(self, step: Step) -> None:
        params = step.params
        self.form = params["form"]
        self.width = step.width
        self.sparse = params.get("sparse", False)
        self.neg, self.pos = params.get("neg", 0), params.get("pos", 1)
        self.unsigned = params.get("unsigned", False)
        self.index = np.dtype(np.int64 if params.get("index") == "<i8" else np.int32)
        self.known: Any = None
        self.table: dict[Any, int] = {}
        if self.form == "sets":
            classes = [tuple(c) if isinstance(c, list) else c for c in params["classes"][0]]
            self.table = {label: column for column, label in enumerate(classes)}
            self.width = len(self.table)
        elif self.form != "indicator":
            self.known = params["categories"][0]
            self.dtype = np.dtype(params["dtype"])

    # -- Calls

    def transform(self, lower: Lower, y: Any, threads: int | None) -> Any:
        """What the estimator makes of `y`, or None where it must be asked."""
        if self.form == "sets":
            return self._sets(y) if _plain_sequence(y) else None
        prepared = self._indicator(lower, y) if self.form == "indicator" else self._one(lower, y)
        if prepared is None:
            return None
        lowered, vectors, given = prepared
        if self.form == "encode":
            codes = lowered.program.run(vectors, len(given), None, None, threads)
            return None if codes is None else codes.ravel()
        found = self._binary(lowered, vectors, given, threads)
        if _is_series(given):
            given = given.to_numpy(dtype=object)
        if found is None and self.form == "binarize" and _only_texts(given):
            # What is unknown is so for certain.
            lenient = lower("array", ("category",))
            again = None if lenient is None else array_vectors(given.reshape(-1, 1), lenient)
            if lenient is not None and again is not None:
                found = self._binary(lenient, again, given, threads)
        return found

    def run_one(self, row: list[Any]) -> np.ndarray:
        """A set of one label, as golden rows have it."""
        return cast("np.ndarray", _core.label_sets(self.table, [row], False)[0][0])

    # -- Vectors of labels

    def _one(self, lower: Lower, y: Any) -> tuple[Lowered, Any, Any] | None:
        if type(y) in (list, tuple):
            y = self._listed(y)
        elif _is_series(y):
            if not isinstance(y.dtype, np.dtype):
                return self._texts(lower, y)
            y = y.to_numpy()
        if type(y) is not np.ndarray or y.ndim != 1 or not len(y) or not self._takes(y.dtype):
            return None
        column = y.reshape(-1, 1)
        tags = array_tags(column, 1)
        lowered = None if tags is None else lower("array", tags)
        vectors = None if lowered is None else array_vectors(column, lowered)
        return None if lowered is None or vectors is None else (lowered, vectors, y)

    def _listed(self, y: Any) -> np.ndarray | None:
        """A list of one kind of label as an array."""
        kinds = {*map(type, y)}
        if len(kinds) == 1 and kinds <= {int, bool, float, np.int64, np.float64, np.bool_}:
            return np.array(y)
        if kinds == {np.str_}:
            y, kinds = list(map(str, y)), {str}
        mixed = {str, int, bool, float, type(None)} if self.form == "encode" else {str}
        if not kinds <= mixed or self.dtype != object:
            return None
        objects = np.empty(len(y), dtype=object)
        objects[:] = y
        return objects

    def _texts(self, lower: Lower, y: Any) -> tuple[Lowered, Any, Any] | None:
        """A Series of pandas' own texts, or a categorical of texts."""
        tag = pandas_tag(y.dtype)
        if self.dtype != object or tag not in ("text", "category") or not len(y):
            return None
        if self.form != "encode" and y.hasnans:
            return None
        lowered = lower("pandas", (tag,))
        vector = None if lowered is None else pandas_column({0: y}, 0, lowered, 0)
        if lowered is None or vector is None:
            return None
        return lowered, (vector,), y

    def _takes(self, dtype: np.dtype[Any]) -> bool:
        """Whether labels of that dtype are compared with the classes as a program does it."""
        if self.dtype == object:
            return dtype.kind in "OU"
        if dtype.kind not in "biuf" or dtype.itemsize > 8:
            return False
        if self.form == "encode":  # scikit-learn converts y to the dtype of the classes
            return bool(np.can_cast(dtype, self.dtype, "safe"))
        if dtype.kind == "u" and not self.unsigned:
            return False
        if dtype.kind in "iu":  # and here the classes to that of y
            info, ints = np.iinfo(dtype), self.dtype.kind in "iu"
            return bool(ints and info.min <= self.known[0] and self.known[-1] <= info.max)
        return dtype.kind == self.dtype.kind or (dtype.kind == "f" and self.dtype.kind in "iu")

    def _indicator(self, lower: Lower, y: Any) -> tuple[Lowered, Any, Any] | None:
        """A matrix with a column for each class; values that are not 0 or 1 end the run."""
        native = type(y) is np.ndarray and y.dtype.isnative
        if not native or not y.size or y.dtype.kind not in "if":
            return None
        labels = [self.neg, self.pos] + [-self.neg] * (self.pos == 0)
        with np.errstate(all="ignore"):
            if any(int(np.array(label).astype(y.dtype)) != label for label in labels):
                return None
        tags = array_tags(y, self.width)
        lowered = None if tags is None else lower("array", tags)
        vectors = None if lowered is None else array_vectors(y, lowered)
        return None if lowered is None or vectors is None else (lowered, vectors, y)

    def _binary(self, lowered: Lowered, vectors: Any, y: Any, threads: int | None) -> Any:
        rows, program = len(y), lowered.program
        if self.sparse:
            parts = program.run_csr(vectors, rows, None, threads)
            if parts is None:
                return None
            found = _plan_calls.csr(parts, (rows, lowered.width))
            found.indices = found.indices.astype(self.index, copy=False)
            found.indptr = found.indptr.astype(self.index, copy=False)
            if self.pos != 1:
                found.data.fill(self.pos)
            return found
        result = program.run(vectors, rows, None, None, threads)
        if result is None:
            return None
        dtype = y.dtype if isinstance(y.dtype, np.dtype) and y.dtype.kind == "i" else np.int64
        if self.form == "binarize":
            if (self.neg, self.pos) != (0, 1):
                result *= self.pos - self.neg
                result += self.neg
            if len(self.known) == 1 and int(np.array(self.neg).astype(dtype)) != self.neg:
                return None
        made: np.ndarray = result.astype(dtype, order="K", copy=False)
        # Of two classes scikit-learn gives the second column, where it lies beside the first.
        two = self.form == "binarize" and len(self.known) == 2
        return made[:, -1].reshape(-1, 1) if two else made

    # -- Sets of labels

    def _sets(self, y: Any) -> Any:
        first, second, unknown = _core.label_sets(self.table, y, self.sparse)
        if unknown:
            said = f"unknown class(es) {sorted(unknown, key=str)} will be ignored"
            warnings.warn(said, stacklevel=5)
        if second is None:
            return first
        ones = np.ones(len(first), dtype=np.int64)
        return _plan_calls.csr((ones, first, second), (len(second) - 1, self.width))


def _is_series(y: Any) -> bool:
    cls = type(y)
    return cls.__name__ == "Series" and cls.__module__.partition(".")[0] == "pandas"


def _plain_sequence(y: Any) -> bool:
    """What can be iterated over twice: ``verify`` may want to."""
    return type(y) in (list, tuple, np.ndarray) or _is_series(y)


def _only_texts(y: Any) -> bool:
    """Whether these are texts that NumPy keeps as they are: it drops NUL at the end."""
    if y.dtype != object:
        return False
    texts = y.tolist()
    return {*map(type, texts)} == {str} and not any(text.endswith("\0") for text in texts)
