"""Numbers: every way into a double gives ``float(text)``, bit by bit, on cases built to be hard.

The expected value comes from the construction (exact integers say which neighbour is nearer) and
from ``float``; `tests/c/test_number.c` has the same at every SIMD level.
"""

from __future__ import annotations

import math
import random
import struct
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from pydantic import BaseModel, Field

from fastcore import Array, Rows, Schema, Table

from .profiles import chosen


class Record(BaseModel):
    x: float


class Wide(BaseModel):
    a: int = 0
    x: float = 0.0
    s: str = ""
    y: float | None = None


def joined(texts: list[str]) -> bytes:
    return ("[" + ",".join(texts) + "]").encode()


def rows(key: str, before: str, behind: str) -> Callable[[list[str]], bytes]:
    return lambda texts: joined([f'{{{before}"{key}":{text}{behind}}}' for text in texts])


_floats: Schema[list[float]] = Schema(list[float], allow_nan=True)
_any: Schema[Any] = Schema(Any, allow_nan=True)
_record: Schema[list[Record]] = Schema(list[Record], allow_nan=True)
_mapped: Schema[dict[str, float]] = Schema(dict[str, float], allow_nan=True)
_either: Schema[list[float | str]] = Schema(list[float | str], allow_nan=True)
_rows: Schema[Any] = Schema(Rows[Record], allow_nan=True)
_wide: Schema[Any] = Schema(Rows[Wide], allow_nan=True)
_table: Schema[Any] = Schema(Table[Record], allow_nan=True)
_array: Schema[Any] = Schema(Array[np.float64], allow_nan=True)

#: Ways from texts to doubles.
WAYS: dict[str, Callable[[list[str]], Any]] = {
    "list": lambda texts: _floats.validate_json(joined(texts)),
    "blanks": lambda texts: _floats.validate_json(joined([f" {text}\n" for text in texts])),
    "models": lambda texts: [
        record.x for record in _record.validate_json(rows("x", "", "")(texts))
    ],
    "dict": lambda texts: list(
        _mapped.validate_json(
            ("{" + ",".join(f'"{i}":{text}' for i, text in enumerate(texts)) + "}").encode()
        ).values()
    ),
    "union": lambda texts: _either.validate_json(joined(texts)),
    "rows": lambda texts: _rows.validate_json(rows("x", "", "")(texts))["x"],
    "wide": lambda texts: _wide.validate_json(rows("x", '"a":1,', ',"s":"q"')(texts))["x"],
    "null or": lambda texts: _wide.validate_json(rows("y", "", ' ,"a":2')(texts))["y"],
    "table": lambda texts: _table.validate_json(b'{"x":' + joined(texts) + b"}")["x"],
    "array": lambda texts: _array.validate_json(joined(texts)),
}


def bits(values: Any) -> list[int]:
    return np.asarray(values, np.float64).view(np.uint64).tolist()


def assert_doubles(texts: list[str], expected: list[float] | None = None) -> None:
    wanted = [0.0 if text == "-0" else float(text) for text in texts]
    if expected is not None:
        assert bits(expected) == bits(wanted)
    for way, read in WAYS.items():
        got = read(texts)
        if bits(got) != bits(wanted):
            wrong = next(i for i, v in enumerate(got) if bits([v]) != bits([wanted[i]]))
            pytest.fail(f"{way}: {texts[wrong]}: {got[wrong]!r}, not {wanted[wrong]!r}")


# ---- Halfway between neighbours ------------------------------------------------------------------


def decimal(numerator: int, power: int) -> tuple[str, int]:
    """Digits and an exponent of ten: exactly numerator * 2**power."""
    if power >= 0:
        return str(numerator << power), 0
    return str(numerator * 5**-power), power


def spelled(source: random.Random, digits: str, exponent: int) -> str:
    """The same number with its dot somewhere else."""
    form = source.randrange(4)
    if form == 0 or len(digits) < 2:
        return f"{digits}e{exponent}"
    at = 1 if form == 1 else source.randrange(1, len(digits))
    if form == 3 and -400 < exponent < 0 and len(digits) + exponent <= 0:
        return "0." + "0" * -(len(digits) + exponent) + digits
    return f"{digits[:at]}.{digits[at:]}E{exponent + len(digits) - at:+d}"


