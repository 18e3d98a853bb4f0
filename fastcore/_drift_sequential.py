"""`SequentialTest`: a test of drift that may be looked at after every batch."""

from __future__ import annotations

import base64
import functools
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from . import _container
from ._drift_functions import as_array
from ._reference import BOOLEAN, TEXT, Array, Reference, as_columns

__all__ = ["SequentialTest"]

_MAGIC, _VERSION = b"FCSEQTS\n", 1
_METHODS = ("auto", "dkw", "universal")
lgamma: Any = np.frompyfunc(math.lgamma, 1, 1)


class SequentialTest:
    """A test of drift whose p-value stays valid however often one looks.

    A p-value of `ks_2samp` or `chi2` is made for one look. Looked at after each of 200 batches, at
    0.05, `chi2` raises a false alarm in more than a third of all cases; this test in at most one of
    20, whenever one stops.

    Parameters
    ----------
    reference : Reference, array_like, or counts
        What the current data are compared with: a :class:`Reference` (all of its features), one
        sample of numbers or texts, or, with ``counts=True``, the counts of its bins.
    alpha : float
        The probability of ever rejecting, over all features and all looks, without drift.
    method : {'auto', 'dkw', 'universal'}
        'dkw' compares distribution functions (numbers, times), 'universal' counts of categories or
        bins. 'auto' takes the first wherever there is an order, which counts have not.
    counts : bool
        Whether `reference`, and what `update` gets, are counts of the same bins.

    Attributes
    ----------
    alpha : float
    rows : int
        Current rows so far.

    Notes
    -----
    'dkw': the empirical distribution function of n values stays, for all n at once and with
    probability 1 - a, within 0.85 sqrt((ln ln(e n) + 0.8 ln(1612 / a)) / n) of the true one
    (Howard and Ramdas, "Sequential estimation of quantiles with applications to A/B testing and
    best-arm identification", Bernoulli 28, 2022); that of the N values of the reference, which
    does not grow, within sqrt(ln(2 / a) / (2 N)) (Massart 1990). p is the smallest a at which the
    Kolmogorov-Smirnov distance is more than both bands at a / 2 together. Distances are taken at
    the points that the reference keeps, which can only make them smaller.

    'universal': E = D(r) D(c) / max_q prod q_i^(r_i + c_i), where D is the probability of a
    sequence with these counts, averaged over Dirichlet(1/2, ..., 1/2) (universal inference:
    Wasserman, Ramdas and Balakrishnan, PNAS 117, 2020). Without drift its expectation is at most 1
    whenever one stops, so that p = 1 / max E (Ville's inequality). Missing values are a category of
    their own, and all unknown texts are one. The reference may be of any size: its noise is
    accounted for.

    What is accumulated is never forgotten: after an alarm, and after a long quiet time, which makes
    the test slow to notice that something has changed, call `restart`. Each restart has a
    probability of alpha of its own. Over m features p is m times the smallest (Bonferroni).

    Examples
    --------
    >>> import numpy as np
    >>> from fastcore.drift import SequentialTest
    >>> rng = np.random.default_rng(0)
    >>> test = SequentialTest(rng.normal(size=10_000))
    >>> for _ in range(100):
    ...     test.update(rng.normal(size=100))
    >>> test.rejected
    False
    >>> test.restart()
    >>> while not test.rejected:
    ...     test.update(rng.normal(0.3, 1, size=100))
    >>> test.rows
    600
    """

    def __init__(
        self,
        reference: Any,
        *,
        alpha: float = 0.05,
        method: str = "auto",
        counts: bool = False,
    ) -> None:
        if not 0 < alpha < 1:
            raise ValueError(f"alpha: expected a number between 0 and 1, got {alpha!r}")
        if method not in _METHODS:
            raise ValueError(f"method: expected one of {', '.join(_METHODS)}, got {method!r}")
        self.alpha, self._method = float(alpha), method
        self._reference: Reference | None = None
        self._single = not isinstance(reference, Reference)
        if counts:
            self._names: tuple[str, ...] = ("",)
            self._ordered = [method == "dkw"]
            self._old = [_counts("reference", reference)]
        else:
            if self._single:
                reference = Reference.fit({"": _sample("reference", reference)})
            self._reference = reference
            self._names = reference.names
            kinds = [feature.kind for feature in reference.features]
            if method == "dkw" and any(kind in (TEXT, BOOLEAN) for kind in kinds):
                raise ValueError("method: 'dkw' needs an order, which texts and bools have not")
            self._ordered = [k not in (TEXT, BOOLEAN) and method != "universal" for k in kinds]
            self._old = self._cells(reference.block)
        self.restart()

    def _cells(self, block: Array) -> list[Array]:
        """Of each feature the counts that are compared."""
        reference, found = self._reference, []
        assert reference is not None
        for feature, ordered, (_, at, first, count) in zip(
            reference.features, self._ordered, reference.places, strict=True
        ):
            cells = block[first : first + count].astype(np.int64)
            if not ordered:
                if feature.kind not in (TEXT, BOOLEAN):
                    cells = np.add.reduceat(cells, feature.bin_starts)
                cells = np.append(cells, np.int64(block[at]))
            found.append(cells)
        return found

    def restart(self) -> None:
        """Forget the current data, and start with a probability of `alpha` anew."""
        self.rows = 0
        self._new = [np.zeros_like(cells) for cells in self._old]
        self._logs = np.zeros(len(self._old))  # of the largest 1 / p so far, of each feature

    def update(self, current: Any) -> None:
        """Add current data.

        Parameters
        ----------
        current : as `reference` was
            Rows with all features (whatever :meth:`Reference.compare` takes), one sample, or
            counts. Only what is new since the last call.

        Raises
        ------
        KeyError
            If a feature has no column.
        TypeError
            If a column is of another kind than its feature.
        ValueError
            For counts of another number of bins, or that are no whole numbers of at least 0.
        """
        if self._reference is None:
            cells = _counts("current", current)
            if len(cells) != len(self._old[0]):
                raise ValueError(f"current: expected {len(self._old[0])} bins, got {len(cells)}")
            added, rows = [cells], int(cells.sum())
        else:
            data = {"": _sample("current", current)} if self._single else current
            columns = as_columns(data)
            if not len(columns):
                return
            added = self._cells(self._reference._count(columns))
            rows = len(columns)
        self.rows += rows
        for i, cells in enumerate(added):
            self._new[i] += cells
            log = self._measure(i)
            self._logs[i] = max(self._logs[i], log)

    def _measure(self, i: int) -> float:
        """The logarithm of 1 / p, as it is now, of a feature."""
        old, new = self._old[i], self._new[i]
        if not self._ordered[i]:
            return _universal_log(old, new)
        n, m = int(old.sum()), int(new.sum())
        if not n or not m:
            return 0.0
        return band_log(float(np.abs(np.cumsum(old) / n - np.cumsum(new) / m).max()), n, m)

    @property
    def pvalues(self) -> dict[str, float]:
        """Of each feature: the smallest p so far, valid whenever one looks."""
        return dict(zip(self._names, np.exp(-self._logs).tolist(), strict=True))

    @property
    def pvalue(self) -> float:
        """Of no drift in any feature."""
        return min(1.0, len(self._logs) * float(np.exp(-self._logs.max(initial=0))))

    @property
    def e_value(self) -> float:
        """Evidence against no drift in any feature; without drift its mean is at most 1.

        The mean over the features of E as it is now, or, of 'dkw', of
        (1 - p + p ln p) / (p ln(p)^2), which calibrates a p-value (Vovk and Wang, Annals of
        Statistics 49, 2021). E-values of tests that share a reference may be averaged, but not
        multiplied.
        """
        found = []
        for i, ordered in enumerate(self._ordered):
            if ordered:
                found.append(_calibrated(float(self._logs[i])))
            else:
                found.append(math.exp(min(_universal_log(self._old[i], self._new[i]), 700.0)))
        return math.fsum(found) / len(found) if found else 1.0

    @property
    def rejected(self) -> bool:
        """Whether there is drift in any feature: the p-value was at most `alpha` at some look."""
        return self.pvalue <= self.alpha

    @property
    def drifted(self) -> list[str]:
        """The features that have drifted, with the probability `alpha` of any false one."""
        level = self.alpha / max(len(self._logs), 1)
        return [name for name, p in self.pvalues.items() if p <= level]

    def __repr__(self) -> str:
        verdict = "drift" if self.rejected else "no drift"
        return f"SequentialTest: {verdict} after {self.rows} rows, p {self.pvalue:.3g}"

    # ---- Bytes ----

    def to_bytes(self) -> bytes:
        """Everything, for another process or another day."""
        reference = self._reference
        content = {
            "alpha": self.alpha,
            "method": self._method,
            "single": self._single,
            "rows": self.rows,
            "reference": reference and base64.b64encode(reference._to_bytes()).decode("ascii"),
        }
        arrays = [self._logs, *([] if reference else self._old), *self._new]
        return _container.pack(_MAGIC, _VERSION, content, arrays)

    @classmethod
    def from_bytes(cls, data: bytes) -> SequentialTest:
        """The inverse of `to_bytes`; everything is checked.

        Raises
        ------
        ValueError
            If the bytes are none of `to_bytes`, of another version, or damaged.
        """
        content, arrays = _container.unpack(_MAGIC, _VERSION, bytes(data), "a sequential test")
        try:
            held = content["reference"]
            options = {"alpha": content["alpha"], "method": content["method"]}
            logs, new = arrays[0], arrays[1:]
            if held is None:
                self = cls(new[0], counts=True, **options)
                new = new[1:]
            else:
                raw = base64.b64decode(held, validate=True)
                self = cls(Reference._from_bytes(raw), **options)
                self._single = bool(content["single"])
            rows = int(content["rows"])
            fit = [
                len(a) == len(b) and a.dtype == b.dtype
                for a, b in zip(new, self._new, strict=False)
            ]
            if len(new) != len(self._new) or not all(fit) or len(logs) != len(new):
                raise ValueError("its counts do not fit its reference")
            if rows < 0 or any((a < 0).any() or a.sum() > rows for a in new):
                raise ValueError("its counts do not sum to its rows")
            if logs.dtype != np.float64 or not (logs >= 0).all():
                raise ValueError("its p-values are none")
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            raise ValueError(f"is not valid: {error}") from None
        self.rows, self._new, self._logs = rows, list(new), logs
        return self


