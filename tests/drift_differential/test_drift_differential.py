"""A short search in every run of the suite; the long one is a command."""

from collections import Counter

import pytest

from tests.profiles import SCALES, chosen

from . import referee
from .search import JUDGES, search


def test_equals_scipy() -> None:
    cases = int(300 * SCALES[chosen()])
    count, found = search(cases, seed=20)
    assert found == []
    assert count.total() == cases
    assert set(count) == set(JUDGES)


def test_what_differs_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fastcore.drift.mannwhitneyu", lambda *given, **options: (1.0, 0.5))
    count, (text,) = search(20, 0, only="mannwhitneyu")
    assert count == Counter()
    assert "python -m tests.drift_differential --seed 0 --begin 0 --cases 1 --only mann" in text


def test_the_referee() -> None:
    referee.same("a", 1.0, 1.0 + 1e-13)
    referee.same("a", None, None)
    referee.same("a", 0.1, 0.2, exact=lambda: referee.Decimal("0.11"))
    for ours, theirs in ((1.0, 1.0 + 1e-11), (1.0, None), (float("nan"), 1.0), (1.0, float("inf"))):
        with pytest.raises(referee.Differs):
            referee.same("a", ours, theirs)
    with pytest.raises(referee.Differs, match="exactly 0"):
        referee.same("a", 0.1, 0.2, exact=lambda: referee.Decimal("0.2"))
