"""From columns back to the JSON that they came from, for responses and ``model_dump_json``."""

import datetime
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from . import _identity as _identity
from ._layout import CODE, DATE, OBJECT, STRING, TIME

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
    cells = [
        _values(columns, name, spec[1], spec[4], spec[6])
        for name, spec in zip(columns.names, columns._specs, strict=True)
    ]
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


def _values(columns: "Columns", name: str, kind: int, utc: bool, flags: int) -> list[Any]:
    """The cells of one column as Python values, None under null."""
    array = columns[name]
    if kind in (STRING, OBJECT):
        return list(array)
    values: list[Any]
    if kind == CODE:
        texts = columns.categories(name) or []
        values = [texts[code] if code >= 0 else None for code in array.tolist()]
    elif kind == TIME and flags & DATE:
        values = array.astype("datetime64[D]").tolist()
    elif kind == TIME:
        zone = datetime.UTC if utc else None
        values = [time and time.replace(tzinfo=zone) for time in array.tolist()]
    else:
        values = array.tolist()
    valid = columns.valid(name)
    if valid is not None and kind != CODE:
        for row in np.flatnonzero(~valid):
            values[row] = None
    return values
