"""Tokens that ``json.loads`` takes and JSON does not have; numbers that no double holds.

FastAPI lets NaN, Infinity and lone surrogates into its values, and answers 500 where it then has to
send one. A `FastRoute` refuses the tokens as any other syntax error, and leaves a number beyond the
range of doubles to the field it stands in. Only bodies that C has refused come here.
"""

import json
import math
import re
from collections.abc import Iterator
from typing import Any

__all__ = ["Overflow", "Suspect", "sendable"]

#: Digits all alike, so that a long run of them can be looked for without a regular expression.
_DIGITS = bytes.maketrans(b"0123456789", b"0000000000")
_LONG = b"0" * 309
_EXPONENT = re.compile(rb"e\+?[0-9]{3}")
#: Surrogates: half a pair as an escape; in bytes that only ``surrogatepass`` decodes.
_ESCAPED = re.compile(rb"\\u[d][89a-f]")
_ENCODED = re.compile(rb"\xed[\xa0-\xbf]")

_STRING_OR_CONSTANT = re.compile(r'"(?:[^"\\]|\\.)*"|NaN|-?Infinity', re.DOTALL)
_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|(?P<lone>u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)
_SURROGATE = re.compile("[\ud800-\udfff]")


class Overflow(float):
    """An infinity that remembers the number it was read from."""

    text: str

    def __new__(cls, text: str) -> "Overflow":
        self = super().__new__(cls, text)
        self.text = text
        return self


def _number(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else Overflow(text)


class Suspect:
    """A body that may hold such a token, looked at closely.

    Attributes
    ----------
    fault : json.JSONDecodeError or None
        The first token that JSON does not have.
    document : object
        The parsed body, infinities being `Overflow`.

    Raises
    ------
    Exception
        What ``json.loads`` raises for the body: FastAPI meets it too, and has the answer.
    """

    __slots__ = ("document", "fault")

    def __init__(self, body: bytes) -> None:
        constants: list[str] = []
        text = body.decode(json.detect_encoding(body), "surrogatepass")
        self.document = json.loads(text, parse_float=_number, parse_constant=constants.append)
        places = list(_lone_surrogates(text))
        if constants:
            places.append((_first_constant(text), "Expecting value"))
        self.fault = None
        if places:
            position, message = min(places)
            self.fault = json.JSONDecodeError(message, text, position)

    @staticmethod
    def may_be(body: bytes) -> bool:
        """Whether the body has to be looked at; cheap, and wrong only towards True."""
        if body[:1] not in (b"{", b"[") or body[1:2] == b"\0":
            return True  # text of another encoding, or a document too short to matter
        low = body.lower()
        return (
            b"nan" in low
            or b"inf" in low
            or _EXPONENT.search(low) is not None
            or _ESCAPED.search(low) is not None
            or _ENCODED.search(body) is not None
            or _LONG in body.translate(_DIGITS)
        )


def _first_constant(text: str) -> int:
    for match in _STRING_OR_CONSTANT.finditer(text):
        if not match[0].startswith('"'):
            return match.start()
    return 0


def _lone_surrogates(text: str) -> Iterator[tuple[int, str]]:
    """The first of each kind; the text is JSON, so a backslash stands only in strings."""
    if raw := _SURROGATE.search(text):
        yield raw.start(), "Invalid surrogate"
    for match in _ESCAPE.finditer(text):
        if match["lone"]:
            # Where the standard library points for an escape that is none.
            yield match.start() + 1, "Invalid \\uXXXX escape"
            return


def sendable(value: Any) -> Any:
    """An error's ``input`` with the text of each number that no double holds, as a string."""
    if isinstance(value, Overflow):
        return value.text
    if type(value) is dict:
        return {key: sendable(item) for key, item in value.items()}
    if type(value) is list:
        return [sendable(item) for item in value]
    return value
