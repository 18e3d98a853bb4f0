"""What flows through a lowering, and the program that comes of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from . import _core
from ._unicode import Tokens

F64, F32, I32, TEXT, CSR = range(5)
#: The code of a missing text that only the original may judge.
REFUSED = -(2**31)
FLOAT64, FLOAT32 = np.dtype(np.float64), np.dtype(np.float32)


class NotLowered(Exception):
    """Inputs of this signature are for the original; the text says why."""


@dataclass(slots=True, unsafe_hash=True)
class Column:
    """An input column as it is, or with its missing texts replaced."""

    index: int
    tag: str
    fill: str | None = None
    fills_none: bool = False  # None too, and not only NaN
    fills_nan: bool = True  # else NaN among texts is an error
    framed: bool = False  # the texts were put into a frame after that


@dataclass(frozen=True)
class Piece:
    """Some columns of an intermediate result; ``dtype`` is what scikit-learn would have there."""

    panel: int
    width: int
    dtype: np.dtype[Any]
    onehot: bool = False
    csr: bool = False  # a sparse panel
    order: str = "CC"  # of its memory ("C", "F") for input in C order, and in Fortran's
    column: Column | None = None  # an untouched column of a frame, of one piece; it has no panel


@dataclass(frozen=True)
class Framed:
    """That a value is a frame.

    ``kind`` is "pandas", "polars", or "table": polars' or Arrow's, and nobody knows which;
    ``indexed``: it has the index of the input.
    """

    kind: str
    names: tuple[str, ...] | None  # None: it is the input, perhaps with other values
    indexed: bool


@dataclass(frozen=True)
class Value:
    """What flows between steps: untouched input columns, or pieces that were computed.

    The dtypes of pieces are those of a frame's columns; of an array, whatever is together is one.
    """

    columns: tuple[Column, ...] | None = None
    pieces: tuple[Piece, ...] = ()
    sparse: bool = False
    csc: bool = False  # scikit-learn has it by columns there, with the same values
    order: str | None = None  # as of a piece; None: what np.hstack makes of the pieces
    frame: Framed | None = None
    held: bool = False  # computed, in memory that somebody else reads too


def missing_code(code: int) -> int:
    """How a missing text is told from others: -2, or -3 - c if it counts as category c."""
    return code if code == REFUSED else -3 - code if code >= 0 else -2


@dataclass(slots=True)
class Source:
    """What a program reads: an input column, as numbers or through a table.

    A table has texts, or what else arrays of objects hold.
    """

    column: int
    table: dict[Any, int] | None = None
    none_code: int = -2  # see `missing_code`
    nan_code: int = -2
    exact: bool = False  # objects: numbers that Python's equality tells as float64's does
    nulls: bool = True  # whether nulls may be read (as NaN, or by their code)
    text: bool = False  # documents ...
    kind: str | Tokens = "text"  # ... and what they are, as programs call it, or what finds tokens
    sparse: bool = False  # the whole input, a sparse matrix

    @property
    def reads(self) -> dict[Any, int] | str | Tokens | None:
        """The table, as a program is told of it."""
        if self.sparse:
            return "csr"
        return self.kind if self.text else self.table


@dataclass(frozen=True)
class FrameOut:
    """The frame that comes out: columns ``first:last`` of the program's, of a dtype, or one of the
    input's columns (its number and 0, None), side by side.
    """

    framed: Framed
    slots: tuple[tuple[int, int, np.dtype[Any] | None], ...]


@dataclass(frozen=True)
class Move:
    """By how many ulp the results of steps are moved, and (see below) which of them down instead.

    Errors of two columns may add up or cancel behind the step, as their signs are. So a column goes
    the other way if an odd number of the bits of ``mask`` is set in its number, and each step
    begins somewhere else.
    """

    ulps: int
    mask: int = 0

    def of(self, step: int, width: int) -> np.ndarray:
        """For each column of the ``step``-th of the steps that are moved."""
        key = (np.arange(width, dtype=np.int64) ^ (step * 0x9E37)) & self.mask
        moved: np.ndarray = self.ulps * (1 - 2 * (np.bitwise_count(key).astype(np.int64) & 1))
        return moved


@dataclass
class Lowered:
    """A program and what the callers of it must know."""

    program: _core.Program
    sources: list[Source]
    sparse: bool
    dtype: np.dtype[Any]
    width: int
    order: str = "CC"  # of the output, see Piece
    texts: dict[int, str] = field(default_factory=dict)  # column -> "nan" | "none"
    varying: int = 0  # steps whose arithmetic NumPy varies between CPUs
    wide: bool = False  # the indices of a sparse output have 64 bits
    frame: FrameOut | None = None
    fills: bool = False  # floats in Fortran's order, which nobody copies, are filled themselves
    forward: bool = False  # NumPy's own loops may give other bits for negative strides
    unread: tuple[str, ...] = ()  # keys that rows must have though nothing is made of them


#: The order of arrays that scikit-learn makes of a container.
ORDERS = {"array": "CF", "pandas": "CF", "table": "CF"}


def stacked_order(parts: list[tuple[str, int]]) -> str:
    """The order of ``np.hstack`` of arrays; single columns have no say, and none at all is C's."""
    seen = [{order[i] if width else "C" for order, width in parts if width != 1} for i in range(2)]
    return "".join("F" if orders == {"F"} else "C" for orders in seen)


def order_of(value: Value) -> str:
    """The memory order of a value, see :class:`Piece`."""
    return value.order or stacked_order([(piece.order, piece.width) for piece in value.pieces])


def together(dtypes: list[np.dtype[Any]]) -> np.dtype[Any]:
    """The dtype of arrays side by side; of none at all it is that of ``np.zeros``."""
    try:
        return np.result_type(*dtypes) if dtypes else FLOAT64
    except TypeError as error:  # times beside numbers
        raise NotLowered(str(error)) from None


def panel_type(dtype: np.dtype[Any]) -> int:
    """Where values of a dtype are computed: integers as float64."""
    return F32 if dtype == FLOAT32 else F64


#: Tags of columns that hold no numbers, or nobody knows.
NO_NUMBERS = frozenset(("text", "natext", "category", "object"))
FLOAT64_AND_INTS = {np.dtype(t) for t in ("f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8")}