def _sample(name: str, values: npt.ArrayLike) -> Array:
    if isinstance(values, Mapping):
        raise TypeError(f"{name}: expected one sample, got a mapping; use Reference.fit for more")
    array = as_array(values)
    if array.ndim != 1:
        raise ValueError(f"{name}: expected one dimension, got {array.ndim}")
    return array


def _counts(name: str, values: npt.ArrayLike) -> Array:
    array = np.asarray(values, np.float64)
    if array.ndim != 1:
        raise ValueError(f"{name}: expected one dimension, got {array.ndim}")
    if not ((array >= 0) & (array <= 2.0**53) & (array == np.floor(array))).all():
        raise ValueError(f"{name}: expected whole counts of at least 0")
    return array.astype(np.int64)


# ---- The logarithm of 1 / p ----------------------------------------------------------------


def band_log(distance: float, n: int, m: int) -> float:
    """By the distance of two distribution functions, of n values of the reference and m current
    ones: the largest L so that the bands at exp(-L) are passed."""
    if not n or not m:
        return 0.0
    iterated = math.log(math.log(m) + 1)

    def passed(log: float) -> bool:
        fixed = math.sqrt((math.log(4) + log) / (2 * n))
        return distance > fixed + 0.85 * math.sqrt((iterated + 0.8 * (_LOG_3224 + log)) / m)

    low, high = 0.0, 2.0 * min(n, m) + 1  # a distance is at most 1
    if not passed(low):
        return 0.0
    while high - low > 1e-12 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if passed(middle) else (low, middle)
    return low


_LOG_3224 = math.log(2 * 1612)


def _universal_log(old: Array, new: Array) -> float:
    """log E of two rows of counts."""
    both = old + new
    total = int(both.sum())
    if not total or not new.sum():
        return 0.0
    seen = both[both > 0]
    best = float((seen * np.log(seen / total)).sum())
    return _mixture_log(old.tobytes()) + _mixture(new) - best


@functools.lru_cache(maxsize=256)
def _mixture_log(cells: bytes) -> float:
    """That of the reference does not change from look to look."""
    return _mixture(np.frombuffer(cells, np.int64))


def _mixture(cells: Array) -> float:
    """log of the probability of a sequence with these counts, Dirichlet(1/2)-multinomial."""
    half = len(cells) / 2
    each = math.fsum(lgamma(cells + 0.5)) - len(cells) * math.lgamma(0.5)
    return each + math.lgamma(half) - math.lgamma(half + int(cells.sum()))


def _calibrated(log: float) -> float:
    """An e-value of p = exp(-log)."""
    if log < 1e-3:
        return 0.5 + log / 6
    return (math.expm1(min(log, 700.0)) - log) / log**2
