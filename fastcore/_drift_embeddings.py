"""Columns of vectors in references: what is watched of an embedding are a few numbers of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import _columns_in, _core
from ._columns_in import FLAG_LISTED, FLOAT32, FLOAT64, INT32, INT64

__all__ = ["Projection", "extended", "is_vector", "projections_in"]

Array = np.ndarray[Any, Any]

_AXES = 8
_ROWS = 4096  # of the reference, from which axes are found
_BLOCK = 1 << 20


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
    def fit(cls, columns: _core.Columns, name: str) -> Projection:
        """Of the vectors that are there and finite."""
        rows = _columns_in.present(columns, name).astype(np.float64)
        rows = rows[np.isfinite(rows).all(1)]
        if not len(rows):
            raise ValueError(f"column {name!r}: expected a vector of finite numbers")
        at = np.unique(np.linspace(0, len(rows) - 1, _ROWS).round().astype(np.int64))
        rows = rows[at]
        # Around the medians: a vector far out should not choose the first axis.
        middle = np.median(rows, axis=0)
        far = np.square(rows - middle).sum(1)
        rows = rows[far <= 25 * np.median(far)] if np.median(far) > 0 else rows
        mean = rows.mean(0)
        _, values, vectors = np.linalg.svd(rows - mean, full_matrices=False)
        scales = values / np.sqrt(max(len(rows) - 1, 1))
        kept = np.flatnonzero(scales > scales.max(initial=0) * 1e-9)[:_AXES]
        scales, vectors = scales[kept], vectors[kept]
        # The sign of an axis is the solver's choice: its largest part is positive here.
        signs = np.sign(vectors[np.arange(len(kept)), np.abs(vectors).argmax(1)])
        return cls(name, mean, np.ascontiguousarray((vectors * signs[:, None]).T / scales), scales)

    def apply(self, columns: _core.Columns) -> dict[str, Array]:
        """The numbers of each row; NaN where the vector is null or not finite."""
        spec = next((spec for spec in columns._specs if spec[0] == self.name), None)
        if spec is None:
            raise KeyError(f"there is no column {self.name!r}")
        if not is_vector(spec) or spec[2] != len(self.mean):
            raise TypeError(f"column {self.name!r}: expected vectors of {len(self.mean)} numbers")
        values, valid = columns[self.name], columns.valid(self.name)
        found = np.empty((self.axes.shape[1] + 1, len(columns)))
        step = max(1, _BLOCK // len(self.mean))
        for start in range(0, len(columns), step):
            part = slice(start, start + step)
            with np.errstate(all="ignore"):
                apart = values[part].astype(np.float64) - self.mean
                along = apart @ self.axes
                rest = np.square(apart).sum(1) - np.square(along * self.scales).sum(1)
                found[:-1, part] = along.T
                found[-1, part] = np.sqrt(np.maximum(rest, 0))
                found[:, part][:, ~np.isfinite(apart).all(1)] = np.nan
        if valid is not None:
            found[:, ~valid] = np.nan
        return dict(zip(self.names, found, strict=True))


def extended(columns: _core.Columns, projections: Sequence[Projection]) -> _core.Columns:
    """The columns, and the numbers of their vectors."""
    if not projections:
        return columns
    from .columns import Columns

    more: dict[str, Array] = {}
    for projection in projections:
        more.update(projection.apply(columns))
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
