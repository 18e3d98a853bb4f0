"""Plans against scikit-learn: values, dtypes, formats, exceptions and warnings, on pipelines and
inputs that hypothesis builds."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
from hypothesis import Phase, given
from hypothesis import strategies as st
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import (
    KBinsDiscretizer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)

from fastcore import Plan

from .plan_compare import compare, outcome
from .profiles import examples

quick = examples(20, phases=(Phase.generate, Phase.shrink))


def frame(rng, rows, missing=0.1):
    """Columns of each kind that pandas 3 has."""
    text = rng.choice(["a", "b", "c", "ü€", ""], rows)
    holes = rng.random((rows, 8)) < missing
    data = {
        "f": np.where(holes[:, 0], np.nan, rng.normal(size=rows)),
        "g": np.where(holes[:, 1], np.nan, rng.normal(size=rows) * 100),
        "h": rng.normal(size=rows).astype(np.float32),
        "i": rng.integers(-3, 3, rows),
        "b": rng.random(rows) < 0.5,
        "s": pd.Series(np.where(holes[:, 2], None, text), dtype="str"),
        "o": pd.Series(np.where(holes[:, 3], None, text), dtype=object),
        "n": pd.Series(
            [np.nan if x else str(t) for x, t in zip(holes[:, 4], text, strict=True)], dtype=object
        ),
        "c": pd.Series(np.where(holes[:, 5], None, text), dtype="category"),
        "d": np.where(holes[:, 6], np.nan, rng.integers(0, 4, rows) / 4),
        "u": rng.integers(0, 9, rows).astype(np.uint8),
        "z": pd.array(rng.integers(0, 9, rows), dtype="Int64"),
    }
    return pd.DataFrame(data)


NUMBERS = ["f", "g", "h", "i", "b", "d", "u", "z"]
TEXTS = ["s", "o", "n", "c", "i", "d", "b"]


@st.composite
def numeric(draw):
    """A chain of numeric transformers."""
    kinds = st.sampled_from(
        ["impute", "std", "minmax", "maxabs", "robust", "bins", "pass", "other"]
    )
    steps = draw(st.lists(kinds, min_size=1, max_size=3))
    return make_pipeline(*[draw(one_numeric(step)) for step in steps])


@st.composite
def one_numeric(draw, kind):
    flag = st.booleans()
    if kind == "impute":
        return SimpleImputer(
            strategy=draw(st.sampled_from(["mean", "median", "most_frequent", "constant"])),
            add_indicator=draw(flag),
        )
    if kind == "std":
        return StandardScaler(with_mean=draw(flag), with_std=draw(flag))
    if kind == "minmax":
        return MinMaxScaler((-1, 2), clip=draw(flag))
    if kind == "maxabs":
        return MaxAbsScaler()
    if kind == "robust":
        return RobustScaler(with_centering=draw(flag))
    if kind == "bins":
        return KBinsDiscretizer(3, encode=draw(st.sampled_from(["onehot", "ordinal"])))
    return "passthrough" if kind == "pass" else QuantileTransformer(n_quantiles=5)


@st.composite
def categorical(draw):
    flag = st.booleans()
    if draw(flag):
        encoder = OneHotEncoder(
            handle_unknown=draw(
                st.sampled_from(["error", "ignore", "infrequent_if_exist", "warn"])
            ),
            drop=draw(st.sampled_from([None, None, "first", "if_binary"])),
            sparse_output=draw(flag),
            min_frequency=draw(st.sampled_from([None, 3, 0.2])),
            dtype=draw(st.sampled_from([np.float64, np.float32])),
        )
    else:
        known = draw(flag)
        encoder = OrdinalEncoder(
            handle_unknown="error" if known else "use_encoded_value",
            unknown_value=None if known else draw(st.sampled_from([-1, np.nan])),
            encoded_missing_value=draw(st.sampled_from([np.nan, -2.0])),
            min_frequency=draw(st.sampled_from([None, 3])),
        )
    if draw(flag):
        return encoder
    strategy = draw(st.sampled_from(["most_frequent", "constant"]))
    return make_pipeline(SimpleImputer(strategy=strategy), encoder)


@st.composite
def transformers(draw):
    """A ColumnTransformer over the frame's columns."""

    def columns(pool):
        return st.lists(st.sampled_from(pool), min_size=1, max_size=3, unique=True)

    parts = []
    for k in range(draw(st.integers(1, 3))):
        if draw(st.booleans()):
            parts.append((f"n{k}", draw(numeric()), draw(columns(NUMBERS))))
        else:
            parts.append((f"c{k}", draw(categorical()), draw(columns(TEXTS))))
    if draw(st.booleans()):
        parts.append(("p", "passthrough", draw(columns(["f", "g", "i", "h"]))))
    return ColumnTransformer(parts, sparse_threshold=draw(st.sampled_from([0, 0.3, 1])))


