"""References and reports: what is frozen, and what is said of current data."""

import json
import math
import pickle
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from fastcore import Columns, UnsupportedError, _core, drift
from fastcore.drift import Reference, Report
from tests.monitor_data import reference, rows
from tests.profiles import examples


@st.composite
def samples(draw: Any) -> tuple[Any, Any]:
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    kind = draw(st.sampled_from(["normal", "ties", "heavy", "huge", "constant", "tiny"]))

    def make(n: int, shift: float) -> Any:
        x = rng.normal(shift, 1, n)
        return {
            "normal": x,
            "ties": x.round(),
            "heavy": np.exp(3 * x),
            "huge": x * 1e300,
            "constant": np.full(n, 3.0) + (x > 3),
            "tiny": x * 5e-324 * 1000,
        }[kind]

    r = make(draw(st.integers(1, 500)), 0)
    c = make(draw(st.integers(1, 500)), draw(st.floats(0, 2)))
    for x in (r, c):
        if len(x) > 20 and draw(st.booleans()):
            x[:3] = np.nan, np.inf, -np.inf
    return r, c


@given(pair=samples())
@examples(200)
def test_statistics_of_a_kept_reference(pair: tuple[Any, Any]) -> None:
    r, c = pair
    fitted = Reference.fit({"x": r}, sample=None)
    f = fitted.compare({"x": c})["x"]
    assert f.missing == np.isnan(c).mean()
    r, c = r[~np.isnan(r)], c[~np.isnan(c)]
    if not len(r) or not len(c):
        return
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        wanted = stats.ks_2samp(r, c)
    assert math.isclose(f.statistics["ks_2samp"].statistic, wanted.statistic, abs_tol=1e-14)
    p = f.statistics["ks_2samp"].pvalue
    assert p is not None
    # Where its exact p is above 1 by rounding, SciPy gives the asymptotic one.
    least = any("Exact calculation unsuccessful" in str(warning.message) for warning in said)
    assert math.isclose(p, 1 if least else wanted.pvalue, rel_tol=1e-9, abs_tol=1e-300)
    edges = f.feature.edges
    for name in ("psi", "jensenshannon", "chi2"):
        assert f.statistics[name] == getattr(drift, name)(r, c, edges=edges)
    finite = c[np.isfinite(c)]
    if len(finite):
        assert f.current.minimum == finite.min()
        assert f.current.maximum == finite.max()
        if np.abs(finite).max() < 1e100:
            scale = max(np.abs(finite).max(), np.abs(f.feature.shift))
            assert math.isclose(
                f.current.mean, finite.mean(), rel_tol=1e-9, abs_tol=1e-9 * scale + 1e-323
            )
    known = r[np.isfinite(r)]
    if len(known) and np.isfinite(r).all():
        outside = ((c < known.min()) | (c > known.max())).mean()
        assert f.unseen is not None
        assert math.isclose(f.unseen, outside, abs_tol=1e-12)


@given(seed=st.integers(0, 999), sample=st.integers(2, 200))
@examples(50)
def test_a_thinned_sample_is_short_by_its_largest_gap(seed: int, sample: int) -> None:
    rng = np.random.default_rng(seed)
    r, c = rng.normal(size=2000), rng.normal(0.3, 1, 1000)
    f = Reference.fit({"x": r}, sample=sample).compare({"x": c})["x"]
    exact = stats.ks_2samp(r, c).statistic
    got = f.statistics["ks_2samp"].statistic
    assert got <= exact + 1e-12
    assert got >= exact - f.reference.cells[::2].max() / len(r) - 1e-12


