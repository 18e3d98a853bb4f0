"""Reports by segment, and columns of vectors."""

import json
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from fastcore import Columns, UnsupportedError
from fastcore.drift import Reference, Segments, SequentialTest


def shops(n: int, seed: int, moved: str = "") -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    shop = rng.choice(["a", "b", "c", "d"], n, p=[0.4, 0.3, 0.2, 0.1]).astype(object)
    price = rng.normal(9, 1, n) + 1.5 * (shop == moved)
    return {"shop": shop, "price": price, "kind": rng.choice(["x", "y"], n).astype(object)}


def test_a_segment_is_the_reference_of_its_rows() -> None:
    old, new = shops(3000, 0), shops(1000, 1, "c")
    segments = Segments.fit(old, by="shop")
    assert list(segments) == ["a", "b", "c", "d"]
    report = segments.compare(new)
    for name in segments:
        alone = Reference.fit({k: old[k][old["shop"] == name] for k in ("price", "kind")})
        assert segments[name] == alone
        wanted = alone.compare({k: new[k][new["shop"] == name] for k in ("price", "kind")})
        assert report[name].to_dict() == wanted.to_dict()
    assert report.drifted == ["c"]
    assert report["c"].drifted == ["price"]
    assert report.pvalues["c"] < 1e-9
    assert (report.unknown, report.absent) == ({}, [])
    found = json.loads(report.to_json())
    assert found == report.to_dict()
    assert found["version"] == 1
    assert "c  " in repr(report)
    assert "drifted: price" in repr(report)
    assert repr(segments) == "Segments by 'shop': a, b, c, d"


@pytest.mark.parametrize("form", ["frame", "category", "columns", "rows", "bool"])
def test_segments_of_any_data(form: str) -> None:
    old, new = shops(1500, 0), shops(700, 1, "b")

    def made(data: dict[str, Any]) -> Any:
        frame = pd.DataFrame(data)
        if form == "category":
            frame["shop"] = frame["shop"].astype("category")
        if form == "bool":
            frame["shop"] = frame["shop"] == "b"
        if form == "columns":
            return Columns.from_pandas(frame)
        return frame.to_dict("records") if form == "rows" else frame

    report = Segments.fit(made(old), by="shop").compare(made(new))
    assert report.drifted == (["true"] if form == "bool" else ["b"])


def test_segments_without_enough_rows_and_without_a_name() -> None:
    old, new = shops(1000, 0), shops(500, 1)
    old["shop"][:50], new["shop"][:9], new["shop"][9:20] = "rare", "new", None
    new["shop"][new["shop"] == "d"] = "a"
    segments = Segments.fit(old, by="shop", least=60)
    assert "rare" not in segments
    report = segments.compare(new)
    assert report.unknown == {"new": 9}
    assert report.absent == ["d"]
    assert sum(r.rows for r in report.values()) == 500 - 20


def test_false_alarms_over_segments() -> None:
    """In 40 runs of 4 segments not more than 7 with any alarm, at 5 % (probability 1e-3)."""
    segments = Segments.fit(shops(8000, 0), by="shop")
    alarms = sum(bool(segments.compare(shops(800, seed)).drifted) for seed in range(1, 41))
    assert alarms <= 7


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda d: Segments.fit(d, by="no"), KeyError, "by: there is no column 'no'"),
        (lambda d: Segments.fit(d, by="price"), TypeError, "by: expected texts, categories"),
        (lambda d: Segments.fit(d, by="shop", least=10**6), ValueError, "no category of 'shop'"),
        (lambda d: Segments.fit(d, by="shop", least=0), ValueError, "least: expected an int"),
        (
            lambda d: Segments.fit(d, by="shop").compare(d, correction="x"),
            ValueError,
            "correction: expected",
        ),
    ],
)
def test_bad_arguments(call: Any, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        call(shops(800, 0))


# ---- Vectors -------------------------------------------------------------------------------


def embedded(n: int, seed: int, d: int = 12) -> dict[str, Any]:
    mix = np.random.default_rng(99).normal(size=(3, d))
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(n, 3)) * (3, 2, 1) @ mix + rng.normal(0, 0.1, (n, d))
    return {"e": vectors, "x": rng.normal(size=n)}


def test_embeddings(tmp_path: Any) -> None:
    old = embedded(4000, 0)
    fitted = Reference.fit(old)
    assert fitted.names == (*(f"e[{i}]" for i in range(8)), "e[rest]", "x")
    assert fitted.compare(embedded(1000, 1)).drifted == []
    moved = embedded(1000, 2)
    moved["e"] = moved["e"] + (np.arange(12) == 4) * 2.0  # away from the plane of the axes
    assert "e[rest]" in fitted.compare(moved).drifted
    scaled = embedded(1000, 3)
    scaled["e"] = scaled["e"] * 1.7
    assert {"e[0]", "e[1]", "e[2]"} <= set(fitted.compare(scaled).drifted)
    fitted.save(tmp_path / "r")
    again = Reference.load(tmp_path / "r")
    assert again == fitted
    assert again.compare(moved).to_dict() == fitted.compare(moved).to_dict()
    test = SequentialTest(again)
    for seed in range(5):
        test.update(embedded(200, 10 + seed))
    assert not test.rejected
    test.update(moved)
    assert "e[rest]" in SequentialTest.from_bytes(test.to_bytes()).drifted


