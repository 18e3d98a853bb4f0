"""Columns of vectors in references: what is watched of an embedding are a few numbers of it."""

from __future__ import annotations

import functools
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import _columns_in, _core
from ._columns_in import FLAG_LISTED, FLOAT32, FLOAT64, INT32, INT64, OBJECT

__all__ = ["Projection", "extended", "projections_in", "vectors_in", "with_numbers"]

Array = np.ndarray[Any, Any]

_AXES = 8
_ROWS = 4096  # of the reference, from which axes are found
_BLOCK = 1 << 20
_NOTHING = 1e-12  # of the squared distance: what is left over is rounding
_FOLDS = 5


def vectors_in(columns: _core.Columns, spec: Any) -> tuple[Array, Array | None] | None:
    """The vectors of a column, one a row, and which are there; None if it holds no such.

    They are lists of numbers, all of one length, or Python objects that are (a DataFrame's).
    """
    name, kind, width, flags = spec[0], spec[1], spec[2], spec[6]
    if flags & FLAG_LISTED and kind in (FLOAT64, FLOAT32, INT64, INT32) and width > 0:
        return columns[name], columns.valid(name)
    if kind != OBJECT or flags & FLAG_LISTED:
        return None
    values = columns[name].tolist()
    there = np.array([not (v is None or (isinstance(v, float) and v != v)) for v in values], bool)
    found = [v for v, is_there in zip(values, there, strict=True) if is_there]
    if not found or not all(isinstance(v, (np.ndarray, list, tuple)) for v in found):
        return None
    try:
        rows = np.array(found)
    except ValueError:  # of several lengths
        return None
    if rows.ndim != 2 or rows.dtype.kind not in "iuf" or not rows.shape[1]:
        return None
    whole = np.full((len(values), rows.shape[1]), np.nan)
    whole[there] = rows
    return whole, there


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

    @functools.cached_property
    def _across(self) -> Array:
        return np.ascontiguousarray(self.axes.T)

    @functools.cached_property
    def names(self) -> list[str]:
        """What the numbers are called."""
        return [*(f"{self.name}[{i}]" for i in range(self.axes.shape[1])), f"{self.name}[rest]"]

    @classmethod
    def fit(
        cls, name: str, values: Array, valid: Array | None
    ) -> tuple[Projection, dict[str, Array]]:
        """Of the vectors that are there and finite; and what the numbers of these rows are.

        Rows lie closer to axes that were found in them than new rows do. So their own numbers come
        from axes of the other four fifths of the rows.
        """
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
        numbers = self._all_numbers(values, valid)
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
        """Of each row: the same bits however many rows come at once, which `@` does not promise,
        so that the counts of a monitor do not depend on how its rows were cut."""
        with np.errstate(all="ignore"):
            apart = rows.astype(np.float64, order="C", copy=False) - self.mean
            along = np.einsum("nd,kd->nk", apart, self._across)
            total = np.square(apart).sum(1)
            rest = total - np.square(along * self.scales).sum(1)
            rest[rest < _NOTHING * total] = 0
            found = np.vstack((along.T, np.sqrt(rest)))
        found[:, ~np.isfinite(apart).all(1)] = np.nan
        return dict(zip(self.names, found, strict=True))

    def apply(self, columns: _core.Columns) -> dict[str, Array]:
        """The numbers of each row; NaN where the vector is null or not finite."""
        spec = next((spec for spec in columns._specs if spec[0] == self.name), None)
        if spec is None:
            raise KeyError(_absent("column", self.name, columns.names))
        there = vectors_in(columns, spec)
        if there is None and _is_empty(columns, spec):
            there = np.full((len(columns), len(self.mean)), np.nan), None
        if there is None or there[0].shape[1] != len(self.mean):
            raise TypeError(f"column {self.name!r}: expected vectors of {len(self.mean)} numbers")
        return self._all_numbers(*there)

    def _all_numbers(self, values: Array, valid: Array | None) -> dict[str, Array]:
        found = {name: np.empty(len(values)) for name in self.names}
        step = max(1, _BLOCK // len(self.mean))
        for start in range(0, len(values), step):
            part = slice(start, start + step)
            for name, column in self._numbers(values[part]).items():
                found[name][part] = column
        if valid is not None:
            for column in found.values():
                column[~valid] = np.nan
        return found

    def apply_row(self, row: Mapping[str, Any]) -> dict[str, float]:
        """The numbers of one row."""
        if self.name not in row:
            raise KeyError(_absent("key", self.name, tuple(row)))
        value = row[self.name]
        if value is None or (isinstance(value, float) and value != value):
            return dict.fromkeys(self.names, math.nan)
        vector = np.asarray(value) if isinstance(value, (list, tuple, np.ndarray)) else np.empty(0)
        if vector.shape != self.mean.shape or vector.dtype.kind not in "iuf":
            raise TypeError(
                f"column {self.name!r}: expected a vector of {len(self.mean)} numbers, "
                f"got {type(value).__name__}"
            )
        numbers = self._numbers(vector[np.newaxis])
        return {name: float(column[0]) for name, column in numbers.items()}


def _is_empty(columns: _core.Columns, spec: Any) -> bool:
    """Whether nothing says what a column holds: pandas makes floats of it, others objects."""
    if spec[1] not in (OBJECT, FLOAT64) or spec[6] & FLAG_LISTED:
        return False
    return all(v is None or (isinstance(v, float) and v != v) for v in columns[spec[0]].tolist())


def _absent(what: str, name: str, there: tuple[str, ...]) -> str:
    some = f"the {'first ' if len(there) > 40 else ''}{what}s are {list(there[:40])}"
    return f"no {what} {name!r}, which the reference has as a vector; {some}"


def extended(columns: _core.Columns, projections: Sequence[Projection]) -> _core.Columns:
    """The columns, and the numbers of their vectors."""
    more: dict[str, Array] = {}
    for projection in projections:
        more.update(projection.apply(columns))
    return with_numbers(columns, more, {projection.name for projection in projections})


def with_numbers(
    columns: _core.Columns, more: dict[str, Array], without: Collection[str] = ()
) -> _core.Columns:
    """The columns but some, and some of numbers."""
    if not more:
        return columns
    from .columns import Columns

    for name in more:
        if name in columns.names:
            raise ValueError(f"column {name!r}: its name is that of a part of a vector")
    added = Columns.from_numpy(more)
    both: Iterable[_core.Columns] = (columns, added)
    kept = [(each, spec) for each in both for spec in each._specs if spec[0] not in without]
    parts = [_columns_in.part(each, spec[0]) for each, spec in kept]
    return Columns._build([spec for _, spec in kept], parts)


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
