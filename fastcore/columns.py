"""Columns: checked rows, stored column by column."""

from . import _core
from . import _identity as _identity

__all__ = ["Columns"]


class Columns(_core.Columns):
    """Checked rows, stored column by column in the Arrow memory layout."""

    __slots__ = ()


def _build(specs, data):  # type: ignore[no-untyped-def]
    return Columns._build(specs, data)
