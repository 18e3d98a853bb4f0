"""Plan files: what they hold, old versions, skew, damage; pickles and copies go the same way."""

import contextlib
import copy
import hashlib
import json
import pickle
import struct
import subprocess
import sys
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from fastcore import Plan, UnsupportedError, _plan_file, _plan_golden, _plan_store
from fastcore._plan_tree import Recipe, Step, recipe_in, recipe_out
from tests.plan_fixture import ROWS, VALUES, fitted, train
from tests.profiles import part
from tests.test_plan import Doubling

FRAME = train()
FILES = Path(__file__).parent / "plans"
HEAD = struct.Struct("<8sIIQ32s")


@pytest.fixture(autouse=True)
def native(monkeypatch):
    monkeypatch.delenv("FASTCORE_DISABLE", raising=False)


@pytest.fixture(scope="module")
def whole():
    return (FILES / f"version{_plan_file.VERSION}.plan").read_bytes()


def mended(data):
    """The same bytes with the checksum that belongs to them."""
    body = data[HEAD.size :]
    return data[: HEAD.size - 32] + hashlib.sha256(body).digest() + body


def edited(data, change):
    """The file with its JSON changed, and a checksum that says nothing against it."""
    magic, version, zero, length, _ = HEAD.unpack_from(data)
    header = json.loads(data[HEAD.size :][:length])
    change(header)
    text = json.dumps(header).encode()
    body = text + data[HEAD.size + length :]
    return HEAD.pack(magic, version, zero, len(text), hashlib.sha256(body).digest()) + body


# ---- Versions and what is in them ---------------------------------------------------------------


@pytest.mark.parametrize("version", [2, 3])
def test_every_version_stays_readable(version):
    plan = Plan.load(FILES / f"version{version}.plan")
    for row, want in zip(ROWS, VALUES, strict=True):
        np.testing.assert_array_equal(plan.transform_one(row), want)
    np.testing.assert_array_equal(plan.transform(train()), fitted().transform(train()))
    # What is stored stays what it was, also where a later version would store more.
    assert plan.fingerprint == "dc6c4cf67beec68ae5df8484a58515b8"
    assert plan.explain().native


def test_what_a_file_says_of_itself(tmp_path):
    import sklearn

    plan = Plan.from_sklearn(fitted())
    plan.save(tmp_path / "p")
    stored = _plan_file.from_bytes((tmp_path / "p").read_bytes())
    assert stored.made["scikit-learn"] == sklearn.__version__
    assert stored.made["numpy"] == np.__version__
    assert set(stored.made) == {"fastcore", "numpy", "python", "scikit-learn"}
    assert [entry["name"] for entry in stored.inputs] == list(train().columns)
    assert [entry["held"] for entry in stored.inputs] == ["number"] * 3 + ["text"] * 2
    loaded = Plan.load(tmp_path / "p")
    said = list(loaded.explain())
    assert "golden rows equal bit for bit" in said[0].reason
    assert sklearn.__version__ in said[0].reason
    assert [n.path for n in said[1:]] == [n.path for n in plan.explain()]
    loaded.save(tmp_path / "q")  # as it was: what made it is not who copies it
    assert (tmp_path / "q").read_bytes() == (tmp_path / "p").read_bytes()
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["p", "q"]


def test_golden_rows_show_missing_unknown_and_learnt_values():
    plan = Plan.from_sklearn(fitted())
    golden = _plan_store.stored(plan).golden
    columns = list(zip(*golden.rows, strict=True))
    assert len(golden.rows) > 8
    assert None in columns[0]
    assert plan._estimator.named_transformers_["n"][0].statistics_[0] in columns[0]
    assert {"free", "pro", "team", _plan_golden.UNKNOWN, None} <= set(columns[3])
    for row, want in zip(golden.rows, golden.values, strict=True):
        np.testing.assert_array_equal(plan.transform_one(row), want)
    again = _plan_store.stored(Plan.from_sklearn(fitted())).golden
    assert repr(again.rows) == repr(golden.rows)


def test_cells_that_are_refused_are_left_out_of_golden_rows():
    est = OneHotEncoder(handle_unknown="error").fit(
        pd.DataFrame({"t": ["a", "b"], "n": [1.0, 2.0]})
    )
    golden = _plan_store.stored(Plan.from_sklearn(est, strict=True)).golden
    assert {row[0] for row in golden.rows} <= {"a", "b"}
    assert len(golden.rows) >= 2