def middles(source: random.Random, pattern: int) -> Iterator[tuple[str, float]]:
    """Texts at and around the middle of a double and the next one, each with the nearest double."""
    low, high = (struct.unpack("<d", struct.pack("<Q", pattern + i))[0] for i in (0, 1))
    biased, fraction = pattern >> 52, pattern & (2**52 - 1)
    mantissa = fraction | 2**52 if biased else fraction
    digits, exponent = decimal(2 * mantissa + 1, max(biased, 1) - 1075 - 1)
    even = low if pattern % 2 == 0 else high
    yield spelled(source, digits, exponent), even
    zeros = source.choice([1, 20, 800 - min(len(digits), 799), 900])
    yield spelled(source, digits + "0" * zeros, exponent - zeros), even
    yield spelled(source, digits + "0" * zeros + "1", exponent - zeros - 1), high
    less = str(int(digits) * 10 ** (zeros + 1) - 1)
    yield spelled(source, less, exponent - zeros - 1), low
    # Cut to as many digits as a reader might look at: below the middle, and one more is above it.
    for kept in (17, 18, 19, 20, 38, source.randrange(21, 770)):
        if kept < len(digits):
            cut, behind = digits[:kept], len(digits) - kept + exponent
            yield spelled(source, cut, behind), float(f"{cut}e{behind}")
            above = str(int(cut) + 1)
            yield spelled(source, above, behind), float(f"{above}e{behind}")


CORNERS = [
    *(0, 1, 2, 3, 0xFFFFFFFFFFFFE, 0xFFFFFFFFFFFFF, 1 << 52, (1 << 52) + 1, (2 << 52) - 1),
    *(0x3FEFFFFFFFFFFFFF, 0x3FF0000000000000, 0x3FF0000000000001, 0x7FEFFFFFFFFFFFFE),
    *(0x433FFFFFFFFFFFFF, 0x4340000000000000, 0x4340000000000001, 0x44B52D02C7E14AF6),
]


def test_middles_between_neighbours() -> None:
    source = random.Random(1)
    patterns = [
        *CORNERS,
        *(source.getrandbits(52) for _ in range(60)),  # below the normal ones
        *(source.getrandbits(source.randrange(1, 52)) for _ in range(40)),
        *(source.randrange(0x7FEFFFFFFFFFFFFF) for _ in range(150)),
        *(source.randrange(1000, 1100) << 52 | source.getrandbits(52) for _ in range(60)),
    ]
    cases = [case for pattern in patterns for case in middles(source, pattern)]
    assert max(len(text) for text, _ in cases) > 1500
    assert_doubles([text for text, _ in cases], [value for _, value in cases])
    assert_doubles([f"-{text}" for text, _ in cases], [-value for _, value in cases])


def test_integers_between_neighbours() -> None:
    """Integers of 54 to 1,000 bits at the middles: exact in an int, nearest in a double."""
    source = random.Random(2)
    numbers: list[int] = []
    for size in [*range(54, 131), 200, 500, 1000]:
        for _ in range(4):
            whole = 2**53 | source.getrandbits(53) | 1
            middle = whole << (size - 54)
            numbers += [middle, middle + 1, middle - 1, middle + (1 << max(size - 55, 0))]
    assert_doubles([str(number) for number in numbers])
    assert_doubles([str(-number) for number in numbers])
    assert Schema(list[int]).validate_json(joined([str(n) for n in numbers])) == numbers
    assert _any.validate_json(joined([str(-n) for n in numbers])) == [-n for n in numbers]


# ---- Lengths and exponents -----------------------------------------------------------------------


