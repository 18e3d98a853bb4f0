"""Columns: checked rows, stored column by column.

A :class:`Columns` is what a request body of rows becomes: numbers, bools, texts, times and lists of
numbers in the Arrow memory layout, read by NumPy, pandas, polars and pyarrow without a Python
object for every value.
"""

from . import _identity as _identity  # isort: split

import copy
import html
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

from . import _columns_in, _core
from ._columns_in import CODE, FLAG_DATE, FLAG_LISTED, FLAG_NESTED, KIND_NAMES, OBJECT, STRING, TIME

if TYPE_CHECKING:
    import pandas
    import polars

__all__ = ["Columns"]

#: How many rows and columns a repr shows.
_SHOWN_ROWS, _SHOWN_COLUMNS = 10, 40


class Columns(_core.Columns):
    """Checked rows, stored column by column. Immutable.

    Made by a :class:`fastcore.Schema`, or by :meth:`from_rows`, :meth:`from_numpy`,
    :meth:`from_pandas`, :meth:`from_arrow` and :meth:`concat`. ``len(columns)`` is the number of
    rows, ``columns["age"]`` a column, ``"age" in columns`` whether there is one.

    A column is given as a read-only array of shape ``(num_rows,)``, or ``(num_rows, n)`` for lists
    of ``n``; numbers, bools, codes and times without a copy. Under a null stands NaN (float), 0
    (int, bool), -1 (code), NaT (time) or None (text, object).

    Two ``Columns`` are equal if they have the same names in the same order, the same kinds, and the
    same values; nulls equal nulls and NaN equals NaN, as in ``pandas.DataFrame.equals``.

    Raises
    ------
    KeyError
        For a column that is not there.

    Examples
    --------
    >>> from fastcore import Columns
    >>> c = Columns.from_rows([{"age": 31, "plan": "free"}, {"age": None, "plan": "pro"}])
    >>> c["age"]
    array([31,  0])
    >>> c.valid("age")
    array([ True, False])
    >>> c.matrix(["age"], dtype="float64")
    array([[31.],
           [nan]])
    """

    __slots__ = ()

    # ---- in ----

    @classmethod
    def from_rows(cls, rows: Iterable[Mapping[str, Any]], type_: Any = None) -> Self:
        """Columns out of rows as dicts.

        Parameters
        ----------
        rows : iterable of mapping
            A key that is missing in some rows is null there.
        type_ : type, optional
            The record type that each row must be (anything that pydantic understands). Without it
            kinds are taken from the values: bool, int, float (also where ints and floats mix), str,
            datetime, date, lists of numbers of one length; nested dicts become columns with dotted
            names; anything else stays a column of objects.

        Raises
        ------
        TypeError
            If a row is not a mapping with names (str).
        ValueError
            If two columns would have one name.
        pydantic_core.ValidationError
            If a row is not a `type_`.

        Examples
        --------
        >>> c = Columns.from_rows([{"user": {"age": 31}, "score": 1}, {"score": 0.5}])
        >>> c.names
        ('user.age', 'score')
        """
        if type_ is not None:
            from .annotations import Rows
            from .schema import Schema

            checked: Any = Schema(Rows[type_]).validate_python(list(rows))
            return cls._build(checked._specs, [checked._part(name) for name in checked.names])
        return cls._build(*_columns_in.split(_columns_in.from_rows(rows)))

    @classmethod
    def from_numpy(cls, arrays: Mapping[str, Any]) -> Self:
        """Columns out of arrays, which are copied.

        Parameters
        ----------
        arrays : mapping of str to array
            Arrays of shape (n,) or (n, m), all of one n: bool, integers (up to 32 bits become
            int32, others int64), floats (half becomes float32), datetime64 (microseconds; NaT is
            null), text, and objects, whose kind is taken from the values. The masked cells of a
            ``numpy.ma`` array are null.

        Raises
        ------
        TypeError
            For a dtype that no column can hold; the message names the array.
        ValueError
            For another number of dimensions, unequal lengths, or integers beyond int64.

        Examples
        --------
        >>> import numpy as np
        >>> Columns.from_numpy({"x": np.arange(3), "v": np.zeros((3, 2), "f4")}).matrix().shape
        (3, 3)
        """
        return cls._build(*_columns_in.split(_columns_in.from_numpy(arrays)))

    @classmethod
    def from_pandas(cls, df: "pandas.DataFrame") -> Self:
        """Columns out of a pandas DataFrame, whose index is left out.

        Categories of texts become codes; missing values of every dtype but NumPy's floats become
        nulls; times become microseconds, and UTC where they have a time zone.

        Raises
        ------
        TypeError
            For a dtype that no column can hold, or a column whose name is not a str.
        """
        return cls._build(*_columns_in.split(_columns_in.from_pandas(df)))

    @classmethod
    def from_arrow(cls, x: Any) -> Self:
        """Columns out of Arrow data.

        Parameters
        ----------
        x : object
            Whatever has ``__arrow_c_stream__`` or ``__arrow_c_array__`` and holds rows: a pyarrow
            Table or RecordBatch, a polars or pandas DataFrame, a duckdb relation.

        Notes
        -----
        Integers of up to 32 bits become int32 (uint32 and more int64), half floats float32,
        dictionaries of texts codes, dates and timestamps microseconds (UTC where they have a time
        zone; the least int64 is null), fixed-size lists of numbers 2-D columns, structs columns
        with dotted names. A column of Arrow's null type is one of NaN. Values are not copied where
        there is one batch, no null, and the layouts agree: float64, float32, int64, int32 and
        microseconds.

        Raises
        ------
        TypeError
            If `x` is not such an object, its capsules have other names, or no column can hold a
            type of it.
        ValueError
            If the producer breaks the interface's rules (lengths that do not fit, nulls without a
            bitmap, indices outside of their dictionary, text that is no UTF-8, ...), for integers
            beyond int64, times beyond the range of microseconds, nulls inside of lists of
            integers, two columns of one name, or names within structs that are empty or have a dot.

        Examples
        --------
        >>> import polars
        >>> frame = polars.DataFrame({"age": [31, None], "plan": ["free", "pro"]})
        >>> Columns.from_arrow(frame).to_rows()
        [{'age': 31, 'plan': 'free'}, {'age': None, 'plan': 'pro'}]
        """
        seed = int.from_bytes(os.urandom(8), "little")
        if hasattr(x, "__arrow_c_stream__"):
            return cls._from_arrow(_capsule(_ask(x.__arrow_c_stream__)), seed)
        if hasattr(x, "__arrow_c_array__"):
            pair = _ask(x.__arrow_c_array__)
            if not isinstance(pair, tuple) or len(pair) != 2:
                raise TypeError("x: expected two capsules from __arrow_c_array__()")
            return cls._from_arrow((_capsule(pair[0]), _capsule(pair[1])), seed)
        raise TypeError(
            "x: expected an object with __arrow_c_stream__ or __arrow_c_array__, got "
            f"{type(x).__name__}"
        )

    @classmethod
    def concat(cls, parts: Iterable[_core.Columns]) -> Self:
        """The rows of several ``Columns``, one after the other.

        Codes are translated to a dictionary that holds the texts of all parts, in order of
        appearance.

        Raises
        ------
        TypeError
            If one of the parts is not a ``Columns``.
        ValueError
            If there are no parts, or their columns differ in names, order or kind.
        """
        return cls._build(*_columns_in.concat(list(parts)))

    # ---- out ----

    def to_rows(self) -> list[dict[str, Any]]:
        """The rows as dicts: what was read, so nested records are dicts again and codes texts.

        Nulls are None; times are ``datetime`` (with UTC where they are aware) or ``date``.

        Examples
        --------
        >>> Columns.from_rows([{"user": {"age": 31}, "ok": True}]).to_rows()
        [{'user': {'age': 31}, 'ok': True}]
        """
        return self._rows(len(self))

    def to_pandas(self) -> "pandas.DataFrame":
        """A pandas DataFrame: codes are categories, and lists of numbers arrays in object columns.

        Where nulls occur, ints become floats with NaN and bools objects with None, as when pandas
        reads rows of dicts. Needs pandas, but not pyarrow.
        """
        try:
            import pandas
        except ImportError as error:
            raise ImportError(
                "to_pandas() needs pandas: pip install 'fastcore-ml[sklearn]'"
            ) from error
        return pandas.DataFrame(
            {spec[0]: _columns_in.to_series(self, spec, pandas) for spec in self._specs},
            index=pandas.RangeIndex(len(self)),
        )

    def to_polars(self) -> "polars.DataFrame":
        """A polars DataFrame, through Arrow; a column of objects is a TypeError that names it."""
        try:
            import polars
        except ImportError as error:
            raise ImportError("to_polars() needs polars: pip install polars") from error
        return polars.DataFrame(self)

    def _part(self, name: str) -> Any:
        """What ``_build`` takes for this column."""
        return _columns_in.part(self, name)

    def _cells(self, spec: Sequence[Any], stop: int) -> list[Any]:
        """The first `stop` cells of a column as Python values, None under null."""
        name, kind = spec[0], spec[1]
        array = self[name][:stop]
        cells: list[Any] = array.tolist()
        if kind in (STRING, OBJECT):
            return cells
        if kind == CODE:
            texts = [*(self.categories(name) or ()), None]  # a null's -1 is the None at the end
            if spec[6] & FLAG_LISTED:
                cells = [[texts[code] for code in row] for row in cells]
            else:
                cells = [texts[code] for code in cells]
        elif kind == TIME:
            cells = _columns_in.times(array, bool(spec[4]), bool(spec[6] & FLAG_DATE))
        valid = self.valid(name)
        if valid is None:
            return cells
        return [cell if ok else None for cell, ok in zip(cells, valid[:stop].tolist(), strict=True)]

    def _rows(self, stop: int) -> list[dict[str, Any]]:
        stop = min(stop, len(self))
        paths = [
            (tuple(spec[0].split(".")) if spec[6] & FLAG_NESTED else (spec[0],))
            for spec in self._specs
        ]
        return _nest(paths, [self._cells(spec, stop) for spec in self._specs], stop)

    # ---- value ----

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _core.Columns):
            return NotImplemented
        return _columns_in.equal(self, other)

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self._specs, [self._part(name) for name in self.names])

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        specs = self._specs
        if all(spec[1] != OBJECT for spec in specs):
            return self
        parts = [self._part(spec[0]) for spec in specs]
        return self._build(specs, [copy.deepcopy(part, memo) for part in parts])

    def __repr__(self) -> str:
        specs = self._specs
        width = max((len(spec[0]) for spec in specs[:_SHOWN_COLUMNS]), default=0)
        lines = [f"{type(self).__name__}: {len(self)} rows, {len(specs)} columns"]
        lines += [f"  {spec[0]:<{width}}  {_describe(spec)}" for spec in specs[:_SHOWN_COLUMNS]]
        if len(specs) > _SHOWN_COLUMNS:
            lines.append("  ...")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        specs = self._specs[:_SHOWN_COLUMNS]
        shown = min(len(self), _SHOWN_ROWS)
        head = "".join(
            f"<th>{html.escape(spec[0])}<br><small>{html.escape(_describe(spec))}</small></th>"
            for spec in specs
        )
        cells = [self._cells(spec, shown) for spec in specs]
        body = "".join(
            "<tr>"
            + "".join(f"<td>{html.escape(str(column[r]))}</td>" for column in cells)
            + "</tr>"
            for r in range(shown)
        )
        size = f"{len(self)} rows, {len(self.names)} columns"
        return (
            f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody>"
            f'<caption style="caption-side: bottom">{size}</caption></table>'
        )


