"""Where in its document an error is: notes (PEP 678) that tracebacks show below the error's text.

An error stays what it is in every other way: type, text, list of errors, pickle. The notes are
written when somebody reads them, so that an error which is handled costs nothing for them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any, SupportsIndex

from pydantic_core import ValidationError

from . import _core
from ._errors import Line

#: Places that are shown, of the first errors.
MOST = 3
#: Columns of a note, its indentation included.
WIDTH = 80
_INDENT = "  "
_CUT = "..."
#: At most this many bytes stand for one column, but for runs of combining marks.
_BYTES = 4
_PLACE = re.compile(r" at line (\d+) column (\d+)$")


class Notes(list[str]):
    """The ``__notes__`` of an error; a list that is filled when it is first read.

    Parameters
    ----------
    document : bytes, bytearray or str
        What was judged: one JSON text, or lines of them. Kept until the notes are read.
    lines : sequence of dict
        The errors; those with a ``type``, a ``loc`` and, where JSON is broken, a ``ctx``.
    width : int
        The most columns of the document that are shown.
    first : int, optional
        The document is lines of JSON, and this is the number of its first line; the first part of
        each ``loc`` is a number of a line.
    """

    __slots__ = ("_lines", "_more", "_source")

    def __init__(
        self, document: Any, lines: Sequence[Any], width: int = WIDTH, first: int | None = None
    ) -> None:
        super().__init__()
        # A bytearray may be another one by the time that somebody reads.
        document = document if isinstance(document, bytes | str) else bytes(document)
        self._source: tuple[Any, int, int | None] | None = (document, width, first)
        self._lines = [_kept(line) for line in lines[:MOST]]
        self._more = len(lines) - len(self._lines)

    def _fill(self) -> None:
        source, self._source = self._source, None
        if source is None:
            return
        try:
            notes = _notes(source[0], self._lines, source[1], source[2])
        except (LookupError, ValueError, MemoryError):  # an error is shown, come what may
            notes = []
        if notes and self._more:
            notes.append(f"({self._more} more)")
        self[:0] = notes

    def __iter__(self) -> Iterator[str]:
        self._fill()
        return super().__iter__()

    def __len__(self) -> int:
        self._fill()
        return super().__len__()

    def __getitem__(self, at: SupportsIndex | slice) -> Any:
        self._fill()
        return super().__getitem__(at)

    def __repr__(self) -> str:
        return repr(list(self))

    def __eq__(self, other: object) -> bool:
        return list(self) == other

    __hash__ = None

    def __reduce__(self) -> Any:
        return list, (list(self),)


def _kept(line: Any) -> Line:
    """What a note needs of an error."""
    type_ = line["type"]
    kept = {"type": getattr(type_, "type", type_), "loc": line["loc"]}
    return {**kept, "ctx": line.get("ctx")} if type_ == "json_invalid" else kept


def annotate(
    error: ValidationError,
    document: Any,
    lines: Sequence[Any],
    width: int | None = None,
    first: int | None = None,
) -> None:
    """Give the error its `Notes`, if there is a document."""
    if isinstance(document, bytes | bytearray | str):
        width = WIDTH if width is None else min(width, WIDTH)
        error.__notes__ = Notes(document, lines, width, first)


def _notes(document: Any, lines: list[Line], width: int, first: int | None) -> list[str]:
    text = document.encode("utf-8", "surrogatepass") if isinstance(document, str) else document
    notes = []
    for line in lines:
        found = _locate(text, line, first)
        if found is None:
            continue
        start, end = found
        begin = text.rfind(b"\n", 0, start) + 1
        number = text.count(b"\n", 0, begin) + 1 + (first or 0)
        column = len(text[begin:start].decode(errors="replace")) + 1
        note = f"line {number}, column {column}"
        if line["type"] == "json_invalid" and (broken := _broken(line)):
            note = "line {}, column {}".format(*broken)  # as the error counts them: in bytes
        path = ".".join(str(part) for part in line["loc"][0 if first is None else 1 :])
        note += f": {_shown(path)}" if path else ""
        notes.append("\n".join([note, *_excerpt(text, begin, start, end, width)]))
    return notes


# ---- Where ---------------------------------------------------------------------------------------


def _broken(line: Line) -> tuple[int, int] | None:
    """Line and column, from 1, that the text of a syntax error names."""
    found = _PLACE.search(str((line.get("ctx") or {}).get("error", "")))
    return (int(found[1]), int(found[2])) if found else None


def _locate(text: bytes, line: Line, first: int | None) -> tuple[int, int] | None:
    """The bytes [start, end) that an error is about."""
    loc, base, own = line["loc"], 0, text
    if first is not None:
        if not loc or not isinstance(loc[0], int):
            return None
        base = _line_begin(text, loc[0] - first)
        end = text.find(b"\n", base)
        own, loc = text[base : len(text) if end < 0 else end], loc[1:]
    if line["type"] == "json_invalid" and not loc:
        broken = _broken(line)
        if broken is None:
            return None
        start = _line_begin(text, broken[0] - 1 - (first or 0)) + max(broken[1] - 1, 0)
        start = min(start, len(text))
        return start, min(start + 1, len(text))
    places = _core.json_places(own, 200, True, [loc])
    if not places:
        return None
    start, end, key, key_end, led = places[0]
    if line["type"] in ("extra_forbidden", "duplicate_key") or (loc and loc[-1] == "[key]"):
        start, end = key, key_end
    elif not led or text[base + start : base + start + 1] in (b"{", b"["):
        end = start + 1  # of what lacks something, and of anything large, the beginning
    return base + start, base + end


def _line_begin(text: bytes, line: int) -> int:
    at = 0
    for _ in range(line):
        at = text.index(b"\n", at) + 1
    return at


# ---- How it looks --------------------------------------------------------------------------------


def _shown(text: str) -> str:
    """The text without what a terminal would act on."""
    return "".join(c if c.isprintable() else " " if c.isspace() else "\ufffd" for c in text)


def _columns(text: str) -> int:
    """How wide a terminal shows the text."""
    return sum(
        (unicodedata.category(c) not in ("Mn", "Me"))
        * (1 + (unicodedata.east_asian_width(c) in "WF"))
        for c in text
    )


def _cut(text: str, width: int) -> str:
    """The beginning of the text that fits."""
    while _columns(text) > width:
        text = text[: max(len(text) - max((_columns(text) - width) // 2, 1), 0)]
    return text


def _excerpt(text: bytes, begin: int, start: int, end: int, width: int) -> list[str]:
    """The line around a place, cut to the width, and one with carets under the place."""
    room = width - len(_INDENT) - 2 * len(_CUT)
    if room < 4:
        return []
    stop = text.find(b"\n", start, start + _BYTES * WIDTH)
    stop = min(start + _BYTES * WIDTH, len(text)) if stop < 0 else stop
    left = max(begin, start - _BYTES * WIDTH)
    while left < start and text[left] & 0xC0 == 0x80:  # not in the middle of a character
        left += 1
    before = _shown(text[left:start].decode(errors="replace"))
    marked = _shown(text[start : min(end, stop)].decode(errors="replace"))
    after = _shown(text[min(end, stop) : stop].rstrip(b"\r").decode(errors="replace"))
    if left == begin:
        before = before.lstrip(" ")
    token = _cut(marked, room // 2)
    rest = room - _columns(token)
    tail = _cut(after, max(rest // 2, rest - _columns(before))) if token == marked else ""
    lead = _cut(before[::-1], rest - _columns(tail))[::-1]
    head = _CUT if lead != before or (left > begin and before) else ""
    foot = _CUT if token != marked or tail != after else ""
    return [
        f"{_INDENT}{head}{lead}{token}{tail}{foot}",
        _INDENT + " " * _columns(head + lead) + "^" * max(_columns(token), 1),
    ]
