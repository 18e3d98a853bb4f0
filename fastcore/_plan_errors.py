"""Which cell a plan does not take, and what that means: errors that name column and value.

Where there is an estimator, it speaks: type and text of the exception are its own, and the cell is
added as a note. A plan that was loaded from a file has none; it raises what scikit-learn would,
with the cell in the text. All of this runs only after a refusal.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _plan_golden, _plan_input, _plan_samples
from ._plan_samples import Sample
from ._plan_store import copied, row_runner

if TYPE_CHECKING:
    from .plan import Plan

#: Rows that are looked through one by one, where batches tell nothing.
SEARCHED = 256
#: Names in a message, as many as scikit-learn lists.
SHOWN = 5
#: Containers without names.
ARRAYS = ("array", "lists", "other", "csr", "csc")
#: Containers of which no cell is looked for.
UNSEARCHED = ("labels", "csr", "csc")


@dataclass(frozen=True)
class Cell:
    """A cell that is refused: where it is, and what is in it."""

    column: int
    name: str | None
    row: int
    value: Any

    def __str__(self) -> str:
        name = repr(self.name) if self.name is not None else str(self.column)
        return f"column {name}, row {self.row}: {self.value!r}"


# ---- Finding the cell -------------------------------------------------------------------------


def _length(X: Any, container: str) -> int:
    if container == "named":
        return len(next(iter(X.values()), ()))
    return int(X.num_rows) if container == "columns" else len(X)


def _slice(X: Any, container: str, first: int, last: int) -> Any:
    if container == "pandas":
        return X.iloc[first:last]
    if container == "named":
        return {name: array[first:last] for name, array in X.items()}
    return X.slice(first, last - first) if container == "arrow" else X[first:last]


def _row(X: Any, container: str, number: int, names: list[str] | None, nan: bool) -> list[Any]:
    """A row's cells in the order of the fitted columns; a KeyError names a column that is none."""
    if container in ARRAYS:
        return [_python(value) for value in X[number]]
    assert names is not None
    if container == "pandas":
        return [_python(X[name].iloc[number]) for name in names]
    if container in ("polars", "named"):
        return [_python(X[name][number]) for name in names]
    if container == "arrow":
        return [X.column(name)[number].as_py() for name in names]
    fields = _plan_input.as_mapping(X[number]) or {}
    if nan:
        return [fields.get(name, math.nan) for name in names]
    return [fields[name] for name in names]


def _lists(X: Any, columns: int) -> bool:
    return isinstance(X, (list, tuple)) and all(
        isinstance(row, (list, tuple)) and len(row) == columns for row in X
    )


