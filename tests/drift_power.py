"""How often reports and alarms are false, and what they find: two tables of docs/drift.md.

    python -m tests.drift_power            shows them
    python -m tests.drift_power --write    brings the page up to date

Each row has a seed of its own and draws from NumPy's legacy generator, whose numbers never change:
so each can be computed again by itself (`tests/test_drift_power.py` does with the cheap ones).
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from fastcore import Monitor
from fastcore.drift import Reference, SequentialTest

PAGE = Path(__file__).resolve().parent.parent / "docs" / "drift.md"
BEGIN, END = "<!-- tests.drift_power: {} -->", "<!-- end -->"

Rng = np.random.RandomState
Data = dict[str, Any]
LEVEL = 0.05
HOUR = 3600.0


def most(runs: int) -> int:
    """False alarms of so many runs that a rate of 0.05 exceeds once in a thousand times."""
    return int(stats.binom.ppf(0.999, runs, LEVEL))


# ---- Without drift -------------------------------------------------------------------------


def one_look(test: str, n: int, of: str) -> Callable[[Rng], bool]:
    """Whether a test has p <= 0.05, with a reference of 2,000 rows."""
    # PSI's bins have enough values each; ranks from counts need all values to be exact.
    options: Data = {"sample": None} if of == "numbers" else {}

    def run(rng: Rng) -> bool:
        fitted = Reference.fit({"x": values(rng, 2000, of)}, **options)
        report = fitted.compare({"x": values(rng, n, of)}, ["psi", test])
        p = report["x"].statistics[test].pvalue
        return p is not None and p <= LEVEL

    return run


def values(rng: Rng, n: int, of: str) -> Any:
    return rng.normal(size=n) if of == "numbers" else categories(rng, n)


def categories(rng: Rng, n: int, first: float = 0.1) -> Any:
    """Ten, the first of them with this share."""
    shares = np.append(first, np.full(9, (1 - first) / 9))
    return np.array(list("abcdefghij"), object)[rng.choice(10, n, p=shares)]


def frame(rng: Rng, n: int, m: int) -> Data:
    """Half numbers, half categories, one of them with a tenth missing."""
    data = {f"x{i}": values(rng, n, "categories" if i % 2 else "numbers") for i in range(m)}
    data["x0"][rng.random_sample(n) < 0.1] = np.nan
    return data


def report_once(n: int, m: int) -> Callable[[Rng], bool]:
    def run(rng: Rng) -> bool:
        return Reference.fit(frame(rng, 2000, m)).compare(frame(rng, n, m), ["psi"]).dataset_drifted

    return run


SLOTS, LOOKS = 4, 10  # looks in a window


def looks(rng: Rng, m: int, reference: int = 2000) -> tuple[bool, bool]:
    """A monitor looked at after each 25 rows: whether any report has drifted, or has an alarm."""
    monitor = Monitor(
        Reference.fit(frame(rng, reference, m)), window=HOUR, slots=SLOTS, tests=["psi"]
    )
    begin = monitor._now // (3600 * 10**6) * HOUR
    drifted = alarmed = False
    for look in range(SLOTS * LOOKS):
        monitor.update(frame(rng, 25, m), time=begin + look // LOOKS * HOUR)
        report = monitor.report()
        drifted |= report.dataset_drifted
        alarmed |= bool(report.alarms)
    return drifted, alarmed


def sequential(method: str) -> Callable[[Rng], bool]:
    """A `SequentialTest` against 2,000 values, looked at 100 times, after each 100."""

    def run(rng: Rng) -> bool:
        shares = np.full(10, 0.1)
        test = SequentialTest(rng.multinomial(2000, shares), method=method, counts=True)
        for _ in range(100):
            test.update(rng.multinomial(100, shares))
        return test.rejected

    return run


#: What, runs, one run. A rate of 0.05 is what each promises, or less.
FALSE: dict[str, tuple[int, Callable[[Rng], bool]]] = {
    **{
        f"`{test}`, 500 {of} against 2,000, p at most 0.05": (1000, one_look(test, 500, of))
        for test, of in (
            ("psi", "numbers"),
            ("chi2", "numbers"),
            ("ks_2samp", "numbers"),
            ("mannwhitneyu", "numbers"),
            ("cramervonmises_2samp", "numbers"),
            ("psi", "categories"),
            ("g_test", "categories"),
        )
    },
    **{
        f"`drifted`, {n} rows, {m} feature{'s' * (m > 1)}": (
            1000 if m == 1 else 500,
            report_once(n, m),
        )
        for n in (50, 100, 500)
        for m in (1, 10)
    },
    "`alarms`, 1 feature, after each of 40 batches": (300, lambda rng: looks(rng, 1)[1]),
    "`alarms`, 4 features, after each of 40 batches": (150, lambda rng: looks(rng, 4)[1]),
    "`SequentialTest`, `dkw`, 100 looks": (300, sequential("dkw")),
    "`SequentialTest`, `universal`, 100 looks": (300, sequential("universal")),
}
#: Not made for it: what happens all the same.
MISUSED = "`drifted` (made for one), 1 feature, after each of 40 batches"


def seed_of(name: str) -> int:
    """Of a row: from its name, so that rows may come and go."""
    return sum(ord(c) * (i + 1) for i, c in enumerate(name))


def false_row(name: str) -> str:
    if name == MISUSED:
        runs, run, bound = 300, (lambda rng: looks(rng, 1)[0]), "-"
    else:
        runs, run = FALSE[name]
        bound = str(most(runs))
    alarms = sum(run(Rng(seed_of(name) + k)) for k in range(runs))
    return f"| {name} | {runs} | {alarms} | {alarms / runs:.1%} | {bound} |"


def false_table() -> str:
    head = [
        "| without drift | runs | false alarms | share | at most, of a rate of 5 % |",
        "|---|---|---|---|---|",
    ]
    return "\n".join([*head, *map(false_row, FALSE), false_row(MISUSED)]) + "\n"


# ---- With drift ----------------------------------------------------------------------------


def numbers(shift: float = 0.0, spread: float = 1.0) -> Callable[[Rng, int, bool], Data]:
    def draw(rng: Rng, n: int, new: bool) -> Data:
        z = rng.normal(size=n)
        return {"x": z * spread + shift if new else z}

    return draw


def flat(rng: Rng, n: int, new: bool) -> Data:
    root = np.sqrt(3)
    return {"x": rng.uniform(-root, root, n) if new else rng.normal(size=n)}


def far_out(rng: Rng, n: int, new: bool) -> Data:
    x = rng.normal(size=n)
    return {"x": np.where(rng.random_sample(n) < 0.1 * new, x + 6, x)}


def share(to: float) -> Callable[[Rng, int, bool], Data]:
    return lambda rng, n, new: {"x": categories(rng, n, to if new else 0.1)}


def unseen(to: float) -> Callable[[Rng, int, bool], Data]:
    def draw(rng: Rng, n: int, new: bool) -> Data:
        x = categories(rng, n)
        x[rng.random_sample(n) < to * new] = "new"
        return {"x": x}

    return draw


def missing(to: float) -> Callable[[Rng, int, bool], Data]:
    def draw(rng: Rng, n: int, new: bool) -> Data:
        x = rng.normal(size=n)
        x[rng.random_sample(n) < to * new] = np.nan
        return {"x": x}

    return draw


def vectors(shift: float, broken: bool) -> Callable[[Rng, int, bool], Data]:
    """Of 32 numbers that follow three; moved along one of these, or with one number by itself."""
    mix = Rng(1).normal(size=(3, 32))

    def draw(rng: Rng, n: int, new: bool) -> Data:
        hidden = rng.normal(size=(n, 3)) + np.array((shift * new, 0, 0))
        x = hidden @ mix + rng.normal(0, 0.3, (n, 32))
        if broken and new:
            x[:, 5] = rng.permutation(x[:, 5])
        return {"x": x}

    return draw


DRIFTS: dict[str, Callable[[Rng, int, bool], Data]] = {
    "mean by 0.1 standard deviations": numbers(0.1),
    "mean by 0.25": numbers(0.25),
    "mean by 0.5": numbers(0.5),
    "mean by 1": numbers(1.0),
    "1.2 times as spread": numbers(spread=1.2),
    "1.5 times as spread": numbers(spread=1.5),
    "normal to flat, same mean and spread": flat,
    "one in ten values 6 standard deviations off": far_out,
    "one of ten categories from 10 % to 15 %": share(0.15),
    "to 20 %": share(0.2),
    "to 30 %": share(0.3),
    "a new category of 2 %": unseen(0.02),
    "of 10 %": unseen(0.1),
    "2 % missing, before none": missing(0.02),
    "10 % missing": missing(0.1),
    "vectors: mean by 0.5 along one direction": vectors(0.5, False),
    "vectors: one number of 32 no longer follows": vectors(0.0, True),
}
ROWS, RUNS, CURRENT = 10_000, 100, (100, 300, 1000)
GIVEN_UP, WATCHED = 3000, 11  # rows; runs


def until_alarm(reference: Reference, draw: Any, rng: Rng) -> float:
    """How many rows a monitor needs: looked at after each 50, in one window."""
    monitor = Monitor(reference, window="365d", tests=["psi"])
    for rows in range(50, GIVEN_UP + 1, 50):
        monitor.update(draw(rng, 50, True))
        if monitor.report().alarms:
            return rows
    return np.inf


def drift_row(name: str) -> str:
    draw, rng = DRIFTS[name], Rng(seed_of(name))
    reference = Reference.fit(draw(rng, ROWS, False))
    cells = []
    for n in CURRENT:
        found = [reference.compare(draw(rng, n, True), ["psi"]) for _ in range(RUNS)]
        cells.append(f"{sum(report.dataset_drifted for report in found)} %")
    median = float(np.median([until_alarm(reference, draw, rng) for _ in range(WATCHED)]))
    cells.append(f"{median:,.0f}" if np.isfinite(median) else "-")
    return f"| {name} | {' | '.join(cells)} |"


def drift_table() -> str:
    head = [
        f"| planted | {' | '.join(f'`drifted`, {n:,} rows' for n in CURRENT)} | rows to `alarms` |",
        "|---|" + "---|" * (len(CURRENT) + 1),
    ]
    return "\n".join([*head, *map(drift_row, DRIFTS)]) + "\n"


# ---- The page ------------------------------------------------------------------------------

TABLES = {"false alarms": false_table, "power": drift_table}


def between(page: str, name: str) -> str:
    """What the page has between the marks of a table."""
    return page.split(BEGIN.format(name) + "\n")[1].split(END)[0]


def written(page: str) -> str:
    for name, table in TABLES.items():
        mark = BEGIN.format(name) + "\n"
        before, rest = page.split(mark)
        page = before + mark + table() + END + rest.split(END, 1)[1]
    return page


if __name__ == "__main__":
    if "--write" in sys.argv:
        PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    else:
        for table in TABLES.values():
            print(table())