def test_arrays_keep_their_shape_and_dtype():
    values = [np.arange(6.0).reshape(2, 3), np.array([True, False]), np.array([1, -2], np.int8)]
    values += [np.float32([1.5]), np.array(["a", "bc"]), np.zeros((0, 4))]
    step = Step("any", {str(i): value for i, value in enumerate(values)}, 1)
    data, arrays = recipe_out(Recipe(step, 1, None))
    file = _plan_file._container.pack(b"12345678", 1, data, arrays)
    content, arrays = _plan_file._container.unpack(b"12345678", 1, file, "it")
    back = recipe_in(content, arrays).tree.params
    for i, value in enumerate(values):
        assert back[str(i)].dtype == value.dtype
        np.testing.assert_array_equal(back[str(i)], value)


def test_loading_needs_neither_scikit_learn_nor_pickle(tmp_path, whole):
    (tmp_path / "p").write_bytes(whole)
    code = (
        "import sys\n"
        "for name in ('sklearn', 'scipy', 'pandas', 'pickle', 'joblib'): sys.modules[name] = None\n"
        "import fastcore; p = fastcore.Plan.load(sys.argv[1])\n"
        "p.transform_one({'age': 1, 'visits': 2, 'score': 3, 'plan': 'pro', 'city': None})\n"
        "p.explain(), p.fingerprint, p.counters(), repr(p)"
    )
    if "numpy" in sys.modules and not _numpy_lives_without_pickle():
        code = code.replace("'pickle', ", "")
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "p")], check=True)


def _numpy_lives_without_pickle():
    code = "import sys; sys.modules['pickle'] = None; import numpy"
    return subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0


# ---- Skew ---------------------------------------------------------------------------------------


def test_golden_rows_that_come_out_otherwise_are_refused(whole):
    stored = _plan_file.from_bytes(whole)
    stored.golden.values[3, 0] = np.nextafter(stored.golden.values[3, 0], 9)
    with pytest.raises(ValueError, match=r"'n__age' of golden row 3 is .* and was"):
        Plan._from_bytes(_plan_file.to_bytes(stored))
    stored = _plan_file.from_bytes(whole)
    stored.golden.rows[0][0] = float("inf")
    with pytest.raises(ValueError, match="golden row 0 is refused"):
        Plan._from_bytes(_plan_file.to_bytes(stored))


def test_steps_that_vary_between_cpus_may_be_some_ulp_away(monkeypatch):
    est = make_pipeline(StandardScaler(with_std=False), StandardScaler()).fit([[1.0], [4.5]])
    plan = Plan.from_sklearn(est, strict=True)
    plan._recipe.tree.steps[1].params["varies"] = 1
    plan = Plan._make(est, est, plan._recipe, plan._nodes, 0.0)
    data = _plan_file.to_bytes(_plan_store.stored(plan))
    assert "equal bit for bit" in Plan._from_bytes(data).explain().nodes[0].reason
    for ulp, good in ((1, True), (4, True), (5, False)):
        stored = _plan_file.from_bytes(data)
        cells = stored.golden.values.ravel()
        there = np.flatnonzero(np.isfinite(cells) & (cells != 0))
        cells.view(np.int64)[there] += ulp
        moved = _plan_file.to_bytes(stored)
        if good:
            assert f"within {ulp} ulp" in Plan._from_bytes(moved).explain().nodes[0].reason
        else:
            with pytest.raises(ValueError, match="does not compute here"):
                Plan._from_bytes(moved)


# ---- Damage -------------------------------------------------------------------------------------


def test_damage_is_told(tmp_path, whole):
    for at in range(len(whole)):
        broken = whole[:at] + bytes([whole[at] ^ 0x41]) + whole[at + 1 :]
        with pytest.raises(ValueError, match=r"not a plan|version|damaged|not valid|no valid"):
            Plan._from_bytes(broken)
    for size in range(len(whole)):
        with pytest.raises(ValueError, match=r"not a plan|damaged"):
            Plan._from_bytes(whole[:size])
    (tmp_path / "p").write_bytes(whole[:-1])
    with pytest.raises(ValueError, match=r"path: '.*p' is damaged"):
        Plan.load(tmp_path / "p")
    with pytest.raises(OSError, match="No such file"):
        Plan.load(tmp_path / "nothing")


def test_newer_files_are_told():
    newer = (FILES / "version3.plan").read_bytes()
    newer = newer[:8] + struct.pack("<I", 4) + newer[12:]
    with pytest.raises(ValueError, match=r"version 4, and this fastcore .* newer"):
        Plan._from_bytes(newer)


