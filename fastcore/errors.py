"""The exceptions that are fastcore's own."""

from . import _identity as _identity

__all__ = ["UnsupportedError"]


class UnsupportedError(TypeError):
    """A type, node or step that fastcore cannot compile; the message names it and the way out."""
