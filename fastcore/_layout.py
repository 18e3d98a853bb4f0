"""What a record or an array becomes: its columns, and how validated values reach them.

A `Layout` hangs in the metadata of the core schema of each ``Rows``, ``Row`` and ``Array``. Plain
pydantic fills columns through it, value by value; the native compiler reads from it what to build.
"""

import datetime
import enum
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from . import _identity as _identity
from .errors import UnsupportedError

if TYPE_CHECKING:
    from ._dump import Member
    from .columns import Columns

# The numbers of `fc_column_kind` in include/fastcore/columns.h.
FLOAT64: Final = 0
INT64: Final = 2
BOOL: Final = 4
CODE: Final = 5
STRING: Final = 6
TIME: Final = 7
OBJECT: Final = 8

# The flags of a column there.
LISTED: Final = 1
DATE: Final = 2
NESTED: Final = 4

INT64_MIN: Final = -(2**63)
INT64_MAX: Final = 2**63 - 1


class ColumnSpec(NamedTuple):
    """One column: what it is called, what it holds and where in the record it is found."""

    name: str
    """The path with dots between its parts."""
    kind: int
    """The number of the `fc_column_kind`."""
    items: int
    """Values per row: 1, or the length of a list of fixed length."""
    nullable: bool
    utc: bool | None
    """Of times: aware (held in UTC) or naive; None: the values tell."""
    texts: tuple[str, ...]
    """Of codes: the text of code 0, 1, ..."""
    flags: int
    """LISTED: a list (also of one item); DATE: days; NESTED: dots in the name are levels."""
    path: tuple[str, ...]
    """Names of fields (not aliases) from the record down to the value."""


class Layout:
    """What the values of one annotation become; immutable.

    Attributes
    ----------
    kind : {"rows", "row", "table", "array"}
    source : dict or None
        The record's own core schema, as pydantic has it.
    record : dict or None
        The core schema of one record as the annotations want it (no NaN, integers of 64 bits),
        standing alone. What it validates to goes into `values`.
    specs : tuple of ColumnSpec
    members : tuple of Member
        The record's keys, for the way back to JSON.
    dtype : numpy.dtype or None
    shape : tuple of int or str, or None
        Of arrays: sizes and names of sizes; None is one dimension of any size, () any number of
        dimensions.
    """

    __slots__ = (
        "_fixed",
        "_getters",
        "dtype",
        "kind",
        "members",
        "record",
        "shape",
        "source",
        "specs",
    )

    kind: str
    source: Mapping[str, Any] | None
    record: Mapping[str, Any] | None
    specs: tuple[ColumnSpec, ...]
    members: "tuple[Member, ...]"
    dtype: "np.dtype[Any] | None"
    shape: tuple[int | str, ...] | None
    _getters: tuple[tuple[tuple[str, ...], Callable[[Any], Any]], ...]
    _fixed: bool

    def __init__(
        self,
        kind: str,
        *,
        source: Mapping[str, Any] | None = None,
        record: Mapping[str, Any] | None = None,
        specs: Sequence[ColumnSpec] = (),
        members: "tuple[Member, ...]" = (),
        dtype: "np.dtype[Any] | None" = None,
        shape: tuple[int | str, ...] | None = None,
    ) -> None:
        put = object.__setattr__
        put(self, "kind", kind)
        put(self, "source", source)
        put(self, "record", record)
        put(self, "specs", tuple(specs))
        put(self, "members", members)
        put(self, "dtype", dtype)
        put(self, "shape", shape)
        put(self, "_getters", tuple((spec.path, _converter(spec)) for spec in specs))
        put(self, "_fixed", all(s.kind != TIME or s.utc is not None for s in specs))

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a Layout is immutable; cannot set {name!r}")

    def __repr__(self) -> str:
        if self.kind == "array":
            return f"Layout(array of {self.dtype}, shape={self.shape})"
        return f"Layout({self.kind}: {', '.join(spec.name for spec in self.specs)})"

    def values(self, record: object) -> list[Any]:
        """The cells of one validated record, in the order of `specs`; None is null.

        Raises
        ------
        UnsupportedError
            A validator or a default put a value there that the field's type does not allow.
        """
        cells = []
        for path, convert in self._getters:
            value: Any = record
            for name in path:
                try:
                    value = value.get(name) if isinstance(value, dict) else getattr(value, name)
                except AttributeError:  # PydanticOmit leaves a field out of its model
                    raise UnsupportedError(
                        f"{'.'.join(path)}: a validator left it out of a record; "
                        "a column needs a value, or null, in each row"
                    ) from None
                if value is None:
                    break
            cells.append(value if value is None else convert(value))
        return cells

    def to_columns(self, records: Sequence[object]) -> "Columns":
        """Columns of validated records (for ``row``: of a list of one)."""
        from .columns import _build

        rows = [self.values(record) for record in records]
        lists = [list(cells) for cells in zip(*rows, strict=True)] or [[] for _ in self.specs]
        return _build(self.column_specs(lists), lists)

    def column_specs(self, lists: Sequence[Sequence[Any]]) -> tuple[tuple[Any, ...], ...]:
        """`specs` as `columns._build` takes them, for these values (one sequence a column)."""
        return tuple(spec[:-1] for spec in self._bound(lists))

    def zoned(self, aware: int) -> tuple[tuple[Any, ...], ...]:
        """`column_specs` where bits say which of the times that the type leaves open are aware."""
        out, number = [], 0
        for spec in self.specs:
            utc = bool(spec.utc)
            if spec.kind == TIME and spec.utc is None:
                utc = bool(aware >> number & 1)
                number += 1
            out.append(tuple(spec._replace(utc=utc)[:-1]))
        return tuple(out)

    def zones(self, rows: Sequence[Sequence[Any] | None], aware: int, naive: int) -> int:
        """The bits for `zoned`, of bits for cells that were read elsewhere and of these rows.

        Raises
        ------
        UnsupportedError
            A column has times with and without a time zone.
        """
        number = 0
        for column, spec in enumerate(self.specs):
            if spec.kind != TIME or spec.utc is not None:
                continue
            cells = [row[column] for row in rows if row is not None]
            kinds = {cell.tzinfo is not None for cell in cells if cell is not None}
            kinds |= {True} if aware >> number & 1 else set()
            kinds |= {False} if naive >> number & 1 else set()
            aware |= _agreed(spec, kinds) << number
            number += 1
        return aware

    def fits(self, columns: "Columns") -> bool:
        """Whether `columns` could have come out of this layout."""
        return len(columns._specs) == len(self.specs) and all(
            tuple(found)[:4] == spec[:4]
            and (found[4] == spec.utc or spec.utc is None)
            and tuple(found[5] or ()) == spec.texts
            for found, spec in zip(columns._specs, self.specs, strict=True)
        )

    def to_json(self, columns: "Columns", *, by_alias: bool, exclude_none: bool) -> Any:
        """The JSON that `columns` came from, as values that pydantic can write.

        A nested record that may be null is null where all its cells are.
        """
        from . import _dump

        rows = _dump.rows(columns, self.members, by_alias=by_alias, exclude_none=exclude_none)
        return next(rows) if self.kind == "row" else list(rows)

    def _bound(self, lists: Sequence[Sequence[Any]]) -> tuple[ColumnSpec, ...]:
        # The values decide about `utc` where the type leaves it open.
        if self._fixed:
            return self.specs
        return tuple(
            spec._replace(utc=_is_aware(spec, cells))
            if spec.kind == TIME and spec.utc is None
            else spec
            for spec, cells in zip(self.specs, lists, strict=True)
        )