def _ask(method: Callable[..., Any]) -> Any:
    """Call a producer without a wish; some demand the argument, some do not know it."""
    try:
        return method(None)
    except TypeError:
        return method()


def _capsule(x: Any) -> Any:
    if type(x).__name__ != "PyCapsule":
        raise TypeError(f"x: expected a capsule of the Arrow interface, got {type(x).__name__}")
    return x


def _describe(spec: Sequence[Any]) -> str:
    """A column's kind in words: ``float64[3], nullable``."""
    text: str = KIND_NAMES[spec[1]]
    if spec[1] == CODE:
        text = f"code of {len(spec[5])} texts"
    if spec[1] == TIME:
        text = "date" if spec[6] & FLAG_DATE else "time, UTC" if spec[4] else "time"
    if spec[6] & FLAG_LISTED:
        text += f"[{spec[2]}]"
    return text + ", nullable" if spec[3] else text


def _nest(
    paths: list[tuple[str, ...]], columns: list[list[Any]], rows: int
) -> list[dict[str, Any]]:
    """Rows of dicts; columns whose paths begin with the same name share a nested dict."""
    groups: dict[str, list[int]] = {}
    for i, path in enumerate(paths):
        # A name that stands for a value by itself can't be a record as well: keep it whole then.
        groups.setdefault(path[0], []).append(i)
    names: list[str] = []
    values: list[list[Any]] = []
    for name, members in groups.items():
        if any(len(paths[i]) == 1 for i in members):
            names += [".".join(paths[i]) for i in members]
            values += [columns[i] for i in members]
        else:
            names.append(name)
            inner = [paths[i][1:] for i in members]
            values.append(list(_nest(inner, [columns[i] for i in members], rows)))
    if not names:
        return [{} for _ in range(rows)]
    return [dict(zip(names, row, strict=True)) for row in zip(*values, strict=True)]


def _rebuild(cls: type[Columns], specs: Any, data: Any) -> Columns:
    """For pickles."""
    return cls._build(specs, data)


def _build(specs: Iterable[Any], lists: Iterable[Any]) -> Columns:
    """Columns out of specifications and, for each, a list of values or ``(array, valid)``."""
    return Columns._build(specs, lists)
