"""Calls of plans for `tests.references`: each kind of input, right and wrong.

Not pandas' frames, which keep dead weak references to columns for a while, and not pyarrow's
tables, whose generators leave a reference to their class each time; nor what makes arrays by
np.empty, which leaves one to the dtype.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
from scipy import sparse
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import KBinsDiscretizer, PowerTransformer, StandardScaler

from fastcore import Columns, Plan
from fastcore._config import disabled

from .plan_fixture import ROWS, fitted, train


def _forms(frame: pd.DataFrame) -> Iterator[tuple[str, Any]]:
    yield "polars", pl.from_pandas(frame)
    yield "rows", frame.to_dict("records")
    yield "arrays", {name: frame[name].to_numpy() for name in frame}
    yield "columns", Columns.from_pandas(frame)


def plan_calls() -> Iterator[tuple[str, Any, tuple[Any, ...]]]:
    """A name, a function and its arguments; what it raises is no matter.

    None with everything switched off: what scikit-learn and pandas keep of a call is theirs.
    """
    if disabled():
        return
    plan = Plan.from_sklearn(fitted(), strict=True)
    data = pickle.dumps(plan)
    loaded = pickle.loads(data)  # asks nobody, so that the wrong is quick as well
    right = train()
    for what, frame in (
        ("right", right),
        ("infinity", right.assign(age=[1.0, np.inf, 2.0, 3.0])),
        ("a column less", right.drop(columns="visits")),
        ("text", right.assign(score="high")),
    ):
        for form, X in _forms(frame):
            yield f"plan, {form}, {what}", loaded.transform, (X,)
    for row in (*ROWS, {**ROWS[0], "age": "old"}, {"age": 1}, list(ROWS[0].values()), 3):
        yield f"plan, one row {row!r}", loaded.transform_one, (row,)
    yield "plan, damaged", pickle.loads, (data.replace(b"fastcore", b"fastc\x00re"),)
    yield "plan, drawn", plan._repr_html_, ()
    frame = pd.DataFrame({"t": ["a bc de", "", "bc bc é"], "n": [1.0, 2.0, 4.0]})
    parts = [("t", CountVectorizer(), "t"), ("h", HashingVectorizer(n_features=64), "t")]
    parts += [("n", make_pipeline(StandardScaler(), KBinsDiscretizer(2)), ["n"])]
    texts = pickle.loads(pickle.dumps(Plan.from_sklearn(ColumnTransformer(parts).fit(frame))))
    for form, X in _forms(frame):
        yield f"texts, {form}", texts.transform, (X,)
    yield "texts, none", texts.transform, (frame.assign(t=[None, "a", "b"]).to_dict("records"),)
    X = np.abs(np.random.default_rng(0).normal(size=(9, 3))) + 0.1
    for est in (PowerTransformer(), StandardScaler(with_mean=False)):
        numbers = pickle.loads(pickle.dumps(Plan.from_sklearn(est.fit(X))))
        for given in (X, X.astype("f4"), X.T.copy().T, X[:, :2], X.tolist(), sparse.csr_matrix(X)):
            yield f"{est!r} of {type(given).__name__}", numbers.transform, (given,)
        given = np.empty(3)
        yield f"{est!r}, out", lambda n=numbers, out=given: n.transform(X, out=out), ()
