"""`Report`: how current data differ from a reference, feature by feature."""

from __future__ import annotations

import functools
import itertools
import json
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _core, _report_quality
from ._drift_functions import DriftResult, adjust
from ._reference import BOOLEAN, KINDS, TEXT, Array, Feature, Reference
from ._report_values import VALUED, from_counts

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

    from ._monitor_sequential import Sequential

__all__ = ["FeatureReport", "Report"]

#: What `tests=None` means; the last one is for numbers and times only.
TESTS = ("psi", "jensenshannon", "chi2", "ks_2samp")
#: For numbers and times, from the counts at and between the points of the sample.
RANKED = frozenset(("mannwhitneyu", "cramervonmises_2samp"))
_BINNED = ("kl_divergence", "hellinger", "total_variation", "linf", "g_test")
#: False alarms that are accepted: the share of drifted features that did not drift, at most.
ALPHA = 0.05
#: A PSI below this is too small to matter, however certain it is.
LARGE = 0.1


@dataclass(frozen=True)
class Side:
    """One side of a feature's comparison: the reference, or the current data."""

    rows: int
    missing: int
    cells: Array
    bins: Array
    infinite: int = 0
    minimum: float = math.nan
    maximum: float = math.nan
    mean: float = math.nan
    std: float = math.nan

    @property
    def present(self) -> int:
        return self.rows - self.missing

    @functools.cached_property
    def range(self) -> tuple[int, int]:
        """The first cell that is not empty, and the one behind the last."""
        full = np.flatnonzero(self.cells)
        return (int(full[0]), int(full[-1]) + 1) if len(full) else (0, 0)

    @property
    def shares(self) -> Array:
        """Of the bins, among what is present."""
        return self.bins / self.present if self.present else np.full(len(self.bins), np.nan)


def side(reference: Reference, block: Array, i: int) -> Side:
    """What a block of counts tells of feature `i`."""
    feature, (_, at, first, count) = reference.features[i], reference.places[i]
    cells = block[first : first + count]
    rows, missing = int(block[0]), int(block[at])
    if feature.kind in (TEXT, BOOLEAN):
        return Side(rows, missing, cells, cells)
    bins = np.add.reduceat(cells, feature.bin_starts)
    infinite = int(block[at + 1]) + int(block[at + 2])
    sums, squares, low, high = block[at + 3 : at + 7].view(np.float64).tolist()
    n = rows - missing - infinite
    if not n:
        return Side(rows, missing, cells, bins, infinite)
    offset = sums / n
    variance = max(squares / n - offset * offset, 0.0) if n > 1 else math.nan
    std = math.sqrt(variance * n / (n - 1)) if n > 1 else math.nan
    return Side(rows, missing, cells, bins, infinite, low, high, feature.shift + offset, std)


@dataclass(frozen=True)
class _Verdict:
    """The p-values, adjusted, and the PSI at which each feature would have drifted."""

    drifted: list[bool]
    thresholds: list[float]
    pvalues: list[float]


