"""`Reference`: what the data looked like when the model was fitted, frozen."""

from __future__ import annotations

import collections
import functools
import hashlib
import itertools
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _columns_in, _config, _container, _core
from ._columns_in import BOOL, CODE, FLAG_LISTED, OBJECT, STRING, TIME
from ._drift_bins import edges_of
from ._drift_embeddings import Projection, extended, projections_in, vectors_in, with_numbers
from ._drift_functions import CORRECTIONS, as_array
from .errors import UnsupportedError

if TYPE_CHECKING:
    from ._report import Report

__all__ = ["Reference", "as_columns"]

Array = np.ndarray[Any, Any]

# The order of `fc_feature_kind`.
NUMBER, TIMES, TEXT, BOOLEAN = range(4)
KINDS = ("number", "time", "text", "bool")
# Version 2 has columns of vectors; a reference without them is written as version 1.
_MAGIC, _VERSION, _OLDEST = b"FCREFER\n", 2, 1
_MOST_POINTS = 1 << 24
_ROLES = ("", "prediction", "target")
_TRUTHS = ("false", "true")


def as_columns(data: Any) -> _core.Columns:
    """Whatever holds rows, as Columns.

    Raises
    ------
    TypeError
        If `data` is nothing that holds rows.
    """
    from .columns import Columns

    if isinstance(data, _core.Columns):
        return data
    if isinstance(data, Mapping):
        return Columns.from_numpy({name: _array(values) for name, values in data.items()})
    if type(data).__module__.partition(".")[0] == "pandas" and hasattr(data, "iloc"):
        return Columns.from_pandas(data)
    if hasattr(data, "__arrow_c_stream__") or hasattr(data, "__arrow_c_array__"):
        return Columns.from_arrow(data)
    if isinstance(data, np.ndarray):
        if data.dtype.names is not None:
            return Columns.from_numpy({name: data[name] for name in data.dtype.names})
        if data.ndim == 2:
            return Columns.from_numpy({f"x{i}": data[:, i] for i in range(data.shape[1])})
    if isinstance(data, (list, tuple)) and all(isinstance(row, Mapping) for row in data):
        return Columns.from_rows(data)
    raise TypeError(
        "data: expected Columns, Arrow data, a DataFrame, a dict of arrays, a 2-D array or a list "
        f"of dicts, got {type(data).__name__}"
    )


def _array(values: Any) -> Any:
    """An array for `from_numpy`; among objects NaN is as missing as None, as in pandas."""
    array = as_array(values)
    if array.dtype == object and array.ndim == 1:
        missing = [isinstance(v, float) and v != v for v in array]
        if any(missing):
            array = array.copy()
            array[missing] = None
    return array


@dataclass(frozen=True)
class Feature:
    """What is frozen of one column.

    Attributes
    ----------
    name : str
    kind : int
        One of ``NUMBER``, ``TIMES``, ``TEXT``, ``BOOLEAN``.
    points : ndarray of float64, shape (m,)
        The sorted sample (numbers, times).
    edges : ndarray of float64, shape (b - 1,)
        The inner edges of the bins, all of them points; bin i is [edges[i - 1], edges[i]).
    shift : float
        The mean, around which sums are taken.
    texts : tuple of str
        The categories that are kept, most frequent first.
    utc : bool
        Whether times are aware.
    role : str
        ``prediction``, ``target``, or empty.
    """

    name: str
    kind: int
    points: Array
    edges: Array
    shift: float
    texts: tuple[str, ...]
    utc: bool
    role: str = ""

    @property
    def role_name(self) -> str:
        """What it is to the reference, as messages say it."""
        return f"its {self.role}" if self.role else "a feature"

    @property
    def bin_points(self) -> tuple[int, ...]:
        """The points at which a bin begins."""
        return tuple(np.searchsorted(self.points, self.edges).tolist())

    @functools.cached_property
    def bin_starts(self) -> Array:
        """The cell at which each bin begins."""
        if self.kind in (TEXT, BOOLEAN):
            return np.arange(len(self.texts) + (self.kind == TEXT))
        return np.concatenate(([0], 2 * np.searchsorted(self.points, self.edges) + 1))

    @property
    def labels(self) -> list[str]:
        """A name for each bin."""
        if self.kind == BOOLEAN:
            return ["false", "true"]
        if self.kind == TEXT:
            return [*self.texts, "(other)"]
        shown = [self.show(edge) for edge in self.edges]
        if not shown:
            return ["(all)"]
        between = [f"[{a}, {b})" for a, b in itertools.pairwise(shown)]
        return [f"< {shown[0]}", *between, f">= {shown[-1]}"]

    def show(self, value: float) -> str:
        """A value of the feature, as people write it."""
        if self.kind == TIMES and abs(value) < 2.0**63:
            return str(np.datetime64(int(value), "us")).replace("T", " ")
        return f"{value:.6g}"


