"""Columns: checked rows, stored column by column."""

from . import _identity as _identity  # isort: split

from collections.abc import Iterable
from typing import Any

from . import _core

__all__ = ["Columns"]


class Columns(_core.Columns):
    """Checked rows, stored column by column in the Arrow memory layout."""

    __slots__ = ()


def _build(specs: Iterable[Any], data: Iterable[Any]) -> Columns:
    """Columns out of specifications and one list (or ``(array, valid)``) a column."""
    return Columns._build(specs, data)
