"""Every kernel once, on two threads, as a digest of all that it returns.

Importing this runs them: what a server does that loads and tries its app before it forks.
"""

import hashlib
import os
from typing import Any

import numpy as np
from pydantic import BaseModel, Field
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import fastcore
from fastcore import Plan, Rows, Schema
from fastcore.drift import Reference


class Record(BaseModel):
    age: float = Field(ge=0)
    income: float
    name: str


def _document() -> bytes:
    rows = (b'{"age":%d.5,"income":%de-3,"name":"n%d"}' % (i, i * 7, i % 5) for i in range(5000))
    return b"[" + b",".join(rows) + b"]"


#: Rows enough for several threads, whatever the plan.
ROWS = 60_000
_rng = np.random.default_rng(4)
NUMBERS = _rng.normal(size=(ROWS, 8))
NUMBERS[_rng.random(NUMBERS.shape) < 0.1] = np.nan
CODES = np.concatenate([NUMBERS, _rng.integers(0, 4, (ROWS, 2))], axis=1)

_scale = make_pipeline(SimpleImputer(), StandardScaler())
DENSE = Plan.from_sklearn(_scale.fit(NUMBERS))
SPARSE = Plan.from_sklearn(
    ColumnTransformer([("hot", OneHotEncoder(), [8, 9])], sparse_threshold=1.0).fit(CODES)
)
_schema = Schema(Rows[Record])
_reference = Reference.fit(NUMBERS[: ROWS // 2])
fastcore.set_num_threads(2)


def digest() -> str:
    """What the kernels return; equal in every process, or something is wrong."""
    seen = hashlib.sha256()

    def add(*values: Any) -> None:
        for value in values:
            seen.update(np.ascontiguousarray(value).data)

    columns: Any = _schema.validate_json(_document())
    add(columns["age"], columns.matrix(["age", "income"]))
    add(DENSE.transform(NUMBERS, threads=2), DENSE.transform(NUMBERS[:50], threads=2))
    sparse = SPARSE.transform(CODES)
    add(sparse.data, sparse.indices, sparse.indptr)
    seen.update(_reference.compare(NUMBERS[ROWS // 2 :]).to_json().encode())
    return seen.hexdigest()


#: In the process that imported this, and by all that it forked.
EXPECTED, OWNER = digest(), os.getpid()