class _Comparison:
    """What the features of one report share: two blocks of counts, and their statistics."""

    def __init__(
        self,
        reference: Reference,
        block: Array,
        names: tuple[str, ...],
        apart: Array | None,
        correction: str,
        values: list[dict[str, DriftResult]] | None,
    ) -> None:
        self.reference, self.block, self.correction = reference, block, correction
        counted = tuple(n for n in names if n not in VALUED)
        if values is not None:  # which tell these better
            counted = tuple(n for n in counted if n not in (*RANKED, "ks_2samp"))
        compare = reference._core.compare
        self.statistics = compare(reference.block, block, counted, DriftResult, apart)
        self.from_values = values is not None
        if values is None and not set(VALUED).isdisjoint(names):
            values = from_counts(reference, block, [n for n in names if n in VALUED])
        for found, more in zip(self.statistics, values or (), strict=False):
            missing = found.pop("missing")
            found.update(more, missing=missing)

    @functools.cached_property
    def verdict(self) -> _Verdict:
        reference = self.reference
        places = [at for _, at, _, _ in reference.places]
        old_rows, rows = int(reference.block[0]), int(self.block[0])
        gone, lost = reference.block[places].tolist(), self.block[places].tolist()
        pairs = [(found["psi"], found["missing"]) for found in self.statistics]
        # A feature can drift in its values, and, where some are missing, in whether they are there.
        several = [2 if a or b else 1 for a, b in zip(gone, lost, strict=True)]
        pvalues = np.array([_least(p[:k]) for p, k in zip(pairs, several, strict=True)])
        adjusted = adjust(pvalues, method=self.correction)
        # Of m features the k that are rejected had p <= ALPHA * k / m (Bonferroni: ALPHA / m).
        m = max(int(np.isfinite(pvalues).sum()), 1)
        level = ALPHA / m
        if self.correction != "bonferroni":
            level *= max(int((adjusted <= ALPHA).sum()), 1)
        if self.correction == "by":
            level /= float((1 / np.arange(1, m + 1)).sum())
        drifted, thresholds = [], []
        for i, (value, missing) in enumerate(pairs):
            n, k, share = old_rows - gone[i], rows - lost[i], level / several[i]
            bins = reference.bin_counts[i]
            threshold = max(LARGE, _by_chance(n, k, bins, share))
            of_missing = max(LARGE, _by_chance(old_rows, rows, 2, share))
            thresholds.append(threshold)
            drifted.append(value.statistic >= threshold or missing.statistic >= of_missing)
        return _Verdict(drifted, thresholds, adjusted.tolist())


