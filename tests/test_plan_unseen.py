"""Categories that were not seen, where scikit-learn takes them and warns: the same output and the
same warnings, and silence where there are none."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import Phase, given
from hypothesis import strategies as st
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from fastcore import Columns, Plan

from .plan_compare import alone, assert_same, compare, native, outcome
from .profiles import examples

DROPS = [None, "first", "if_binary", ["a", 1, "x"]]
UNKNOWN = ["warn", "ignore", "infrequent_if_exist", "error"]


def frame(rng, rows, new):
    """Texts, numbers, and texts with missing ones; with `new`, some that were not seen."""
    more = ["new"] * new
    return pd.DataFrame(
        {
            "s": rng.choice(["a", "b", "cc", *more], rows),
            "i": rng.integers(0, 3 + new, rows),
            "o": pd.Series(rng.choice(["x", "y", None, *more], rows), dtype=object),
        }
    )


def trained(rng):
    X = frame(rng, 30, False)
    X.iloc[:3] = [["a", 0, "x"], ["b", 1, "y"], ["cc", 2, None]]
    X.loc[3:18, "o"] = "x"
    return X


@pytest.mark.parametrize("drop", DROPS, ids=str)
@pytest.mark.parametrize("unknown", UNKNOWN)
@given(
    seed=st.integers(0, 2**32 - 1), sparse=st.booleans(), rare=st.sampled_from([None, 9, 12, 40])
)
@examples(4, phases=(Phase.generate, Phase.shrink))
def test_encoders(drop, unknown, seed, sparse, rare):
    rng = np.random.default_rng(seed)
    X = trained(rng)
    est = OneHotEncoder(drop=drop, handle_unknown=unknown, sparse_output=sparse, min_frequency=rare)
    try:
        est.fit(X)
    except (ValueError, AttributeError):  # the level to be dropped is infrequent
        return
    native(est, X)
    for rows in (1, 3, 40):
        Z = frame(rng, rows, True)
        plan = Plan.from_sklearn(est, strict=True)
        assert compare(est, Z, plan) or unknown == "error"
        if unknown != "error":
            native(est, Z)
        compare(est, pl.from_pandas(Z), plan)
        assert compare(est, X, plan)
        records = Z.to_dict("records")
        ours, theirs = outcome(lambda p=plan, r=records: p.transform_one(r[0])), outcome(
            lambda r=records: est.transform(pd.DataFrame(r[:1]).astype({"o": object, "i": float}))
        )  # fmt: skip
        assert ours[1:] == theirs[1:]
        if theirs[1] is None:
            dense = theirs[0].toarray() if sparse else theirs[0]
            np.testing.assert_array_equal(ours[0], dense[0])


def many(rng):
    """Several encoders that warn, in every kind of composition, and one that is silent."""
    warn, first = (
        OneHotEncoder(handle_unknown="warn"),
        OneHotEncoder(drop="first", handle_unknown="ignore"),
    )
    silent = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    both = FeatureUnion([("w", warn), ("f", OneHotEncoder(drop="first", handle_unknown="ignore"))])
    filled = make_pipeline(SimpleImputer(strategy="most_frequent"), first)
    empty = SimpleImputer()  # says at each call that it leaves a column out
    parts = [("n", empty, ["e", "f"]), ("b", both, ["s", "i"]), ("z", silent, ["s"])]
    parts += [("p", filled, ["o", "s"]), ("r", StandardScaler(), ["f"]), ("w", warn, ["i"])]
    X = trained(rng).assign(e=np.nan, f=rng.normal(size=30))
    return ColumnTransformer(parts), X


@pytest.mark.parametrize("threshold", [0.0, 1.0])
@given(seed=st.integers(0, 2**32 - 1))
@examples(2, phases=(Phase.generate, Phase.shrink))
def test_compositions(threshold, seed):
    rng = np.random.default_rng(seed)
    est, X = many(rng)
    outcome(lambda: est.set_params(sparse_threshold=threshold).fit(X))
    plan = alone(est)
    for rows in (1, 20):
        Z = frame(rng, rows, True).assign(e=np.nan, f=rng.normal(size=rows))
        for given_ in (Z, Z[[*Z.columns[::-1]]], X):
            native(est, given_)
        meant = outcome(lambda Z=Z: est.transform(Z))
        ours = outcome(lambda Z=Z: plan.transform(Z.to_dict("records")))
        assert ours[1:] == meant[1:]
        assert_same(ours[0], meant[0])
        again = outcome(lambda Z=Z: plan.transform(Columns.from_pandas(Z.assign(o="x"))))
        then = outcome(lambda Z=Z: est.transform(Z.assign(o="x")))
        assert again[1:] == then[1:]
        assert_same(again[0], then[0])
    whole = make_pipeline(est, StandardScaler(with_mean=False))
    outcome(lambda: whole.fit(X))
    compare(whole, Z)


def test_frames():
    rng = np.random.default_rng(3)
    X = trained(rng)
    est = OneHotEncoder(handle_unknown="warn", sparse_output=False).set_output(transform="pandas")
    native(est.fit(X), frame(rng, 9, True))


def test_saved_and_loaded(tmp_path):
    rng = np.random.default_rng(0)
    est, X = many(rng)
    outcome(lambda: est.fit(X))
    plan = Plan.from_sklearn(est, strict=True)
    plan.save(tmp_path / "p")
    loaded = Plan.load(tmp_path / "p")
    Z = frame(rng, 20, True).assign(e=np.nan, f=1.0)
    ours, theirs = (outcome(lambda f=f: f.transform(Z)) for f in (loaded, est))
    assert ours[1:] == theirs[1:]
    assert len(theirs[2]) == 5
    assert_same(ours[0], theirs[0])
    assert loaded.fingerprint == plan.fingerprint
    bad = Z.assign(f=np.where(np.arange(20) == 7, np.inf, 1.0))
    with pytest.raises(ValueError, match=r"infinity.*column 'f', row 7"):
        loaded.transform(bad)
    assert outcome(lambda: plan.transform(bad))[1:] == outcome(lambda: est.transform(bad))[1:]


def test_the_rest_of_a_call():
    rng = np.random.default_rng(1)
    X = trained(rng)
    est = OneHotEncoder(handle_unknown="warn", sparse_output=False).fit(X)
    plan = Plan.from_sklearn(est, strict=True, verify=1.0)
    Z = frame(rng, 12, True)
    theirs, _, said = outcome(lambda: est.transform(Z))
    out = np.empty(theirs.shape, dtype=np.float32)
    ours = outcome(lambda: plan.transform(Z, out=out, threads=1))
    assert ours[0] is out
    assert said[0] in ours[2]
    np.testing.assert_array_equal(out, theirs.astype(np.float32))
    counters = plan.counters()
    assert counters.pop("inputs")["s"] == {"rows": 12, "missing": 0, "unknown": 3, "outside": 0}
    assert counters == {"rows": 12, "verified": 1, "mismatches": 0}
    missing = [{"s": "new", "i": 1}]
    assert not outcome(lambda: alone(est).transform(missing, missing_keys="nan"))[0].any(axis=0)[0]
    with pytest.raises(ValueError, match="yet now missing"):
        plan.transform(missing)
