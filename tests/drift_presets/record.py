"""Records what evidently and nannyml say of samples that anyone can make again.

Run in an environment of its own for each (``pip install evidently==0.7.23``, or
``nannyml==0.13.1``): ``python record.py evidently recorded.json``. The other peer's numbers in the
file stay as they are. No test runs this: the tests read the file, and make the samples by `cases`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np


def spread(n: int, start: float) -> Any:
    """Numbers between -3 and 3, about normal, by sums and products alone: the same everywhere."""
    i = np.arange(1, n + 1, dtype=np.float64) + start
    parts = [(i * step) % 1.0 for step in (0.6180339887, 0.7548776662, 0.5698402910)]
    return (parts[0] + parts[1] + parts[2] - 1.5) * 2


def cases() -> dict[str, tuple[Any, Any]]:
    """Pairs of samples by name."""
    found: dict[str, tuple[Any, Any]] = {}
    for n, m in ((40, 25), (600, 350), (11_000, 12_500)):
        old, new = spread(n, 0.0), spread(m, 0.5)
        found[f"shifted {n}"] = old, new + 0.25
        found[f"wider {n}"] = old, new * 1.5
        found[f"apart {n}"] = old, new + 20
        found[f"outlier {n}"] = old, np.append(new, 1e6)
        found[f"outlier before {n}"] = np.append(old, 1e6), new
        found[f"levels {n}"] = np.floor(old * 2), np.floor(new * 2 + 0.5)
        found[f"more levels {n}"] = np.floor(old * 8), np.floor(new * 9)
        found[f"tiny {n}"] = old * 1e-5, new * 1e-5 + 5e-5
        found[f"rare {n}"] = (np.arange(n) % n == 0) * 1.0, (np.arange(m) % 7 == 0) * 2.0
        texts = np.array(["a", "b", "c", "d"])
        found[f"texts {n}"] = (
            texts[np.floor(np.abs(old)).astype(int).clip(0, 2)],
            texts[np.floor(np.abs(new)).astype(int).clip(0, 2) + 1],
        )
    return found


def evidently(old: Any, new: Any) -> dict[str, float]:
    import pandas as pd
    from evidently.legacy.calculations import stattests
    from evidently.legacy.core import ColumnType

    kind = ColumnType.Categorical if old.dtype.kind == "U" else ColumnType.Numerical
    tests = {
        "psi": stattests.psi_stat_test,
        "jensenshannon": stattests.jensenshannon_stat_test,
        "kl_divergence": stattests.kl_div_stat_test,
        "hellinger": stattests.hellinger_stat_test,
        "wasserstein_distance": stattests.wasserstein_stat_test,
    }
    if kind is ColumnType.Categorical:
        del tests["wasserstein_distance"]
    return {
        name: float(test(pd.Series(old), pd.Series(new), kind, None).drift_score)
        for name, test in tests.items()
    }


def nannyml(old: Any, new: Any) -> dict[str, float]:
    import pandas as pd
    from nannyml.chunk import DefaultChunker
    from nannyml.drift.univariate.methods import FeatureType, MethodFactory
    from nannyml.thresholds import StandardDeviationThreshold

    kind = FeatureType.CATEGORICAL if old.dtype.kind == "U" else FeatureType.CONTINUOUS
    names = {"jensenshannon": "jensen_shannon", "hellinger": "hellinger"}
    if kind is FeatureType.CONTINUOUS:
        names["wasserstein_distance"] = "wasserstein"
    found = {}
    for name, key in names.items():
        method = MethodFactory.create(
            key=key,
            feature_type=kind,
            chunker=DefaultChunker(),
            threshold=StandardDeviationThreshold(),
        )
        method._fit(pd.Series(old))
        found[name] = float(method._calculate(pd.Series(new)))
    return found


if __name__ == "__main__":
    peer, path = sys.argv[1], Path(sys.argv[2])
    function = {"evidently": evidently, "nannyml": nannyml}[peer]
    recorded = json.loads(path.read_text()) if path.exists() else {}
    recorded[peer] = {
        name: function(old.copy(), new.copy()) for name, (old, new) in cases().items()
    }
    path.write_text(json.dumps(recorded, indent=1, sort_keys=True) + "\n")
