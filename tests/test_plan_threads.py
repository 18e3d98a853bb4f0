"""Plan.transform on several threads: the same output, errors and counters as on one."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import MaxAbsScaler, OneHotEncoder, OrdinalEncoder, StandardScaler

from fastcore import Plan

#: Rows enough for several threads, whatever the plan.
MANY = 70_000


@pytest.fixture
def native(monkeypatch):
    """For what only compiled plans have: also where the suite runs with everything switched off."""
    monkeypatch.delenv("FASTCORE_DISABLE", raising=False)


@pytest.fixture(scope="module")
def big():
    rng = np.random.default_rng(1)
    age = rng.normal(40, 10, MANY)
    age[rng.random(MANY) < 0.1] = np.nan
    return pd.DataFrame(
        {
            "age": age,
            "visits": rng.integers(0, 9, MANY),
            "plan": rng.choice(["free", "pro", "team"], MANY),
            "city": pd.Series(rng.choice(["Oslo", "Rīga", None], MANY), dtype="str"),
        }
    )


@pytest.fixture(scope="module")
def mixed(big):
    return ColumnTransformer(
        [
            ("n", make_pipeline(SimpleImputer(), StandardScaler()), ["age", "visits"]),
            ("o", OneHotEncoder(handle_unknown="ignore"), ["plan", "city"]),
            ("d", OrdinalEncoder(), ["city"]),
        ],
        sparse_threshold=0,
    ).fit(big)


def test_any_number_of_threads_gives_the_same(native, mixed, big):
    plan = Plan.from_sklearn(mixed)
    for dtype in (np.float64, np.float32):
        want = plan.transform(big, threads=1, dtype=dtype)
        out = np.empty_like(want)
        plan.reset_counters()
        for threads in (2, 3, np.int64(5), 10**30, None):
            assert plan.transform(big, threads=threads, dtype=dtype).tobytes() == want.tobytes()
            out[:] = -1
            assert plan.transform(big, threads=threads, out=out) is out
            assert out.tobytes() == want.tobytes()
        assert plan.counters()["rows"] == 10 * len(big)
    np.testing.assert_array_equal(plan.transform(big), mixed.transform(big))


def test_any_number_of_threads_gives_the_same_sparse(native):
    rng = np.random.default_rng(3)
    X = np.concatenate(
        [rng.integers(0, 5, (MANY, 4)), np.where(rng.random((MANY, 4)) < 0.5, 0, 1)], axis=1
    ).astype(float)
    est = FeatureUnion(
        [
            ("hot", ColumnTransformer([("h", OneHotEncoder(), [0, 1, 2, 3])])),
            ("numbers", ColumnTransformer([("m", MaxAbsScaler(), [4, 5, 6, 7])])),
        ]
    ).fit(X)
    plan, want = Plan.from_sklearn(est), est.transform(X)
    for threads in (1, 2, 3, 7):
        found = plan.transform(X, threads=threads)
        for part in ("data", "indices", "indptr"):
            mine, theirs = getattr(found, part), getattr(want, part)
            assert mine.dtype == theirs.dtype
            assert mine.tobytes() == theirs.tobytes()


def test_errors_are_the_originals_on_any_number_of_threads(mixed, big):
    plan = Plan.from_sklearn(mixed)
    for row in (0, len(big) // 2, len(big) - 1):
        bad = big.copy()
        bad.loc[row, "age"] = np.inf
        with pytest.raises(ValueError, match="infinity") as theirs:
            mixed.transform(bad)
        for threads in (1, 2, 3):
            with pytest.raises(ValueError, match="infinity") as ours:
                plan.transform(bad, threads=threads)
            assert str(ours.value) == str(theirs.value)


def test_eight_threads_with_several_each(native, mixed, big):
    """Each of them has parallel regions of its own, at the same time."""
    plan = Plan.from_sklearn(mixed)
    want = plan.transform(big, threads=1).tobytes()

    def work(k):
        return all(plan.transform(big, threads=2 + k % 3).tobytes() == want for _ in range(3))

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(8)))


def test_a_wrong_environment_is_named(native, monkeypatch):
    """By calls that are large enough to ask for it."""
    monkeypatch.setenv("FASTCORE_NUM_THREADS", "many")
    plan = Plan.from_sklearn(StandardScaler().fit(np.arange(14.0).reshape(2, 7)))
    assert plan.transform(np.zeros((700, 7))).shape == (700, 7)
    with pytest.raises(ValueError, match="FASTCORE_NUM_THREADS: expected an integer"):
        plan.transform(np.zeros((MANY, 7)))
    assert plan.transform(np.zeros((MANY, 7)), threads=2).shape == (MANY, 7)
