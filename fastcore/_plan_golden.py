"""Golden rows: a few input rows and what they became when the plan was saved.

At load they are computed again. Where the result is not the same the plan must not be used: this
machine, this NumPy or this fastcore computes something else than what the model was trained on.
Exact steps must give the same bits. A step whose arithmetic NumPy itself varies between CPUs (its
``log1p`` on AVX-512 and elsewhere) carries the parameter ``varies``. Behind it the result may lie
as far away as 4 ulp take it at each of the numbers that such functions give, before anything is
done to them: what is 4 ulp of a logarithm may be many of what is left when its mean is taken off.
How far that is, is found by moving those numbers, in several runs that move them up and down.

A plan that is given float32 computes with other constants and other functions, so the same rows are
kept as float32 too.

No training data is at hand when a plan is made, so the inputs come from what the steps have learnt:
their means, edges, categories and so on, and missing and unknown values.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ._lowering import Move
from ._plan_samples import golden_samples
from ._plan_tree import Chain, Parallel, Recipe, Tree, pack, unpack

#: Rows that are kept; cells of output that they may have together; the ulp that a step may vary.
ROWS, CELLS, ULPS = 16, 1 << 18, 4
#: Rows of more columns than this are not kept.
MAX_WIDTH = 1 << 22
#: Runs that looking for rows may take.
BUDGET = 1500
UNKNOWN = "\N{REPLACEMENT CHARACTER} unknown"
TEXT = "The quick brown fox of 1984, çà et là: naïve Ærøskøbing!"

Run = Callable[[list[Any]], np.ndarray | None]


@dataclass
class Golden:
    """Input rows (lists of float, str, None), and the vector that each became."""

    rows: list[list[Any]]
    values: np.ndarray  # len(rows) x width
    single: Golden | None = None  # the same for columns of float32


@dataclass(frozen=True)
class Seen:
    """How the golden rows came out."""

    rows: int
    largest: float  # difference, where the one that is allowed is ULPS

    def __str__(self) -> str:
        if not self.rows:
            return "no golden rows"
        how = f"within {self.largest:.3g} ulp" if self.largest else "equal bit for bit"
        return f"{self.rows} golden rows {how}"

    def __add__(self, other: Seen) -> Seen:
        return Seen(self.rows + other.rows, max(self.largest, other.largest))


# ---- In files ---------------------------------------------------------------------------------


def golden_out(golden: Golden, arrays: list[np.ndarray]) -> dict[str, Any]:
    """As JSON and arrays; output that is mostly zero is kept by its other cells."""
    flat = golden.values.ravel()
    at = np.flatnonzero(flat.view(np.uint64))
    data = {
        "rows": [pack(row, arrays) for row in golden.rows],
        "shape": list(golden.values.shape),
        "at": pack(at if 2 * len(at) < len(flat) else None, arrays),
    }
    data["values"] = pack(flat if data["at"] is None else flat[at], arrays)
    if golden.single is not None:
        data["single"] = golden_out(golden.single, arrays)
    return data


def golden_in(data: dict[str, Any], arrays: list[np.ndarray]) -> Golden:
    """The inverse of :func:`golden_out`."""
    golden = _golden_in(data, arrays)
    if data.get("single") is not None:
        golden.single = _golden_in(data["single"], arrays)
    return golden


def _golden_in(data: dict[str, Any], arrays: list[np.ndarray]) -> Golden:
    rows = [unpack(row, arrays) for row in data["rows"]]
    count, width = (int(n) for n in data["shape"])
    if count != len(rows) or width < 0 or count * width > max(CELLS, MAX_WIDTH):
        raise ValueError("golden rows of another shape than their values")
    at, values = unpack(data["at"], arrays), unpack(data["values"], arrays)
    if at is None:
        return Golden(rows, values.astype(np.float64).reshape(count, width))
    whole = np.zeros(count * width)
    if at.dtype.kind != "i" or (len(at) and at.min() < 0):
        raise ValueError("golden values out of place")
    whole[at] = values
    return Golden(rows, whole.reshape(count, width))


# ---- Making them ------------------------------------------------------------------------------


def _plain(value: Any) -> Any:
    """A learnt value as a row would have it; None also stands for what is no value of a cell."""
    if isinstance(value, str):
        return value
    if isinstance(value, (int, float, np.integer, np.floating)) and np.isfinite(value):
        return float(value)
    return None


def _learnt(params: dict[str, Any], width: int, column: int) -> list[Any]:
    """What a step knows of a column: its items of vectors, the ends and middles of lists."""
    found: list[Any] = []
    for values in params.values():
        vector = isinstance(values, np.ndarray) and values.ndim and len(values) == width
        if not vector and not (isinstance(values, list) and len(values) == width):
            continue
        value = values[column]
        if isinstance(value, (list, np.ndarray)):
            items = value if isinstance(value, list) else value.ravel().tolist()
            some = [items[k] for k in sorted({0, 1, len(items) // 2, len(items) - 1}) if items[k:]]
            found.extend(_plain(item) for item in some)
        else:
            found.append(_plain(value))
    return [value for value in found if value is not None]


def candidates(tree: Tree, columns: int) -> list[list[Any]]:
    """For each column, values that its first steps know."""
    found: list[list[Any]] = [[] for _ in range(columns)]
    if isinstance(tree, Parallel):
        for part in tree.parts:
            which = list(range(columns)) if part.columns is None else part.columns
            for index, inner in zip(which, candidates(part.tree, len(which)), strict=True):
                found[index].extend(inner)
        return found
    for step in tree.steps if isinstance(tree, Chain) else [tree]:
        if isinstance(step, (Chain, Parallel)):
            inner_found = candidates(step, columns)
            for mine, inner in zip(found, inner_found, strict=True):
                mine.extend(inner)
            break
        if step.width != columns:
            break
        if "analyzer" in step.params:
            found[0].extend(golden_samples(Recipe(step, 1, None, root="documents")))
            break
        for column, mine in enumerate(found):
            mine.extend(_learnt(step.params, step.width, column))
    return found


def base_row(recipe: Recipe, run: Run) -> list[Any] | None:
    """A row of plain values that is taken, or None."""
    return _base(candidates(recipe.tree, recipe.columns), run)


def _base(found: list[list[Any]], run: Run) -> list[Any] | None:
    texts = [next((v for v in values if isinstance(v, str)), None) for values in found]
    numbers = [next((v for v in values if isinstance(v, float)), None) for values in found]
    for number in (None, 1.0, 0.5, 0.0, 2.0):
        for text in (UNKNOWN, TEXT):
            for bare in (1.0 if number is None else number, text):
                row = [
                    t if t is not None else n if n is not None and number is None else bare
                    for t, n in zip(texts, numbers, strict=True)
                ]
                if run(row) is not None:
                    return row
    return None


def _with(row: list[Any], wanted: dict[int, Any], run: Run, left: list[int]) -> list[Any]:
    """The row with as many of the wanted cells as are taken; what is refused is found by halves."""
    stack = [list(wanted)]
    while stack and left[0] > 0:
        some = stack.pop()
        if not some:
            continue
        left[0] -= 1
        tried = list(row)
        for column in some:
            tried[column] = wanted[column]
        if run(tried) is not None:
            row = tried
        elif len(some) > 1:
            stack += [some[len(some) // 2 :], some[: len(some) // 2]]
    return row


def make(recipe: Recipe, width: int, run: Run) -> Golden | None:
    """The golden rows of a plan; None where none can be found, or they would be too wide."""
    if width > MAX_WIDTH or not recipe.columns:
        return None
    if recipe.root is not None:
        return _of_samples(recipe, width, run)
    found = candidates(recipe.tree, recipe.columns)
    base = _base(found, run)
    if base is None:
        return None
    rows = [base]
    left = [BUDGET]
    for number in range(1, max(1, min(ROWS, CELLS // max(width, 1)))):
        wanted = {}
        for column, values in enumerate(found):
            value = _wanted(number, column, values, base[column])
            if value != base[column]:
                wanted[column] = value
        row = _with(base, wanted, run, left)
        if not any(_same(row, other) for other in rows):
            rows.append(row)
    return with_values(rows, run)


def with_values(rows: list[list[Any]], run: Run) -> Golden:
    """These rows, but for those that are refused, and what they become."""
    values = [run(row) for row in rows]
    kept = [(r, v) for r, v in zip(rows, values, strict=True) if v is not None]
    return Golden([r for r, _ in kept], np.array([v for _, v in kept], dtype=np.float64))


def _of_samples(recipe: Recipe, width: int, run: Run) -> Golden | None:
    most = max(1, min(ROWS, CELLS // max(width, 1)))
    found: list[tuple[list[Any], np.ndarray]] = []
    for sample in golden_samples(recipe):
        value = run([sample]) if len(found) < most else None
        if value is not None:
            found.append(([sample], np.array(value, dtype=np.float64)))
    return Golden([r for r, _ in found], np.array([v for _, v in found])) if found else None


def _same(one: list[Any], other: list[Any]) -> bool:
    return repr(one) == repr(other)


def _wanted(number: int, column: int, values: list[Any], base: Any) -> Any:
    """The value of a column in golden row `number`: missing, unknown, then what was learnt."""
    if number == 1:
        return None
    if isinstance(base, str):
        texts = [v for v in values if isinstance(v, str)] or [TEXT]
        chosen: list[Any] = [UNKNOWN, "", TEXT, " ".join(texts[:8]), *texts]
        return float("nan") if number == 2 else chosen[(number - 3) % len(chosen)]
    numbers = [v for v in values if isinstance(v, float)]
    if number == 2:
        return float("nan")
    spread = [base + 0.37 + 0.61 * column, -1.5, 0.0, 3.25e5, *numbers]
    spread += [v + 0.1 for v in numbers[:4]]
    return spread[(number + column) % len(spread)]


# ---- Comparing --------------------------------------------------------------------------------


def moves() -> list[Move]:
    """Up and down, all columns alike, and in four ways of which two columns share few."""
    masks = (0, *(0x1111111111111111 << bit for bit in range(3)), 0x0888888888888888)
    return [Move(ulps, mask) for mask in masks for ulps in (ULPS, -ULPS)]


def _same_bits(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    same: np.ndarray = ours.view(np.int64) == theirs.view(np.int64)
    same |= (ours != ours) & (theirs != theirs)
    return same


def _slack(rows: list[list[Any]], now: list[np.ndarray], others: list[Run]) -> np.ndarray:
    """How far each output may lie away; 0 where nothing varies."""
    slack = np.zeros((len(rows), len(now[0])))
    for other in others:
        for row, values, most in zip(rows, now, slack, strict=True):
            moved = other(row)
            if moved is not None:
                gap = np.abs(np.asarray(moved, dtype=np.float64) - values)
                np.fmax(most, gap, out=most)
    # Where several columns meet, their errors may sum up to what no run had, and round otherwise.
    spacing = np.array([np.spacing(np.abs(values)) for values in now], dtype=np.float64)
    behind = (slack > 0).any(axis=0)
    return np.where(behind, np.fmax(slack, spacing), 0.0)


def check(
    golden: Golden, run: Run, moved: Callable[[], list[Run]], names: list[str] | None
) -> Seen:
    """ValueError if the rows do not come out as they did; the largest difference otherwise.

    ``moved`` makes the runs whose numbers are moved; it is called where there is a difference.
    """
    found = [run(row) for row in golden.rows]
    for number, (values, stored) in enumerate(zip(found, golden.values, strict=True)):
        if values is None:
            raise ValueError(f"does not fit here: golden row {number} is refused")
        if values.shape != stored.shape:
            raise ValueError(f"does not fit here: golden row {number} has another width")
    now = [np.asarray(values) for values in found]
    ours = np.array(now, dtype=np.float64)
    other = ~_same_bits(ours, golden.values)
    if not other.any():
        return Seen(len(now), 0.0)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        slack = _slack(golden.rows, now, moved())
        share = np.where(other, np.abs(ours - golden.values) / slack, 0.0)
        wrong = other & ~(share <= 1)
    if wrong.any():
        number, at = (int(places[0]) for places in np.nonzero(wrong))
        name = names[at] if names and at < len(names) else str(at)
        raise ValueError(
            f"does not compute here what it computed when it was saved: output {name!r} of "
            f"golden row {number} is {ours[number, at]!r}, and was {golden.values[number, at]!r}"
        )
    return Seen(len(now), ULPS * float(share.max()))
