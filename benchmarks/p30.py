"""P30: 30 numeric columns, median-imputed and standardised, on NumPy.

The same fitted pipeline by ``Plan.transform(X, out=...)``, by scikit-learn and by NumPy in four
lines; and, for a million rows, a copy of the same bytes, which is what memory allows.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks._harness import Case, Peer, Run
from fastcore import Plan

COLUMNS = 30
TARGETS = {"float64": (55.0, 90.0), "float32": (90.0, 150.0)}


def matrix(rows: int, dtype: str) -> np.ndarray:
    """Normal values of different scales, 5 % of them missing."""
    rng = np.random.default_rng(30)
    X = rng.normal(size=(rows, COLUMNS)) * rng.uniform(0.5, 50, COLUMNS)
    X[rng.random(X.shape) < 0.05] = np.nan
    return X.astype(dtype)


def fitted() -> Any:
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    pipeline = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    return pipeline.fit(matrix(5_000, "float64"))


def by_numpy(pipeline: Any, X: np.ndarray) -> Run:
    """What one writes by hand to be quick: two passes, in place."""
    fill = pipeline[0].statistics_.astype(X.dtype)
    mean, scale = (getattr(pipeline[1], name).astype(X.dtype) for name in ("mean_", "scale_"))

    def run() -> np.ndarray:
        result = np.where(np.isnan(X), fill, X)
        result -= mean
        result /= scale
        return result

    return run


def by_python(pipeline: Any, X: np.ndarray) -> Run:
    """Lists and loops: the honest baseline."""
    constants = list(
        zip(
            pipeline[0].statistics_.tolist(),
            pipeline[1].mean_.tolist(),
            pipeline[1].scale_.tolist(),
            strict=True,
        )
    )
    rows = X.tolist()

    def run() -> np.ndarray:
        out = [
            [((f if v != v else v) - m) / s for v, (f, m, s) in zip(row, constants, strict=True)]
            for row in rows
        ]
        return np.array(out)

    return run


def close(ours: np.ndarray, theirs: np.ndarray) -> None:
    """For the loop in Python, which computes in double whatever the input."""
    np.testing.assert_allclose(
        ours, theirs, rtol=1e-3 if ours.dtype == np.float32 else 0, atol=1e-5
    )


def small(dtype: str) -> Case:
    pipeline, X = fitted(), matrix(1_000, dtype)
    plan, out = Plan.from_sklearn(pipeline, strict=True), np.empty((1_000, COLUMNS), dtype)
    must, aim = TARGETS[dtype]
    return Case(
        f"P30, 1,000 rows of {dtype}",
        lambda: plan.transform(X, out=out),
        [
            Peer("scikit-learn", lambda: pipeline.transform(X), must, aim),
            Peer("NumPy by hand", by_numpy(pipeline, X)),
            Peer("pure Python", by_python(pipeline, X), same=close),
        ],
    )


def large(dtype: str, rows: int) -> Case:
    pipeline, X = fitted(), matrix(rows, dtype)
    plan, out, copy = Plan.from_sklearn(pipeline, strict=True), np.empty_like(X), np.empty_like(X)

    def memcpy() -> np.ndarray:
        np.copyto(copy, X)
        return copy

    return Case(
        f"P30, {rows:,} rows of {dtype}",
        lambda: plan.transform(X, out=out),
        [
            Peer("memcpy of the same bytes", memcpy, 0.9, 1.0, same=lambda ours, theirs: None),
            Peer("scikit-learn", lambda: pipeline.transform(X)),
            Peer("NumPy by hand", by_numpy(pipeline, X)),
        ],
    )


def cases(quick: bool) -> list[Case]:
    """Both dtypes, a thousand rows and a million (``quick``: a fifth of that)."""
    rows = 200_000 if quick else 1_000_000
    return [small(dtype) for dtype in TARGETS] + [large(dtype, rows) for dtype in TARGETS]
