"""P54: 54 columns to 726 outputs, as one row, as small batches and as 200,000 rows.

The same fitted ColumnTransformer by scikit-learn, by hand in plain Python, and, as far as it
converts, by ONNX Runtime (``--foreign``). `_p54.py` has the data.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from benchmarks import _foreign
from benchmarks import _p54 as p54
from benchmarks._harness import Case, Peer, Run
from fastcore import Columns, Plan

#: Where the convertible part lies in the output.
CONVERTED = [*range(50), *range(53, 56), *range(56, 452), *range(452, 454), *range(455, 470)]
PARTS = {
    "number": p54.NUMBERS,
    "bin": p54.BINNED,
    "power": p54.POWERS,
    "onehot": list(p54.LEVELS),
    "ordinal": list(p54.ORDINALS),
    "product": p54.PRODUCTS,
}


def close(ours: Any, theirs: Any) -> None:
    """By hand: libm's functions and another order of adding."""
    np.testing.assert_allclose(ours, np.asarray(theirs), rtol=1e-9, atol=1e-9)


def converted(ours: np.ndarray, theirs: tuple[tuple[int, ...], bytes]) -> None:
    """ONNX Runtime's part in float32: a value at a bin's edge may fall on the other side."""
    shape, raw = theirs
    other = np.frombuffer(raw, np.float32).reshape(shape)
    mine = np.atleast_2d(ours)[:, CONVERTED]
    far = ~np.isclose(mine, other, rtol=2e-3, atol=2e-3)
    if far.mean() > 1e-4:
        raise AssertionError(f"{far.sum()} of {far.size} values differ")


def equal_csr(ours: Any, theirs: Any) -> None:
    """Bit by bit, in all three arrays."""
    for name in ("data", "indices", "indptr"):
        np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name), strict=True)


def foreign(job: str, threads: int = 1, **data: Any) -> Run | None:
    return _foreign.run("onnx", job, {"training": plain(p54.training()), "parts": PARTS,
                                      "threads": threads, **data})  # fmt: skip


def plain(made: dict[str, Any]) -> dict[str, Any]:
    """What the other environment can unpickle."""
    floats = [*p54.NUMBERS, *p54.BINNED, *p54.POWERS, *p54.PRODUCTS]
    texts = [*p54.LEVELS, *p54.ORDINALS]
    return {
        "floats": {name: np.asarray(made[name]).tobytes() for name in floats},
        "texts": {name: list(made[name]) for name in texts},
    }


def one(est: Any, plan: Plan) -> Case:
    made = p54.columns(1, 1)
    row, X = p54.row_dicts(made)[0], p54.frame(made)
    by_hand = p54.by_hand(est)
    return Case(
        "P54, one row from a dict",
        lambda: plan.transform_one(row),
        [
            Peer("scikit-learn", lambda: est.transform(X)[0], 8000, 13000),
            Peer("ONNX Runtime, its part", foreign("rows", rows=[row]), 60, 100, same=converted),
            Peer("pure Python", lambda: by_hand(row), 7, 12, same=close),
        ],
    )


def few(est: Any, plan: Plan) -> Case:
    made = p54.columns(32, 2)
    rows, X = p54.row_dicts(made), p54.frame(made)
    by_hand = p54.by_hand(est)
    return Case(
        "P54, 32 rows of dicts",
        lambda: plan.transform(rows),
        [
            Peer("scikit-learn", lambda: est.transform(X), 380, 900),
            Peer("ONNX Runtime, its part", foreign("rows", rows=rows), 3.5, 8, same=converted),
            Peer("pure Python", lambda: [by_hand(row) for row in rows], same=close),
        ],
    )


def thousand(est: Any, plan: Plan) -> Case:
    made = p54.columns(1_000, 3)
    X = p54.frame(made)
    columns = Columns.from_pandas(X)
    return Case(
        "P54, 1,000 rows of Columns",
        lambda: plan.transform(columns),
        [
            Peer("scikit-learn", lambda: est.transform(X), 50, 100),
            Peer("ONNX Runtime, its part", foreign("arrays", batch=plain(made)), 3, 6,
                 same=converted),
        ],
    )  # fmt: skip


def many(est: Any, plan: Plan, rows: int, dtype: str) -> Case:
    X = p54.frame(p54.columns(rows, 4))
    columns, out = Columns.from_pandas(X), np.empty((rows, p54.WIDTH), dtype)
    must, aim = {"float64": (12.0, 25.0), "float32": (20.0, 45.0)}[dtype]

    def same(ours: np.ndarray, theirs: np.ndarray) -> None:
        np.testing.assert_array_equal(ours, theirs.astype(dtype), strict=True)

    return Case(
        f"P54, {rows:,} rows, {dtype}",
        lambda: plan.transform(columns, out=out, threads=os.cpu_count()),
        [
            Peer("scikit-learn", lambda: est.transform(X), must, aim, same=same),
            Peer("ours, into new memory", lambda: plan.transform(columns, dtype=dtype)),
        ],
        pin=False,
    )


def sparse(rows: int) -> Case:
    est = p54.fitted(sparse=True)
    X = p54.frame(p54.columns(rows, 4))
    plan, columns = Plan.from_sklearn(est), Columns.from_pandas(X)
    return Case(
        f"P54, {rows:,} rows, CSR",
        lambda: plan.transform(columns, threads=os.cpu_count()),
        [Peer("scikit-learn", lambda: est.transform(X), 25, 55)],
        same=equal_csr,
        pin=False,
    )


def cases(quick: bool) -> list[Case]:
    """From one row to 200,000 (``quick``: a tenth of that)."""
    est = p54.fitted()
    plan = Plan.from_sklearn(est)
    rows = 20_000 if quick else 200_000
    return [
        one(est, plan),
        few(est, plan),
        thousand(est, plan),
        many(est, plan, rows, "float64"),
        many(est, plan, rows, "float32"),
        sparse(rows),
    ]
