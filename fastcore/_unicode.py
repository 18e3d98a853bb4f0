"""What this Python knows of characters, as tables for kernels that read documents.

The tables are made once in a process, when the first plan of texts is: scikit-learn asks the same
Python, so a plan is never of another Unicode version than its estimator.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np

_LAST = 0x110000
#: Capital sigma: what it becomes by lowering depends on its neighbours.
SIGMA = 0x3A3


def packed(data: bytes) -> np.ndarray:
    """Bytes as an array."""
    return np.frombuffer(data, dtype=np.uint8) if data else np.zeros(0, dtype=np.uint8)


def _bits(pattern: str) -> np.ndarray:
    """A bit for each character that the pattern matches."""
    flags = np.zeros(_LAST, dtype=bool)
    for found in re.finditer(pattern, "".join(map(chr, range(_LAST)))):
        flags[found.start() : found.end()] = True
    return np.packbits(flags[: int(np.flatnonzero(flags)[-1]) + 1], bitorder="little")


@cache
def word_bits() -> np.ndarray:
    """The characters of words."""
    return _bits(r"\w+")


@cache
def space_bits() -> np.ndarray:
    """The characters of white space."""
    return _bits(r"\s+")


def strip_accents(text: str, how: str | None) -> str:
    """As scikit-learn's ``strip_accents_unicode`` and ``strip_accents_ascii``."""
    if how is None:
        return text
    plain = unicodedata.normalize("NFKD", text)
    if how == "ascii":
        return plain.encode("ascii", "ignore").decode("ascii")
    return "".join(c for c in plain if not unicodedata.combining(c))


@dataclass(frozen=True)
class Tokens:
    """The tokens that a pattern finds in a text, which is lowered and stripped of accents before.

    Raises
    ------
    ValueError
        If the pattern is none of ``re``, or has several groups.
    """

    pattern: str
    lower: bool
    accents: str | None
    find: Callable[[str], Any] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        try:
            made = re.compile(self.pattern)
        except (re.error, TypeError, RecursionError, OverflowError) as error:
            raise ValueError(f"a token_pattern that is none: {error}") from None
        if made.groups > 1:
            raise ValueError("a token_pattern of several groups")
        object.__setattr__(self, "find", made.findall)

    def __call__(self, text: str) -> Any:
        return self.find(strip_accents(text.lower() if self.lower else text, self.accents))


@cache
def folding(lower: bool, accents: str | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Characters beyond ASCII that become something else; where that ends; its UTF-8."""

    def folded(text: str) -> str:
        return strip_accents(text.lower() if lower else text, accents)

    codes, ends, parts, end = [], [], [], 0
    for first in range(128, _LAST, 128):
        if 0xD800 <= first < 0xE000:
            continue
        block = "".join(map(chr, range(first, first + 128)))
        if folded(block) == block:
            continue
        for before in block:
            after = folded(before)
            if after == before:
                continue
            part = after.encode()
            end += len(part)
            codes.append(ord(before))
            ends.append(end)
            parts.append(part)
    return (
        np.array(codes, dtype=np.int64),
        np.array(ends, dtype=np.int64),
        packed(b"".join(parts)),
    )