def _python(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _first_refused(
    plan: Plan, X: Any, container: str, nan: bool, taken: Callable[[int], bool]
) -> int | None:
    """The first row that is refused."""
    first, last = 0, _length(X, container)

    def refused(a: int, b: int) -> bool:
        part = _slice(X, container, a, b)
        return plan._native(part, container, None, None, 1, nan) is None

    if container in ("rows", "lists", "other") or refused(first, min(first + 1, last)):
        # What is refused may be the kind of the input and no value of it.
        return next((row for row in range(min(last, SEARCHED)) if not taken(row)), None)
    while last - first > 1:
        middle = (first + last) // 2
        if refused(first, middle):
            last = middle
        else:
            first = middle
    return first if last > first and not taken(first) else None


def find(plan: Plan, X: Any, container: str, nan: bool) -> Cell | None:
    """The first cell that is refused by itself; None where no single one is."""
    if container == "columns":
        X, container = X.to_rows(), "rows"
    plan = copied(plan)  # what is tried here is not counted
    recipe = plan._recipe
    run = row_runner(plan)
    if recipe is None or run is None or container in UNSEARCHED:
        return None
    if container in ("lists", "other") and not _lists(X, recipe.columns):
        return None
    if container == "array" and (X.ndim != 2 or X.shape[1] != recipe.columns):
        return None
    wanted = (
        [recipe.names[i] if i in plan._used else "" for i in range(recipe.columns)]
        if (recipe.names and container not in ARRAYS)
        else None
    )
    base = _plan_golden.base_row(recipe, run)
    if base is None:
        return None

    def cells(row: int) -> list[Any]:
        if wanted is None:
            return _row(X, container, row, None, nan)
        used = [name for i, name in enumerate(wanted) if i in plan._used]
        found = dict(zip(used, _row(X, container, row, used, nan), strict=True))
        return [found[n] if i in plan._used else base[i] for i, n in enumerate(wanted)]

    row = _first_refused(plan, X, container, nan, lambda number: run(cells(number)) is not None)
    if row is None:
        return None
    for column, value in enumerate(cells(row)):
        if run([*base[:column], value, *base[column + 1 :]]) is None:
            name = recipe.names[column] if recipe.names else None
            return Cell(column, name, row, value)
    return None


def _found(plan: Plan, X: Any, container: str, nan: bool) -> Cell | Sample | None:
    try:
        if container == "samples":
            return _plan_samples.found(plan, X)
        if plan._warns:
            plan = plan._unseen().plan
        return find(plan, X, container, nan)
    except Exception:  # an input of any kind, perhaps of a forged plan: the refusal itself matters
        return None


def annotate(plan: Plan, X: Any, container: str, nan: bool, error: BaseException) -> None:
    """The cell as a note of the estimator's own exception, where there is one."""
    cell = _found(plan, X, container, nan)
    if cell is not None:
        error.add_note(f"fastcore: {cell}")


# ---- What scikit-learn would say --------------------------------------------------------------


def refusal(plan: Plan, X: Any, container: str, nan: bool) -> Exception:
    """The exception of a plan without an estimator."""
    if container == "labels":
        return _labels(plan, X)
    if plan._root is not None:
        return _plan_samples.refusal(plan, X, container)
    found = _shape(plan, X, container) or _names(plan, X, container, nan)
    if found is not None:
        return found
    cell = _found(plan, X, container, nan)
    if isinstance(cell, Cell):
        return _meaning(plan, cell)
    why = next((text for text in plan._programs.values() if isinstance(text, str)), "")
    return ValueError(
        f"X: this plan was loaded from a file and has no estimator to ask about a "
        f"{type(X).__name__} that it does not take natively{': ' + why if why else ''}; "
        "float64 columns and texts are what it takes"
    )


def _labels(plan: Plan, y: Any) -> Exception:
    """Of labels, where the first one that is refused is not known."""
    run = row_runner(copied(plan))
    rest = "labels of the kind that it was fitted on are what it takes"
    assert plan._labels is not None
    if plan._labels.form == "encode" and isinstance(y, (list, tuple, np.ndarray)) and run:
        for label in list(y)[:SEARCHED]:
            if run([_python(label)]) is None:
                return ValueError(f"y contains previously unseen labels: {_python(label)!r}")
    return ValueError(
        f"y: this plan was loaded from a file and has no estimator to ask about a "
        f"{type(y).__name__} that it does not take natively; {rest}"
    )


def _shape(plan: Plan, X: Any, container: str) -> Exception | None:
    columns, title = plan.n_features_in_, plan.explain().title
    if container in ("lists", "other"):
        try:
            shape = np.shape(X)
        except ValueError:
            shape = ()
    else:
        matrix = container in ("array", "csr", "csc")
        shape = X.shape if matrix else (_length(X, container), columns)
    if container in ARRAYS and len(shape) != 2:
        kind = f"{len(shape)}D array" if shape else "scalar array"
        return ValueError(
            f"Expected 2D array, got {kind} instead. Reshape your data either using "
            "array.reshape(-1, 1) if your data has a single feature or array.reshape(1, -1) if it "
            "contains a single sample."
        )
    if shape[1] != columns:
        return ValueError(
            f"X has {shape[1]} features, but {title} is expecting {columns} features as input."
        )
    if not shape[0]:
        return ValueError(
            f"Found array with 0 sample(s) (shape={tuple(shape)}) while a minimum of 1 is required."
        )
    return None


def _given(plan: Plan, X: Any, container: str, nan: bool) -> list[Any] | None:
    if container in ARRAYS:
        return None
    if container == "columns":
        return list(X.names)
    if container != "rows":
        return _plan_input.frame_names(X, container)
    names = plan._recipe.names if plan._recipe else None
    if names is None or nan:
        return None
    some = [_plan_input.as_mapping(row) for row in X]
    if any(fields is None for fields in some):
        return None
    return [name for name in names if all(name in fields for fields in some if fields is not None)]


def _names(plan: Plan, X: Any, container: str, nan: bool) -> Exception | None:
    recipe = plan._recipe
    given = _given(plan, X, container, nan)
    if recipe is None or recipe.names is None or given is None:
        array = container in ARRAYS
        if array and recipe is not None and recipe.names is not None and plan._by_name:
            return ValueError(
                "Specifying the columns using strings is only supported for dataframes."
            )
        return None
    missing = [name for i, name in enumerate(recipe.names) if i in plan._used and name not in given]
    if plan._by_name or container == "rows":
        return ValueError(f"columns are missing: {set(missing)!r}") if missing else None
    unseen = [name for name in given if name not in recipe.names]
    if not missing and not unseen and given == recipe.names:
        return None
    message = "The feature names should match those that were passed during fit.\n"
    message += _listed("Feature names unseen at fit time:\n", unseen)
    message += _listed("Feature names seen at fit time, yet now missing:\n", missing)
    if not missing and not unseen:
        message += "Feature names must be in the same order as they were in fit.\n"
    return ValueError(message)


def _listed(head: str, names: Sequence[Any]) -> str:
    if not names:
        return ""
    lines = [f"- {name}\n" for name in sorted(map(str, names))[:SHOWN]]
    return head + "".join(lines) + ("- ...\n" if len(names) > SHOWN else "")


def _meaning(plan: Plan, cell: Cell) -> Exception:
    value = cell.value
    row = plan._row
    text = row is not None and any(
        source.column == cell.column and source.table is not None for source in row.sources
    )
    if isinstance(value, float) and math.isinf(value):
        said = "Input X contains infinity or a value too large for dtype('float64')."
        return ValueError(f"{said} ({cell})")
    unknown = f"Found unknown categories [{value!r}] in column {cell.column} during transform"
    absent = value is None or (isinstance(value, float) and math.isnan(value))
    if text and (absent or isinstance(value, str)):
        return ValueError(f"{unknown} ({cell})")
    if text or (isinstance(value, str) and _is_number(value)):
        what, kind = ("a text" if text else "a number"), type(value).__name__
        return ValueError(
            f"X: expected {what}, got a {kind}; this plan was loaded from a file and has no "
            f"estimator to ask ({cell})"
        )
    if isinstance(value, str):
        return ValueError(f"could not convert string to float: {value!r} ({cell})")
    if absent:
        return ValueError(f"Input X contains NaN. ({cell})")
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**63:
        said = "Input X contains infinity or a value too large for dtype('float64')."
        return ValueError(f"{said} ({cell})")
    if not isinstance(value, (int, float)):
        kind = type(value).__name__
        said = f"float() argument must be a string or a real number, not {kind!r}"
        return TypeError(f"{said} ({cell})")
    return ValueError(f"{unknown}, or no value for what this column was fitted on ({cell})")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
