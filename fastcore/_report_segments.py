"""Reports by segment: each category of a column against what it was itself."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from . import _columns_in, _core
from ._columns_in import BOOL, CODE, STRING
from ._drift_functions import adjust
from ._reference import Array, Reference, as_columns
from ._report import ALPHA, Report, absent

__all__ = ["SegmentReport", "Segments"]


class Segments(Mapping[str, Reference]):
    """What each segment of the training data looked like. A mapping of category to `Reference`.

    A carrier whose delays have doubled is not seen among sixteen; compared with itself it is.

    Attributes
    ----------
    by : str
        The column of categories.

    Examples
    --------
    >>> import numpy as np
    >>> from fastcore.drift import Segments
    >>> rng = np.random.default_rng(0)
    >>> old = {"shop": np.repeat(["a", "b"], 1000), "price": rng.normal(9, 1, 2000)}
    >>> new = {"shop": np.repeat(["a", "b"], 300), "price": rng.normal(9, 1, 600)}
    >>> new["price"][300:] += 2
    >>> report = Segments.fit(old, by="shop").compare(new)
    >>> report.drifted
    ['b']
    >>> report["b"].drifted
    ['price']
    """

    by: str
    _references: dict[str, Reference]

    @classmethod
    def fit(cls, data: Any, *, by: str, least: int = 100, **options: Any) -> Segments:
        """Freeze what each segment looks like.

        Parameters
        ----------
        data : as in :meth:`Reference.fit`
        by : str
            A column of texts, categories or bools. It is no feature of the segments.
        least : int
            Segments with fewer rows are left out: they have no shape to speak of.
        **options
            Of :meth:`Reference.fit`.

        Raises
        ------
        KeyError
            If there is no such column.
        TypeError
            If it holds no categories.
        ValueError
            If no segment has enough rows.
        """
        if isinstance(least, bool) or not isinstance(least, (int, np.integer)) or least < 1:
            raise ValueError(f"least: expected an int of at least 1, got {least!r}")
        columns = as_columns(data)
        found = _rows_of(columns, by)
        options.setdefault("features", [name for name in columns.names if name != by])
        self = cls()
        self.by = by
        self._references = {
            name: Reference.fit(_take(columns, rows), **options)
            for name, rows in found.items()
            if len(rows) >= least
        }
        if not self._references:
            raise ValueError(f"by: no category of {by!r} has {least} rows or more")
        return self

    def compare(
        self, data: Any, tests: Iterable[str] | None = None, *, correction: str = "bh"
    ) -> SegmentReport:
        """Compare each segment of the data with the same segment of the reference.

        Parameters
        ----------
        data, tests, correction
            As in :meth:`Reference.compare`; `correction` is made over the segments as well.

        Raises
        ------
        KeyError, TypeError, ValueError
            As :meth:`Reference.compare` does.
        """
        columns = as_columns(data)
        found = _rows_of(columns, self.by)
        reports, unknown = {}, {}
        for name, rows in found.items():
            if name in self._references:
                part = _take(columns, rows)
                reports[name] = self._references[name].compare(part, tests, correction=correction)
            else:
                unknown[name] = len(rows)
        absent = [name for name in self._references if name not in found]
        return SegmentReport(self.by, reports, unknown, absent, correction)

    def __getitem__(self, name: str) -> Reference:
        if name not in self._references:
            raise KeyError(absent("segment", name, self))
        return self._references[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._references)

    def __len__(self) -> int:
        return len(self._references)

    def __repr__(self) -> str:
        return f"Segments by {self.by!r}: {', '.join(list(self)[:20])}"


class SegmentReport(Mapping[str, Report]):
    """How each segment differs from what it was. A mapping of category to `Report`.

    Attributes
    ----------
    by : str
        The column of categories.
    drifted : list of str
        The segments that have drifted: with a feature that has, and a p-value (the least of its
        features', adjusted over them) that is small when adjusted over the segments.
    pvalues : dict of str to float
        These.
    unknown : dict of str to int
        Rows of categories that the reference does not know, or knows too few rows of.
    absent : list of str
        Segments of the reference without a row.
    """

    def __init__(
        self,
        by: str,
        reports: dict[str, Report],
        unknown: dict[str, int],
        absent: list[str],
        correction: str,
    ) -> None:
        self.by, self.unknown, self.absent = by, unknown, absent
        self._reports = reports
        least = [
            np.array([f.pvalue for f in report.features.values()]) for report in reports.values()
        ]
        raw = [float(np.nanmin(p)) if np.isfinite(p).any() else math.nan for p in least]
        self.pvalues = dict(zip(reports, adjust(raw, correction).tolist(), strict=True))

    @property
    def drifted(self) -> list[str]:
        return [n for n, r in self._reports.items() if r.drifted and self.pvalues[n] <= ALPHA]

    def __getitem__(self, name: str) -> Report:
        if name not in self._reports:
            raise KeyError(absent("segment", name, self))
        return self._reports[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._reports)

    def __len__(self) -> int:
        return len(self._reports)

    def to_dict(self) -> dict[str, Any]:
        """All of it, as JSON can say it; see :meth:`Report.to_dict`."""
        return {
            "version": 1,
            "by": self.by,
            "drifted": self.drifted,
            "pvalues": {n: p if math.isfinite(p) else None for n, p in self.pvalues.items()},
            "unknown": self.unknown,
            "absent": self.absent,
            "segments": {name: report.to_dict() for name, report in self._reports.items()},
        }

    def to_json(self) -> str:
        """`to_dict` as JSON."""
        return json.dumps(self.to_dict(), ensure_ascii=False, allow_nan=False)

    def __repr__(self) -> str:
        drifted = self.drifted
        lines = [f"SegmentReport by {self.by!r}: {len(drifted)} of {len(self)} segments drifted"]
        for name in [*drifted, *(n for n in self if n not in drifted)][:40]:
            report = self[name]
            what = f"drifted: {', '.join(report.drifted)}" if name in drifted else "-"
            lines.append(f"  {name}  {report.rows} rows  {what}")
        return "\n".join(lines)


def _rows_of(columns: _core.Columns, by: str) -> dict[str, Array]:
    """The rows of each category, most frequent first; those without one are left out."""
    spec = next((spec for spec in columns._specs if spec[0] == by), None)
    if spec is None:
        raise KeyError(f"by: there is no column {by!r}")
    values, valid, kind = columns[by], columns.valid(by), spec[1]
    if kind not in (BOOL, CODE, STRING) or values.ndim != 1:
        raise TypeError(f"by: expected texts, categories or bools in column {by!r}")
    at = np.arange(len(columns)) if valid is None else np.flatnonzero(valid)
    if kind == STRING:
        at = np.array([i for i in at.tolist() if values[i] is not None], dtype=np.int64)
        names, codes = np.unique(values[at].astype(str), return_inverse=True)
        texts = names.tolist()
    elif kind == CODE:
        at = at[values[at] >= 0]
        texts, codes = list(spec[5] or ()), values[at]
    else:
        texts, codes = ["false", "true"], values[at].astype(np.int64)
    counts = np.bincount(codes.ravel(), minlength=len(texts))
    order = sorted(np.flatnonzero(counts).tolist(), key=lambda i: (-counts[i], texts[i]))
    return {texts[i]: at[codes.ravel() == i] for i in order}


def _take(columns: _core.Columns, rows: Array) -> _core.Columns:
    """Some rows, with all columns."""
    parts: list[Any] = []
    for name in columns.names:
        part = _columns_in.part(columns, name)
        if isinstance(part, tuple):
            array, valid = part
            parts.append((array[rows], None if valid is None else valid[rows]))
        else:
            parts.append([part[i] for i in rows.tolist()])
    return type(columns)._build(columns._specs, parts)
