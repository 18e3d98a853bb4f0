"""From plans to bytes and back: files, pickles and copies of a plan all go this way."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from . import _plan_file, _plan_golden
from ._config import disabled
from ._lower import NotLowered, lower
from ._lowering import Move
from ._plan_golden import Run, Seen
from ._plan_samples import live
from .explanation import Node

if TYPE_CHECKING:
    from .plan import Plan


def row_runner(plan: Plan, move: Move | None = None) -> Run | None:
    """One row in the order of the fitted columns to its output, or None where it is refused."""
    lowered = plan._row
    if lowered is None or plan._recipe is None:
        sets = plan._labels is not None and plan._labels.form == "sets"
        return plan._labels.run_one if plan._labels is not None and sets else None
    if move is not None:
        auto, container = ("auto", "rows") if plan._root is None else ("text", "samples")
        lowered = lower(plan._recipe, (auto,) * plan._recipe.columns, container, move)
    program, root = lowered.program, plan._root

    def run(row: list[Any]) -> np.ndarray | None:
        return program.run_row(row if root is None else live(root, row), False)

    return run


def single_runner(plan: Plan, move: Move | None = None) -> Run | None:
    """The same for a frame whose numbers are float32; None where such a frame is the original's."""
    if plan._row is None or plan._recipe is None or plan._root is not None:
        return None
    texts = {s.column for s in plan._row.sources if s.reads is not None}
    columns = plan._recipe.columns
    tags = tuple("text" if column in texts else "<f4" for column in range(columns))
    if len(texts) == columns:
        return None
    try:
        lowered = lower(plan._recipe, tags, "pandas", move)
    except NotLowered:
        return None
    if lowered.width != plan._row.width:  # columns of a frame that come out as they are
        return None
    program, sources = lowered.program, lowered.sources

    def run(row: list[Any]) -> np.ndarray | None:
        vectors = []
        for which, source in enumerate(sources):
            cell = row[source.column]
            if source.reads is None:
                with np.errstate(over="ignore"):
                    vectors.append(np.array([np.nan if cell is None else cell], dtype=np.float32))
                continue
            given = np.array([cell], dtype=object)
            vector = given if source.text else program.codes(which, given)
            if vector is None:
                return None
            vectors.append(vector)
        found = program.run(tuple(vectors), 1, None, None, 1)
        return None if found is None else found[0]

    return run


def single_golden(plan: Plan, rows: list[list[Any]]) -> _plan_golden.Golden | None:
    """Those of the rows that are taken as float32, and what they become."""
    run = single_runner(plan)
    found = None if run is None else _plan_golden.with_values(rows, run)
    return found if found is not None and found.rows else None


def stored(plan: Plan) -> _plan_file.Stored:
    """What is written of a native plan; a loaded one is written as it was."""
    assert plan._recipe is not None
    if plan._stored is not None:
        return plan._stored
    recipe, run = plan._recipe, row_runner(copied(plan))  # golden rows are not counted
    if run is not None and len(recipe.names_out or ()) != _width(plan):
        recipe = replace(recipe, names_out=None)  # KNNImputer names no features that it keeps empty
    golden = None
    if run is not None:
        golden = _plan_golden.make(recipe, _width(plan), run)
        if golden is not None:
            golden.single = single_golden(plan, golden.rows)
    return _plan_file.Stored(
        recipe,
        type(plan._estimator).__name__,
        _plan_file.made_here(),
        inputs(plan),
        [Node(node.path, node.kind, True) for node in plan._nodes],
        golden,
    )


def _width(plan: Plan) -> int:
    """Of the rows that :func:`row_runner` makes."""
    if plan._row is not None:
        return plan._row.width
    return plan._labels.width if plan._labels is not None else 0


def inputs(plan: Plan) -> list[dict[str, Any]]:
    """The names of the input columns, and what each held: ``number``, ``text`` or unknown."""
    recipe = plan._recipe
    assert recipe is not None
    names: Sequence[str | None] = recipe.names or [None] * recipe.columns
    held = {"number": "number", "nan": "text", "none": "text"}
    return [
        {"name": name, "held": held.get(plan._roles.get(index, ""), "")}
        for index, name in enumerate(names)
    ]


def opened(cls: type[Plan], data: bytes) -> Plan:
    """The plan of these bytes, golden rows computed again; ValueError if it must not be used."""
    content = _plan_file.from_bytes(data)
    try:
        plan = cls._make(None, None, content.recipe, [], 0.0)
    except MemoryError:
        raise
    except Exception as error:  # lowering relies on what readers of estimators write
        raise ValueError(f"is no valid plan: {error}") from None
    plan._stored = content
    _check_widths(plan, content)
    seen = _golden(plan, content)
    plan.reset_counters()
    versions = ", ".join(f"{name} {version}" for name, version in content.made.items())
    remark = f"loaded; {seen}" + (f"; made by {versions}" if versions else "")
    if disabled():
        remark += "; FASTCORE_DISABLE has nothing to go back to"
    plan._nodes = [Node("", content.title or "Plan", True, remark), *content.nodes]
    return plan