class FeatureReport:
    """How one feature differs from the reference.

    Attributes
    ----------
    name : str
    kind : str
        ``number``, ``time``, ``text`` or ``bool``.
    rows : int
        Current rows.
    missing : float
        Share of the current rows without a value (null or NaN).
    unseen : float or None
        Share of the current values that the reference does not know: texts that are no category of
        it, numbers outside its range. None where it cannot be told, because the reference itself
        has more categories than it keeps.
    statistics : dict of str to DriftResult
        By test. ``missing`` is the PSI of the two shares missing and present.
    drifted : bool
        Whether the feature has drifted: PSI (or that of missing) is at least `threshold`.
    threshold : float
        The PSI at which it would have drifted: the larger of 0.1 and the value that chance reaches
        at this sample size once in 20 times, corrected for the number of features.
    pvalue : float
        Of no drift, adjusted over the features (Benjamini and Hochberg, if nothing else was asked
        for).
    approximate : tuple of str
        The statistics that are not exact, as the counts do not tell more.
    unseen_values : list of (str, int)
        The most frequent unseen texts, and how often at least each was seen.
    quality : dict
        Of the current values: ``type``, the shares ``missing``, ``infinite`` and ``unseen``,
        ``minimum``, ``maximum`` (of times: microseconds since 1970), ``cardinality`` (distinct
        categories; all that are not kept are one), whether they are ``constant``, and the
        ``newest`` time.
    issues : list of str
        What is wrong with the quality, compared with the reference's: more missing values, more
        that are unseen or outside its range, infinite ones, a constant, times older than its.
    role : str
        ``feature``, ``prediction`` or ``target``.
    sequential : Sequential or None
        Of a monitor's report up to the present: what all looks tell together. None where nothing
        is asked so: of a time in the past, with ``alpha=None``, and of `Reference.compare`.

    Everything but the statistics is found when it is first asked for.
    """

    def __init__(self, comparison: _Comparison, i: int) -> None:
        self._comparison, self._at = comparison, i
        self.feature: Feature = comparison.reference.features[i]
        self.name: str = self.feature.name
        self.sequential: Sequential | None = None
        self.statistics: dict[str, DriftResult] = comparison.statistics[i]

    @property
    def kind(self) -> str:
        return KINDS[self.feature.kind]

    @property
    def rows(self) -> int:
        return int(self._comparison.block[0])

    @property
    def missing(self) -> float:
        return self.current.missing / self.rows if self.rows else math.nan

    @functools.cached_property
    def unseen(self) -> float | None:
        return _unseen(self.feature, self.reference, self.current)

    @property
    def drifted(self) -> bool:
        return self._comparison.verdict.drifted[self._at]

    @property
    def threshold(self) -> float:
        return self._comparison.verdict.thresholds[self._at]

    @property
    def pvalue(self) -> float:
        return self._comparison.verdict.pvalues[self._at]

    @functools.cached_property
    def approximate(self) -> tuple[str, ...]:
        """The statistics that the counts tell only approximately.

        All of ranks, if the sample has not all finite values of the reference; Cramer-von Mises's,
        Anderson-Darling's, and Mann-Whitney's p-value, if values that are no points of it might be
        equal to each other; the Wasserstein distance if there is any that is no point. Where the
        values themselves are looked at, as `Reference.compare` does for ``wasserstein_distance``
        and ``anderson_ksamp``, only the sample counts.
        """
        names = ("ks_2samp", *sorted(RANKED), *VALUED)
        names = tuple(name for name in names if name in self.statistics)
        if not names:
            return ()
        comparison = self._comparison
        reference = comparison.reference
        _, at, first, count = reference.places[self._at]
        if comparison.from_values:
            infinite = int(reference.block[at + 1]) + int(reference.block[at + 2])
            between = int(reference.block[first : first + count : 2].sum())
            return names if between > infinite else ()
        if self.reference.cells[::2].sum() > self.reference.infinite:
            return names
        gaps = self.current.cells[::2].copy()
        above, below = comparison.block[at + 1 : at + 3]
        gaps[0] -= below
        gaps[-1] -= above
        if not gaps.any():
            return ()
        ordered = not (gaps > 1).any()  # the ranks, if not the values
        exact = {*RANKED, "anderson_ksamp"} if ordered else set()
        return tuple(n for n in names if n != "ks_2samp" and n not in exact)

    @functools.cached_property
    def unseen_values(self) -> list[tuple[str, int]]:
        comparison = self._comparison
        if self.feature.kind != TEXT:
            return []
        heavy = comparison.reference._core.heavy(comparison.block, self._at)
        return sorted(heavy, key=lambda item: (-item[1], item[0]))

    @functools.cached_property
    def reference(self) -> Side:
        """The reference's side of the comparison."""
        reference = self._comparison.reference
        return side(reference, reference.block, self._at)

    @functools.cached_property
    def current(self) -> Side:
        """The current data's side of the comparison."""
        return side(self._comparison.reference, self._comparison.block, self._at)

    @functools.cached_property
    def quality(self) -> dict[str, Any]:
        return _report_quality.quality(self)

    @functools.cached_property
    def issues(self) -> list[str]:
        return _report_quality.issues(self)

    @property
    def role(self) -> str:
        return self.feature.role or "feature"

    def __repr__(self) -> str:
        shown = "name kind rows missing unseen statistics drifted threshold pvalue unseen_values"
        parts = [f"{name}={getattr(self, name)!r}" for name in shown.split()]
        return f"FeatureReport({', '.join(parts)})"

    def to_dict(self) -> dict[str, Any]:
        """What is known of the feature, as JSON can say it (None for NaN)."""
        sides = {
            side: {
                "rows": s.rows,
                "missing": s.missing,
                "infinite": s.infinite,
                "minimum": _number(s.minimum),
                "maximum": _number(s.maximum),
                "mean": _number(s.mean),
                "std": _number(s.std),
                "counts": s.bins.tolist(),
            }
            for side, s in (("reference", self.reference), ("current", self.current))
        }
        return {
            "name": self.name,
            "kind": self.kind,
            "drifted": self.drifted,
            "threshold": _number(self.threshold),
            "pvalue": _number(self.pvalue),
            "rows": self.rows,
            "missing": _number(self.missing),
            "unseen": self.unseen,
            "unseen_values": [[text, count] for text, count in self.unseen_values],
            "statistics": {
                name: {"statistic": _number(r.statistic), "pvalue": _number(r.pvalue)}
                for name, r in self.statistics.items()
            },
            "role": self.role,
            "quality": {
                key: _number(value) if isinstance(value, float) else value
                for key, value in self.quality.items()
            },
            "issues": self.issues,
            "sequential": self.sequential
            and {
                "pvalue": self.sequential.pvalue,
                "since": self.sequential.since.isoformat(),
                "rows": self.sequential.rows,
                "psi": _number(self.sequential.psi),
                "alarm": self.sequential.alarm,
            },
            "bins": self.feature.labels,
            **sides,
        }


