"""TargetEncoder: every kind of target, smoothing and category, to scikit-learn's bits."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler, TargetEncoder

from fastcore import Columns, Plan

from .plan_compare import alone, assert_same, compare, native
from .profiles import examples

ROWS = 40


def frame(rng, rows=ROWS, new=False):
    """Texts of each kind and numbers; with `new`, some that were not seen before."""
    text = rng.choice(["x", "y", "ü€", ""] + ["new"] * new, rows)
    holes = rng.random((rows, 3)) < 0.2
    return pd.DataFrame(
        {
            "s": pd.Series(np.where(holes[:, 0], None, text), dtype="str"),
            "o": pd.Series(np.where(holes[:, 1], None, text), dtype=object),
            "c": pd.Series(text, dtype="category"),
            "i": rng.integers(0, 5 + 3 * new, rows),
            "f": np.where(holes[:, 2], np.nan, rng.integers(0, 4 + new, rows) / 4),
            "h": (rng.integers(0, 4 + new, rows) / 4).astype(np.float32),
        }
    )


def target(rng, kind):
    if kind == "continuous":
        return rng.normal(size=ROWS)
    if kind == "single":
        return rng.normal(size=ROWS).astype(np.float32)
    if kind == "binary":
        return rng.permutation(ROWS) % 2
    return rng.permutation(np.resize(["u", "v", "w"], ROWS))


@pytest.mark.parametrize("kind", ["continuous", "single", "binary", "classes"])
@given(seed=st.integers(0, 2**32 - 1), smooth=st.sampled_from(["auto", 0.0, 1, 7.5, 1e6]))
@examples(5)
def test_targets(kind, seed, smooth):
    rng = np.random.default_rng(seed)
    X, y = frame(rng), target(rng, kind)
    est = TargetEncoder(smooth=smooth).fit(X, y)
    for Z in (X, frame(rng, new=True), X[:1]):
        native(est, Z)
    assert compare(est, pl.from_pandas(X))
    numbers = X[["f", "h"]].to_numpy()
    est = TargetEncoder(smooth=smooth).fit(numbers, y)
    for Z in (numbers, numbers * -1, numbers.astype(np.float32), np.asfortranarray(numbers)):
        native(est, Z)
    assert not compare(est, np.where(numbers == 0.25, np.inf, numbers))


@given(data=st.data())
@examples(40)
def test_categories_that_are_given(data):
    """In any order, with None among them, and with some that the target says nothing of."""
    seen = ["a", "b", "cc", None]
    given_ = data.draw(st.permutations([*seen, "never"])) + data.draw(
        st.sampled_from([[], [np.nan]])
    )
    X = np.array([["a"], ["b"], ["cc"], [None], ["a"], ["b"]], dtype=object)
    Z = np.array([["never"], ["new"], [np.nan], *X.tolist()], dtype=object)
    made = data.draw(st.sampled_from(["target", "ordinal", "onehot"]))
    if made == "target":
        kind = data.draw(
            st.sampled_from([[1, 0, 1, 1, 0, 0], [1, 0, 2, 1, 0, 2], [0.5, 1, 2, 3, 4, 5]])
        )
        est = TargetEncoder(categories=[given_]).fit(X, kind)
    elif made == "ordinal":
        unknown = {"handle_unknown": "use_encoded_value", "unknown_value": -1}
        est = OrdinalEncoder(categories=[given_], **unknown).fit(X)
    else:
        est = OneHotEncoder(categories=[given_], handle_unknown="ignore").fit(X)
    native(est, Z)
    native(est, X)


def test_in_a_pipeline_from_every_container():
    rng = np.random.default_rng(1)
    X, y = frame(rng)[["o", "f"]].fillna({"f": 9.0}), target(rng, "classes")
    est = make_pipeline(
        ColumnTransformer([("t", TargetEncoder(), ["o", "f"]), ("n", StandardScaler(), ["f"])]),
        StandardScaler(),
    ).fit(X, y)
    plan = alone(est)
    theirs = native(est, X)
    assert theirs.shape == (ROWS, 7)
    rows = X.astype(object).where(X.notna(), None).to_dict("records")
    for given_ in (rows, Columns.from_rows(rows), pl.from_pandas(X)):
        np.testing.assert_array_equal(plan.transform(given_), theirs)
    np.testing.assert_array_equal(plan.transform_one(rows[3]), theirs[3])
    np.testing.assert_array_equal(plan.transform(X, dtype=np.float32), theirs.astype(np.float32))
    assert next(iter(plan.explain())).native


@pytest.mark.parametrize("kind", ["continuous", "binary", "classes"])
def test_saved_and_loaded(tmp_path, kind):
    rng = np.random.default_rng(2)
    X, y = frame(rng), target(rng, kind)
    est = TargetEncoder().fit(X, y)
    plan = Plan.from_sklearn(est, strict=True)
    plan.save(tmp_path / "t.plan")
    loaded = Plan.load(tmp_path / "t.plan")
    Z = frame(rng, new=True)
    assert_same(loaded.transform(Z), est.transform(Z))
    assert loaded.fingerprint == plan.fingerprint
    assert loaded.get_feature_names_out().tolist() == est.get_feature_names_out().tolist()
    other = TargetEncoder(smooth=2.0).fit(X, y)
    assert Plan.from_sklearn(other).fingerprint != plan.fingerprint
