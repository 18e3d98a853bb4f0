"""Two samples of numbers made ready for a statistic: sorted, without NaN, in float64."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from ._reference import NUMBER, Reference

Array = np.ndarray[Any, Any]
Pair = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]
Sample = npt.ArrayLike | Reference

#: Up to here every integer is a float64.
_EXACT = 2**53


def check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    """A ValueError for what is not among the choices."""
    if value not in choices:
        *most, last = map(repr, choices)
        raise ValueError(f"{name}: expected {', '.join(most)} or {last}, got {value!r}")


def kept_values(reference: Reference) -> npt.NDArray[np.float64]:
    """The values that a reference of one column of numbers was fitted on, in rising order."""
    if len(reference.features) != 1 or reference.features[0].kind != NUMBER:
        raise ValueError("reference: expected one of one column of numbers")
    points = reference.features[0].points
    _, at, first, count = reference.places[0]
    cells = reference.block[first : first + count].astype(np.int64)
    above, below = int(reference.block[at + 1]), int(reference.block[at + 2])
    if cells[::2].sum() != above + below:
        raise ValueError(
            f"reference: keeps {len(points)} of its values; expected all: fit with sample=None"
        )
    return np.concatenate(
        (np.full(below, -np.inf), np.repeat(points, cells[1::2]), np.full(above, np.inf))
    )


def numbers(name: str, values: Sample) -> Array:
    """A vector of booleans, integers or floats; the caller's own, if it is one."""
    if isinstance(values, Reference):
        return kept_values(values)
    array = np.asarray(values)
    if array.ndim != 1:
        raise ValueError(f"{name}: expected one dimension, got {array.ndim}")
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name}: expected numbers, got {array.dtype}")
    plain = array.dtype.isnative and array.flags.aligned
    return array if plain else array.astype(array.dtype.newbyteorder("="))


def _missing(name: str, count: int, nan: str) -> bool:
    """Whether `count` NaN make the result NaN."""
    if count and nan == "raise":
        raise ValueError(f"{name}: expected no missing values, got {count}")
    return bool(count) and nan == "propagate"


def _sorted(name: str, values: Sample, nan: str, presorted: bool) -> Array | None:
    array = numbers(name, values)
    ordered = array if presorted or isinstance(values, Reference) else np.sort(array)
    if ordered.dtype.kind == "f" and len(ordered) and np.isnan(ordered[-1]):
        # They are behind all numbers.
        known = int(np.searchsorted(ordered, np.nan))
        if _missing(name, len(ordered) - known, nan):
            return None
        ordered = ordered[:known]
    return ordered


def unsorted(name: str, values: Sample, nan: str) -> Array | None:
    """Without NaN, in their own order and dtype; None stands for `propagate` met."""
    array = numbers(name, values)
    if array.dtype.kind != "f":
        return array
    missing = np.isnan(array)
    count = int(missing.sum())
    if _missing(name, count, nan):
        return None
    return array[~missing] if count else array


def as_floats(array: Array) -> npt.NDArray[np.float64]:
    """In float64, whatever that rounds."""
    return np.ascontiguousarray(array, np.float64)


def are_floats(x: Array, y: Array) -> bool:
    """Whether all values are float64, or compare as those that they are rounded to."""
    if not len(x) or not len(y) or max(x.dtype.itemsize, y.dtype.itemsize) < 8:
        return True
    for array in (x, y):
        if array.dtype.itemsize > 8:
            return False
        whole = array.dtype.kind in "iu" and array.dtype.itemsize == 8
        if whole and max(int(array.max()), -int(array.min())) > _EXACT:
            return False
    return True


def _halves(x: Array) -> tuple[Array, Array]:
    """Two float64 for each value, which together compare as integers and floats do exactly."""
    if x.dtype.kind != "f" and x.dtype.itemsize == 8:
        low = np.fmod(x, x.dtype.type(2**32))
        return as_floats(x - low), as_floats(low)
    x = as_floats(x)
    with np.errstate(invalid="ignore"):
        low = np.where(np.isinf(x), 0, np.fmod(x, 2.0**32))
    return x - low, low


