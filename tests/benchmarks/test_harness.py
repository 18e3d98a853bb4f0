"""The harness compares before it times, and its families' contenders agree."""

import itertools
import json
import math
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))  # the benchmarks are no part of the wheel

from benchmarks import _harness, _workloads, requests, run  # noqa: E402
from benchmarks._harness import Case, Measured, Peer, Ratio  # noqa: E402

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (np.array([1.0]), np.array([np.nextafter(1.0, 2)])),
        (np.array([1.0]), np.array([1.0], np.float32)),
        (np.array([1.0]), [1.0]),
        ([1], [1, 2]),
        ([np.zeros(2)], [np.ones(2)]),
        ("a", "b"),
    ],
)
def test_different_results_are_different(ours: object, theirs: object) -> None:
    with pytest.raises((AssertionError, AttributeError)):
        _harness.assert_same(ours, theirs)


def test_nan_is_equal_to_nan() -> None:
    _harness.assert_same([np.array([math.nan])], [np.array([math.nan])])


def test_nothing_is_timed_when_a_result_differs() -> None:
    calls = []

    def other() -> int:
        calls.append(1)
        return 2

    with pytest.raises(AssertionError, match="family: job: other"):
        _harness.measure("family", Case("job", lambda: 1, [Peer("other", other)]))
    assert len(calls) == 1


def test_contenders_are_interleaved() -> None:
    order = []
    case = Case("job", lambda: order.append("a"), [Peer("b", lambda: order.append("b"))])
    found = _harness.measure("family", case, quick=True)
    changes = sum(one != other for one, other in itertools.pairwise(order))
    assert found.rounds >= 7
    assert changes >= 2 * found.rounds - 1


def test_a_ratio_knows_its_targets() -> None:
    ratio = Ratio("peer", 1.0, 3.0, 2.0, 4.0, must=4.0, aim=9.0)
    assert ratio.half_met
    assert not ratio.met
    assert Ratio("peer", 1.0, 3.0, 2.0, 4.0, None, None).half_met is None


def test_the_report_is_one_object_and_its_status_tells(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fake = ModuleType("benchmarks.requests")
    fake.cases = lambda quick: [Case("job", lambda: 1, [Peer("none", None)])]  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "benchmarks.requests", fake)
    monkeypatch.setattr(_harness, "pin_to_one_core", lambda: None)
    slow = Ratio("peer", 1.0, 1.0, 1.0, 1.0, must=4.0, aim=None)
    measured = Measured("requests", "job", 1.0, 7, True, [slow], ["none"])
    monkeypatch.setattr(_harness, "measure", lambda *_, **__: measured)
    assert run.main(["--family", "requests", "--json", "--gate"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["environment"]["numpy"] == np.__version__
    assert found["results"][0]["peers"][0]["ratio"] == 1.0
    assert found["results"][0]["absent"] == ["none"]
    _harness.show([measured])
    table = capsys.readouterr().out
    assert "half of must" in table
    assert "not installed" in table


def test_families_are_found() -> None:
    assert "requests" in run.families()
    assert not {"run", "__init__", "_harness"} & set(run.families())


@pytest.mark.parametrize("form", _workloads.FORMS)
@pytest.mark.parametrize("job", [requests.w1_model, requests.w1_matrix, requests.w3_matrix])
def test_every_contender_gets_the_same_result(job: type, form: str) -> None:
    case: Case = job(form)
    for peer in case.peers:
        if peer.run is not None:
            (peer.same or case.same)(case.ours(), peer.run())


def test_workloads_never_change() -> None:
    assert _workloads.w3() == _workloads.w3()
    one = [json.loads(_workloads.w1(form, 3)[2]) for form in _workloads.FORMS]
    assert one[0] == one[1] == one[2]
    assert list(one[0]) != list(one[1])
    assert 380 <= len(_workloads.w1()[0]) <= 400
