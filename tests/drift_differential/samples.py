"""Pairs of samples that are hard: sizes, ties, extremes, dtypes, layouts, how they are given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fastcore import drift

Array = np.ndarray[Any, Any]

_TINY = 5e-324

#: What values a sample has: of a generator, a size and a shift.
FLOAT_KINDS: dict[str, Callable[[Any, int, float], Array]] = {
    "normal": lambda g, n, s: g.normal(s, 1, n),
    "tenths": lambda g, n, s: g.normal(s, 1, n).round(1),
    "levels": lambda g, n, s: g.normal(s, 1, n).round(),
    "constant": lambda g, n, s: np.full(n, 3.0),
    "two": lambda g, n, s: g.choice([0.0, -0.0, 1.0], n),
    "zeros": lambda g, n, s: g.choice([0.0, -0.0], n),
    "heavy": lambda g, n, s: np.exp(g.normal(s, 30, n)) * g.choice([-1, 1], n),
    "apart": lambda g, n, s: g.normal(50 * (s > 0), 1, n),
    "denormal": lambda g, n, s: g.integers(-9, 9 + int(5 * s), n) * _TINY,
    "small": lambda g, n, s: g.normal(s, 1, n) * 1e-300,
    "huge": lambda g, n, s: g.uniform(-1, 1, n) * 1.7e308,
    "large": lambda g, n, s: g.normal(s, 1, n) * 1e200,
    "offset": lambda g, n, s: 1e9 + g.normal(s, 1, n),
    "near": lambda g, n, s: 1 + g.integers(0, 6 + int(3 * s), n) * 2.0**-52,
    "infinite": lambda g, n, s: g.choice([-np.inf, np.inf, 0.0, 1.0, s], n),
    "ends": lambda g, n, s: np.where(g.random(n) < 0.1, np.inf, g.normal(s, 1, n)),
}
INT_KINDS: dict[str, Callable[[Any, int, float], Array]] = {
    "few": lambda g, n, s: g.integers(0, 4 + int(2 * s), n),
    "many": lambda g, n, s: g.integers(0, 90 + int(20 * s), n),
    "last": lambda g, n, s: g.integers(0, 5 + int(2 * s), n),
}
FLOATS = ("f8", "f8", "f8", "f4", "f2", ">f8", ">f4", "g")
INTS = ("i8", "u8", "i4", "u4", "i2", "u1", ">i4", ">u8", "?")


def _floats(g: Any, kind: str, n: int, shift: float, dtype: str) -> Array:
    with np.errstate(over="ignore", under="ignore"):
        x = FLOAT_KINDS[kind](g, n, shift).astype(dtype)
        if dtype == "g" and kind == "near":
            x += g.integers(0, 3, n).astype("g") * np.longdouble(2) ** -60
    return x


def _ints(g: Any, kind: str, n: int, shift: float, dtype: str) -> Array:
    x = INT_KINDS[kind](g, n, shift)
    if dtype == "?":
        return np.asarray(x % 2, bool)
    if kind == "last":  # at both ends of what the dtype holds, where floats are far apart
        ends = np.iinfo(dtype)
        low = g.random(n) < 0.3
        least, most = np.uint64(int(ends.min) & (2**64 - 1)), np.uint64(ends.max)
        near = np.where(low, least, most)
        wrapped = np.where(low, near + x.astype(np.uint64), near - x.astype(np.uint64))
        return wrapped.astype(np.uint64).astype(np.dtype(dtype).newbyteorder("=")).astype(dtype)
    return x.astype(dtype)


def _laid(g: Any, x: Array) -> Any:
    """The same values, otherwise in memory."""
    how = g.choice(["plain", "plain", "strided", "back", "list", "unaligned", "column", "tuple"])
    if how == "strided":
        return np.repeat(x, 2)[::2]
    if how == "back":
        return x[::-1].copy()[::-1]
    if how == "unaligned" and x.itemsize > 1:
        room = np.empty(x.nbytes + 1, np.uint8)
        off = room[1:].view(x.dtype)
        off[:] = x
        off.flags.writeable = False
        return off
    if how == "column":
        return np.stack((x, x), 1)[:, 1]
    if how in ("list", "tuple") and len(x) < 1000:
        values = x.tolist()
        if np.asarray(values).dtype.kind == x.dtype.kind:  # NumPy may make floats of integers
            return values if how == "list" else tuple(values)
    return x


def size(g: Any, most: int) -> int:
    """0 and 1 often; thousands now and then."""
    top = g.choice([2, 8, 30, 200, 1000, 10_000], p=[0.1, 0.25, 0.35, 0.2, 0.07, 0.03])
    return int(g.integers(0, min(int(top), most) + 1))


@dataclass
class Pair:
    """Two samples as they are given, and what is left of them without NaN."""

    given: tuple[Any, Any]
    options: dict[str, Any]
    kept: tuple[Array, Array]
    nan: str  #: what must come of NaN: "", "raise" or "propagate"
    shown: str
    weights: tuple[Array | None, Array | None] = field(default=(None, None))

    def floats(self) -> tuple[Array, Array]:
        """In float64, whatever that rounds."""
        with np.errstate(over="ignore"):
            return self.kept[0].astype(np.float64), self.kept[1].astype(np.float64)

    def ranks(self) -> tuple[Array, Array]:
        """float64 with the same order and ties; integers, and longer floats, beyond 2^53 too."""
        x, y = self.kept
        if not len(x) or not len(y):
            return self.floats()
        whole = x.dtype.kind in "iub" and y.dtype.kind in "iub"
        if whole and max(x.itemsize, y.itemsize) == 8:
            both: Array = np.array([*x.tolist(), *y.tolist()], object)
        elif "g" in (x.dtype.char, y.dtype.char):
            both = np.concatenate((x.astype("g"), y.astype("g")))
        else:
            return self.floats()
        at = np.unique(both, return_inverse=True)[1].astype(np.float64)
        return at[: len(x)], at[len(x) :]


def pair(g: Any, *, least: int = 0, most: int = 10_000, kept: bool = True) -> Pair:
    """Draw one; with `kept` the reference may be sorted, or a `Reference`."""
    sizes = [max(least, size(g, most)) for _ in range(2)]
    if g.random() < 0.1:
        sizes[int(g.integers(2))] = max(1, least)
    shift = float(g.choice([0, 0.3, 1, 3]))
    whole = g.random() < 0.3
    kinds = sorted(INT_KINDS if whole else FLOAT_KINDS)
    dtypes = INTS if whole else FLOATS
    kind, dtype = str(g.choice(kinds)), str(g.choice(dtypes))
    names = [(kind, dtype), (kind, dtype)]
    if g.random() < 0.3:
        names[1] = (str(g.choice(kinds)), str(g.choice(dtypes)))
    make = _ints if whole else _floats
    arrays = [make(g, k, n, s, d) for n, s, (k, d) in zip(sizes, (0, shift), names, strict=True)]
    if g.random() < 0.03:
        arrays[1] = arrays[0].copy()
    policy = str(g.choice(["omit", "omit", "raise", "propagate"]))
    options: dict[str, Any] = {} if policy == "omit" and g.random() < 0.5 else {"nan": policy}
    clean = list(arrays)
    if not whole and g.random() < 0.2:
        at = int(g.integers(2))
        where = g.integers(0, len(arrays[at]) + 1, int(g.integers(1, 4)))
        arrays[at] = np.insert(arrays[at], where, np.nan)
    missing = [bool(np.isnan(x).any()) if x.dtype.kind == "f" else False for x in arrays]
    given = [_laid(g, x) for x in arrays]
    shown = f"{names[0]} x {sizes[0]}, {names[1]} x {sizes[1]}, shift {shift}, {options}"
    how = g.choice(["", "", "", "sorted", "Reference"]) if kept else ""
    if how == "sorted" and not missing[0]:
        given[0] = np.sort(arrays[0])
        options["presorted"] = True
    elif how == "Reference" and sizes[0] and fits(clean[0]):
        given[0] = drift.Reference.fit({"x": arrays[0]}, sample=None)
        missing[0] = False
    fate = policy if any(missing) and policy != "omit" else ""
    return Pair((given[0], given[1]), options, (clean[0], clean[1]), fate, f"{shown} {how}")


def fits(x: Array) -> bool:
    """Whether a `Reference` has all of it, as the float64 that its numbers are."""
    if x.dtype.kind == "b" or x.dtype.char == "g":
        return False
    return (
        x.dtype.kind == "f"
        or x.itemsize < 8
        or all(abs(int(v)) <= 2**53 for v in (x.min(), x.max()))
    )
