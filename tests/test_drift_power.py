"""The tables of false alarms and of power: what the page says is what comes out."""

import re

import pytest

from tests import drift_power
from tests.drift_power import CURRENT, DRIFTS, FALSE, MISUSED, PAGE, between, most
from tests.profiles import chosen

CHEAP_FALSE = [
    "`mannwhitneyu`, 500 numbers against 2,000, p at most 0.05",
    "`drifted`, 50 rows, 1 feature",
]
CHEAP_DRIFTS = ["mean by 1", "1.5 times as spread", "to 30 %", "10 % missing"]
RUN = {
    "short": CHEAP_DRIFTS[:2],
    "ci": CHEAP_DRIFTS + CHEAP_FALSE,
    "long": [*FALSE, MISUSED, *DRIFTS],
}[chosen()]


def rows(name: str) -> dict[str, list[str]]:
    text = between(PAGE.read_text(encoding="utf-8"), name)
    found = re.findall(r"(?m)^\| (.+) \|$", text)[1:]  # without the head
    return {first: cells for first, *cells in (row.split(" | ") for row in found)}


@pytest.mark.parametrize("name", RUN)
def test_a_row_comes_out_as_the_page_has_it(name: str) -> None:
    table = "power" if name in DRIFTS else "false alarms"
    row = drift_power.drift_row if name in DRIFTS else drift_power.false_row
    again = row(name)
    assert again in between(PAGE.read_text(encoding="utf-8"), table), (
        f"{again}: run python -m tests.drift_power --write"
    )


def test_false_alarms_are_within_their_bounds() -> None:
    found = rows("false alarms")
    assert list(found) == [*FALSE, MISUSED]
    for name, (runs, alarms, share, bound) in found.items():
        assert share == f"{int(alarms) / int(runs):.1%}"
        if name == MISUSED:
            assert int(alarms) > most(int(runs))  # why there is a test for many looks
            continue
        assert int(runs) == FALSE[name][0]
        assert int(bound) == most(int(runs))
        assert int(alarms) <= int(bound), name


def test_large_drifts_are_found() -> None:
    found = rows("power")
    assert list(found) == list(DRIFTS)
    for name in ("mean by 0.5", "1.5 times as spread", "to 30 %", "of 10 %", "10 % missing"):
        assert [int(cell.rstrip(" %")) >= 80 for cell in found[name][:3]] == [True] * 3
        assert int(found[name][3].replace(",", "")) <= 1500
    assert {len(cells) for cells in found.values()} == {len(CURRENT) + 1}
