"""What is right where the original rounds: exact arithmetic, and when two numbers are equal."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


class Differs(AssertionError):
    """What two sides say is not the same."""


def attempt(call: Callable[[], Any]) -> tuple[Any, list[str]]:
    """A result or the type of the error, and the texts of the warnings."""
    with warnings.catch_warnings(record=True) as caught, np.errstate(all="ignore"):
        warnings.simplefilter("always")
        try:
            result = call()
        except (ValueError, TypeError, ZeroDivisionError, np.linalg.LinAlgError) as error:
            result = error
    return result, [str(warning.message) for warning in caught]


def near(a: float, b: float, rel: float) -> bool:
    """Equal up to `rel`, and up to 1e-300; NaN equals NaN."""
    if math.isnan(a) or math.isnan(b):
        return math.isnan(a) and math.isnan(b)
    return math.isclose(a, b, rel_tol=rel, abs_tol=1e-300 if rel > 1e-10 else 0)


def same(
    what: str,
    ours: float | None,
    theirs: float | None,
    rel: float = 1e-12,
    exact: Callable[[], Any] | None = None,
    slack: float = 0,
) -> None:
    """Raise unless both are equal, or ours is as near to what is exact as theirs.

    `slack` is what the original's own roundings may come to, where nothing says what is exact.
    """
    if ours is None or theirs is None:
        if ours is not theirs:
            raise Differs(f"{what}: {ours!r}, expected {theirs!r}")
        return
    if near(ours, theirs, rel) or abs(ours - theirs) <= slack:
        return
    right = None if exact is None else exact()
    if right is not None:
        off = _apart(ours, right)
        if off <= max(rel * abs(float(right)), 1e-323, _apart(theirs, right)):
            return
    raise Differs(
        f"{what}: {ours!r}, expected {theirs!r}" + (f", exactly {right}" * (exact is not None))
    )


def _apart(value: float, exact: Any) -> float:
    if math.isinf(value) and math.isinf(exact) and value == exact:
        return 0.0
    if not math.isfinite(value):
        return math.inf
    if isinstance(exact, float):
        return abs(value - exact)
    return float(abs((Fraction(value) if isinstance(exact, Fraction) else Decimal(value)) - exact))


def root(value: Fraction) -> Any:
    """The square root, in 60 digits."""
    with localcontext() as context:
        context.prec = 60
        return (Decimal(value.numerator) / Decimal(value.denominator)).sqrt()


def rounded(value: Any) -> Any:
    """What a float can say of it: infinite beyond the largest."""
    try:
        float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf
    return value


def area(x: Array, y: Array, u: Array | None, v: Array | None, power: int) -> Any:
    """The integral of abs(F - G)^power."""
    steps: dict[float, list[Fraction]] = {}
    for at, (values, weights) in enumerate(((x, u), (y, v))):
        given = [1] * len(values) if weights is None else weights.tolist()
        total = sum(map(Fraction, given))
        for value, weight in zip(values.tolist(), given, strict=True):
            steps.setdefault(value, [Fraction(0), Fraction(0)])[at] += Fraction(weight) / total
    last, height, sums = None, Fraction(0), Fraction(0)
    for value in sorted(steps):
        if height and last is not None:
            if math.isinf(value) or math.isinf(last):
                return math.inf
            sums += abs(height) ** power * (Fraction(value) - Fraction(last))
        height += steps[value][0] - steps[value][1]
        last = value
    return rounded(sums) if power == 1 else root(2 * sums)


def student(x: Array, y: Array, equal_var: bool) -> Any:
    """t from exact sums; None where it is none."""
    n, m = len(x), len(y)
    xs, ys = ([Fraction(v) for v in z.tolist()] for z in (x, y))
    mean_x, mean_y = sum(xs) / n, sum(ys) / m
    xx = sum((v - mean_x) ** 2 for v in xs)
    yy = sum((v - mean_y) ** 2 for v in ys)
    if equal_var:
        square = (xx + yy) / (n + m - 2) * (Fraction(1, n) + Fraction(1, m)) if n + m > 2 else 0
    elif min(n, m) < 2:
        return None
    else:
        square = xx / (n - 1) / n + yy / (m - 1) / m
    if not square:
        return None
    with localcontext() as context:
        context.prec = 60
        apart = mean_x - mean_y
        return Decimal(apart.numerator) / Decimal(apart.denominator) / root(Fraction(square))
