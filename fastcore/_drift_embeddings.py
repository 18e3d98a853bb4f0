"""Columns of vectors in references: what is watched of an embedding are a few numbers of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import _columns_in, _core
from ._columns_in import FLAG_LISTED, FLOAT32, FLOAT64, INT32, INT64

__all__ = ["Projection", "extended", "is_vector", "projections_in", "with_numbers"]

Array = np.ndarray[Any, Any]

_AXES = 8
_ROWS = 4096  # of the reference, from which axes are found
_BLOCK = 1 << 20
_FOLDS = 5


def is_vector(spec: Any) -> bool:
    """Whether a column holds lists of numbers, all of one length."""
    numbers = spec[1] in (FLOAT64, FLOAT32, INT64, INT32)
    return bool(spec[6] & FLAG_LISTED) and numbers and spec[2] > 0


@dataclass(frozen=True)
class Projection:
    """Vectors to numbers: along the reference's main axes, and how far off these they are.

    Attributes
    ----------
    name : str
        The column.
    mean : ndarray of float64, shape (d,)
    axes : ndarray of float64, shape (d, k)
        The principal axes, each divided by the standard deviation along it.
    scales : ndarray of float64, shape (k,)
        These standard deviations.
    """

    name: str
    mean: Array
    axes: Array
    scales: Array

    @property
    def names(self) -> list[str]:
        """What the numbers are called."""
        return [*(f"{self.name}[{i}]" for i in range(self.axes.shape[1])), f"{self.name}[rest]"]

    @classmethod
    def fit(cls, columns: _core.Columns, name: str) -> tuple[Projection, dict[str, Array]]:
        """Of the vectors that are there and finite; and what the numbers of these rows are.

        Rows lie closer to axes that were found in them than new rows do. So their own numbers come
        from axes of the other four fifths of the rows.
        """
        values, valid = columns[name], columns.valid(name)
        whole = np.isfinite(values).all(1) & (True if valid is None else valid)
        at = np.flatnonzero(whole)
        if not len(at):
            raise ValueError(f"column {name!r}: expected a vector of finite numbers")
        at = at[np.unique(np.linspace(0, len(at) - 1, _ROWS).round().astype(np.int64))]
        rows = values[at].astype(np.float64)
        # Around the medians: a vector far out should not choose the first axis.
        far = np.square(rows - np.median(rows, axis=0)).sum(1)
        if np.median(far) > 0:
            near = far <= 25 * np.median(far)
            at, rows = at[near], rows[near]
        self = cls._of(name, rows)
        numbers = self.apply(columns)
        for k in range(_FOLDS if len(rows) > _FOLDS else 0):
            out = np.arange(len(rows)) % _FOLDS == k
            for key, column in cls._of(name, rows[~out], self)._numbers(rows[out]).items():
                numbers[key][at[out]] = column
        return self, numbers

    @classmethod
    def _of(cls, name: str, rows: Array, like: Projection | None = None) -> Projection:
        """The axes of some rows; with the number, the scales and the signs of others."""
        mean = rows.mean(0)
        apart = rows - mean
        values, vectors = np.linalg.eigh(apart.T @ apart / max(len(rows) - 1, 1))
        vectors, scales = vectors[:, ::-1], np.sqrt(np.maximum(values[::-1], 0))
        if like is None:
            kept = np.flatnonzero(scales > scales.max(initial=0) * 1e-7)[:_AXES]
            vectors, scales = vectors[:, kept], scales[kept]
            # The sign of an axis is the solver's choice: its largest part is positive here.
            signs = np.sign(vectors[np.abs(vectors).argmax(0), np.arange(len(kept))])
        else:
            scales = like.scales
            vectors = vectors[:, : len(scales)]
            signs = np.where((vectors * like.axes).sum(0) < 0, -1.0, 1.0)
        return cls(name, mean, np.ascontiguousarray(vectors * signs / scales), scales)

    def _numbers(self, rows: Array) -> dict[str, Array]:
        """Of each row."""
        with np.errstate(all="ignore"):
            apart = rows.astype(np.float64) - self.mean
            along = apart @ self.axes
            rest = np.square(apart).sum(1) - np.square(along * self.scales).sum(1)
            found = np.vstack((along.T, np.sqrt(np.maximum(rest, 0))))
        found[:, ~np.isfinite(apart).all(1)] = np.nan
        return dict(zip(self.names, found, strict=True))

    def apply(self, columns: _core.Columns) -> dict[str, Array]:
        """The numbers of each row; NaN where the vector is null or not finite."""
        spec = next((spec for spec in columns._specs if spec[0] == self.name), None)
        if spec is None:
            raise KeyError(f"there is no column {self.name!r}")
        if not is_vector(spec) or spec[2] != len(self.mean):
            raise TypeError(f"column {self.name!r}: expected vectors of {len(self.mean)} numbers")
        values, valid = columns[self.name], columns.valid(self.name)
        found = {name: np.empty(len(columns)) for name in self.names}
        step = max(1, _BLOCK // len(self.mean))
        for start in range(0, len(columns), step):
            part = slice(start, start + step)
            for name, column in self._numbers(values[part]).items():
                found[name][part] = column
        if valid is not None:
            for column in found.values():
                column[~valid] = np.nan
        return found


def extended(columns: _core.Columns, projections: Sequence[Projection]) -> _core.Columns:
    """The columns, and the numbers of their vectors."""
    more: dict[str, Array] = {}
    for projection in projections:
        more.update(projection.apply(columns))
    return with_numbers(columns, more)


def with_numbers(columns: _core.Columns, more: dict[str, Array]) -> _core.Columns:
    """The columns, and some of numbers."""
    if not more:
        return columns
    from .columns import Columns

    for name in more:
        if name in columns.names:
            raise ValueError(f"column {name!r}: its name is that of a part of a vector")
    added = Columns.from_numpy(more)
    both: Iterable[_core.Columns] = (columns, added)
    specs = [spec for each in both for spec in each._specs]
    parts = [_columns_in.part(each, name) for each in both for name in each.names]
    return Columns._build(specs, parts)


def projections_in(entries: Any, arrays: Sequence[Array]) -> list[Projection]:
    """Those of a file: three arrays each, the first of them; ValueError where they do not fit."""
    found = []
    for i, entry in enumerate(entries):
        mean, axes, scales = arrays[3 * i : 3 * i + 3]
        width, count = int(entry["width"]), int(entry["axes"])
        if (
            (width < 1 or count < 0)
            or (len(mean), len(axes), len(scales)) != (width, width * count, count)
            or not all(a.dtype == np.float64 and np.isfinite(a).all() for a in (mean, axes, scales))
        ):
            raise ValueError("the axes of a vector do not fit")
        found.append(Projection(str(entry["name"]), mean, axes.reshape(width, count), scales))
    return found