def absent(what: str, name: str, there: Iterable[str]) -> str:
    some = ", ".join(itertools.islice(map(str, there), 40))
    return f"no {what} {name!r}; there are {some}"


def _number(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)


class Report(Mapping[str, FeatureReport]):
    """How current data differ from a reference. A mapping of name to :class:`FeatureReport`.

    Attributes
    ----------
    features : dict of str to FeatureReport
    rows : int
        Current rows.
    reference_rows : int
    drifted : list of str
        The features that have drifted.
    alarms : list of str
        Of a monitor's report: the features with an alarm that is seldom false however often one
        looks; see :class:`Monitor`. Empty where no feature has a `sequential`.
    dataset_drifted : bool
        Whether any has. Of data sets that did not drift at most one in 20 is said to have, because
        each feature's p-value is adjusted over all features.
    """

    features: dict[str, FeatureReport]
    rows: int
    reference_rows: int

    @classmethod
    def _of(
        cls,
        reference: Reference,
        block: Array,
        tests: Iterable[str] | None = None,
        apart: Array | None = None,
        correction: str = "bh",
        sequential: list[Sequential] | None = None,
        values: list[dict[str, DriftResult]] | None = None,
    ) -> Report:
        """The report of a block of counts, and of distances that were found besides."""
        self = object.__new__(cls)
        self.rows, self.reference_rows = int(block[0]), reference.rows
        names = tuple(check_tests(tests))
        shared = _Comparison(reference, block, names, apart, correction, values)
        found = [FeatureReport(shared, i) for i in range(len(reference.features))]
        for feature, looks in zip(found, sequential or (), strict=False):
            feature.sequential = looks
        self.features = {feature.name: feature for feature in found}
        return self

    @property
    def drifted(self) -> list[str]:
        return [name for name, feature in self.features.items() if feature.drifted]

    @property
    def dataset_drifted(self) -> bool:
        return bool(self.drifted)

    @property
    def alarms(self) -> list[str]:
        looks = {name: feature.sequential for name, feature in self.features.items()}
        return [name for name, look in looks.items() if look is not None and look.alarm]

    @property
    def prediction(self) -> FeatureReport | None:
        """The column that the reference calls the prediction."""
        return next((f for f in self.features.values() if f.role == "prediction"), None)

    @property
    def target(self) -> FeatureReport | None:
        """The column that the reference calls the target."""
        return next((f for f in self.features.values() if f.role == "target"), None)

    def __getitem__(self, name: str) -> FeatureReport:
        if name not in self.features:
            raise KeyError(absent("feature", name, self.features))
        return self.features[name]

    def __iter__(self) -> Any:
        return iter(self.features)

    def __len__(self) -> int:
        return len(self.features)

    # ---- Out ----

    def to_dict(self) -> dict[str, Any]:
        """All of it, as JSON can say it (None for NaN).

        ``version`` rises if something is left out or changes its meaning; keys may be added.
        """
        return {
            "version": 1,
            "rows": self.rows,
            "reference_rows": self.reference_rows,
            "dataset_drifted": self.dataset_drifted,
            "drifted": self.drifted,
            "alarms": self.alarms,
            "features": {name: f.to_dict() for name, f in self.features.items()},
        }

    def to_json(self) -> str:
        """`to_dict` as JSON."""
        return json.dumps(self.to_dict(), ensure_ascii=False, allow_nan=False)

    def to_pandas(self) -> pandas.DataFrame:
        """One row a feature: the verdict, the shares, each statistic and its p-value."""
        try:
            import pandas
        except ImportError as error:
            raise ImportError(
                "to_pandas() needs pandas: pip install 'fastcore-ml[sklearn]'"
            ) from error
        rows = []
        for name, f in self.features.items():
            row: dict[str, Any] = {
                "feature": name,
                "kind": f.kind,
                "drifted": f.drifted,
                "threshold": f.threshold,
                "pvalue": f.pvalue,
                "rows": f.rows,
                "missing": f.missing,
                "unseen": f.unseen,
            }
            for test, result in f.statistics.items():
                row[test] = result.statistic
                row[f"{test}_pvalue"] = result.pvalue
            rows.append(row)
        frame = pandas.DataFrame(rows)
        return frame.set_index("feature") if rows else frame

    def to_html(self, path: str | os.PathLike[str] | None = None) -> str:
        """One page with everything in it, for light and dark screens.

        Parameters
        ----------
        path : path, optional
            Where to write it.

        Returns
        -------
        str
            The page.
        """
        from ._report_page import page

        text = page(self)
        if path is not None:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        return text

    def _repr_html_(self) -> str:
        from ._report_page import table

        return table(self)

    def plot(self, feature: str | None = None) -> Figure:
        """Draw a feature's distribution in both data sets, or the PSI of all features.

        Raises
        ------
        KeyError
            If there is no such feature.
        ImportError
            Without matplotlib, which comes with the extra ``plot``.
        """
        from ._report_plot import plot

        return plot(self, feature)

    def __repr__(self) -> str:
        verdict = "drifted" if self.dataset_drifted else "no drift"
        lines = [
            f"Report: {verdict}; {len(self.drifted)} of {len(self)} features, {self.rows} rows "
            f"against {self.reference_rows}"
        ]
        width = max((len(name) for name in self.features), default=0)
        order = sorted(self.features.values(), key=lambda f: not f.drifted)
        for f in order[:40]:
            psi = f.statistics["psi"].statistic
            mark = "drifted" if f.drifted else "       "
            lines.append(f"  {f.name:<{width}}  {mark}  psi {psi:.4f}  missing {f.missing:.1%}")
        return "\n".join(lines + ["  ..."] * (len(order) > 40))