def test_digits_from_1_to_800() -> None:
    source = random.Random(3)
    texts = []
    for length in range(1, 801):
        digits = str(source.randrange(10 ** (length - 1), 10**length))
        texts.append(spelled(source, digits, source.randrange(-330 - length, 308 - length)))
        texts.append(spelled(source, digits, source.choice([0, -length, -length // 2, -308])))
        texts.append("0." + "0" * source.randrange(330) + digits)
    finite = [text for text in texts if math.isfinite(float(text))]
    assert len(finite) > len(texts) * 0.75
    assert_doubles(finite)


def test_exponents_of_any_size() -> None:
    source = random.Random(4)
    texts = ["-0", "0", "-0.0", "0e5", "-0e-5", "0.000e99999999999999999999", "-0.0E-999999999999"]
    for exponent in [*range(-345, 311), 10**4, 10**9, 2**31, 2**32, 2**63, 2**64, 10**30]:
        for sign in ("", "-"):
            digits = source.randrange(1, 10 ** source.randrange(1, 25))
            texts.append(f"{sign}{digits}e{exponent}")
            texts.append(f"{sign}{digits / 7!r}E-{abs(exponent)}" if digits < 1e15 else "1e-5")
    # A long way there and back.
    texts += ["0." + "0" * 5000 + "123e5000", "1" + "0" * 4000 + "e-4000", f"1e{'0' * 50}5"]
    # What is beyond the range is for the policy of numbers that are not finite.
    finite = [text for text in texts if math.isfinite(float(text))]
    assert len(finite) > len(texts) * 0.9
    assert_doubles(finite)
    infinite = [text for text in texts if text not in finite]
    assert _floats.validate_json(joined(infinite)) == [float(text) for text in infinite]


# ---- Single precision ----------------------------------------------------------------------------


class Single(BaseModel):
    v: Array[np.float32]
    n: int = Field(0, ge=0)


def test_float32_is_the_double_rounded_again() -> None:
    """Also where rounding the text at once would give another one."""
    source = random.Random(5)
    texts: list[str] = []
    twice = 0
    for _ in range(2000):
        mantissa = 2**24 | source.getrandbits(24) | 1  # a middle of two singles
        power = source.randrange(-140, 100)
        digits, exponent = decimal(mantissa, power)
        for more in ("", "0" * 30 + "1"):
            texts.append(spelled(source, digits + more, exponent - len(more)))
        texts.append(spelled(source, str(int(digits) * 10**30 - 1), exponent - 30))
        even = np.float32(float(texts[-3]))
        twice += np.float32(float(texts[-2])) == even  # up, if it were rounded once
    assert twice > 500
    wanted = np.array([float(text) for text in texts]).astype(np.float32)
    for type_, before, behind in ((Array[np.float32], b"", b""), (Single, b'{"v":', b"}")):
        value = Schema(type_).validate_json(before + joined(texts) + behind)
        got = value if type_ is not Single else value.v
        assert got.dtype == np.float32
        assert got.tobytes() == wanted.tobytes()


# ---- Many ----------------------------------------------------------------------------------------


def test_random_doubles() -> None:
    """Ten million in the long run."""
    source = np.random.default_rng(6)
    spellings = ["%r", "%.17g", "%.16e", "%.18e", "%.25g", "%.15g", "%.3f"]
    for block in range(400 if chosen() == "long" else 6):
        values = source.integers(0, 2**64, 26_000, np.uint64).view(np.float64)
        if block % 4 == 3:
            values = source.normal(size=26_000) * 10.0 ** source.integers(-20, 20, 26_000)
        values = values[np.isfinite(values)][:25_000]
        spelling = spellings[block % len(spellings)]
        if spelling == "%.3f":
            values = np.where(np.abs(values) < 1e15, values, 1.5)
        texts = [spelling % value for value in values.tolist()]
        wanted = values if spelling in ("%r", "%.17g", "%.16e", "%.18e") else None
        expected = np.array(wanted if wanted is not None else [float(text) for text in texts])
        assert _array.validate_json(joined(texts)).tobytes() == expected.tobytes()
        if block < 6:
            assert bits(_floats.validate_json(joined(texts))) == bits(expected)