def test_axes_of_noise_raise_no_alarm() -> None:
    """Rows are nearer to axes that were found in them: of 30 runs not more than 6 (p 1e-3)."""
    rng = np.random.default_rng(5)
    alarms = 0
    for _ in range(30):
        fitted = Reference.fit({"e": rng.normal(size=(800, 20))})
        alarms += fitted.compare({"e": rng.normal(size=(400, 20))}).dataset_drifted
    assert alarms <= 6


def test_the_numbers_of_a_vector() -> None:
    old = embedded(500, 0)
    fitted = Reference.fit(old, features=["e"])
    e = old["e"]
    mean = e.mean(0)
    _, values, axes = np.linalg.svd(e - mean, full_matrices=False)
    along = (e - mean) @ axes[:8].T / (values[:8] / math.sqrt(499))
    rest = np.linalg.norm((e - mean) - (e - mean) @ axes[:8].T @ axes[:8], axis=1)
    found = fitted.projections[0].apply(Columns.from_numpy(old))
    for i in range(8):
        got = found[f"e[{i}]"]
        np.testing.assert_allclose(np.abs(got), np.abs(along[:, i]), atol=1e-8)
    np.testing.assert_allclose(found["e[rest]"], rest, atol=1e-7)


def test_vectors_that_are_missing_or_far_out() -> None:
    old, new = embedded(3000, 0), embedded(900, 1)
    wanted = Reference.fit(old).compare(new).drifted
    for data in (old, new):
        data["e"] = data["e"].copy()
        data["e"][5] = 1e6
    fitted = Reference.fit(old)
    assert fitted.compare(new).drifted == wanted == []
    new["e"][:90, 3] = np.nan
    report = fitted.compare(new)
    assert report["e[0]"].missing == report["e[rest]"].missing == 0.1
    assert "missing: 10.0%, in the reference 0.0%" in report["e[0]"].issues
    rows = [{"e": row.tolist(), "x": 1.0} for row in new["e"][100:200]]
    rows[3]["e"] = None
    assert Reference.fit(old).compare(rows)["e[1]"].missing == 0.01
    whole = {"e": np.arange(600).reshape(200, 3)}
    assert Reference.fit(whole).names[-1] == "e[rest]"
    assert Reference.fit({"e": np.ones((9, 3))}).compare({"e": np.ones((5, 3))}).drifted == []


def test_vectors_that_do_not_fit() -> None:
    fitted = Reference.fit(embedded(200, 0))
    with pytest.raises(TypeError, match="column 'e': expected vectors of 12 numbers"):
        fitted.compare({"e": np.ones((5, 3)), "x": np.ones(5)})
    with pytest.raises(TypeError, match="column 'e': expected vectors of 12 numbers"):
        fitted.compare({"e": np.ones(5), "x": np.ones(5)})
    with pytest.raises(KeyError, match=r"no column 'e', .* as a vector; the columns are \['x'\]"):
        fitted.compare({"x": np.ones(5)})
    with pytest.raises(KeyError, match="no segment 'e'; there are a, b, c"):
        Segments.fit(shops(900, 0), by="shop")["e"]
    with pytest.raises(ValueError, match="column 'e': expected a vector of finite numbers"):
        Reference.fit({"e": np.full((5, 3), np.nan)})
    with pytest.raises(ValueError, match=r"column 'e\[0\]': its name is that of a part"):
        Reference.fit({"e": np.arange(15.0).reshape(5, 3), "e[0]": np.ones(5)})
    for cell in ([[1.0], [1.0, 2.0]], [["a"], ["b"]], [[1.0], 2.0]):
        column = np.empty(2, object)
        column[:] = cell
        with pytest.raises(UnsupportedError, match="column 'e' holds Python objects"):
            Reference.fit({"e": column})
        with pytest.raises(TypeError, match="column 'e': expected vectors of 12 numbers"):
            fitted.compare({"e": column, "x": np.ones(2)})


def test_vectors_in_cells_of_a_frame() -> None:
    old, new = embedded(300, 0), embedded(100, 1)
    fitted = Reference.fit(pd.DataFrame({"e": list(old["e"]), "x": old["x"]}))
    assert fitted == Reference.fit(old)
    cells: list[Any] = list(new["e"])
    cells[3], cells[5] = None, math.nan
    new["e"][[3, 5]] = math.nan
    report = fitted.compare(pd.DataFrame({"e": cells, "x": new["x"]}))
    assert report.to_dict() == fitted.compare(new).to_dict()
    assert report["e[0]"].missing == 0.02
    for none in (np.full(100, None, object), np.full(100, math.nan)):
        assert fitted.compare({"e": none, "x": new["x"]})["e[rest]"].missing == 1


def test_each_byte_of_a_file_with_vectors_is_guarded() -> None:
    content = Reference.fit({"e": np.arange(8.0).reshape(4, 2)})._to_bytes()
    for at in range(len(content)):
        damaged = bytearray(content)
        damaged[at] ^= 1 << at % 8
        with pytest.raises(ValueError, match=r"^(is|has) "):
            Reference._from_bytes(bytes(damaged))


def test_forged_vectors() -> None:
    from fastcore import _container, _reference

    data = Reference.fit({"e": np.arange(8.0).reshape(4, 2)})._to_bytes()
    content, arrays = _container.unpack(_reference._MAGIC, 2, data, "a reference")
    for change in ({"width": 3}, {"width": -1}, {"axes": 5}, {"name": "other"}):
        forged = dict(content, vectors=[content["vectors"][0] | change])
        packed = _container.pack(_reference._MAGIC, 2, forged, arrays)
        with pytest.raises(ValueError, match=r"^is not valid"):
            Reference._from_bytes(packed)
