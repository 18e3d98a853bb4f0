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
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from . import _core
from ._lower_frames import columns_of, frame_out, select_apart, side_by_side, weighted
from ._lower_values import (
    CSR,
    F32,
    F64,
    FLOAT32,
    FLOAT64,
    FLOAT64_AND_INTS,
    I32,
    NO_NUMBERS,
    ORDERS,
    REFUSED,
    TEXT,
    Column,
    Framed,
    Lowered,
    Move,
    NotLowered,
    Piece,
    Source,
    Value,
    order_of,
    panel_type,
    stacked_order,
    together,
)
from ._plan_tree import Chain, Frame, Parallel, Recipe, Step, Tree, used_columns

__all__ = [
    "CSR",
    "F32",
    "F64",
    "FLOAT32",
    "FLOAT64",
    "I32",
    "NO_NUMBERS",
    "REFUSED",
    "TEXT",
    "Column",
    "Lowered",
    "Lowering",
    "Move",
    "NotLowered",
    "Piece",
    "Source",
    "Special",
    "Value",
    "order_of",
    "panel_type",
    "together",
]


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
        move: Move | None = None,
        counts: _core.PlanCounts | None = None,
    ) -> None:
        self.move = move
        self.counts = counts
        self.ranges: dict[int, tuple[float, float]] = {}  # of sources, as fitted
        self.forward = False
        self.fills = False
        self.varying = 0  # steps whose arithmetic varies between CPUs
        self.wide: set[int] = set()  # panels of sparse matrices whose indices have 64 bits
        self.special = special
        self.recipe = recipe
        self.tags = tags
        self.container = container
        self.sources: list[Source] = []
        self.keys: dict[Any, int] = {}
        self.panels: list[tuple[Any, ...]] = []
        self.matrices: set[int] = set()  # panels that are the input
        self.steps: list[tuple[Any, ...]] = []
        self.texts: dict[int, str] = {}
        self.handed: set[int] = set()  # columns of rows that come out as numbers
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
        varies = "varies" in blob and bool(blob["varies"].any())
        moved = self.move.of(self.varying, width) if varies and self.move else None
        self.varying += varies
        if moved is not None and family in MOVED_INSIDE:
            blob["nudge"], moved = moved, None
        self.steps.append((family, tuple(inputs), type_, width, blob))
        number = -len(self.steps)
        self.types[number] = type_
        if moved is not None:
            nudge = {"ulps": moved, "single": blob.get("single")}
            return self.step("nudge", [number], type_, width, nudge)
        return number

    def ranged(self, panel: int, lows: Any, highs: Any) -> None:
        """Notes the fitted ranges of a panel's columns, if it is input as it came, or imputed."""
        while panel < 0:
            family, inputs, _, _, blob = self.steps[-panel - 1]
            if family != "impute" or "marker" in blob:
                return
            panel = inputs[0]
        for source, low, high in zip(self.panels[panel][1], lows, highs, strict=False):
            if low <= high:
                self.ranges.setdefault(source, (float(low), float(high)))

    def watch(self) -> tuple[_core.PlanCounts, tuple[tuple[int, float, float], ...]] | None:
        """What the program counts: each input column once, where it is first read."""
        if self.counts is None:
            return None
        seen: set[int] = set()
        watches = []
        for number, source in enumerate(self.sources):
            column = -1 if source.column in seen else source.column
            seen.add(source.column)
            watches.append((column, *self.ranges.get(number, (-np.inf, np.inf))))
        return self.counts, tuple(watches)

    def number_dtype(self, columns: tuple[Column, ...]) -> np.dtype[Any]:
        """The dtype of ``np.asarray`` of these columns, where it is certain."""
        if not columns:
            raise NotLowered("no columns")
        if any(column.fill is not None for column in columns):
            raise NotLowered("texts where numbers are expected")
        tags = {"<f8" if column.tag == "auto" else column.tag for column in columns}
        if tags & NO_NUMBERS:
            raise NotLowered("texts where numbers are expected")
        if "number" in tags:
            raise NotLowered("pandas' own dtypes, as they are, become objects")
        dtypes = {np.dtype(tag) for tag in tags}
        if any(dtype.kind in "mM" for dtype in dtypes):
            raise NotLowered("times, which only conversions to floats take for numbers")
        if not all(dtype.isnative for dtype in dtypes):
            raise NotLowered("numbers in the other byte order, which they keep")
        if len(dtypes) > 1 and any(dtype.kind == "b" for dtype in dtypes):
            raise NotLowered("bool and other columns together become objects")
        kinds = {dtype.kind for dtype in dtypes}
        mixed = len(dtypes) > 1 and "f" in kinds and not dtypes <= FLOAT64_AND_INTS
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
        if piece.column is not None:
            dtype = self.number_dtype((piece.column,))
            panel = self.numbers((piece.column,), panel_type(dtype))
            return replace(piece, panel=panel, column=None)
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

    def dense(self, value: Value) -> Value:
        """A sparse value as ``toarray`` makes it: no -0.0 where nothing is stored, and by columns
        what is stored by columns.
        """
        if not value.sparse:
            return value
        plain = all(piece.onehot or piece.csr for piece in value.pieces)
        pieces = value.pieces if plain else (self.stacked(value),)
        return replace(value, pieces=pieces, order="FF" if value.csc else "CC")

    def sifted(self, value: Value, which: list[int], finite: int) -> Value:
        """Some columns of a sparse matrix."""
        if any(a >= b for a, b in pairwise(which)):
            raise NotLowered("columns of a sparse matrix in another order")
        piece = self.stacked(value)
        params = {"columns": np.array(which, dtype=np.int64), "finite": finite}
        panel = self.step("sift", [piece.panel], CSR, len(which), params)
        made = replace(piece, panel=panel, width=len(which))
        return Value(pieces=(made,), sparse=True, csc=value.csc)

    def floats(self, value: Value) -> Piece:
        """As scikit-learn's check_array(dtype=FLOAT_DTYPES) would see it."""
        if value.sparse:
            raise NotLowered("a step that reads a sparse matrix")
        if value.columns is not None:
            dtype = self.floats_dtype(value.columns)
            panel = self.numbers(value.columns, panel_type(dtype))
            order = order_of(value)
            if self.container == "table":
                known = together([np.dtype(column.tag) for column in value.columns])
                order = order if known == FLOAT64 else "CC"  # polars converts, if without nulls
            return Piece(panel, len(value.columns), dtype, order=order)
        if value.frame is not None and value.frame.kind == "polars":
            return self.joined(value, FLOAT64)  # its dtypes are none of NumPy's that are kept
        return self.joined(value)

    def joined(self, value: Value, dtype: np.dtype[Any] | None = None) -> Piece:
        """Pieces in one panel of floats: of a dtype, or of what they are together."""
        if dtype is None:
            dtype = together([piece.dtype for piece in value.pieces])
            if dtype == np.float16:
                raise NotLowered("float16 is computed in float16")
        if dtype not in (FLOAT64, FLOAT32):
            dtype = FLOAT64
        panel = self.join(value.pieces, None, panel_type(dtype))
        width = sum(piece.width for piece in value.pieces)
        return Piece(panel, width, dtype, order=order_of(value))

    def arrays(self, value: Value) -> tuple[Piece, ...]:
        """The value as an array, of one dtype."""
        if self.container == "pandas" and any(c.tag == "auto" for c in value.columns or ()):
            raise NotLowered("an array of objects by name, untouched")
        if self.container == "rows":
            self.handed.update(column.index for column in value.columns or ())
        if value.columns is None:
            pieces = tuple(self.expanded(p) if p.column else p for p in value.pieces)
            dtypes = {piece.dtype for piece in pieces}
            if value.frame is None or len(dtypes) < 2:
                return pieces
            if value.frame.kind != "pandas" or np.dtype(bool) in dtypes:
                raise NotLowered("what a frame of several dtypes becomes")
            return tuple(replace(piece, dtype=together(list(dtypes))) for piece in pieces)
        dtype = self.number_dtype(value.columns)
        panel = self.numbers(value.columns, panel_type(dtype))
        return (Piece(panel, len(value.columns), dtype, order=order_of(value)),)

    # -- Trees

    def lower(self, tree: Tree, value: Value) -> Value:
        if isinstance(tree, Parallel):
            return self.parallel(tree, value)
        if isinstance(tree, Chain):
            made = value
            for step in tree.steps:
                made = self.lower(step, made)
        else:
            made = self.step_of(tree, value)
        return made if tree.frame is None else self.framed(made, value, tree.frame)

    def step_of(self, tree: Step, value: Value) -> Value:
        width = (
            len(value.columns)
            if value.columns is not None
            else sum(piece.width for piece in value.pieces)
        )
        if width != tree.width:
            raise NotLowered("another number of features than it was fitted on")
        only = tree.params.get("only")
        if only and (value.frame is None or value.frame.kind != only):
            raise NotLowered("a function warns of what comes out of it")
        if value.held and tree.params.get("in_place"):
            raise NotLowered("copy=False changes what others read")
        sparse = value.sparse and tree.kind not in READS_SPARSE
        special = self.special.get(f"sparse {tree.kind}" if sparse else tree.kind)
        if sparse and special is None:
            raise NotLowered("a step that reads a sparse matrix")
        return special(self, tree, value) if special else self.elementwise(tree, value)

    def framed(self, made: Value, given: Value, frame: Frame) -> Value:
        """What a transformer made of ``given``, in a frame."""
        if made.sparse:
            raise NotLowered("a sparse matrix as a frame is an error")
        indexed = given.frame is not None and given.frame.indexed
        framed = Framed(frame.kind, frame.names, frame.kind == "pandas" and indexed)
        if made.frame is not None:
            if made.frame.kind != frame.kind:
                raise NotLowered("a frame of one library as another's")
            return replace(made, frame=framed)
        if made.columns is not None and any(c.fill is not None for c in made.columns):
            columns = tuple(replace(c, framed=True) for c in made.columns)
            return Value(columns=columns, frame=framed)
        order = order_of(made)
        pieces = self.arrays(made)
        dtype = together([piece.dtype for piece in pieces])
        return Value(
            pieces=tuple(replace(p, dtype=dtype) for p in pieces), order=order, frame=framed
        )

    def elementwise(self, step: Step, value: Value) -> Value:
        """Every family whose output has its input's shape and dtype, and no rules of its own."""
        piece = self.floats(value)
        panel = self.step(
            step.kind, [piece.panel], panel_type(piece.dtype), piece.width, step.params
        )
        return Value(pieces=(replace(piece, panel=panel),))

    def parallel(self, tree: Parallel, value: Value) -> Value:
        results = []
        for part in tree.parts:
            given = value
            if part.columns is not None:
                given = self.select(value, part.columns, part.view)
            if given.columns is None and (part.columns is None or part.view):
                given = replace(given, held=True)  # the other parts read it
            result = self.lower(part.tree, given)
            if part.weight is not None:
                if result.columns is not None and not tree.by_name:
                    raise NotLowered("a weight of the input, which may be a list")
                result = weighted(self, result, *part.weight)
            results.append(result)
        if tree.frame is not None and results and all(r.frame is not None for r in results):
            return side_by_side(self, results, tree.frame)
        sparse = tree.sparse if tree.sparse is not None else any(r.sparse for r in results)
        if not sparse:
            results = [self.dense(result) for result in results]
        parts = [self.arrays(result) for result in results]
        pieces = tuple(piece for part in parts for piece in part)
        if tree.by_name and not tree.parts:
            pieces = (Piece(self.panel(F64, []), 0, FLOAT64),)  # np.zeros
        orders = [
            (order_of(result), sum(piece.width for piece in part))
            for result, part in zip(results, parts, strict=True)
        ]
        if sparse and any(piece.dtype == np.float16 for piece in pieces):
            raise NotLowered("SciPy has no sparse float16")
        made = Value(pieces=pieces, sparse=sparse, order=stacked_order(orders))
        return made if tree.frame is None else self.framed(made, value, tree.frame)

    def select(self, value: Value, which: list[int], view: bool = False) -> Value:
        """Some columns; ``view``: as NumPy's slices choose them."""
        if value.sparse:
            return self.sifted(value, which, 0)
        frame = value.frame
        if frame is not None and frame.names is not None:
            frame = replace(frame, names=tuple(frame.names[i] for i in which))
        if value.columns is not None:
            # NumPy puts the columns that a list chooses of an array in Fortran's order.
            order = "FF" if self.container == "array" and not view else value.order
            return Value(columns=tuple(value.columns[i] for i in which), order=order, frame=frame)
        if frame is not None and len({(p.dtype, p.column) for p in value.pieces}) > 1:
            return select_apart(self, value, which, frame)
        dtype = together([piece.dtype for piece in value.pieces])
        panel = self.join(value.pieces, which, panel_type(dtype))
        # So do pandas' frames, whatever chooses.
        kept = view or (frame is not None and frame.kind == "pandas")
        order = order_of(value) if kept else "FF"
        return Value(pieces=(Piece(panel, len(which), dtype, order=order),), frame=frame)

    def wide_out(self, value: Value) -> bool:
        """Whether the indices of a sparse output have 64 bits."""
        shown = {piece.panel for piece in value.pieces}
        kept = [step[1] for step in self.steps if step[0] in KEEP_INDICES]
        live = self.wide & shown.union(*kept)
        if live and (live != shown or len(value.pieces) > 1):
            raise NotLowered("indices of 64 bits behind other steps")
        return bool(live)

    # -- The program

    def run(self) -> Lowered:
        columns = tuple(Column(i, tag) for i, tag in enumerate(self.tags))
        order = ORDERS.get(self.container, "CC")
        given = Value(columns=columns, order=order, frame=self.given_frame())
        if self.container in ("csr", "csc"):
            given = self.matrix(np.dtype(self.tags[0]))
        value = self.lower(self.recipe.tree, given)
        if value.columns is not None and (value.frame is None or value.frame is given.frame):
            raise NotLowered("the input itself is the output")
        if value.sparse and value.csc:
            raise NotLowered("a CSC matrix comes out")
        pieces = value.pieces if value.columns is None else columns_of(self, value)
        frame = None if value.frame is None else frame_out(value.frame, pieces)
        pieces = tuple(piece for piece in pieces if piece.column is None)
        dtype = together([piece.dtype for piece in pieces])
        if dtype.kind not in "biuf" or dtype.str[1:] == "f2" or dtype.itemsize > 8:
            raise NotLowered(f"{dtype} output")
        inputs = len(self.panels)

        def place(panel: int) -> int:
            return panel if panel >= 0 else inputs - panel - 1

        steps = tuple(
            (family, tuple(map(place, panels)), type_, width, blob)
            for family, panels, type_, width, blob in self.steps
        )
        out = tuple((place(p.panel), int(p.onehot), p.width) for p in pieces)
        if self.handed & set(self.texts):
            raise NotLowered("texts that are handed through as well")
        names = self.recipe.names
        sources = tuple(
            (s.column, names[s.column] if names else None, s.reads, s.none_code, s.nan_code)
            for s in self.sources
        )
        program = _core.Program(
            sources, tuple(self.panels), steps, out, self.recipe.columns, dtype, self.watch()
        )
        width = sum(piece.width for piece in pieces)
        order = order_of(value)
        lowered = Lowered(program, self.sources, value.sparse, dtype, width, order, self.texts)
        lowered.varying, lowered.forward = self.varying, self.forward
        lowered.fills = self.fills
        if self.container == "rows" and names:
            asked = used_columns(self.recipe.tree, self.recipe.columns)
            read = {source.column for source in self.sources}
            lowered.unread = tuple(names[i] for i in sorted(asked - read))
        lowered.frame = frame
        lowered.wide = value.sparse and self.wide_out(value)
        return lowered

    def matrix(self, dtype: np.dtype[Any]) -> Value:
        """The input where it is a sparse matrix."""
        source = self.source("csr", Source(0, sparse=True))
        width = self.recipe.columns
        self.panels.append((CSR, (source,), width))
        number = len(self.panels) - 1
        self.types[number] = CSR
        self.matrices.add(number)
        piece = Piece(number, width, dtype, csr=True)
        return Value(pieces=(piece,), sparse=True, csc=self.container == "csc")

    def given_frame(self) -> Framed | None:
        """The frame that the input is, or stands for."""
        if self.container not in ("pandas", "rows", "table"):
            return None
        kind = "table" if self.container == "table" else "pandas"
        return Framed(kind, None, self.container == "pandas")


#: Kinds whose lowering takes a sparse value.
READS_SPARSE = frozenset(("tfidf",))

#: Families that leave indices as wide as they are; steps of scikit-learn's make 32 bits of them.
KEEP_INDICES = frozenset(("stack", "weigh", "nudge"))

#: Families that move what the functions give which they call: their own result may be further off.
MOVED_INSIDE = frozenset(("power",))

#: How such a kind is lowered.
Special = Callable[[Lowering, Step, Value], Value]