def _is_aware(spec: ColumnSpec, cells: Sequence[Any]) -> bool:
    return _agreed(spec, {cell.tzinfo is not None for cell in cells if cell is not None})


def _agreed(spec: ColumnSpec, aware: set[bool]) -> bool:
    if len(aware) == 2:
        raise UnsupportedError(
            f"{spec.name}: times with and without a time zone in one column; annotate the field "
            "with pydantic.AwareDatetime or pydantic.NaiveDatetime"
        )
    return aware == {True}


def _converter(spec: ColumnSpec) -> Callable[[Any], Any]:
    """Checks a value that validation has let through, and gives it in the column's own type.

    Validators and defaults can put anything into a field; then a wrong number must not be stored.
    """
    one = _CONVERTERS[spec.kind]
    if spec.kind == CODE:
        texts = frozenset(spec.texts)

        def code(value: Any) -> str:
            text = value.value if isinstance(value, enum.Enum) else value
            if text not in texts:
                raise _wrong(spec, value)
            return str(text)

        return code
    if spec.flags & LISTED:
        return _many(spec, one)

    def convert(value: Any) -> Any:
        try:
            return one(value)
        except (TypeError, ValueError, OverflowError):
            raise _wrong(spec, value) from None

    return convert


def _many(spec: ColumnSpec, one: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def convert(value: Any) -> list[Any]:
        try:
            cells = [one(item) for item in value]
        except (TypeError, ValueError, OverflowError):
            raise _wrong(spec, value) from None
        if len(cells) != spec.items:
            raise _wrong(spec, value)
        return cells

    return convert


def _wrong(spec: ColumnSpec, value: object) -> UnsupportedError:
    return UnsupportedError(
        f"{spec.name}: a validator or a default gave a {type(value).__name__}, which does not fit "
        f"a column of {_KIND_NAMES[spec.kind]}; annotate the field with the type it really has"
    )


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, enum.Enum) else value


def _float(value: Any) -> float:
    if isinstance(value, (str, bytes)):
        raise TypeError
    return float(_plain(value))


def _int(value: Any) -> int:
    number = operator.index(_plain(value))
    if not INT64_MIN <= number <= INT64_MAX:
        raise OverflowError
    return number


def _bool(value: Any) -> bool:
    value = _plain(value)
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError
    return bool(value)


def _str(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return str(value)


def _time(value: Any) -> Any:
    if not isinstance(value, datetime.date):
        raise TypeError
    return value


_CONVERTERS: dict[int, Callable[[Any], Any]] = {
    FLOAT64: _float,
    INT64: _int,
    BOOL: _bool,
    CODE: _str,
    STRING: _str,
    TIME: _time,
    OBJECT: lambda value: value,
}

_KIND_NAMES = {
    FLOAT64: "floats",
    INT64: "64-bit integers",
    BOOL: "bools",
    CODE: "the texts of its Literal or Enum",
    STRING: "strings",
    TIME: "times",
    OBJECT: "objects",
}
