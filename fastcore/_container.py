"""Files of a JSON header and arrays: no pickle, nothing that runs, checked before it is believed.

Layout (little endian): 8 bytes of magic, uint32 version, uint32 zero, uint64 length of the header,
SHA-256 of everything behind it, the header (JSON: the content, and of each array its dtype, length
and offset), then the arrays, each at a multiple of 64 bytes from the arrays' start.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import struct
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

HEAD = struct.Struct("<8sIIQ32s")
DTYPES = {"<f8": np.dtype("<f8"), "<i8": np.dtype("<i8"), "<u8": np.dtype("<u8")}

Array = np.ndarray[Any, Any]


def pack(magic: bytes, version: int, content: Any, arrays: Sequence[Array]) -> bytes:
    """The bytes of a file; arrays are written as 64-bit numbers of their kind."""
    table, blob = [], bytearray()
    for array in arrays:
        kind = f"<{array.dtype.kind}8"
        blob.extend(b"\0" * (-len(blob) % 64))
        table.append({"dtype": kind, "count": int(array.size), "at": len(blob)})
        blob.extend(array.astype(DTYPES[kind]).ravel().tobytes())
    header = json.dumps({"content": content, "arrays": table}).encode()
    body = header + bytes(blob)
    return HEAD.pack(magic, version, 0, len(header), hashlib.sha256(body).digest()) + body


def version_of(magic: bytes, data: bytes, what: str) -> int:
    """The version that the bytes say they have; ValueError if they are not of this kind."""
    if len(data) < HEAD.size or data[:8] != magic:
        raise ValueError(f"is not {what}")
    return int(HEAD.unpack_from(data)[1])


def unpack(magic: bytes, version: int, data: bytes, what: str) -> tuple[Any, list[Array]]:
    """The content and the arrays; ValueError saying what the bytes are not."""
    found = version_of(magic, data, what)
    _, _, zero, length, digest = HEAD.unpack_from(data)
    if found != version:
        raise ValueError(f"has version {found}; this fastcore reads version {version}")
    body = data[HEAD.size :]
    if zero or hashlib.sha256(body).digest() != digest or length > len(body):
        raise ValueError("is damaged: its checksum does not match")
    try:
        header = json.loads(body[:length])
        return header["content"], [_array(body, length, entry) for entry in header["arrays"]]
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise ValueError(f"is not valid: {error}") from None


def _array(body: bytes, base: int, entry: dict[str, Any]) -> Array:
    dtype, count, at = DTYPES[entry["dtype"]], int(entry["count"]), int(entry["at"])
    if count < 0 or at < 0 or base + at + 8 * count > len(body):
        raise ValueError("an array lies outside the file")
    return np.frombuffer(body, dtype, count, base + at).copy()


def write(path: str | os.PathLike[str], data: bytes) -> None:
    """Write whole under a temporary name, sync, rename: a reader never sees half a file."""
    temporary = f"{os.fspath(path)}.{os.getpid()}.{threading.get_ident()}.tmp"
    try:
        with open(temporary, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