class Reference:
    """What the training data looked like, frozen: the yardstick of `compare` and `Monitor`.

    Made by :meth:`fit` or :meth:`load`. Immutable.

    Attributes
    ----------
    rows : int
        The rows that it was fitted on.
    names : tuple of str
        The features.
    columns : tuple of str
        The columns that data must have: the features, but of a vector's parts its own.
    fingerprint : str
        Equal for equal references, in every process.

    Examples
    --------
    >>> import numpy as np
    >>> from fastcore.drift import Reference
    >>> rng = np.random.default_rng(0)
    >>> reference = Reference.fit({"age": rng.normal(40, 9, 5000)})
    >>> reference.compare({"age": rng.normal(40, 9, 2000)}).drifted
    []
    >>> reference.compare({"age": rng.normal(48, 9, 2000)}).drifted
    ['age']
    """

    def __init__(self) -> None:
        raise TypeError("Reference: use Reference.fit(data) or Reference.load(path)")

    features: tuple[Feature, ...]
    projections: tuple[Projection, ...]
    block: Array
    _core: _core.Reference

    @classmethod
    def _make(
        cls, features: Sequence[Feature], projections: Sequence[Projection] = ()
    ) -> Reference:
        self = object.__new__(cls)
        self.features, self.projections = tuple(features), tuple(projections)
        # The seed keeps texts that were made to collide from slowing the look-up.
        self._core = _core.Reference(
            tuple(
                (f.name, f.kind, f.points, f.shift, f.texts, f.utc, f.bin_points, f.role_name)
                for f in features
            ),
            int.from_bytes(os.urandom(8), "little"),
        )
        return self

    @classmethod
    def fit(
        cls,
        data: Any,
        *,
        bins: int | str | Sequence[float] | Mapping[str, int | str | Sequence[float]] = 10,
        categories: int | Sequence[str] | Mapping[str, int | Sequence[str]] = 100,
        sample: int | None = 1024,
        features: Iterable[str] | None = None,
        prediction: str | None = None,
        target: str | None = None,
    ) -> Reference:
        """Freeze what the data look like.

        Parameters
        ----------
        data : Columns, Arrow data, DataFrame, dict of arrays, 2-D array or list of dicts
            Numbers, bools, times and texts; null and NaN are missing. Integers are taken as
            float64. A column of vectors (of shape (n, d)) becomes the features ``name[0]``,
            ``name[1]``, ..., along its main axes (eight at most), and ``name[rest]``, how far it is
            from all of these. The columns of a 2-D array are ``x0``, ``x1``, and so on.
        bins : int, str, sequence of float, or mapping of column to one of them
            Bins with equal shares of the reference (an int; fewer where values repeat), the rule
            for bins of equal width (``'sturges'``, ``'doane'``, ``'fd'`` and others, as in
            :func:`psi`), or the inner edges. The outer bins are open, and bin i is
            ``[edges[i - 1], edges[i])``.
        categories : int, sequence of str, or mapping of column to one of them
            How many categories of a text column are kept, the most frequent ones, or which. All
            others are counted together.
        sample : int or None
            How many order statistics of a column of numbers are kept for `ks_2samp`; None keeps
            all. Where all distinct values are kept, the statistic is exact; otherwise it is short
            by at most the share of the reference between two of them, about 1 / `sample`.
        features : iterable of str, optional
            The columns to watch; all, if not given.
        prediction, target : str, optional
            Which of them hold the model's answer and the truth: ``report.prediction`` and
            ``report.target`` say how these have moved.

        Returns
        -------
        Reference

        Raises
        ------
        ValueError
            If there are no rows, or an argument is out of its range.
        KeyError
            If `features`, or a mapping, names a column that is not there.
        UnsupportedError
            For a column of Python objects, or of lists that are no vectors of numbers: leave it
            out with `features`.
        """
        columns = as_columns(data)
        if not len(columns):
            raise ValueError("data: expected at least one row")
        names = columns.names if features is None else tuple(features)
        for what, option in (("bins", bins), ("categories", categories)):
            for name in option if isinstance(option, Mapping) else ():
                if name not in names:
                    raise KeyError(f"{what}: there is no column {name!r}")
        if sample is not None and (isinstance(sample, bool) or int(sample) < 1):
            raise ValueError(f"sample: expected at least 1, or None, got {sample!r}")
        specs = {spec[0]: spec for spec in columns._specs}
        for name in names:
            if name not in specs:
                raise KeyError(f"features: there is no column {name!r}")
        vectors, numbers = {}, {}
        for name in names:
            there = vectors_in(columns, specs[name])
            if there is not None:
                vectors[name], found_of = Projection.fit(name, *there)
                numbers.update(found_of)
        columns = with_numbers(columns, numbers)
        specs = {spec[0]: spec for spec in columns._specs}
        found = []
        parts = {n: vectors[n].names if n in vectors else [n] for n in names}
        for name, column in [(n, part) for n in names for part in parts[n]]:
            found.append(
                _fit(
                    columns,
                    specs[column],
                    bins.get(name, 10) if isinstance(bins, Mapping) else bins,
                    categories.get(name, 100) if isinstance(categories, Mapping) else categories,
                    sample,
                )
            )
        for role, named in (("prediction", prediction), ("target", target)):
            if named is not None:
                at = next((i for i, f in enumerate(found) if f.name == named), None)
                if at is None:
                    raise KeyError(f"{role}: there is no feature {named!r}")
                found[at] = replace(found[at], role=role)
        self = cls._make(found, list(vectors.values()))
        self.block = self._core.count(columns)
        return self

    def _count(self, data: Any) -> Array:
        """The counts of some data, cell by cell."""
        return self._core.count(extended(as_columns(data), self.projections))

    @property
    def names(self) -> tuple[str, ...]:
        """The features."""
        return tuple(feature.name for feature in self.features)

    @functools.cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns that data must have: of the parts of a vector its own."""
        of = {part: p.name for p in self.projections for part in p.names}
        return tuple(dict.fromkeys(of.get(name, name) for name in self.names))

    @property
    def rows(self) -> int:
        """The rows that it was fitted on."""
        return int(self.block[0])

    @functools.cached_property
    def fingerprint(self) -> str:
        """64 hexadecimal digits, equal for equal references in every process."""
        return hashlib.sha256(self._to_bytes()).hexdigest()

    @functools.cached_property
    def places(self) -> list[tuple[int, int, int, int]]:
        """Of each feature: its kind, and where its counts are in a block."""
        return self._core.places()

    @functools.cached_property
    def bin_counts(self) -> list[int]:
        """Of each feature: how many bins it has."""
        return [len(feature.bin_starts) for feature in self.features]

    def compare(
        self, data: Any, tests: Iterable[str] | None = None, *, correction: str = "bh"
    ) -> Report:
        """Compare data with the reference, feature by feature.

        Parameters
        ----------
        data : as in `fit`
            Columns that are no feature are passed over.
        tests : iterable of str, optional
            Of ``psi jensenshannon chi2 ks_2samp kl_divergence hellinger total_variation linf
            g_test mannwhitneyu cramervonmises_2samp wasserstein_distance anderson_ksamp``; the
            first four, if not given. ``psi`` decides, and is always there. The last two sort the
            values, from which all of ranks are exact then, if the reference has all of its own.
        correction : {'bh', 'by', 'bonferroni'}
            How p-values and thresholds allow for there being several features, as in
            :func:`adjust`.

        Returns
        -------
        Report

        Raises
        ------
        KeyError
            If a feature has no column.
        TypeError
            If a column is of another kind than its feature.
        ValueError
            If there is no such test or correction.
        """
        from ._report import RANKED, Report, check_tests
        from ._report_values import VALUED, from_values

        names = check_tests(tests)
        if correction not in CORRECTIONS:
            raise ValueError(f"correction: expected 'bh', 'by' or 'bonferroni', got {correction!r}")
        columns = extended(as_columns(data), self.projections)
        threads = _config.thread_count(None)
        if not set(VALUED).isdisjoint(names):
            block = self._core.count(columns, True, threads)
            found = from_values(self, columns, names)
            return Report._of(self, block, names, None, correction, values=found)
        ranked = not RANKED.isdisjoint(names)
        if ranked or "ks_2samp" not in names:
            block = self._core.count(columns, not ranked, threads)
            return Report._of(self, block, names, None, correction)
        # The one that needs more than counts by bin: its distances are found apart.
        block, apart = self._core.count(columns, True, threads, self.block)
        return Report._of(self, block, names, apart, correction)

    # ---- Files ----

    def _to_bytes(self) -> bytes:
        content: Any = [
            {
                "name": f.name,
                "kind": KINDS[f.kind],
                "shift": f.shift,
                "texts": f.texts,
                "utc": f.utc,
                **({"role": f.role} if f.role else {}),
            }
            for f in self.features
        ]
        arrays = [array for f in self.features for array in (f.points, f.edges)]
        if not self.projections:
            return _container.pack(_MAGIC, _OLDEST, content, [*arrays, self.block])
        vectors = [
            {"name": p.name, "width": len(p.mean), "axes": len(p.scales)} for p in self.projections
        ]
        more = [array for p in self.projections for array in (p.mean, p.axes, p.scales)]
        content = {"features": content, "vectors": vectors}
        return _container.pack(_MAGIC, _VERSION, content, [*more, *arrays, self.block])

    @classmethod
    def _from_bytes(cls, data: bytes) -> Reference:
        version = _container.version_of(_MAGIC, data, "a reference")
        version = _OLDEST if version == _OLDEST else _VERSION
        content, arrays = _container.unpack(_MAGIC, version, data, "a reference")
        try:
            vectors = []
            if version > _OLDEST:
                vectors = projections_in(content["vectors"], arrays)
                content, arrays = content["features"], arrays[3 * len(vectors) :]
            if len(arrays) != 2 * len(content) + 1:
                raise ValueError("the number of arrays does not fit")
            features = [
                Feature(
                    str(entry["name"]),
                    KINDS.index(entry["kind"]),
                    arrays[2 * i],
                    arrays[2 * i + 1],
                    float(entry["shift"]),
                    tuple(entry["texts"]),
                    bool(entry["utc"]),
                    _ROLES[_ROLES.index(entry.get("role", ""))],
                )
                for i, entry in enumerate(content)
            ]
            for feature in features:
                if (
                    not np.isin(feature.edges, feature.points).all()
                    or (np.diff(feature.edges) <= 0).any()
                ):
                    raise ValueError(f"the edges of {feature.name!r} are not among its points")
                if feature.kind != TEXT and feature.texts != _TRUTHS * (feature.kind == BOOLEAN):
                    raise ValueError(f"the texts of {feature.name!r} are no texts of its kind")
            names = [name for p in vectors for name in p.names]
            if not set(names) <= {feature.name for feature in features}:
                raise ValueError("a vector has no features")
            self = cls._make(features, vectors)
            self.block = arrays[-1]
            if not self._core.sound(self.block):
                raise ValueError("its counts do not sum to its rows")
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ValueError(f"is not valid: {error}") from None
        return self

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a file that `load` reads; whole, or not at all.

        Raises
        ------
        OSError
            If it cannot be written.
        """
        _container.write(path, self._to_bytes())

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Reference:
        """Read a file of `save`. Nothing in it is run, and everything is checked.

        Raises
        ------
        OSError
            If it cannot be read.
        ValueError
            If it is no such file, of another version, or damaged.
        """
        with open(path, "rb") as file:
            data = file.read()
        try:
            return cls._from_bytes(data)
        except ValueError as error:
            raise ValueError(f"path: {os.fspath(path)!r} {error}") from None

    def __reduce__(self) -> tuple[Any, ...]:
        return Reference._from_bytes, (self._to_bytes(),)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Reference):
            return NotImplemented
        return self.fingerprint == other.fingerprint

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    def __repr__(self) -> str:
        lines = [f"Reference: {self.rows} rows, {len(self.features)} features"]
        width = max((len(name) for name in self.names), default=0)
        for feature in self.features[:40]:
            count = len(feature.labels)
            what = "categories" if feature.kind in (TEXT, BOOLEAN) else "bins"
            lines.append(f"  {feature.name:<{width}}  {KINDS[feature.kind]}, {count} {what}")
        return "\n".join(lines + ["  ..."] * (len(self.features) > 40))