def survives(data):
    """Refused, or a plan that can be used like any other; whether it was one."""
    try:
        plan = Plan._from_bytes(data)
    except ValueError:
        return False
    for call in (
        lambda: plan.transform_one(ROWS[0]),
        lambda: plan.transform(ROWS),
        lambda: plan.transform(FRAME),
        lambda: plan.transform(np.zeros((2, 5), np.float32)),
        lambda: (plan.explain(), plan.fingerprint, plan.get_feature_names_out(), repr(plan)),
    ):
        with contextlib.suppress(ValueError, TypeError, KeyError, IndexError, OverflowError):
            call()
    return True


@pytest.mark.parametrize("version", [2, 3])
def test_a_forged_file_is_refused_or_harmless(version):
    """Every byte changed, with the checksum mended: the checks inside must hold by themselves."""
    data = (FILES / f"version{version}.plan").read_bytes()
    kept = 0
    for at in part(range(HEAD.size, len(data))):
        mask = (0x01, 0x80, 0x10)[at % 3]
        kept += survives(mended(data[:at] + bytes([data[at] ^ mask]) + data[at + 1 :]))
    assert kept < len(data)


def test_numbers_from_outside_are_checked(whole):
    def put(path, value):
        def change(header):
            at = header
            for key in path[:-1]:
                at = at[key]
            at[path[-1]] = value

        return change

    tree = ("content", "recipe", "tree")
    first = (*tree, "parts", 0, 2, "chain", 0)
    for path in (
        ("content", "recipe", "columns"),
        ("content", "recipe", "names"),
        ("content", "golden", "shape"),
        ("content", "golden", "rows"),
        ("content", "inputs"),
        ("arrays", 0, "at"),
        ("arrays", 0, "count"),
        ("arrays", 0, "dtype"),
        (*tree, "sparse"),
        (*tree, "parts"),
        (*tree, "parts", 0, 1),
        (*first, "width"),
        (*first, "params", "fill", "i"),
        (*first, "params", "indicator"),
        (*tree, "parts", 3, 2, "params", "width"),
        (*tree, "parts", 3, 2, "params", "categories"),
    ):
        for value in (-1, 0, 7, 2**31 - 1, 2**40, 10**400, "x", None, [], [-1], [2**33], {}, 1.5):
            survives(edited(whole, put(path, value)))
    nested = "[" * 50_000
    header = b'{"content": ' + nested.encode()
    body = HEAD.pack(whole[:8], 3, 0, len(header), hashlib.sha256(header).digest()) + header
    assert not survives(body)


# ---- Pickles and copies -------------------------------------------------------------------------


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickles_of_native_plans_are_their_files(protocol):
    plan = Plan.from_sklearn(fitted())
    data = pickle.dumps(plan, protocol)
    assert b"sklearn" not in data
    back = pickle.loads(data)
    np.testing.assert_array_equal(back.transform(train()), plan.transform(train()))
    assert back.fingerprint == plan.fingerprint
    assert pickle.loads(pickle.dumps(back)).fingerprint == plan.fingerprint


def test_joblib(tmp_path):
    plan = Plan.from_sklearn(fitted())
    joblib.dump({"plan": plan}, tmp_path / "p.joblib", compress=3)
    back = joblib.load(tmp_path / "p.joblib")["plan"]
    np.testing.assert_array_equal(back.transform(train()), plan.transform(train()))


def test_other_steps_are_pickled_beside_and_said():
    X = np.arange(12.0).reshape(4, 3)
    est = make_pipeline(StandardScaler(), Doubling()).fit(X)
    back = pickle.loads(pickle.dumps(Plan.from_sklearn(est, verify=0.25)))
    np.testing.assert_array_equal(back.transform(X), est.transform(X))
    said = {node.path: node.reason for node in back.explain()}
    assert said["standardscaler"] == ""
    assert said["doubling"].endswith("pickled beside the plan")
    assert back._verify == 0.25
    off = pickle.loads(pickle.dumps(Plan.from_sklearn(StandardScaler().fit(X), native=False)))
    assert not off.explain().native


def test_copies_share_everything_but_counters():
    plan = Plan.from_sklearn(fitted())
    plan.transform(train())
    for made in (copy.copy(plan), copy.deepcopy(plan)):
        assert made.counters()["rows"] == 0
        made.transform(ROWS[:2])
        assert made.counters()["rows"] == 2
        assert made._estimator is plan._estimator
    assert plan.counters()["rows"] == 4


def test_switched_off_there_is_nothing_to_go_back_to(monkeypatch):
    monkeypatch.setenv("FASTCORE_DISABLE", "1")
    plan = Plan.load(FILES / "version3.plan")
    np.testing.assert_array_equal(plan.transform_one(ROWS[0]), VALUES[0])
    assert "FASTCORE_DISABLE" in plan.explain().nodes[0].reason
    with pytest.raises(UnsupportedError, match="no estimator to compare"):
        plan.check(train())
