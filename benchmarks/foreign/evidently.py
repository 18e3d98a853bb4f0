"""Jobs of evidently, on float64 columns that come as bytes."""

import numpy as np
import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.legacy.calculations.stattests.psi import psi_stat_test
from evidently.legacy.core import ColumnType
from evidently.presets import DataDriftPreset

VERSIONS = ["evidently", "numpy", "pandas", "scipy"]


def series(raw):
    return pd.Series(np.frombuffer(raw, np.float64).copy())


def score(reference, current):
    return psi_stat_test(reference, current, ColumnType.Numerical, 0.1).drift_score


def psi(data):
    """One PSI of two samples, which are series already."""
    reference, current = map(series, data)
    return lambda: float(score(reference, current))


def psi_of_each(data):
    """The PSI of each column and nothing else."""
    pairs = [(series(reference), series(current)) for reference, current in data.values()]
    return lambda: [float(score(*pair)) for pair in pairs]


def preset(data):
    """DataDriftPreset by PSI of datasets that are made already; what it draws is in its run."""
    definition = DataDefinition(numerical_columns=list(data))
    reference, current = (
        Dataset.from_pandas(
            pd.DataFrame({name: series(pair[side]) for name, pair in data.items()}),
            data_definition=definition,
        )
        for side in (0, 1)
    )
    last = []

    def run():
        last[:] = [Report([DataDriftPreset(method="psi")]).run(current, reference)]

    def result():
        count, *columns = [metric["value"] for metric in last[0].dict()["metrics"]]
        return int(count["count"]), [float(value) for value in columns]

    return run, result


JOBS = {"psi": psi, "psi of each": psi_of_each, "preset": preset}
