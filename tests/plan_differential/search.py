"""The search for a difference, and the smallest pipeline that shows it."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sklearn import set_config

from .cases import Case, case, fit
from .judge import Judge
from .smaller import smallest


@dataclass
class Tally:
    """What was tried."""

    fitted: int = 0
    refused: int = 0
    native: int = 0
    inputs: int = 0
    taken: int = 0
    differences: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.fitted} pipelines (and {self.refused} that scikit-learn does not fit), "
            f"{self.native} of them native, on {self.inputs} inputs, "
            f"{self.taken} of which loaded plans took; {len(self.differences)} differ"
        )


class Differs(AssertionError):
    """A pipeline and an input with which a plan does something else."""


def search(pipelines: int, seed: int, first: int = 0, *, go_on: bool = False) -> Tally:
    """Try so many pipelines.

    Raises
    ------
    Differs
        With the smallest case of the first difference, unless it is to ``go_on``.
    """
    set_config(print_changed_only=True)
    tally = Tally()
    number = first
    while tally.fitted < pipelines:
        found = case(seed, number)
        text = _tried(found, tally)
        if text:
            text = f"seed {seed}, number {number}: {text}"
            if not go_on:
                raise Differs(text)
            print(text, "\n", flush=True)
            tally.differences.append(text)
        number += 1
    return tally


def _tried(found: Case, tally: Tally) -> str | None:
    """What differs, or None."""
    if fit(found.est, found.X, found.y) is None:
        tally.refused += 1
        return None
    tally.fitted += 1
    try:
        judge = Judge(found.est)
        judge.names()
    except Exception as error:
        return f"{found.est!r}\nis not compiled: {traceback.format_exc()[-1500:]}{error}"
    tally.native += judge.native
    for make in found.makes:
        tally.inputs += 1
        difference = shown(judge, make)
        if difference:
            est, X, given, text = smallest(found, make, difference)
            return f"{text}\n{est!r}\nfitted on\n{X!r:.1500}\ngiven\n{given!r:.1500}"
    tally.taken += judge.taken
    return None


def shown(judge: Judge, make: Callable[[], Any]) -> str | None:
    """What differs with this input."""
    try:
        judge.check(make)
    except AssertionError as error:
        return str(error)[:1500] or "?"
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__}: {error} in {where.filename}:{where.lineno}"[:1500]
    return None
