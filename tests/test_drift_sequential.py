"""The test under repeated looks: its formulas, its false alarms, its power, its bytes."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, special

from fastcore import drift
from fastcore.drift import Reference, SequentialTest
from tests.profiles import examples

Array = np.ndarray[Any, Any]


@given(
    n=st.integers(1, 400),
    m=st.integers(1, 400),
    shift=st.floats(0, 3),
    seed=st.integers(0, 999),
    ties=st.booleans(),
)
@examples(60)
def test_bands_by_definition(n: int, m: int, shift: float, seed: int, ties: bool) -> None:
    rng = np.random.default_rng(seed)
    r, c = rng.normal(size=n), rng.normal(shift, 1, size=m)
    if ties:
        r, c = r.round(), c.round()
    test = SequentialTest(r)
    test.update(c)
    points = np.concatenate((r, c))[:, None]
    distance = float(np.abs((r <= points).mean(1) - (c <= points).mean(1)).max())

    def bands(alpha: float) -> float:
        growing = 0.85 * math.sqrt(
            (math.log(math.log(math.e * m)) + 0.8 * math.log(1612 * 2 / alpha)) / m
        )
        return growing + math.sqrt(math.log(4 / alpha) / (2 * n))

    if distance <= bands(1):
        assert test.pvalue == 1
    else:
        assert test.pvalue < 1
        log = optimize.brentq(lambda log: bands(math.exp(-log)) - distance, 0, 600)
        assert math.isclose(test.pvalue, math.exp(-log), rel_tol=1e-6)
        p = test.pvalue
        if 1e-300 < p < 0.9:
            wanted = (1 - p + p * math.log(p)) / (p * math.log(p) ** 2)
            assert math.isclose(test.e_value, wanted, rel_tol=1e-6)


@given(
    rows=st.integers(1, 6).flatmap(
        lambda k: st.tuples(*[st.lists(st.integers(0, 300), min_size=k, max_size=k)] * 2)
    )
)
@examples(100)
def test_universal_inference_by_definition(rows: tuple[list[int], list[int]]) -> None:
    r, c = (np.array(row) for row in rows)
    test = SequentialTest(r, counts=True)
    test.update(c)

    def mixture(x: Array) -> float:
        half = np.full(len(x), 0.5)
        beta = special.gammaln(x + half).sum() - special.gammaln((x + half).sum())
        return float(beta - special.gammaln(half).sum() + special.gammaln(half.sum()))

    both = r + c
    best = float(special.xlogy(both, both / max(both.sum(), 1)).sum())
    log = mixture(r) + mixture(c) - best if c.sum() else 0.0
    assert math.isclose(math.log(test.e_value), log, rel_tol=1e-9, abs_tol=1e-9)
    assert math.isclose(test.pvalue, math.exp(-max(log, 0)), rel_tol=1e-9)


def looks(method: str, shares: Array, seed: int, runs: int, batches: int) -> list[int]:
    """After how many batches of 100 each run of counts is rejected; 0 if never."""
    rng, found = np.random.default_rng(seed), []
    old = np.full(10, 0.1)
    for _ in range(runs):
        test = SequentialTest(rng.multinomial(2000, old), method=method, counts=True)
        at = 0
        for batch in range(1, batches + 1):
            test.update(rng.multinomial(100, shares))
            if test.rejected:
                at = batch
                break
        found.append(at)
    return found


@pytest.mark.parametrize("method", ["dkw", "universal"])
def test_false_alarms_over_all_looks(method: str) -> None:
    """In 60 runs of 100 looks, up to five times the reference, at most 9 (probability 3e-4)."""
    alarms = sum(at > 0 for at in looks(method, np.full(10, 0.1), 5, 60, 100))
    assert alarms <= 9


def test_a_test_for_one_look_fails_where_this_one_does_not() -> None:
    rng = np.random.default_rng(6)
    old = rng.multinomial(100_000, np.full(10, 0.1))
    fired = [0, 0]
    for _ in range(20):
        test, new = SequentialTest(old, counts=True), np.zeros(10)
        often = False
        for _ in range(100):
            batch = rng.multinomial(100, np.full(10, 0.1))
            new += batch
            test.update(batch)
            p = drift.chi2(old, new, counts=True).pvalue
            assert p is not None
            often |= p <= 0.05
        fired[0] += often
        fired[1] += test.rejected
    assert fired[0] >= 4
    assert fired[1] <= 1


@pytest.mark.parametrize(("method", "most"), [("dkw", 20), ("universal", 20)])
def test_planted_drift_is_found(method: str, most: int) -> None:
    shares = np.linspace(1, 4, 10) / np.linspace(1, 4, 10).sum()
    found = looks(method, shares, 8, 20, 60)
    assert min(found) > 0
    assert np.median(found) <= most


def frame(rng: Any, n: int, shift: float = 0, plans: str = "abc") -> dict[str, Any]:
    return {
        "x": rng.normal(shift, 1, n),
        "when": np.datetime64("2024-01-01", "us") + rng.integers(0, 10**12, n),
        "plan": rng.choice(list(plans), n).astype(object),
        "flag": rng.random(n) < 0.5,
    }


def test_features_of_a_reference() -> None:
    rng = np.random.default_rng(1)
    reference = Reference.fit(frame(rng, 5000))
    for method in ("auto", "universal"):
        test = SequentialTest(reference, method=method)
        for _ in range(20):
            test.update(frame(rng, 100))
        assert not test.rejected
        assert test.drifted == []
        assert list(test.pvalues) == ["x", "when", "plan", "flag"]
        for _ in range(40):
            test.update(frame(rng, 100, 1.0, "abz"))
        assert test.drifted == ["x", "plan"]
        assert test.rejected
        assert test.rows == 6000
        assert test.pvalue == min(1, 4 * min(test.pvalues.values()))
        assert repr(test).startswith("SequentialTest: drift after 6000 rows, p ")
        for _ in range(200):  # what was rejected stays so
            test.update(frame(rng, 1000))
        assert test.rejected
        test.restart()
        assert (test.rows, test.pvalue, test.rejected) == (0, 1, False)


def test_missing_texts_are_a_category_and_missing_numbers_are_not_looked_at() -> None:
    old: list[str | None] = ["a", "b"] * 500
    test = SequentialTest(old)
    test.update(["a", "b", None, None] * 100)
    assert test.rejected
    numbers = SequentialTest(np.arange(1000.0))
    numbers.update(np.append(np.arange(0, 1000, 2.0), np.full(500, math.nan)))
    assert numbers.pvalue == 1
    assert numbers.rows == 1000
    numbers.update(np.empty(0))
    assert numbers.rows == 1000


def test_one_outlier_changes_no_verdict() -> None:
    rng = np.random.default_rng(2)
    old, same, moved = rng.normal(size=2000), rng.normal(size=1500), rng.normal(0.5, 1, 1500)
    for new in (same, moved):
        verdicts = []
        for a, b in ((old, new), (np.append(old, 1e6), new), (old, np.append(new, 1e6))):
            for method in ("dkw", "universal"):
                test = SequentialTest(a, method=method)
                test.update(b)
                verdicts.append(test.rejected)
        assert verdicts == [new is moved] * 6


def test_bytes() -> None:
    rng = np.random.default_rng(4)
    for test, batch in [
        (SequentialTest(Reference.fit(frame(rng, 300)), alpha=0.01), lambda: frame(rng, 50, 0.5)),
        (SequentialTest(rng.normal(size=100), method="universal"), lambda: rng.normal(size=50)),
        (SequentialTest([50, 60], counts=True), lambda: [3, 9]),
    ]:
        for _ in range(5):
            test.update(batch())
        again = SequentialTest.from_bytes(test.to_bytes())
        assert (again.pvalues, again.rows, again.alpha) == (test.pvalues, test.rows, test.alpha)
        assert again.e_value == test.e_value
        state = rng.bit_generator.state
        for each in (test, again):
            rng.bit_generator.state = state
            each.update(batch())
        assert again.to_bytes() == test.to_bytes()


def test_damaged_bytes() -> None:
    test = SequentialTest([5, 6, 7], counts=True)
    test.update([1, 2, 3])
    data = test.to_bytes()
    for at in range(len(data)):
        damaged = bytearray(data)
        damaged[at] ^= 1 << at % 8
        with pytest.raises(ValueError, match=r"^(is|has) "):
            SequentialTest.from_bytes(bytes(damaged))
        with pytest.raises(ValueError, match=r"^(is|has) "):
            SequentialTest.from_bytes(data[:at])


def forged(content: dict[str, Any], arrays: list[Array]) -> bytes:
    from fastcore import _container

    given = {"alpha": 0.05, "method": "auto", "single": False, "rows": 9, "reference": None}
    return _container.pack(b"FCSEQTS\n", 1, given | content, arrays)


@pytest.mark.parametrize(
    ("content", "arrays"),
    [
        ({}, []),
        ({}, [np.zeros(1), np.array([1, 2])]),
        ({}, [np.zeros(1), np.array([1, 2]), np.array([1, 2, 3])]),
        ({}, [np.zeros(2), np.array([1, 2]), np.array([1, 2])]),
        ({}, [np.array([-1.0]), np.array([1, 2]), np.array([1, 2])]),
        ({}, [np.array([math.nan]), np.array([1, 2]), np.array([1, 2])]),
        ({}, [np.zeros(1), np.array([1, -2]), np.array([1, 2])]),
        ({}, [np.zeros(1), np.array([1, 2]), np.array([1, -2])]),
        ({}, [np.zeros(1), np.array([1, 2]), np.array([100, 2])]),
        ({"alpha": "x"}, [np.zeros(1), np.array([1, 2]), np.array([1, 2])]),
        ({"reference": "&"}, [np.zeros(1), np.array([1, 2])]),
        ({"reference": "aaaa"}, [np.zeros(1), np.array([1, 2])]),
    ],
)
def test_forged_bytes(content: dict[str, Any], arrays: list[Array]) -> None:
    with pytest.raises(ValueError, match=r"^is not valid"):
        SequentialTest.from_bytes(forged(content, arrays))


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda: SequentialTest([1, 2], alpha=1), ValueError, "alpha: expected a number between"),
        (lambda: SequentialTest([1, 2], method="x"), ValueError, "method: expected one of auto"),
        (lambda: SequentialTest(["a"], method="dkw"), ValueError, "method: 'dkw' needs an order"),
        (lambda: SequentialTest({"x": [1]}), TypeError, "reference: expected one sample, got a"),
        (lambda: SequentialTest([[1]]), ValueError, "reference: expected one dimension, got 2"),
        (lambda: SequentialTest([1.5], counts=True), ValueError, "reference: expected whole"),
        (
            lambda: SequentialTest([1, 2], counts=True).update([1]),
            ValueError,
            "current: expected 2 bins, got 1",
        ),
        (
            lambda: SequentialTest([1, 2], counts=True).update([[1]]),
            ValueError,
            "current: expected one dimension",
        ),
        (lambda: SequentialTest([1.0, 2]).update(["a"]), TypeError, "x|number|text"),
    ],
)
def test_bad_arguments(call: Any, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        call()


def test_corrections_in_reports() -> None:
    """A feature has drifted where its adjusted p is small, by each of the corrections."""
    rng = np.random.default_rng(0)
    names = [f"x{i}" for i in range(12)]
    fitted = Reference.fit({name: rng.normal(size=3000) for name in names}, bins=5)
    current = {name: rng.normal(i / 15, 1 + i / 40, size=90) for i, name in enumerate(names)}
    found = {}
    for correction in ("bh", "by", "bonferroni"):
        report = fitted.compare(current, correction=correction)
        raw = [f.statistics["psi"].pvalue for f in report.features.values()]
        wanted = drift.adjust(np.array(raw, float), correction)
        got = [f.pvalue for f in report.features.values()]
        np.testing.assert_allclose(got, wanted, rtol=1e-9)
        found[correction] = report.drifted
        assert report.drifted == [
            name
            for name, p in zip(names, got, strict=True)
            if p <= 0.05 and report[name].statistics["psi"].statistic >= 0.1
        ]
        for f in report.features.values():
            assert f.drifted == (f.statistics["psi"].statistic >= f.threshold)
    assert len(found["bh"]) > len(found["by"]) >= 1, found
    assert len(found["bh"]) > len(found["bonferroni"]) >= 1
    with pytest.raises(ValueError, match="correction: expected 'bh'"):
        fitted.compare(current, correction="holm")