def _check_widths(plan: Plan, content: _plan_file.Stored) -> None:
    recipe, width = content.recipe, _width(plan)
    if row_runner(plan) is None:
        if content.golden is not None:
            raise ValueError("is no valid plan: golden rows of what takes no rows")
        return
    if recipe.names_out is not None and len(recipe.names_out) != width:
        raise ValueError("is no valid plan: another number of output names than of columns")
    golden = content.golden
    for each in (golden, golden and golden.single):
        if each is not None and each.values.shape[1] != width:
            raise ValueError("is no valid plan: golden rows of another width")


def _golden(plan: Plan, content: _plan_file.Stored) -> Seen:
    run = row_runner(plan)
    if content.golden is None or run is None:
        return Seen(0, 0.0)
    golden, names = content.golden, content.recipe.names_out
    try:
        seen = _plan_golden.check(golden, run, lambda: _moved(plan, row_runner), names)
        single = single_runner(plan)
        if golden.single is not None and single is not None:
            seen += _plan_golden.check(
                golden.single, single, lambda: _moved(plan, single_runner), names
            )
        return seen
    except (NotLowered, TypeError, OverflowError) as error:
        raise ValueError(f"is no valid plan: {error}") from None


def _moved(plan: Plan, runner: Callable[[Plan, Move], Run | None]) -> list[Run]:
    if plan._row is None or not plan._row.varying:
        return []
    found = [runner(plan, move) for move in _plan_golden.moves()]
    return [run for run in found if run is not None]


# ---- Pickles and copies -----------------------------------------------------------------------


def reduced(plan: Plan) -> tuple[Any, ...]:
    """A native plan as the bytes of its file; another one with its estimator beside it."""
    cls = type(plan)
    if plan._recipe is not None:
        return cls._from_bytes, (_plan_file.to_bytes(stored(plan)),)
    return cls._from_estimator, (plan._estimator, plan._asked_native, plan._verify)


def copied(plan: Plan) -> Plan:
    """The same plan with counters of its own: what it is made of never changes."""
    made = object.__new__(type(plan))
    made.__dict__.update(plan.__dict__)
    made._begin_counting()
    return made


class Storable:
    """The part of :class:`~fastcore.Plan` that has to do with files, pickles and copies."""

    def save(self: Any, path: str | os.PathLike[str]) -> None:
        """Write the plan to a file that needs neither pickle nor scikit-learn to be read.

        Raises
        ------
        UnsupportedError
            If a step runs scikit-learn's own transformer.
        OSError
            If the file cannot be written.
        """
        if self._recipe is None:
            raise self._not_native("save")
        _plan_file.save(path, _plan_file.to_bytes(stored(self)))

    @classmethod
    def load(cls: Any, path: str | os.PathLike[str]) -> Plan:
        """Read a plan that :meth:`save` wrote.

        Its golden rows, a few inputs with what they became when it was saved, are computed
        again, and must come out the same. A loaded plan has no estimator to ask: what it does not
        take natively it refuses, as the estimator would where that would.

        Raises
        ------
        ValueError
            If the file is not a plan, is damaged, is of a newer version, or does not compute here
            what it computed when it was saved.
        OSError
            If it cannot be read.
        """
        data = _plan_file.read(path)
        try:
            return opened(cls, data)
        except ValueError as error:
            raise ValueError(f"path: {os.fspath(path)!r} {error}") from None

    @classmethod
    def _from_bytes(cls: Any, data: bytes) -> Plan:
        return opened(cls, data)

    @classmethod
    def _from_estimator(cls: Any, estimator: Any, native: bool, verify: float) -> Plan:
        """Out of a pickle: the steps of scikit-learn's own came along."""
        plan = cls.from_sklearn(estimator, native=native, verify=verify)
        said = "pickled beside the plan"
        plan._nodes = [
            node
            if node.native
            else replace(node, reason=f"{node.reason}; {said}" if node.reason else said)
            for node in plan._nodes
        ]
        return cast("Plan", plan)

    def __reduce__(self: Any) -> Any:
        return reduced(self)

    def __copy__(self: Any) -> Plan:
        return copied(self)

    def __deepcopy__(self: Any, memo: Any) -> Plan:
        return copied(self)
