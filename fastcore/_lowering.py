"""From a tree to a :class:`fastcore._core.Program`, for inputs of one signature.

A signature says what each input column holds, so that every question of dtype is answered here,
once; the program then only computes. A column's tag is a NumPy dtype string (``"<f8"``), or
``"text"`` (str, None, nan; an array of objects may hold anything), ``"natext"`` (texts with
pandas.NA), ``"category"`` (a categorical of texts, or NumPy's own texts), ``"number"`` (pandas'
nullable dtypes, which become float64), ``"object"`` (nothing reads it), or ``"auto"``: rows, which
mean whatever the pipeline was fitted on (numbers are read as float64).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from . import _core
from ._plan_tree import Chain, Parallel, Recipe, Step, Tree

F64, F32, I32, TEXT, CSR = range(5)
FLOAT64, FLOAT32 = np.dtype(np.float64), np.dtype(np.float32)


class NotLowered(Exception):
    """Inputs of this signature are for the original; the text says why."""


@dataclass(frozen=True)
class Column:
    """An input column as it is, or with its missing texts replaced."""

    index: int
    tag: str
    fill: str | None = None
    fills_none: bool = False  # None too, and not only NaN


@dataclass(frozen=True)
class Piece:
    """Some columns of an intermediate result; ``dtype`` is what scikit-learn would have there."""

    panel: int
    width: int
    dtype: np.dtype[Any]
    onehot: bool = False
    csr: bool = False  # a sparse panel
    order: str = "CC"  # of its memory ("C", "F") for input in C order, and in Fortran's


@dataclass(frozen=True)
class Value:
    """What flows between steps: untouched input columns, or pieces that were computed."""

    columns: tuple[Column, ...] | None = None
    pieces: tuple[Piece, ...] = ()
    sparse: bool = False
    order: str | None = None  # as of a piece; None: what np.hstack makes of the pieces


@dataclass
class Source:
    """What a program reads: an input column, as numbers or through a table of texts."""

    column: int
    table: dict[str, int] | None = None
    none_code: int = -1
    nan_code: int = -1
    exact: bool = False  # objects: numbers that Python's equality tells as float64's does
    nulls: bool = True  # whether nulls may be read (as NaN, or by their code)
    text: bool = False  # documents, read as they are

    @property
    def reads(self) -> dict[str, int] | str | None:
        """The table, as a program is told of it."""
        return "text" if self.text else self.table


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


#: The order of arrays that scikit-learn makes of a container.
_ORDERS = {"array": "CF", "pandas": "CF", "table": "FF"}


def stacked_order(parts: list[tuple[str, int]]) -> str:
    """The order of ``np.hstack`` of arrays; single columns have no say."""
    seen = [{order[i] for order, width in parts if width > 1} for i in range(2)]
    return "".join("F" if orders == {"F"} else "C" for orders in seen)


def order_of(value: Value) -> str:
    """The memory order of a value, see :class:`Piece`."""
    return value.order or stacked_order([(piece.order, piece.width) for piece in value.pieces])


def together(dtypes: list[np.dtype[Any]]) -> np.dtype[Any]:
    """The dtype of arrays side by side; of none at all it is that of ``np.zeros``."""
    return np.result_type(*dtypes) if dtypes else FLOAT64


def panel_type(dtype: np.dtype[Any]) -> int:
    """Where values of a dtype are computed: integers as float64."""
    return F32 if dtype == FLOAT32 else F64


class Lowering:
    """One use: ``Lowering(recipe, tags, container, special).run()``.

    ``special`` has the kinds of steps that do more than run the family of their name on a panel of
    floats.
    """

    def __init__(
        self,
        recipe: Recipe,
        tags: tuple[str, ...],
        container: str,
        special: dict[str, Special],
        nudge: int = 0,
    ) -> None:
        self.nudge = nudge
        self.varying = 0  # steps whose arithmetic varies between CPUs
        self.special = special
        self.recipe = recipe
        self.tags = tags
        self.container = container
        self.sources: list[Source] = []
        self.keys: dict[Any, int] = {}
        self.panels: list[tuple[int, tuple[int, ...]]] = []
        self.steps: list[tuple[Any, ...]] = []
        self.texts: dict[int, str] = {}
        # Panels are numbered inputs first, but are made in any order: a step's number is negative
        # until all inputs are known.
        self.types: dict[int, int] = {}

    # -- Building blocks

    def source(self, key: Any, source: Source) -> int:
        if key not in self.keys:
            self.keys[key] = len(self.sources)
            self.sources.append(source)
        return self.keys[key]

    def panel(self, type_: int, sources: list[int]) -> int:
        key = (type_, tuple(sources))
        if key in self.panels:
            return self.panels.index(key)
        self.panels.append(key)
        number = len(self.panels) - 1
        self.types[number] = type_
        return number

    def step(
        self, family: str, inputs: list[int], type_: int, width: int, params: dict[str, Any]
    ) -> int:
        blob = {}
        for name, value in params.items():
            if value is None:
                continue
            array = np.atleast_1d(np.asarray(value))
            dtype: Any = np.float64 if array.dtype.kind == "f" else np.int64
            if array.dtype == np.uint8:
                dtype = np.uint8
            blob[name] = np.ascontiguousarray(array, dtype=dtype)
        self.steps.append((family, tuple(inputs), type_, width, blob))
        number = -len(self.steps)
        self.types[number] = type_
        if "varies" in blob and blob["varies"].any():
            self.varying += 1
            if self.nudge:
                nudged = {"ulps": self.nudge, "single": blob.get("single")}
                return self.step("nudge", [number], type_, width, nudged)
        return number

    def number_dtype(self, columns: tuple[Column, ...]) -> np.dtype[Any]:
        """The dtype of ``np.asarray`` of these columns, where it is certain."""
        if any(column.fill is not None for column in columns):
            raise NotLowered("texts where numbers are expected")
        tags = {"<f8" if column.tag == "auto" else column.tag for column in columns}
        if tags & NO_NUMBERS:
            raise NotLowered("texts where numbers are expected")
        if "number" in tags:
            raise NotLowered("pandas' own dtypes, as they are, become objects")
        dtypes = {np.dtype(tag) for tag in tags}
        if len(dtypes) > 1 and any(dtype.kind == "b" for dtype in dtypes):
            raise NotLowered("bool and other columns together become objects")
        kinds = {dtype.kind for dtype in dtypes}
        mixed = len(dtypes) > 1 and "f" in kinds and not dtypes <= _FLOAT64_AND_INTS
        if mixed and self.container == "table":
            raise NotLowered("float32 and other columns together")
        return np.result_type(*dtypes)

    def floats_dtype(self, columns: tuple[Column, ...]) -> np.dtype[Any]:
        """The dtype of ``check_array(dtype=FLOAT_DTYPES)`` of these columns."""
        tags = {"<f8" if column.tag == "auto" else column.tag for column in columns}
        if "object" in tags or any(column.fill is not None for column in columns):
            raise NotLowered("texts where numbers are expected")
        if self.container == "table":
            if tags & NO_NUMBERS:
                raise NotLowered("texts where numbers are expected")
            return FLOAT64
        if tags & NO_NUMBERS or "number" in tags:
            return FLOAT64  # objects and texts: whatever NumPy can convert
        # A single dtype stays as it is: big-endian float32 is none of those that are kept.
        dtype = np.result_type(*map(np.dtype, tags)) if len(tags) > 1 else np.dtype(min(tags))
        if dtype == np.float16:
            raise NotLowered("float16 is computed in float16")
        return dtype if dtype in (FLOAT64, FLOAT32) else FLOAT64

    def numbers(self, columns: tuple[Column, ...], type_: int) -> int:
        sources = [self.source((c.index, None), Source(c.index)) for c in columns]
        return self.panel(type_, sources)

    def join(self, pieces: tuple[Piece, ...], which: list[int] | None, type_: int) -> int:
        """The chosen columns of pieces in one panel of that type."""
        dense = [self.expanded(piece) for piece in pieces]
        if not dense:
            return self.panel(type_, [])
        if which is None:
            if len(dense) == 1 and self.types[dense[0].panel] == type_:
                return dense[0].panel
            which = list(range(sum(piece.width for piece in dense)))
        at = [(i, j) for i, piece in enumerate(dense) for j in range(piece.width)]
        params = {
            "panels": np.array([at[k][0] for k in which], dtype=np.int64),
            "columns": np.array([at[k][1] for k in which], dtype=np.int64),
        }
        return self.step("join", [p.panel for p in dense], type_, len(which), params)

    def expanded(self, piece: Piece) -> Piece:
        if not piece.onehot and not piece.csr:
            return piece
        panel = self.step("expand", [piece.panel], panel_type(piece.dtype), piece.width, {})
        return replace(piece, panel=panel, onehot=False, csr=False)

    def stacked(self, value: Value) -> Piece:
        """The pieces of a sparse value as one sparse panel, with the dtype of them all."""
        dtype = together([piece.dtype for piece in value.pieces])
        first = value.pieces[0]
        if len(value.pieces) == 1 and first.csr:
            return first
        width = sum(piece.width for piece in value.pieces)
        params = {
            "widths": np.array([piece.width for piece in value.pieces], dtype=np.int64),
            "single": int(dtype == FLOAT32),
        }
        panel = self.step("stack", [piece.panel for piece in value.pieces], CSR, width, params)
        return Piece(panel, width, dtype, csr=True)

    def floats(self, value: Value) -> Piece:
        """As scikit-learn's check_array(dtype=FLOAT_DTYPES) would see it."""
        if value.sparse:
            raise NotLowered("a step that reads a sparse matrix")
        if value.columns is not None:
            dtype = self.floats_dtype(value.columns)
            panel = self.numbers(value.columns, panel_type(dtype))
            return Piece(panel, len(value.columns), dtype, order=order_of(value))
        dtype = together([piece.dtype for piece in value.pieces])
        if dtype not in (FLOAT64, FLOAT32):
            dtype = FLOAT64
        panel = self.join(value.pieces, None, panel_type(dtype))
        width = sum(piece.width for piece in value.pieces)
        return Piece(panel, width, dtype, order=order_of(value))

    def arrays(self, value: Value) -> tuple[Piece, ...]:
        """Input columns that are handed on as they are, as a piece of output."""
        if value.columns is None:
            return value.pieces
        dtype = self.number_dtype(value.columns)
        panel = self.numbers(value.columns, panel_type(dtype))
        return (Piece(panel, len(value.columns), dtype, order=order_of(value)),)

    # -- Trees

    def lower(self, tree: Tree, value: Value) -> Value:
        if isinstance(tree, Chain):
            for step in tree.steps:
                value = self.lower(step, value)
            return value
        if isinstance(tree, Parallel):
            return self.parallel(tree, value)
        width = (
            len(value.columns)
            if value.columns is not None
            else sum(piece.width for piece in value.pieces)
        )
        if width != tree.width:
            raise NotLowered("another number of features than it was fitted on")
        if value.sparse and tree.kind not in READS_SPARSE:
            raise NotLowered("a step that reads a sparse matrix")
        special = self.special.get(tree.kind)
        return special(self, tree, value) if special else self.elementwise(tree, value)

    def elementwise(self, step: Step, value: Value) -> Value:
        """Every family whose output has its input's shape and dtype, and no rules of its own."""
        piece = self.floats(value)
        panel = self.step(
            step.kind, [piece.panel], panel_type(piece.dtype), piece.width, step.params
        )
        return Value(pieces=(replace(piece, panel=panel),))

    def parallel(self, tree: Parallel, value: Value) -> Value:
        if value.sparse:
            raise NotLowered("branches that read a sparse matrix")
        results = []
        for part in tree.parts:
            given = value if part.columns is None else self.select(value, part.columns)
            result = self.lower(part.tree, given)
            if part.weight is not None:
                if result.columns is not None and not tree.by_name:
                    raise NotLowered("a weight of the input, which may be a list")
                result = weighted(self, result, *part.weight)
            results.append(result)
        parts = [self.arrays(result) for result in results]
        pieces = tuple(piece for part in parts for piece in part)
        orders = [
            (order_of(result), sum(piece.width for piece in part))
            for result, part in zip(results, parts, strict=True)
        ]
        sparse = tree.sparse if tree.sparse is not None else any(r.sparse for r in results)
        return Value(pieces=pieces, sparse=sparse, order=stacked_order(orders))

    def select(self, value: Value, which: list[int]) -> Value:
        if value.columns is not None:
            # NumPy puts the columns that a list chooses of an array in Fortran's order.
            order = "FF" if self.container == "array" else value.order
            return Value(columns=tuple(value.columns[i] for i in which), order=order)
        dtype = together([piece.dtype for piece in value.pieces])
        panel = self.join(value.pieces, which, panel_type(dtype))
        return Value(pieces=(Piece(panel, len(which), dtype, order="FF"),))

    # -- The program

    def run(self) -> Lowered:
        columns = tuple(Column(i, tag) for i, tag in enumerate(self.tags))
        order = _ORDERS.get(self.container, "CC")
        value = self.lower(self.recipe.tree, Value(columns=columns, order=order))
        if value.columns is not None:
            raise NotLowered("the input itself is the output")
        dtype = together([piece.dtype for piece in value.pieces])
        if dtype.kind not in "biuf" or dtype.str[1:] == "f2" or dtype.itemsize > 8:
            raise NotLowered(f"{dtype} output")
        inputs = len(self.panels)

        def place(panel: int) -> int:
            return panel if panel >= 0 else inputs - panel - 1

        steps = tuple(
            (family, tuple(map(place, panels)), type_, width, blob)
            for family, panels, type_, width, blob in self.steps
        )
        pieces = tuple((place(p.panel), int(p.onehot), p.width) for p in value.pieces)
        names = self.recipe.names
        sources = tuple(
            (s.column, names[s.column] if names else None, s.reads, s.none_code, s.nan_code)
            for s in self.sources
        )
        program = _core.Program(
            sources, tuple(self.panels), steps, pieces, self.recipe.columns, dtype
        )
        width = sum(piece.width for piece in value.pieces)
        order = order_of(value)
        lowered = Lowered(program, self.sources, value.sparse, dtype, width, order, self.texts)
        lowered.varying = self.varying
        return lowered


