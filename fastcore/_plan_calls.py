"""What a call of a plan may ask for, and its result in that form."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from . import _identity as _identity
from ._config import thread_count


def check_arguments(
    out: Any, dtype: Any, threads: int | None, missing_keys: str
) -> tuple[Any, int | None, bool]:
    if missing_keys not in ("error", "nan"):
        raise ValueError(f"missing_keys: expected 'error' or 'nan', got {missing_keys!r}")
    if threads is not None:
        threads = thread_count(threads)
    if dtype is not None:
        dtype = np.dtype(dtype)
        if dtype not in (np.float32, np.float64):
            raise TypeError(f"dtype: expected float32 or float64, got {dtype}")
    if out is not None:
        if not isinstance(out, np.ndarray):
            raise TypeError(f"out: expected a numpy.ndarray, got {type(out).__name__}")
        if out.dtype not in (np.float32, np.float64):
            raise TypeError(f"out: expected float32 or float64, got {out.dtype}")
        if not out.flags.writeable:
            raise ValueError("out: the array is read-only")
        if dtype is not None and out.dtype != dtype:
            raise ValueError(f"out: expected {dtype}, as `dtype` says, got {out.dtype}")
    return dtype, threads, missing_keys == "nan"


def deliver(result: Any, out: np.ndarray | None, dtype: Any) -> Any:
    """The original's result as it was asked for."""
    if out is not None:
        if hasattr(result, "toarray"):
            raise ValueError("out: the output is sparse; leave `out` away")
        values = np.asarray(result)
        if values.shape != out.shape:
            raise ValueError(f"out: expected an array of shape {values.shape}, got {out.shape}")
        out[...] = values
        return out
    # SciPy's `astype` may choose other indices, also where the dtype is that already.
    if dtype is not None and (getattr(result, "dtype", None) != dtype or hasattr(result, "indptr")):
        return result.astype(dtype)
    return result


def warn(said: Sequence[str], level: int = 3) -> None:
    """As scikit-learn would; `level` is the caller's caller."""
    for text in said:
        warnings.warn(text, UserWarning, stacklevel=level)


def rows_of(result: Any) -> int:
    """How many rows a result has; a function of the user's may give anything."""
    shape = getattr(result, "shape", None)
    if shape:
        return int(shape[0])
    return len(result) if hasattr(result, "__len__") and shape is None else 0


def names_of(estimator: Any) -> list[str] | None:
    """The feature names that it was fitted with."""
    names = getattr(estimator, "feature_names_in_", None)
    return None if names is None else [str(name) for name in names]


def csr(parts: Sequence[np.ndarray], shape: tuple[int, int], wide: bool = False) -> Any:
    """A matrix of the parts; ``wide``: with indices of 64 bits."""
    from scipy.sparse import csr_matrix

    data, indices, indptr = parts
    used = int(indptr[-1])
    if used < len(data):
        data, indices = data[:used], indices[:used]
        if used < 0.9 * len(parts[0]):
            data, indices = data.copy(), indices.copy()
    made = csr_matrix((data, indices, indptr), shape=shape)
    if wide:  # the constructor would make the narrowest that do
        made.indices, made.indptr = indices.astype(np.int64), indptr.astype(np.int64)
    return made