# ---- Fitting one column --------------------------------------------------------------------


def _fit(
    columns: _core.Columns, spec: Any, bins: Any, categories: Any, most: int | None
) -> Feature:
    name, kind = spec[0], spec[1]
    none = np.empty(0)
    if kind == OBJECT and not len(_columns_in.present(columns, name)):
        return Feature(name, TEXT, none, none, 0.0, (), False)  # nothing says what it holds
    if spec[6] & FLAG_LISTED or kind == OBJECT:
        what = "lists" if spec[6] & FLAG_LISTED else "Python objects"
        raise UnsupportedError(
            f"column {name!r} holds {what}, which are not watched: leave it out with features=[...]"
        )
    if kind == BOOL:
        return Feature(name, BOOLEAN, none, none, 0.0, _TRUTHS, False)
    if kind in (CODE, STRING):
        return Feature(name, TEXT, none, none, 0.0, _texts(columns, spec, categories), False)
    values = _columns_in.present(columns, name)
    if kind == TIME:
        values = values.astype("datetime64[us]").astype(np.int64)
    values = values.astype(np.float64)
    values = np.sort(values[np.isfinite(values)])
    with np.errstate(all="ignore"):
        shift = float(values.mean()) if len(values) else 0.0
    edges = _edges(name, values, bins)
    points = _points(values, edges, most)
    kind = TIMES if kind == TIME else NUMBER
    return Feature(name, kind, points, edges, shift if math.isfinite(shift) else 0.0, (), spec[4])


