"""What a `Schema` is asked beyond its type: limits and rules of documents, and what errors say."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, cast

from pydantic_core import ValidationError

from ._errors import Line, line_errors
from ._places import annotate
from .errors import TruncatedValidationError

MAX_DEPTH = 200

_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=repr)


@dataclass(frozen=True, slots=True)
class Options:
    """The arguments of `Schema`, which says what they mean."""

    allow_nan: bool = False
    duplicate_keys: str = "last"
    max_depth: int = MAX_DEPTH
    max_errors: int | None = None
    max_rows: int | None = None
    hide_input: bool = False
    max_input: int | None = None

    def __post_init__(self) -> None:
        if self.duplicate_keys not in ("last", "error"):
            raise ValueError(
                f"duplicate_keys: expected 'last' or 'error', got {self.duplicate_keys!r}"
            )
        if not 1 <= self.max_depth <= MAX_DEPTH:
            raise ValueError(f"max_depth: expected 1 to {MAX_DEPTH}, got {self.max_depth!r}")
        for name, least in (("max_errors", 1), ("max_rows", 0), ("max_input", 0)):
            checked_limit(name, getattr(self, name), least)

    @property
    def edits_errors(self) -> bool:
        """Whether an error of pydantic's is not raised as it is."""
        return self.hide_input or self.max_input is not None or self.max_errors is not None

    def error(
        self,
        title: str,
        lines: list[Line],
        mode: str,
        hides: bool,
        document: Any = None,
        first: int | None = None,
    ) -> ValidationError:
        """The error of these lines; `hides`: its text leaves the input out in any case.

        `document` and `first` are those of `_places.Notes`.
        """
        kind, kept = ValidationError, lines
        if self.max_errors is not None and len(lines) > self.max_errors:
            kind, kept = TruncatedValidationError, lines[: self.max_errors]
        if self.hide_input:
            kept = [{**line, "input": None} for line in kept]
        elif self.max_input is not None:
            kept = [{**line, "input": shortened(line["input"], self.max_input)} for line in kept]
        made = kind.from_exception_data(
            title, cast(Any, kept), cast(Any, mode), hide_input=hides or self.hide_input
        )
        made.args = ()  # as pydantic's own has it
        if isinstance(made, TruncatedValidationError):
            made.shown = len(kept)
        if not (hides or self.hide_input):
            annotate(made, document, lines, self.max_input, first)
        return made

    def edited(
        self, error: ValidationError, mode: str, hides: bool, document: Any = None
    ) -> ValidationError:
        """An error of pydantic's, as these options want it."""
        return self.error(error.title, line_errors(error, (), None), mode, hides, document)


def checked_limit(name: str, value: Any, least: int) -> None:
    """Raise ValueError for what is no limit."""
    if value is not None and (isinstance(value, bool) or value < least):
        raise ValueError(f"{name}: expected None or at least {least}, got {value!r}")


def shortened(value: Any, most: int) -> Any:
    """The value, or the beginning of it (of its JSON, where it is no text) if that is longer."""
    if isinstance(value, bytes | bytearray):
        return value if len(value) <= most else value[:most].decode(errors="replace") + "…"
    if isinstance(value, str):
        return value if len(value) <= most else value[:most] + "…"
    text = ""
    try:
        for part in _JSON.iterencode(value):  # no more of it than is needed
            text += part
            if len(text) > most:
                return text[:most] + "…"
    except Exception:  # what is no JSON, in Python mode
        try:
            text = repr(value)
        except Exception:  # nested too deeply, or of a class whose repr fails
            return f"<{type(value).__name__}>"
    return value if len(text) <= most else text[:most] + "…"
