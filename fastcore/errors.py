"""The exceptions that are fastcore's own."""

from typing import Any

from pydantic_core import ValidationError

from . import _identity as _identity

__all__ = ["TruncatedValidationError", "UnsupportedError"]


class UnsupportedError(TypeError):
    """A type, node or step that fastcore cannot compile; the message names it and the way out."""


class TruncatedValidationError(ValidationError):
    """A `pydantic_core.ValidationError` whose list was cut at ``max_errors``.

    Attributes
    ----------
    shown : int
        How many errors are listed; there were more.
    """

    shown: int

    def __reduce__(self) -> Any:
        made: Any = super().__reduce__()
        return *made[:2], {"shown": self.shown}
