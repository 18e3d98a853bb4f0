"""Draws cases and judges them: case `i` of a seed is the same in any run."""

from __future__ import annotations

import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np

from . import bins, ranks, tables, values, vectors
from .referee import Differs

#: Each draws its samples and options, compares, and tells what it drew; some are drawn more often.
JUDGES: dict[str, tuple[Callable[[Any], str], int]] = {
    "ks_2samp": (ranks.ks_2samp, 4),
    "kuiper_2samp": (ranks.kuiper_2samp, 2),
    "mannwhitneyu": (ranks.mannwhitneyu, 4),
    "cramervonmises_2samp": (ranks.cramervonmises_2samp, 4),
    "anderson_ksamp": (ranks.anderson_ksamp, 4),
    "bws_test": (ranks.bws_test, 2),
    "ttest_ind": (values.ttest_ind, 4),
    "epps_singleton_2samp": (values.epps_singleton_2samp, 2),
    "wasserstein_distance": (values.wasserstein_distance, 4),
    "energy_distance": (values.energy_distance, 4),
    "permuted": (values.permuted, 4),
    "counts": (bins.counts, 8),
    "binned": (bins.binned, 4),
    "fisher_exact": (tables.fisher_exact, 2),
    "ztest_proportions": (tables.ztest_proportions, 2),
    "adjust": (tables.adjust, 1),
    "report": (tables.report, 3),
    "mmd": (vectors.mmd, 2),
    "lsdd": (vectors.lsdd, 1),
    "scored": (vectors.scored, 1),
}


def search(
    cases: int, seed: int, begin: int = 0, only: str | None = None, stop: bool = True
) -> tuple[Counter[str], list[str]]:
    """How many cases of each were equal, and what is to be read of those that were not."""
    names = [name for name, (_, times) in JUDGES.items() for _ in range(times)]
    count: Counter[str] = Counter()
    found = []
    for case in range(begin, begin + cases):
        name = only or names[case % len(names)]
        generator = np.random.default_rng([seed, case])
        text = f"{name}: python -m tests.drift_differential --seed {seed} --begin {case} --cases 1"
        text += f" --only {name}" if only else ""
        try:
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of SciPy; what it says is looked at apart
                JUDGES[name][0](generator)
            count[name] += 1
        except Differs as error:
            found.append(f"{text}\n  {_drawn(error)}{error}")
        except Exception as error:
            found.append(f"{text}\n  {_drawn(error)}{traceback.format_exc(limit=-2)}")
        if stop and found:
            break
    return count, found


def _drawn(error: BaseException) -> str:
    """What the judge had drawn, if it had come so far."""
    at = error.__traceback__
    while at is not None:
        if isinstance(text := at.tb_frame.f_locals.get("shown"), str):
            return text + ": "
        if "p" in at.tb_frame.f_locals and hasattr(at.tb_frame.f_locals["p"], "shown"):
            return str(at.tb_frame.f_locals["p"].shown) + ": "
        at = at.tb_next
    return ""