def fitted(est, X):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return est.fit(X)
    except (ValueError, TypeError):
        return None


def variants(X, rng):
    """Inputs that a server may meet, after the one that it was fitted on."""
    yield X
    yield X.iloc[:1]
    yield X.iloc[:0]
    yield X[list(reversed(X.columns))].assign(extra=1)
    yield X.drop(columns=["f"])
    yield X.assign(s="unseen", o="unseen", i=77)
    yield X.assign(f=np.where(rng.random(len(X)) < 0.1, np.inf, X["f"]))
    yield X.assign(f="text")
    yield X.astype({"f": np.float32, "g": np.float32})
    yield X.astype({"f": np.float16})
    yield pd.concat([X, X[["f"]]], axis=1)
    yield X.to_numpy()
    yield X.rename(columns={"f": 3})


@quick
@given(transformers(), st.integers(0, 9))
def test_frames(est, seed):
    rng = np.random.default_rng(seed)
    X = frame(rng, 40)
    if fitted(est, X) is None:
        return
    plan = Plan.from_sklearn(est)
    for Z in variants(X, rng):
        compare(est, Z, plan)
    compare(est, frame(rng, 150, missing=0.3), plan)


@quick
@given(st.lists(numeric(), min_size=1, max_size=3), st.integers(0, 9), st.booleans())
def test_arrays(chains, seed, union):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(50, 6))
    X[rng.random(X.shape) < 0.1] = np.nan
    branches = [(f"b{k}", chain) for k, chain in enumerate(chains)]
    est = FeatureUnion(branches) if union else Pipeline(branches)
    fit_on = X.astype(rng.choice([np.float64, np.float32]))
    if fitted(est, fit_on) is None:
        return
    plan = Plan.from_sklearn(est)
    whole = np.nan_to_num(X * 10)
    for Z in (
        X,
        X.astype(np.float32),
        np.asfortranarray(X),
        X[::-2],
        whole.astype(np.int64),
        whole.astype(np.int8),
        whole > 0,
        X.astype(np.float16),
        X.astype(">f8"),
        X.astype(object),
        X.astype(complex),
        X[:, :5],
        X[0],
        X[:0],
        X.tolist(),
        np.where(X > 2, np.inf, X),
        X.astype(str),
        pd.DataFrame(X),
        pd.DataFrame(X, columns=list("abcdef")),
    ):
        compare(est, Z, plan)


@quick
@given(transformers(), st.integers(0, 9))
def test_polars(est, seed):
    rng = np.random.default_rng(seed)
    X = pl.from_pandas(frame(rng, 40).drop(columns=["n", "z"]))
    est.set_params(
        transformers=[
            (name, step, [c for c in columns if c not in ("n", "z")])
            for name, step, columns in est.transformers
        ]
    )
    if fitted(est, X) is None:
        return
    plan = Plan.from_sklearn(est)
    other = pl.from_pandas(frame(rng, 100, missing=0.3).drop(columns=["n", "z"]))
    for Z in (X, X[:1], X[:0], other, X.reverse(), X.select(reversed(X.columns))):
        compare(est, Z, plan)
    # scikit-learn takes Arrow tables in some places only; where it does, the values are its own.
    if outcome(lambda: est.transform(X.to_arrow()))[1] is None:
        compare(est, X.to_arrow(), plan)


@quick
@given(transformers(), st.integers(0, 9))
def test_rows_are_the_frame_of_the_fitted_dtypes(est, seed):
    rng = np.random.default_rng(seed)
    X = frame(rng, 40).drop(columns=["o", "z", "c"])
    est.set_params(
        transformers=[
            (name, step, [c for c in columns if c not in ("o", "z", "c")])
            for name, step, columns in est.transformers
        ]
    )
    if fitted(est, X) is None:
        return
    plan = Plan.from_sklearn(est)
    # What a request holds: plain Python values, None for what is missing.
    rows = [
        {name: None if value is None or value != value else value for name, value in row.items()}
        for row in X.astype(object).to_dict("records")
    ]
    wide = X.astype({name: np.float64 for name in X.columns if X[name].dtype.kind in "iubf"})
    theirs, error, _ = outcome(lambda: est.transform(wide))
    ours, our_error, _ = outcome(lambda: plan.transform(rows))
    assert (error is None) == (our_error is None)
    if error is not None:
        return
    dense = theirs.toarray() if hasattr(theirs, "toarray") else theirs
    got = ours.toarray() if hasattr(ours, "toarray") else ours
    np.testing.assert_array_equal(got, dense)
    for k in range(0, 40, 7):
        one, bad, _ = outcome(lambda k=k: plan.transform_one(rows[k]))
        assert bad is None
        np.testing.assert_array_equal(one, dense[k])
