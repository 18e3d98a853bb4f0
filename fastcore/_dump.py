"""From columns back to the JSON that they came from, for responses and ``model_dump_json``."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from . import _identity as _identity

if TYPE_CHECKING:
    from .columns import Columns


class Member(NamedTuple):
    """One key of a record."""

    name: str
    alias: str
    """The key under ``by_alias=True``."""
    omitted: bool
    """A null stands for a key that was not there."""
    nullable: bool
    """Of nested records: null where all their cells are."""
    content: "int | tuple[Member, ...]"
    """The number of the column, or the members of a nested record."""


def rows(
    columns: "Columns", members: tuple[Member, ...], *, by_alias: bool, exclude_none: bool
) -> Iterator[dict[str, Any]]:
    """Each row as a dict of values that pydantic knows how to write."""
    cells = [columns._cells(spec, columns.num_rows) for spec in columns._specs]
    for row in range(columns.num_rows):
        yield _record(cells, row, members, by_alias, exclude_none)


def _record(
    cells: Sequence[Sequence[Any]],
    row: int,
    members: tuple[Member, ...],
    by_alias: bool,
    exclude_none: bool,
) -> dict[str, Any]:
    out = {}
    for member in members:
        content = member.content
        value: Any
        if isinstance(content, int):
            value = cells[content][row]
            if isinstance(value, np.ndarray):
                value = value.tolist()
            elif hasattr(value, "to_rows"):  # Columns within a column of objects
                value = value.to_rows()
        elif member.nullable and _is_empty(cells, row, content):
            value = None
        else:
            value = _record(cells, row, content, by_alias, exclude_none)
        if value is None and (member.omitted or exclude_none):
            continue
        out[member.alias if by_alias else member.name] = value
    return out


def _is_empty(cells: Sequence[Sequence[Any]], row: int, members: tuple[Member, ...]) -> bool:
    return all(
        cells[m.content][row] is None
        if isinstance(m.content, int)
        else _is_empty(cells, row, m.content)
        for m in members
    )
