"""What reports say of the data's quality, of predictions and targets; files of references."""

import json
import math
from typing import Any

import numpy as np
import pytest

from fastcore.drift import Reference


def frame(n: int, seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    return {
        "x": rng.normal(size=n),
        "t": rng.choice(["a", "b", "c"], n).astype(object),
        "b": rng.random(n) < 0.5,
        "when": np.datetime64("2024-01-01T00:00", "us") + rng.integers(0, 10**9, n),
        "score": rng.random(n),
        "late": rng.random(n) < 0.2,
    }


def test_quality_of_what_is_as_it_was() -> None:
    fitted = Reference.fit(frame(2000, 0))
    data = frame(800, 1)
    report = fitted.compare(data)
    for name, f in report.features.items():
        assert f.issues == ([] if name != "when" else f.issues)
        q = f.quality
        assert q["type"] == f.kind
        assert (q["missing"], q["infinite"], q["constant"]) == (0, 0, False)
    x = report["x"].quality
    assert (x["minimum"], x["maximum"]) == (data["x"].min(), data["x"].max())
    assert x["cardinality"] is None
    assert report["t"].quality["cardinality"] == 3
    assert report["b"].quality["cardinality"] == 2
    assert report["when"].quality["newest"] == str(data["when"].max())
    assert report["t"].quality["minimum"] is None


def test_what_is_wrong_is_said() -> None:
    fitted = Reference.fit(frame(2000, 0))
    data = frame(500, 1)
    data["x"][:50] = math.nan
    data["x"][50:55] = math.inf
    data["x"][60:90] += 50
    data["t"][:] = "a"
    data["t"][:20] = "new"
    data["b"][:] = True
    data["when"] -= np.timedelta64(30, "D")
    data["score"][:] = math.nan
    report = fitted.compare(data)
    assert report["x"].issues == [
        "missing: 10.0%, in the reference 0.0%",
        "infinite: 5 of 500",
        "outside the reference's range: 8.0%",
    ]
    assert report["t"].issues == ["unseen: 4.0%"]
    assert report["b"].issues == ["constant, which the reference is not"]
    newest = (data["when"].max(), frame(2000, 0)["when"].max())
    assert report["when"].issues == [f"not fresh: newest {newest[0]}, reference {newest[1]}"]
    assert report["score"].issues == ["all values are missing"]
    assert report["late"].issues == []
    found = json.loads(report.to_json())["features"]
    assert found["x"]["issues"] == report["x"].issues
    assert found["x"]["quality"]["missing"] == 0.1
    assert found["score"]["quality"]["maximum"] is None
    nothing = fitted.compare({name: values[:0] for name, values in data.items()})
    assert all(f.issues == [] for f in nothing.features.values())
    json.dumps(nothing.to_dict(), allow_nan=False)


def test_constants() -> None:
    fitted = Reference.fit({"x": np.ones(50), "t": ["a"] * 50, "o": ["a", "b"] * 25}, categories=1)
    report = fitted.compare({"x": np.ones(9), "t": ["a"] * 9, "o": ["c"] * 9})
    assert report["x"].quality["constant"]
    assert report["t"].quality["constant"]
    assert not report["o"].quality["constant"]  # the others may be several
    assert report["x"].issues == report["t"].issues == []


def test_predictions_and_targets(tmp_path: Any) -> None:
    fitted = Reference.fit(frame(3000, 0), prediction="score", target="late")
    plain = Reference.fit(frame(3000, 0))
    assert fitted != plain
    fitted.save(tmp_path / "r")
    again = Reference.load(tmp_path / "r")
    assert again == fitted
    data = frame(900, 1)
    data["score"] **= 2
    report = again.compare(data)
    assert report.prediction is report["score"]
    assert report.target is report["late"]
    assert report.prediction.drifted
    assert not report.target.drifted
    assert report["x"].role == "feature"
    assert report.to_dict()["features"]["score"]["role"] == "prediction"
    assert plain.compare(data).prediction is None
    assert plain.compare(data).target is None
    with pytest.raises(KeyError, match="target: there is no feature 'no'"):
        Reference.fit(frame(9, 0), target="no")


def test_each_byte_of_a_file_is_guarded() -> None:
    content = Reference.fit({"x": np.arange(5.0), "t": ["a"] * 5}, prediction="x")._to_bytes()
    for at in range(len(content)):
        damaged = bytearray(content)
        damaged[at] ^= 1 << at % 8
        with pytest.raises(ValueError, match=r"^(is|has) "):
            Reference._from_bytes(bytes(damaged))


def test_roles_that_there_are_not() -> None:
    from fastcore import _container, _reference

    content, arrays = _container.unpack(
        _reference._MAGIC, 1, Reference.fit({"x": [1.0]})._to_bytes(), "a reference"
    )
    content[0]["role"] = "boss"
    forged = _container.pack(_reference._MAGIC, 1, content, arrays)
    with pytest.raises(ValueError, match=r"^is not valid"):
        Reference._from_bytes(forged)


def test_plots_name_the_tests() -> None:
    fitted = Reference.fit(frame(500, 0))
    axes = fitted.compare(frame(300, 1)).plot("x").axes[0]
    label = axes.get_xlabel()
    assert all(name in label for name in ("psi", "jensenshannon", "chi2", "ks_2samp", "(p "))