def weighted(low: Lowering, value: Value, number: float, dtype: str | None) -> Value:
    """A block times a number, in the dtype that NumPy gives the product.

    Sparse matrices keep what they store, and frames compute each column for itself.
    """
    pieces = value.pieces
    if value.columns is not None:
        tags = {c.tag for c in value.columns}
        if low.container == "pandas" and (dtype is not None or "|b1" in tags):
            raise NotLowered("pandas' own rules of products")
        if low.container == "table" or ("auto" in tags and dtype is not None):
            raise NotLowered("polars' own rules of products")
        apart = len(tags) > 1 and low.container == "pandas"
        groups = [(c,) for c in value.columns] if apart else [value.columns]
        pieces = tuple(p for group in groups for p in low.arrays(Value(columns=group)))
        if apart:
            made = [weighted(low, Value(pieces=(p,)), number, dtype) for p in pieces]
            return Value(pieces=tuple(p for m in made for p in m.pieces), order=order_of(value))
    common = together([piece.dtype for piece in pieces])
    weight = number if dtype is None else np.dtype(dtype).type(number)
    try:
        product = (np.ones(1, common) * weight).dtype
    except OverflowError as error:
        raise NotLowered(str(error)) from None
    params: dict[str, Any] = {"weight": float(number), "single": int(product == FLOAT32)}
    if product.kind != "f":
        limits = (0, 1) if product.kind == "b" else (np.iinfo(product).min, np.iinfo(product).max)
        # From 2**53 on, a panel does not know an integer exactly.
        params |= {"low": max(limits[0], 1.0 - 2**53), "high": min(limits[1], 2.0**53 - 1)}
    params = {key: float(p) if key in ("low", "high") else p for key, p in params.items()}
    if value.sparse:
        piece = low.stacked(value)
        panel = low.step("weigh", [piece.panel], CSR, piece.width, params)
        return Value(pieces=(replace(piece, panel=panel, dtype=product),), sparse=True)
    type_ = panel_type(product)
    width = sum(piece.width for piece in pieces)
    panel = low.step("weigh", [low.join(pieces, None, type_)], type_, width, params)
    order = order_of(value)
    return Value(pieces=(Piece(panel, width, product, order=order),), order=order)


#: Tags of columns that hold no numbers, or nobody knows.
NO_NUMBERS = frozenset(("text", "natext", "category", "object"))
_FLOAT64_AND_INTS = {np.dtype(t) for t in ("f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8")}

#: Kinds whose lowering takes a sparse value.
READS_SPARSE = frozenset(("tfidf",))

#: How such a kind is lowered.
Special = Callable[[Lowering, Step, Value], Value]