def comparable(x: Array, y: Array) -> Pair:
    """float64 in the same order, with the same ties: ranks, where the values are no float64."""
    if are_floats(x, y):
        return as_floats(x), as_floats(y)
    if max(x.dtype.itemsize, y.dtype.itemsize) > 8:
        pooled = np.concatenate((x, y))
        order = np.argsort(pooled)
        parts = [pooled]
    else:
        parts = [np.concatenate(part) for part in zip(_halves(x), _halves(y), strict=True)]
        order = np.lexsort((parts[1], parts[0]))
    new = np.any([part[order][1:] != part[order][:-1] for part in parts], axis=0)
    ranks = np.empty(len(order))
    ranks[order] = np.concatenate(([0], np.cumsum(new)))
    return ranks[: len(x)], ranks[len(x) :]


def sorted_samples(
    reference: Sample, current: npt.ArrayLike, nan: str, presorted: bool = False
) -> tuple[Array, Array] | None:
    """Both samples in rising order, in their dtypes; None stands for `propagate` met."""
    check_choice("nan", nan, ("omit", "raise", "propagate"))
    x = _sorted("reference", reference, nan, presorted)
    y = _sorted("current", current, nan, False)
    return None if x is None or y is None else (x, y)


def sorted_pair(
    reference: Sample,
    current: npt.ArrayLike,
    nan: str,
    presorted: bool = False,
    ranks: bool = True,
) -> Pair | None:
    """Both samples in rising order; None stands for `propagate` met.

    With `ranks` only the order of the values is kept, where they are no float64.
    """
    pair = sorted_samples(reference, current, nan, presorted)
    if pair is None:
        return None
    return comparable(*pair) if ranks else (as_floats(pair[0]), as_floats(pair[1]))


def unsorted_pair(
    reference: Sample, current: npt.ArrayLike, nan: str, ranks: bool = True
) -> Pair | None:
    """Both samples in their own order; None stands for `propagate` met."""
    check_choice("nan", nan, ("omit", "raise", "propagate"))
    x, y = unsorted("reference", reference, nan), unsorted("current", current, nan)
    if x is None or y is None:
        return None
    return comparable(x, y) if ranks else (as_floats(x), as_floats(y))


# ---- What the docstrings share -------------------------------------------------------------

_OPTIONS = {
    "samples": """
        reference, current : array_like, shape (n,) and (m,)
            Numbers of any dtype. The reference may be a `Reference` of one such column, fitted with
            ``sample=None``: it is sorted already.
        """,
    "alternative": """
        alternative : {'two-sided', 'less', 'greater'}
            What is tested against equal distributions; of the reference, SciPy's first sample.
        """,
    "n_resamples": """
        n_resamples : int, optional
            Find the p-value by that many permutations of which value is in which sample, or by all
            of them, if there are no more.
        """,
    "rng": """
        rng : int or numpy.random.Generator, optional
            For the permutations; a seed draws those of ``scipy.stats.permutation_test``.
        """,
    "nan": """
        nan : {'omit', 'raise', 'propagate'}
            What to do about NaN.
        """,
    "presorted": """
        presorted : bool
            The reference is in rising order already, without NaN, and is not sorted again.
        """,
}


def document(
    options: list[str], returns: str, notes: str, examples: str = "", raises: str = ""
) -> Callable[[Any], Any]:
    """Put together a docstring; of `options` single words are shared texts."""

    def block(text: str) -> str:
        return inspect.cleandoc(text)

    sections = {
        "Parameters": "\n".join(block(_OPTIONS.get(o, o)) for o in ["samples", *options]),
        "Returns": "DriftResult\n" + textwrap.indent(block(returns), "    "),
        "Raises": "ValueError\n"
        f"    For more than one dimension, or an unknown option{raises}.\n"
        "TypeError\n    For values that are no numbers.",
        "Notes": block(notes),
        "Examples": block(examples),
    }

    def decorate(function: Any) -> Any:
        parts = [block(function.__doc__)]
        parts += [f"{name}\n{'-' * len(name)}\n{text}" for name, text in sections.items() if text]
        function.__doc__ = "\n\n".join(parts) + "\n"
        return function

    return decorate