def check_tests(tests: Iterable[str] | None) -> list[str]:
    """The names of tests."""
    known = (*TESTS, *_BINNED, *sorted(RANKED), *VALUED)
    names = list(TESTS if tests is None else [tests] if isinstance(tests, str) else tests)
    for name in names:
        if name not in known:
            raise ValueError(f"tests: expected some of {', '.join(known)}, got {name!r}")
    return list(dict.fromkeys(["psi", *names]))


def _least(results: Sequence[DriftResult]) -> float:
    """The p-value of several tests of one feature (Bonferroni)."""
    values = [r.pvalue for r in results if r.pvalue is not None and r.pvalue == r.pvalue]
    return min(1.0, min(values) * len(results)) if values else math.nan


def _by_chance(n: int, m: int, bins: int, level: float) -> float:
    """The PSI that chance reaches with probability `level`, between samples of n and m.

    Yurdakul, "Statistical Properties of Population Stability Index" (2018): without drift,
    PSI / (1/n + 1/m) has in large samples the chi-squared distribution with bins - 1 degrees.
    """
    if not n or not m:
        return math.inf
    return _chi2_isf(level, max(bins - 1, 1)) * (1 / n + 1 / m)


#: Most features of a report ask for the same one.
_chi2_isf = functools.lru_cache(maxsize=256)(_core.chi2_isf)


def _unseen(feature: Feature, old: Side, new: Side) -> float | None:
    if not new.present:
        return 0.0
    if feature.kind == BOOLEAN:
        return float(new.cells[old.cells == 0].sum()) / new.present
    if feature.kind == TEXT:
        if old.cells[-1]:
            return None
        return float(new.cells[old.cells == 0].sum()) / new.present
    first, end = old.range
    inside = new.cells[first:end]
    return (new.present - int(inside.sum())) / new.present
