"""What encoders warn of: categories that they have not seen, where those are no errors.

A program is silent. So it refuses such a category, and what is here computes once more: the output,
by a recipe that takes it, and by one recipe for each encoder that warns, the columns to be named.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ._plan_tree import Chain, Parallel, Part, Step, Tree

if TYPE_CHECKING:
    from .plan import Plan

#: The kind of a step that tells for each cell whether its category is unknown.
KIND = "unseen"


def _warns(step: Step) -> bool:
    return step.kind == "onehot" and isinstance(step.params.get("said"), str)


def warns(tree: Tree) -> bool:
    """Whether some step warns of what it has not seen."""
    if isinstance(tree, Step):
        return _warns(tree)
    inner = tree.steps if isinstance(tree, Chain) else [part.tree for part in tree.parts]
    return any(warns(each) for each in inner)


def _lenient(tree: Tree) -> Tree:
    """The tree that takes such categories, in silence."""
    if isinstance(tree, Chain):
        return replace(tree, steps=[_lenient(step) for step in tree.steps])
    if isinstance(tree, Parallel):
        return replace(tree, parts=[replace(part, tree=_lenient(part.tree)) for part in tree.parts])
    if not _warns(tree):
        return tree
    tables = [
        np.append(table[:-1], unknown)
        for table, unknown in zip(tree.params["tables"], tree.params["unknown"], strict=True)
    ]
    return replace(tree, params={**tree.params, "tables": tables, "said": None})


def _watchers(tree: Tree) -> list[tuple[Tree | None, str]]:
    """In the order in which they warn: trees that watch an encoder, and what it says.

    Without a tree: what a step says at every call.
    """
    if isinstance(tree, Step):
        if _warns(tree):
            step = Step(KIND, {"categories": tree.params["categories"]}, tree.width)
            return [(step, tree.params["said"])]
        always = tree.params.get("warning")
        return [(None, always)] if isinstance(always, str) else []
    found: list[tuple[Tree | None, str]] = []
    if isinstance(tree, Chain):
        before: list[Tree] = []
        for link in tree.steps:
            for inner, said in _watchers(link):
                found.append((None if inner is None else Chain([*before, inner]), said))
            before = [*before, _lenient(link)]
        return found
    for part in tree.parts:
        for inner, said in _watchers(part.tree):
            alone = [] if inner is None else [Part(part.name, part.columns, inner)]
            found.append((Parallel(alone, False, tree.by_name) if alone else None, said))
    return found


class Unseen:
    """A plan's second way, for input with categories that its encoders warn of."""

    def __init__(self, plan: Plan) -> None:
        recipe = plan._recipe
        assert recipe is not None

        def made(tree: Tree) -> Plan:
            return type(plan)._make(None, None, replace(recipe, tree=tree, names_out=None), [], 0.0)

        self.plan = made(_lenient(recipe.tree))
        self.plan._begin_counting(plan._counts)
        self.watchers = [
            (None if tree is None else made(tree), said) for tree, said in _watchers(recipe.tree)
        ]

    def transform(
        self, X: Any, container: str, out: Any, dtype: Any, threads: int | None, nan: bool
    ) -> tuple[Any, list[str]]:
        """The output, or None where the original must be asked, and the warnings."""
        said: list[str] = []
        for watcher, text in self.watchers:
            if watcher is None:
                said.append(text)
                continue
            cells = watcher._native(X, container, None, None, threads, nan)
            if cells is None:
                return None, []
            said += _named(cells, text)
        return self.plan._native(X, container, out, dtype, threads, nan), said

    def row(self, row: Any, nan: bool) -> tuple[np.ndarray | None, list[str]]:
        """The same of a single row: a mapping or a sequence."""
        said: list[str] = []
        for watcher, text in self.watchers:
            if watcher is None:
                said.append(text)
                continue
            cells = None if watcher._row is None else watcher._row.program.run_row(row, nan)
            if cells is None:
                return None, []
            said += _named(cells[None], text)
        lowered = self.plan._row
        return None if lowered is None else lowered.program.run_row(row, nan), said


def _named(cells: np.ndarray, text: str) -> list[str]:
    columns = np.flatnonzero(cells.any(axis=0)).tolist()
    return [text.replace("{columns}", str(columns))] if columns else []
