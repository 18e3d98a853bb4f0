"""The file of a plan: no pickle, nothing that runs, checked before it is believed.

Layout (little endian): 8 bytes ``FCPLAN`` 0x00 0x0A, uint32 version, uint32 zero, uint64 length of
the header, SHA-256 of everything behind it, the header (JSON: the tree, and of each array its
dtype, shape and offset), then the arrays, each at a multiple of 64 bytes from the arrays' start.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
from typing import Any

import numpy as np

from ._plan_tree import Recipe, recipe_in, recipe_out

MAGIC = b"FCPLAN\x00\n"
VERSION = 1
HEAD = struct.Struct("<8sIIQ32s")
DTYPES = {"<f8": np.dtype("<f8"), "<i8": np.dtype("<i8")}


def save(path: str | os.PathLike[str], recipe: Recipe) -> None:
    """Write whole under a temporary name, then rename: a reader never sees half a plan."""
    data, arrays = recipe_out(recipe)
    table, blob = [], bytearray()
    for array in arrays:
        kind = "<f8" if array.dtype.kind == "f" else "<i8"
        blob.extend(b"\0" * (-len(blob) % 64))
        table.append({"dtype": kind, "count": int(array.size), "at": len(blob)})
        blob.extend(array.astype(kind).ravel().tobytes())
    header = json.dumps({"plan": data, "arrays": table}).encode()
    body = header + bytes(blob)
    head = HEAD.pack(MAGIC, VERSION, 0, len(header), hashlib.sha256(body).digest())
    temporary = f"{os.fspath(path)}.{os.getpid()}.tmp"
    try:
        with open(temporary, "wb") as file:
            file.write(head + body)
        os.replace(temporary, path)
    except BaseException:
        if os.path.exists(temporary):
            os.unlink(temporary)
        raise


def _damaged(path: Any, what: str) -> ValueError:
    return ValueError(f"path: {os.fspath(path)!r} {what}")


def load(path: str | os.PathLike[str]) -> Recipe:
    """Read into private memory, check, and make the recipe."""
    with open(path, "rb") as file:
        data = file.read()
    if len(data) < HEAD.size or data[:8] != MAGIC:
        raise _damaged(path, "is not a plan file")
    _, version, _, length, digest = HEAD.unpack_from(data)
    if version != VERSION:
        raise _damaged(path, f"has version {version}; this fastcore reads version {VERSION}")
    body = data[HEAD.size :]
    if hashlib.sha256(body).digest() != digest or length > len(body):
        raise _damaged(path, "is damaged: its checksum does not match")
    try:
        header = json.loads(body[:length])
        arrays = [_array(body, length, entry) for entry in header["arrays"]]
        return recipe_in(header["plan"], arrays)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise _damaged(path, f"is no valid plan: {error}") from None


def _array(body: bytes, base: int, entry: dict[str, Any]) -> np.ndarray:
    dtype, count, at = DTYPES[entry["dtype"]], int(entry["count"]), int(entry["at"])
    if count < 0 or at < 0 or base + at + 8 * count > len(body):
        raise ValueError("an array lies outside the file")
    return np.frombuffer(body, dtype, count, base + at).copy()