def _edges(name: str, values: Array, bins: Any) -> Array:
    """Inner edges of the bins of sorted finite values."""
    if not isinstance(bins, (int, str, np.integer)) or isinstance(bins, bool):
        edges = np.asarray(bins, dtype=np.float64)
        if edges.ndim != 1 or not np.isfinite(edges).all() or (np.diff(edges) <= 0).any():
            raise ValueError(f"bins: expected rising finite edges for {name!r}, got {bins!r}")
        return edges + 0.0
    return edges_of(values, bins)


def _points(values: Array, edges: Array, most: int | None) -> Array:
    """The order statistics that are kept, and the edges."""
    points: Array = np.unique(values)
    if len(points) > (_MOST_POINTS - len(edges) if most is None else most):
        if most is None:
            raise ValueError(f"sample: expected a number, for {len(points)} are too many points")
        at = np.linspace(0, len(values) - 1, max(2, most)).round().astype(np.int64)
        points = np.unique(values[at])
    found: Array = np.union1d(points, edges) + 0.0  # -0.0 and 0.0 are one point
    return found


def _texts(columns: _core.Columns, spec: Any, categories: Any) -> tuple[str, ...]:
    name = spec[0]
    if not isinstance(categories, (int, np.integer)) or isinstance(categories, bool):
        listed: Any = categories
        texts: tuple[Any, ...] = tuple(listed)
        if not all(isinstance(text, str) for text in texts) or len(set(texts)) < len(texts):
            raise ValueError(f"categories: expected distinct str for {name!r}, got {categories!r}")
        return texts
    if not 1 <= categories <= 1 << 20:
        raise ValueError(f"categories: expected 1 to {1 << 20}, got {categories!r}")
    if spec[1] == CODE:
        codes = columns[name]
        counts = np.bincount(codes[codes >= 0], minlength=len(spec[5]))
        seen = [(text, int(n)) for text, n in zip(spec[5], counts, strict=True) if n]
    else:
        seen = list(collections.Counter(t for t in columns[name] if t is not None).items())
    seen.sort(key=lambda item: (-item[1], item[0]))
    return tuple(text for text, _ in seen[:categories])
