"""The bundled flights, month by month: the seasons alarm, and who flies does not."""

from importlib.resources import as_file, files
from typing import Any

import pandas as pd
import pytest
from scipy import stats

from fastcore import drift
from fastcore.drift import Reference, SequentialTest

STEADY = ["carrier", "origin", "hour", "distance", "dep_delay"]
SEASONAL = ["temp", "dewp", "wind_gust"]


@pytest.fixture(scope="module")
def flights() -> Any:
    with as_file(files("fastcore.demo") / "flights_2013.csv.gz") as path:
        return pd.read_csv(path)


def test_months(flights: Any) -> None:
    columns = STEADY + SEASONAL
    fitted = Reference.fit(flights[flights.month <= 3][columns])
    alarms: dict[str, list[int]] = {name: [] for name in columns}
    for month in range(4, 13):
        for name in fitted.compare(flights[flights.month == month][columns]).drifted:
            alarms[name].append(month)
    assert alarms["temp"] == alarms["dewp"] == list(range(4, 13))
    assert alarms["wind_gust"] == [4, 5, 6, 7, 8, 9, 10, 12]
    assert all(alarms[name] == [] for name in STEADY), alarms


def test_halves_of_a_month_are_alike(flights: Any) -> None:
    """The order of days within a month is weather; that of rows at random is none."""
    columns = STEADY + SEASONAL
    for month in (1, 7):
        rows = flights[flights.month == month][columns].sample(frac=1, random_state=month)
        half = len(rows) // 2
        assert Reference.fit(rows[:half]).compare(rows[half:]).drifted == []


def test_one_test_for_all_months(flights: Any) -> None:
    columns = ["carrier", "temp"]
    test = SequentialTest(Reference.fit(flights[flights.month <= 3][columns]))
    for month in range(4, 13):
        test.update(flights[flights.month == month][columns])
        assert test.drifted == ["temp"]


def test_one_outlier_changes_no_verdict(flights: Any) -> None:
    columns = ["carrier", "temp", "hour"]
    old, new = flights[flights.month <= 3][columns], flights[flights.month == 7][columns]
    wanted = Reference.fit(old).compare(new).drifted
    assert wanted == ["temp"]
    far = pd.DataFrame({"carrier": ["??"], "temp": [1e9], "hour": [10**9]})
    assert Reference.fit(pd.concat((old, far))).compare(new).drifted == wanted
    assert Reference.fit(old).compare(pd.concat((new, far))).drifted == wanted


def test_two_airports(flights: Any) -> None:
    """Which of two categories: Fisher's, of proportions, and the table's tests agree."""
    old, new = flights[flights.month == 1], flights[flights.month == 7]
    r, c = (old.origin == "JFK").to_numpy(), (new.origin == "JFK").to_numpy()
    table = [[int(r.sum()), int((~r).sum())], [int(c.sum()), int((~c).sum())]]
    fisher = drift.fisher_exact(r, c)
    assert fisher.pvalue == pytest.approx(stats.fisher_exact(table).pvalue, rel=1e-9)
    z = drift.ztest_proportions(r, c)
    assert z.pvalue == pytest.approx(
        stats.chi2_contingency(table, correction=False).pvalue, rel=1e-9
    )
