"""What is JSON: every damage of some documents, against the RFC's reading and pydantic's.

RFC 8259 is the standard library's reading with what it adds taken away; pydantic also takes NaN and
the infinities, and refuses lone surrogates and a depth beyond 200. In all of these cases the value,
or the error, is pydantic's; `tests/c/test_walk.c` has the same for each SIMD level.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter
from pydantic_core import from_json

from fastcore import Rows, Schema, _core

from .differential.compare import outcome
from .test_numbers import Wide

CORPUS = [
    b'{"a":[1,-2.5e+3,0.125,null],"k\\u00e9\\n": {"" : true}}',
    b' [ "plain" , "\xc3\xa9\xe6\xbc\xa2\xf0\x9f\x98\x80" ,\t"\\ud83d\\ude00\\"\\\\\\/" ]\r\n',
    b'["a text that is longer than sixty-four bytes, so that whole vectors are read",-0,0e-1]',
    b'{"a":0.1234567890123456789,"a":12345678901234567890,"b":[[],{},[{}]]}',
    b"-12.5E-7",
    b"false",
    b"[NaN,-Infinity]",
    b'"\xe2\x82\xac\\u20AC"',
    b'[{"a":1,"x":2.5,"s":"q"},{"a":2,"x":-1e3}]',
]


def _not_rfc(token: str) -> Any:
    raise ValueError(token)


def is_rfc(data: bytes) -> bool:
    """By the standard library, without what it allows beyond the RFC."""
    try:
        json.loads(data.decode("utf-8", "strict"), parse_constant=_not_rfc)
    except (ValueError, RecursionError):
        return False
    return True


def is_pydantic(data: bytes) -> bool:
    try:
        from_json(data)
    except ValueError:
        return False
    return True


def damaged(data: bytes, every: bool) -> Iterator[bytes]:
    """Each cut, each byte left out, doubled, replaced by each other byte, each byte put in."""
    some = (
        bytes(range(256)) if every else b'\x00\t "\\{}[]:,0-.eENtuI\x1f\x7f\x80\xbf\xc2\xed\xf0\xff'
    )
    for at in range(len(data)):
        yield data[:at]
        yield data[at:]
        yield data[:at] + data[at + 1 :]
        for byte in some:
            yield data[:at] + bytes([byte]) + data[at + 1 :]
            yield data[:at] + bytes([byte]) + data[at:]


@pytest.mark.parametrize("document", CORPUS, ids=range(len(CORPUS)))
def test_what_is_accepted(document: bytes) -> None:
    """Some 250,000 texts in all."""
    accepted = 0
    for data in damaged(document, every=True):
        ours = _core.json_fault(data, 200, True) is None
        assert ours == is_pydantic(data), data
        strict = _core.json_fault(data, 200, False) is None
        # Lone surrogates are a text to the RFC and to nobody here.
        assert strict == (is_rfc(data) and ours), data
        accepted += ours
    assert accepted >= 10


@pytest.mark.parametrize("document", CORPUS, ids=range(len(CORPUS)))
def test_values_and_errors_are_pydantics(document: bytes) -> None:
    schemas = [(Schema(t, allow_nan=True), TypeAdapter(t)) for t in (Any, list[Wide])]
    for data in damaged(document, every=False):
        for schema, adapter in schemas:
            theirs = outcome(lambda d=data, a=adapter: a.validate_json(d))  # type: ignore[misc]
            ours = outcome(lambda d=data, s=schema: s.validate_json(d))  # type: ignore[misc]
            assert ours == theirs, data


def test_depth_and_digits_at_their_limits() -> None:
    for opened, closed in ((b"[", b"]"), (b'{"a":', b"}"), (b'[{"a":', b"}]")):
        unit = len(opened.replace(b'"a":', b""))
        for levels in (198, 199, 200, 201, 202, 400):
            times = levels // unit
            for inner in (b"1", b"[]", b"{}", b"[1]"):
                data = opened * times + inner + closed * times
                assert (_core.json_fault(data, 200, True) is None) == is_pydantic(data), data
    for digits in (4299, 4300, 4301):
        # An older pydantic counts the sign as well: one digit off the limit of 4,300.
        negative = b"-" + b"1" * (digits + (digits == 4300))
        for data in (b"1" * digits, negative, b"1" * digits + b".0"):
            assert (_core.json_fault(data, 200, True) is None) == is_pydantic(data)


# ---- Levels --------------------------------------------------------------------------------------


def judgements() -> str:
    """A digest of what is said about damaged texts, values and columns included."""
    digest = hashlib.sha256()
    schemas = [Schema(t, allow_nan=True) for t in (Any, list[Wide], Rows[Wide])]
    for document in CORPUS:
        for data in itertools.islice(damaged(document, every=False), 0, None, 4):
            digest.update(repr(_core.json_fault(data, 200, True)).encode())
            for schema in schemas:
                digest.update(repr(outcome(lambda s=schema, d=data: s.validate_json(d))).encode())
    return digest.hexdigest()


@pytest.mark.tools
def test_levels_say_the_same() -> None:
    """Each level of SIMD that this machine has, and none, in a process of its own."""
    code = "from tests.test_json import judgements; print(judgements())"
    results = set()
    for off in ("", "avx512", "avx512,avx2", "avx512,avx2,neon"):
        run = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "FASTCORE_DISABLE_CPU": off},
            cwd=Path(__file__).parents[1],
            capture_output=True,
            text=True,
            check=True,
        )
        results.add(run.stdout.strip())
    assert len(results) == 1
