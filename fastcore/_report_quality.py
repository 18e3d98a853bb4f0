"""What a report says of the data themselves, besides whether they have drifted."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ._reference import BOOLEAN, KINDS, NUMBER, TEXT, TIMES, Feature

if TYPE_CHECKING:
    from ._report import FeatureReport, Side

__all__ = ["issues", "quality"]

#: A share that has risen by that much is said, if chance explains it once in a thousand times.
_RISE = 0.01


def _cardinality(feature: Feature, side: Side) -> int | None:
    """Distinct values, where they are known: all categories that are not kept count as one."""
    if feature.kind not in (TEXT, BOOLEAN):
        return None
    return int((side.cells > 0).sum())


def _constant(feature: Feature, side: Side) -> bool:
    if not side.present:
        return False
    if feature.kind in (NUMBER, TIMES):
        return not side.infinite and side.minimum == side.maximum
    known = side.cells[:-1] if feature.kind == TEXT else side.cells
    return int(known.max(initial=0)) == side.present


def _newest(feature: Feature, side: Side) -> str | None:
    if feature.kind != TIMES or not abs(side.maximum) < 2.0**63:
        return None
    return str(np.datetime64(int(side.maximum), "us")) + ("+00:00" if feature.utc else "")


def quality(f: FeatureReport) -> dict[str, Any]:
    """See `FeatureReport.quality`."""
    feature, side = f.feature, f.current
    numbers = feature.kind in (NUMBER, TIMES) and math.isfinite(side.minimum)
    return {
        "type": KINDS[feature.kind],
        "missing": f.missing,
        "infinite": side.infinite / f.rows if f.rows else math.nan,
        "unseen": f.unseen,
        "minimum": side.minimum if numbers else None,
        "maximum": side.maximum if numbers else None,
        "cardinality": _cardinality(feature, side),
        "constant": _constant(feature, side),
        "newest": _newest(feature, side),
    }


def _risen(new: float, m: int, old: float, n: int) -> bool:
    """Whether a share has risen by more than 0.01 and more than 3.1 standard errors."""
    both = (new * m + old * n) / (m + n)
    error = math.sqrt(both * (1 - both) * (1 / n + 1 / m))
    return new - old > max(_RISE, 3.1 * error)


def issues(f: FeatureReport) -> list[str]:
    """See `FeatureReport.issues`."""
    feature, old, new = f.feature, f.reference, f.current
    if not new.rows or not old.rows:
        return []
    found = []
    if not new.present and old.present:
        return ["all values are missing"]
    before = old.missing / old.rows
    if _risen(f.missing, new.rows, before, old.rows):
        found.append(f"missing: {f.missing:.1%}, in the reference {before:.1%}")
    if new.infinite and not old.infinite:
        found.append(f"infinite: {new.infinite} of {new.rows}")
    if f.unseen is not None and new.present and _risen(f.unseen, new.present, 0.0, old.present):
        what = "outside the reference's range" if feature.kind in (NUMBER, TIMES) else "unseen"
        if feature.kind != TIMES:  # times go on
            found.append(f"{what}: {f.unseen:.1%}")
    if _constant(feature, new) and not _constant(feature, old) and new.present > 1:
        found.append("constant, which the reference is not")
    if feature.kind == TIMES and new.maximum < old.maximum:
        found.append(
            f"not fresh: newest {_newest(feature, new)}, reference {_newest(feature, old)}"
        )
    return found
