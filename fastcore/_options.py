"""What a `Schema` is asked beyond its type: limits and rules of documents, and what errors say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from pydantic_core import ValidationError, to_json

from ._errors import Line, line_errors
from ._places import annotate
from .errors import TruncatedValidationError

MAX_DEPTH = 200


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
            value = getattr(self, name)
            if value is not None and (isinstance(value, bool) or value < least):
                raise ValueError(f"{name}: expected None or at least {least}, got {value!r}")

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
            kept = [{**line, "input": _shortened(line["input"], self.max_input)} for line in kept]
        made = kind.from_exception_data(
            title, cast(Any, kept), cast(Any, mode), hide_input=hides or self.hide_input
        )
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


def _shortened(value: Any, most: int) -> Any:
    """The value, or the beginning of its JSON text where that is longer."""
    if isinstance(value, bytes | bytearray):
        return value if len(value) <= most else value[:most].decode(errors="replace") + "…"
    if isinstance(value, str):
        return value if len(value) <= most else value[:most] + "…"
    try:
        text = to_json(value, fallback=repr, inf_nan_mode="constants")
    except ValueError:  # what is no JSON, in Python mode
        text = repr(value).encode(errors="replace")
    return value if len(text) <= most else text[:most].decode(errors="ignore") + "…"