@given(data=st.data(), tests=st.sampled_from([["psi", "chi2"], ["hellinger", "kl_divergence"]]))
@examples(60)
def test_counts_by_bin_are_those_of_all_cells(data: st.DataObject, tests: list[str]) -> None:
    r, c = data.draw(samples())
    fitted = Reference.fit({"x": r})
    fine, coarse = (
        fitted.compare({"x": c}, tests=[*tests, "ks_2samp"]),
        fitted.compare({"x": c}, tests=tests),
    )
    for name in ("psi", "missing", *tests):
        assert str(fine["x"].statistics[name]) == str(coarse["x"].statistics[name])
    assert fine["x"].unseen == coarse["x"].unseen
    assert "ks_2samp" not in coarse["x"].statistics


def test_bins_have_equal_shares() -> None:
    x = np.random.default_rng(0).normal(size=10_000)
    f = Reference.fit({"x": x}).compare({"x": x})["x"]
    assert f.reference.bins.tolist() == [1000] * 10
    assert f.statistics["psi"].statistic == 0
    given_ = Reference.fit({"x": x}, bins=[-1.0, 0.0, 1.0]).compare({"x": x})["x"]
    assert given_.current.bins.tolist() == [
        int(((x >= a) & (x < b)).sum()) for a, b in [(-np.inf, -1), (-1, 0), (0, 1), (1, np.inf)]
    ]


def test_an_outlier_changes_no_verdict() -> None:
    rng = np.random.default_rng(0)
    r, c = rng.normal(size=10_000), rng.normal(1, 1, 10_000)
    fitted = Reference.fit({"x": r})
    plain = fitted.compare({"x": c})["x"].statistics["psi"].statistic
    c[0] = 1e6
    assert abs(fitted.compare({"x": c})["x"].statistics["psi"].statistic - plain) < 0.01
    r[0] = 1e6
    assert Reference.fit({"x": r}).compare({"x": c})["x"].drifted


def test_false_alarms_are_rare_and_drift_is_seen() -> None:
    rng = np.random.default_rng(7)
    features = {f"x{i}": rng.normal(size=20_000) for i in range(20)}
    fitted = Reference.fit(features)
    alarms = 0
    for n in (60, 100, 300, 3000):
        for _ in range(50):
            report = fitted.compare({name: rng.normal(size=n) for name in features}, ["psi"])
            alarms += report.dataset_drifted
    assert alarms <= 20  # of 200, at 5 %: more than 20 are less probable than 1 in 1,000
    moved = {name: rng.normal(i >= 15, 1, size=500) for i, name in enumerate(features)}
    assert fitted.compare(moved).drifted == [f"x{i}" for i in range(15, 20)]


def test_small_differences_of_large_data_are_no_drift() -> None:
    rng = np.random.default_rng(0)
    fitted = Reference.fit({"x": rng.normal(size=500_000)})
    f = fitted.compare({"x": rng.normal(0.05, 1, size=500_000)})["x"]
    assert f.pvalue < 1e-10
    assert not f.drifted
    assert f.threshold == 0.1


def test_categories() -> None:
    words = np.array(["a"] * 50 + ["b"] * 30 + ["c"] * 20, object)
    fitted = Reference.fit({"t": words})
    f = fitted.compare({"t": np.array(["a", "b", "new", None], object)})["t"]
    assert f.feature.labels == ["a", "b", "c", "(other)"]
    assert f.current.bins.tolist() == [1, 1, 0, 1]
    assert f.unseen == pytest.approx(1 / 3)
    assert f.unseen_values == [("new", 1)]
    assert f.missing == 0.25
    few = Reference.fit({"t": words}, categories=2)
    f = few.compare({"t": words})["t"]
    assert f.current.bins.tolist() == [50, 30, 20]
    assert f.unseen is None  # the reference itself has others
    chosen = Reference.fit({"t": words}, categories=["c", "z"])
    assert chosen.compare({"t": words})["t"].current.bins.tolist() == [20, 0, 80]


def test_bools_and_times() -> None:
    fitted = Reference.fit({"b": [True, False, True, True], "t": pd.date_range("2013", periods=4)})
    report = fitted.compare({"b": [False] * 3, "t": pd.date_range("2014", periods=3)})
    assert report["b"].current.bins.tolist() == [3, 0]
    assert report["t"].kind == "time"
    assert report["t"].unseen == 1
    assert "2013-01-0" in str(report["t"].feature.labels)


