"""Records from lines of JSON: as one set of columns, or batch by batch from a stream."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, cast

from pydantic_core import ValidationError

from . import _core
from ._errors import Line, line_errors
from ._places import annotate
from .errors import TruncatedValidationError

if TYPE_CHECKING:
    from .columns import Columns
    from .schema import Schema

#: Bytes that are asked of a file at a time.
BLOCK = 1 << 20
#: The longest line of a stream; more is an error, or memory would have no bound.
LONGEST = 1 << 26


def validate(schema: Schema[Any], data: Any) -> Columns:
    """All lines of `data`."""
    text = data.encode() if isinstance(data, str) else data
    text = text if type(text) is bytes else bytes(memoryview(text))
    columns, _, _ = _batch(schema, text, 2**63 - 1, True, 0)
    return columns


def iterate(schema: Schema[Any], source: Any, rows: int) -> Iterator[Columns]:
    """The lines of `source`, up to `rows` records at a time."""
    parts: list[bytes] = []
    feeds = size = line = 0  # line feeds and bytes in the parts; the number of their first line
    blocks = _blocks(source)
    final = False
    while not final:
        block = next(blocks, None)
        final = block is None
        parts.append(block or b"")
        feeds += parts[-1].count(b"\n")
        size += len(parts[-1])
        if not feeds and size > LONGEST:
            raise ValueError(f"line {line + 1}: is longer than {LONGEST} bytes")
        if feeds < rows and not final:
            continue
        text = b"".join(parts)
        while text and (feeds >= rows or final):
            columns, used, lines = _batch(schema, text, rows, final, line)
            text, line, feeds = text[used:], line + lines, feeds - lines
            if len(columns):
                yield columns
        parts, size = [text], len(text)


def _blocks(source: Any) -> Iterator[bytes]:
    """The bytes of a file, or of an iterable of chunks."""
    if isinstance(source, (bytes, bytearray, memoryview, str)):
        raise TypeError(
            f"file_or_chunks: expected a file or chunks of bytes, got {type(source).__name__}; "
            "validate_ndjson() takes whole documents"
        )
    for chunk in source if not hasattr(source, "read") else _read(source.read):
        view = memoryview(chunk.encode() if isinstance(chunk, str) else chunk).cast("B")
        for at in range(0, len(view), BLOCK):
            yield bytes(view[at : at + BLOCK])


def _read(read: Callable[[int], Any]) -> Iterator[Any]:
    while (chunk := read(BLOCK)) is None or chunk:
        if chunk is None:  # it is not the end, and asking again would be a busy loop
            raise BlockingIOError("file_or_chunks: the file is non-blocking and has no bytes yet")
        yield chunk


def _batch(
    schema: Schema[Any], text: bytes, most: int, final: bool, first: int
) -> tuple[Columns, int, int]:
    """Up to `most` records: (columns, bytes used, lines used). `first` is the number of line 0."""
    found = schema._ndjson(text, most, final, first)
    if found is NotImplemented:
        return _array(schema, text, most, final, first)
    columns, used, lines, fault = found
    if fault is not None:
        raise _not_json(schema, text, first, *fault)
    return columns, used, lines


def _array(
    schema: Schema[Any], text: bytes, most: int, final: bool, first: int
) -> tuple[Columns, int, int]:
    """The same, of the array of the records: what C does not judge line by line."""
    options = schema._options
    array, used, lines, blanks, fault = _core.ndjson_array(
        text, options.max_depth - 1, options.allow_nan, most, final
    )
    if fault is not None:
        raise _not_json(schema, text, first, *fault)
    try:
        return schema.validate_json(array), used, lines
    except ValidationError as error:
        moved: list[Line] = []
        for line in line_errors(error, (), None):
            loc = line["loc"]
            if loc and isinstance(loc[0], int):
                loc = (first + _line_of(loc[0], blanks), *loc[1:])
            moved.append({**line, "loc": loc})
        made = type(error).from_exception_data(
            error.title, cast(Any, moved), "json", hide_input=schema._hides
        )
        if isinstance(made, TruncatedValidationError):
            made.shown = len(moved)
        if not schema._hides:
            annotate(made, text, moved, options.max_input, first)
        raise made from None


def _line_of(record: int, blanks: list[int]) -> int:
    """The number of the line that holds a record, where some lines hold none."""
    line = record
    while True:
        found = record + bisect_right(blanks, line)
        if found == line:
            return line
        line = found


def _not_json(
    schema: Schema[Any], text: bytes, first: int, what: str, line: int, at: int, rule: str
) -> ValidationError:
    """The error of a line that is not JSON, with pydantic's words where it has some."""
    begin = text.rfind(b"\n", 0, at) + 1
    end = text.find(b"\n", at)
    own = text[begin:] if end < 0 else text[begin:end]
    words = {"depth": "recursion limit exceeded", "nonfinite": "expected value"}.get(rule, what)
    said = f"{words} at line 1 column {at - begin + 1}"
    if not rule:
        try:
            schema._validator.validate_json(own)
        except ValidationError as error:
            found = error.errors(include_url=False)[0]
            said = found["ctx"]["error"] if found["type"] == "json_invalid" else said
    number = first + line
    said = re.sub(r"\bline 1\b", f"line {number + 1}", said)
    fault: Line = {"type": "json_invalid", "loc": (number,), "input": own, "ctx": {"error": said}}
    title, hides = schema._validator.title, schema._hide_input
    return schema._options.error(title, [fault], "json", hides, text, first)