@pytest.mark.parametrize("how", ["columns", "pandas", "polars", "arrow", "rows", "dict"])
def test_all_kinds_of_data(how: str) -> None:
    data = rows(400, 1)
    columns = Columns.from_numpy(data)
    given_: Any = {
        "columns": lambda: columns,
        "pandas": columns.to_pandas,
        "polars": columns.to_polars,
        "arrow": lambda: __import__("pyarrow").table(columns),
        "rows": columns.to_rows,
        "dict": lambda: data,
    }[how]()
    found = Reference.fit(given_)
    assert found == Reference.fit(columns)
    assert found.fingerprint == Reference.fit(columns).fingerprint


def test_matrices_and_structured_arrays() -> None:
    x = np.random.default_rng(0).normal(size=(100, 2))
    assert Reference.fit(x).names == ("x0", "x1")
    table = np.zeros(5, dtype=[("a", "f8"), ("b", "i4")])
    assert Reference.fit(table).names == ("a", "b")


def test_a_column_without_values() -> None:
    n = np.full(10, np.nan)
    fitted = Reference.fit({"n": n, "t": np.array([None] * 10, object), "x": np.arange(10.0)})
    report = fitted.compare({"n": n, "t": np.array([None] * 10, object), "x": n})
    assert report.drifted == ["x"]  # by what is missing
    assert report["n"].missing == 1
    assert math.isnan(report["n"].statistics["psi"].statistic)
    report = fitted.compare({"n": np.arange(9.0), "t": n[:9], "x": np.arange(9.0)})
    assert "n" in report.drifted
    nothing = fitted.compare({"n": [], "t": [], "x": []})
    assert nothing.rows == 0
    assert not nothing.dataset_drifted
    json.loads(nothing.to_json())


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda: Reference.fit({"x": []}), ValueError, "data: expected at least one row"),
        (lambda: Reference.fit([]), ValueError, "data: expected at least one row"),
        (lambda: Reference.fit(3), TypeError, "data: expected Columns"),
        (lambda: Reference.fit({"x": [1]}, bins=0), ValueError, "bins: expected 1 to 10000"),
        (lambda: Reference.fit({"x": [1]}, bins=[2, 1]), ValueError, "bins: expected rising"),
        (lambda: Reference.fit({"x": [1]}, bins={"y": 3}), KeyError, "no column 'y'"),
        (lambda: Reference.fit({"x": [1]}, sample=0), ValueError, "sample: expected at least 1"),
        (lambda: Reference.fit({"x": ["a"]}, categories=0), ValueError, "categories: expected 1"),
        (lambda: Reference.fit({"x": ["a"]}, categories=[1]), ValueError, "categories: expected d"),
        (lambda: Reference.fit({"x": [1]}, features=["y"]), KeyError, "no column 'y'"),
        (lambda: Reference.fit({"x": [[True, False]]}), UnsupportedError, "column 'x' holds lists"),
        (lambda: Reference(), TypeError, "use Reference.fit"),
    ],
)
def test_bad_references(call: Any, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        call()


def test_bad_comparisons() -> None:
    fitted = Reference.fit({"x": np.arange(9.0), "t": np.array(list("abcabcabc"), object)})
    with pytest.raises(KeyError, match="no column 't'"):
        fitted.compare({"x": [1.0]})
    with pytest.raises(TypeError, match="column 'x': expected numbers"):
        fitted.compare({"x": ["a"], "t": ["a"]})
    with pytest.raises(ValueError, match="tests: expected some of psi"):
        fitted.compare({"x": [1.0], "t": ["a"]}, tests=["nope"])
    assert fitted.compare({"x": [1.0], "t": ["a"], "more": [object()]}).rows == 1


def test_files(tmp_path: Path) -> None:
    fitted = reference()
    fitted.save(tmp_path / "r")
    again = Reference.load(tmp_path / "r")
    assert again == fitted
    assert repr(again) == repr(fitted)
    assert again.compare(rows(50, 2)).to_dict() == fitted.compare(rows(50, 2)).to_dict()
    assert pickle.loads(pickle.dumps(fitted)) == fitted
    with pytest.raises(FileNotFoundError):
        Reference.load(tmp_path / "none")
    assert [p.name for p in tmp_path.iterdir()] == ["r"]


@given(data=st.data())
@examples(60)
def test_damaged_files_are_refused(data: st.DataObject) -> None:
    content = bytearray(Reference.fit({"x": np.arange(9.0), "t": ["a"] * 9})._to_bytes())
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(ValueError, match=r"^(is|has)"):
        Reference._from_bytes(bytes(content[: data.draw(st.sampled_from([at, None]))]))


def test_reports_as_data() -> None:
    report = reference().compare(rows(500, 3, shift=1.0))
    found = json.loads(report.to_json())
    assert found == report.to_dict()
    assert found["version"] == 1
    assert found["drifted"] == report.drifted == ["x", "t"]
    assert found["features"]["x"]["current"]["counts"] == report["x"].current.bins.tolist()
    frame = report.to_pandas()
    assert frame.loc["x", "psi"] == report["x"].statistics["psi"].statistic
    assert frame.index.tolist() == list(report)
    assert repr(report).startswith("Report: drifted; 2 of 6 features, 500 rows against 3000")


@pytest.mark.parametrize("threads", [1, 2])
def test_threads_change_nothing(threads: int) -> None:
    rng = np.random.default_rng(0)
    data = {f"x{i}": rng.normal(size=20_000) for i in range(6)}
    fitted = Reference.fit(data)
    columns = Columns.from_numpy(data)
    for coarse in (False, True):
        one = fitted._core.count(columns, coarse, 1)
        np.testing.assert_array_equal(fitted._core.count(columns, coarse, threads), one)


def test_a_report_is_found_piece_by_piece() -> None:
    """The same whatever is asked for first, and equal to the statistics of the counts."""
    rng = np.random.default_rng(8)
    data = {"x": rng.normal(size=900), "t": np.array(["a", "b", "c"] * 300, dtype=object)}
    data["x"][:50] = np.nan
    reference = Reference.fit(data)
    later = {"x": data["x"] + 0.1, "t": np.array(["a", "a", "d"] * 300, dtype=object)}
    names = [*_core.statistic_names(), "ks_2samp"]
    first, second = (reference.compare(later, names) for _ in range(2))
    assert first.drifted == ["t"]
    assert [f.drifted for f in first.features.values()] == [False, True]
    assert repr(list(second.features.values())) == repr(list(first.features.values()))
    assert second.to_dict() == first.to_dict()
    assert first["t"].unseen_values == [("d", 300)]
    for f in first.features.values():
        for name in _core.statistic_names():
            expected = getattr(drift, name)(f.reference.bins, f.current.bins, counts=True)
            assert repr(f.statistics[name]) == repr(expected)
        old, new = ([side.present, side.missing] for side in (f.reference, f.current))
        assert repr(f.statistics["missing"]) == repr(drift.psi(old, new, counts=True))
    assert "ks_2samp" not in first["t"].statistics
    block = reference.block
    for args, error in [
        ((block, block[1:], ("psi",), tuple), ValueError),
        ((block, block, ("none",), tuple), ValueError),
        ((block, block, ["psi"], tuple), TypeError),
        ((block, block, ("psi",), list), TypeError),
        ((block, block, ("psi",) * 40, tuple), TypeError),
        ((block, block), TypeError),
    ]:
        with pytest.raises(error):
            reference._core.compare(*args)


@pytest.mark.parametrize("sample", [None, 1024, 60])
def test_distances_that_are_found_apart(sample: int | None) -> None:
    """The same report, whether every value was counted into its cell or not."""
    rng = np.random.default_rng(5)
    n = 9000

    def table(shift: float) -> dict[str, Any]:
        data = {
            "normal": rng.normal(shift, 1, n),
            "single": rng.normal(shift, 1, n).astype(np.float32),
            "skewed": np.exp(rng.normal(shift, 2, n)),
            "few": rng.integers(0, 5, n),
            "wide": rng.integers(-(10**15), 10**15, n),
            "constant": np.full(n, 2.5),
            "holes": rng.normal(shift, 1, n),
            "nothing": np.full(n, np.nan),
            "time": rng.integers(0, 10**9, n).astype("datetime64[us]"),
            "text": np.array(["a", "b", "c"] * (n // 3), dtype=object),
        }
        data["holes"][::3] = np.nan
        data["holes"][1:20] = np.inf
        data["holes"][22:30] = -np.inf
        return data

    old = table(0)
    old["nothing"] = rng.normal(size=n)
    reference = Reference.fit(old, sample=sample)
    for shift in (0, 0.02, 3):
        columns = Columns.from_numpy(table(shift))
        fine = Report._of(reference, reference._core.count(columns))
        report = reference.compare(columns)
        assert report.to_json() == fine.to_json()
        block, apart = reference._core.count(columns, True, 1, reference.block)
        assert reference._core.sound(block)
        assert np.isfinite(apart[[0, 1]]).all() == (sample != 60), "too few buckets"
        assert np.isnan(apart[[5, 7, 9]]).all(), "counted into cells, or there is nothing"
        two, again = reference._core.count(columns, True, 2, reference.block)
        np.testing.assert_array_equal(two, block)
        np.testing.assert_array_equal(again, apart)
    with pytest.raises(ValueError, match="block: expected one of this reference"):
        reference._core.count(columns, True, 1, block[1:])
    with pytest.raises(ValueError, match="apart: expected one float64"):
        reference._core.compare(block, block, ("psi",), tuple, apart[1:])


def test_statistics_that_take_the_values() -> None:
    rng = np.random.default_rng(7)
    old = {"x": rng.normal(size=900).round(1), "t": np.arange(900).astype("datetime64[s]")}
    old |= {"kind": np.array(["a", "b", "c"] * 300), "i": rng.integers(0, 9, 900)}
    new = {name: values[rng.integers(0, 700, 400)] for name, values in old.items()}
    new["x"][:3] = np.nan, np.inf, -np.inf
    new["t"][5] = np.datetime64("NaT")
    tests = ("wasserstein_distance", "anderson_ksamp", "mannwhitneyu", "ks_2samp")
    report = Reference.fit(old, sample=None).compare(new, tests)
    assert list(report["kind"].statistics) == ["psi", "missing"]
    for name, r, c in (
        ("x", old["x"], new["x"]),
        ("i", old["i"], new["i"]),
        ("t", old["t"].astype(np.int64) * 10**6, np.delete(new["t"], 5).astype(np.int64) * 10**6),
    ):
        found = report[name].statistics
        assert list(found) == ["psi", *tests, "missing"]
        assert report[name].approximate == ()
        for test in tests:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                wanted = getattr(drift, test)(r, c)
            assert repr(found[test]) == repr(wanted)
    thinned = Reference.fit(old, sample=100, features=["x", "i"]).compare(new, tests)
    assert set(thinned["i"].approximate) == set()
    few = Reference.fit({"x": rng.normal(size=900)}, sample=100)
    shifted = few.compare({"x": rng.normal(0.5, 1, 900)}, tests)["x"]
    assert set(shifted.approximate) == set(tests)
    assert 0.4 < shifted.statistics["wasserstein_distance"].statistic < 0.6
    empty = few.compare({"x": np.empty(0)}, tests)["x"].statistics["anderson_ksamp"]
    assert math.isnan(empty.statistic)
    with pytest.raises(ValueError, match="tests: expected some of psi"):
        drift.Monitor(few, tests=["bws_test"])
