"""Types for pydantic models and FastAPI routes whose values are columns or arrays.

``Rows[Record]``, ``Row[Record]``, ``Table[Record]`` and ``Array[dtype]`` can stand wherever
pydantic takes a type. Plain pydantic and plain FastAPI understand them too, only slower than
`fastcore.Schema` and `fastcore.serve.FastRoute`.
"""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar, get_args

import numpy as np
from pydantic_core import (
    InitErrorDetails,
    PydanticCustomError,
    PydanticKnownError,
    SchemaValidator,
    ValidationError,
)
from pydantic_core import core_schema as cs

from . import _identity as _identity
from ._agreement import Agreement, disagree, names_of
from ._layout import Layout
from .errors import UnsupportedError

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler

    from .columns import Columns

__all__ = ["Array", "Row", "Rows", "Shape", "Table"]

RecordT = TypeVar("RecordT")
DT = TypeVar("DT", bound=np.generic)


class _Records:
    """What `Rows` and `Row` share at run time."""

    _kind = "rows"

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: Any, handler: "GetCoreSchemaHandler"
    ) -> cs.CoreSchema:
        from . import _record

        args = get_args(source)
        if not args:
            raise UnsupportedError(f"{cls.__name__} needs its record: {cls.__name__}[Record]")
        if isinstance(args[0], TypeVar):  # an open generic model: bound later
            return handler.generate_schema(list[Any] if cls._kind == "rows" else Any)
        layout = _record.compile_record(cls._kind, args[0])
        return _records_schema(layout)


def _records_schema(layout: Layout) -> cs.CoreSchema:
    source: Any = layout.source
    record: Any = layout.record
    definitions = record["definitions"] if record["type"] == "definitions" else []
    items = record["schema"] if record["type"] == "definitions" else record
    many = layout.kind == "rows"

    def write(value: "Columns", by_alias: bool, exclude_none: bool) -> Any:
        return layout.to_json(value, by_alias=by_alias, exclude_none=exclude_none)

    def build(value: Any) -> "Columns":
        return layout.to_columns(value if many else [value])

    if many:
        schema = _columnar(layout, cs.list_schema(items), build, write)
        _describe(schema, cs.list_schema(source))
    else:
        schema = _columnar(layout, items, build, write)
        top = source["schema"] if source["type"] == "definitions" else source
        _describe(schema, cs.definitions_schema(source, []), top.get("ref", top.get("schema_ref")))
    return cs.definitions_schema(schema, definitions) if definitions else schema


class _Tables:
    """What `Table` is at run time."""

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: Any, handler: "GetCoreSchemaHandler"
    ) -> cs.CoreSchema:
        from . import _table

        args = get_args(source)
        if not args:
            raise UnsupportedError("Table needs its record: Table[Record]")
        if isinstance(args[0], TypeVar):  # an open generic model: bound later
            return handler.generate_schema(dict[str, list[Any]])
        return _table_schema(_table.Table(args[0]))


def _table_schema(table: Any) -> cs.CoreSchema:
    from . import _table

    layout: Layout = table.layout

    def write(value: "Columns", by_alias: bool, exclude_none: bool) -> Any:
        names = [member.alias if by_alias else member.name for member in layout.members]
        rows = layout.to_json(value, by_alias=by_alias, exclude_none=False)
        return {name: [row.get(name) for row in rows] for name in names}

    schema = _columnar(layout, table.schema(), table.columns, write)
    _, definitions = _table._opened(layout.source)
    told: Any = table.schema(source=True)
    _describe(schema, cs.definitions_schema(told, definitions) if definitions else told)
    own = table.definitions
    return cs.definitions_schema(schema, own) if own else schema


def _columnar(
    layout: Layout, node: Any, build: Callable[[Any], Any], write: Callable[..., Any]
) -> cs.AfterValidatorFunctionSchema:
    """Columns of what `node` lets through, by `build`, and back to JSON, by `write`."""
    from .columns import Columns

    def accept(value: Any, handler: cs.ValidatorFunctionWrapHandler) -> Any:
        return value if isinstance(value, Columns) and layout.fits(value) else handler(value)

    def finish(value: Any) -> Any:
        return value if isinstance(value, Columns) else build(value)

    def serialize(value: Any, info: cs.SerializationInfo) -> Any:
        if info.mode != "json" or not isinstance(value, Columns):
            return value
        return write(value, bool(info.by_alias), info.exclude_none)

    return _taken(layout, node, accept, finish, serialize)


def _taken(
    layout: Layout, node: Any, accept: Any, finish: Any, serialize: Any
) -> cs.AfterValidatorFunctionSchema:
    """``finish(value)`` of values that `node` lets through, or, in Python, that `accept` takes."""
    return cs.no_info_after_validator_function(
        finish,
        cs.json_or_python_schema(
            json_schema=node, python_schema=cs.no_info_wrap_validator_function(accept, node)
        ),
        metadata={"fastcore": layout},
        serialization=cs.plain_serializer_function_ser_schema(serialize, info_arg=True),
    )


def _describe(schema: Any, stands_for: Any, ref: str | None = None) -> None:
    """Gives `schema` the JSON schema of `stands_for`, in both modes.

    With the reference `ref` of that one it is referred to and not written out. Not the outermost
    node bears it: pydantic would take our schema for that of the record.
    """

    def describe(_schema: cs.CoreSchema, handler: "GetJsonSchemaHandler") -> dict[str, Any]:
        return handler(stands_for)

    schema["schema"]["metadata"] = {"pydantic_js_functions": [describe]}
    if ref:
        schema["schema"]["ref"] = ref


# -- arrays --------------------------------------------------------------------------------------


class _ArrayBase:
    """What `Array` is at run time."""

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: Any, handler: "GetCoreSchemaHandler"
    ) -> cs.CoreSchema:
        args = get_args(source)
        if not args:
            raise UnsupportedError("Array needs its dtype: Array[np.float32]")
        if isinstance(args[0], TypeVar):
            return handler.generate_schema(list[Any])
        return _array_schema(Layout("array", dtype=_dtype(args[0])))


class Shape:
    """The sizes of an array, outermost first: ``Annotated[Array[np.float32], Shape("n", 128)]``.

    Parameters
    ----------
    *sizes : int or str
        A number is the size. A name is any size, but the same wherever the name stands, in the
        arrays that are fields of one instance; an error of the type ``array_dimension`` is at the
        later one.

    Raises
    ------
    TypeError
        A size is neither.
    ValueError
        No size, a negative one or an empty name.
    """

    __slots__ = ("sizes",)

    sizes: tuple[int | str, ...]

    def __init__(self, *sizes: int | str) -> None:
        if not sizes:
            raise ValueError("Shape needs at least one size")
        for size in sizes:
            if isinstance(size, bool) or not isinstance(size, (int, str)):
                raise TypeError(f"Shape takes sizes (int) and names (str), not {size!r}")
            if size == "" or (isinstance(size, int) and size < 0):
                raise ValueError(
                    f"Shape takes sizes >= 0 and names that are not empty, not {size!r}"
                )
        self.sizes = sizes

    def __repr__(self) -> str:
        return f"Shape({', '.join(map(repr, self.sizes))})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Shape) and self.sizes == other.sizes

    def __hash__(self) -> int:
        return hash(self.sizes)

    def __get_pydantic_core_schema__(
        self, source: Any, handler: "GetCoreSchemaHandler"
    ) -> cs.CoreSchema:
        schema: Any = handler(source)
        if schema["type"] == "nullable":
            return cs.nullable_schema(self._shaped(schema["schema"], source))
        return self._shaped(schema, source)

    def _shaped(self, schema: Any, source: Any) -> cs.CoreSchema:
        layout = schema.get("metadata", {}).get("fastcore")
        if layout is None or layout.kind != "array":
            raise UnsupportedError(f"Shape belongs to an Array, not to {source!r}")
        return _array_schema(Layout("array", dtype=layout.dtype, shape=self.sizes))


def _dtype(scalar: Any) -> "np.dtype[Any]":
    try:
        dtype: np.dtype[Any] = np.dtype(scalar)
    except TypeError:
        dtype = np.dtype(object)
    if dtype.kind not in "iufb" or dtype.itemsize > 8:
        raise UnsupportedError(
            f"Array[{getattr(scalar, '__name__', scalar)}]: expected a NumPy type of integers or "
            "of floats up to 64 bits, or np.bool_, such as np.float32"
        )
    return dtype


def _array_schema(layout: Layout) -> cs.CoreSchema:
    dtype: Any = layout.dtype
    shape = layout.shape or ("",)

    def accept(value: Any, handler: cs.ValidatorFunctionWrapHandler) -> Any:
        if not isinstance(value, np.ndarray):
            return handler(value)
        if _fits(value, shape):
            if value.dtype == dtype:
                return value
            if value.dtype.kind == dtype.kind == "f":  # a model's float64 for float32, say
                with np.errstate(over="ignore"):
                    cast = value.astype(dtype)
                if np.isfinite(cast).all():
                    return cast
        # Anything else is judged as the lists that it stands for.
        return handler(value.tolist())

    def finish(value: Any) -> Any:
        if isinstance(value, np.ndarray):
            return value
        sizes = _measure(value, shape)  # first: NumPy has its own words for ragged lists
        return np.asarray(value, dtype).reshape(sizes)

    def serialize(value: Any, info: cs.SerializationInfo) -> Any:
        return value.tolist() if info.mode == "json" and isinstance(value, np.ndarray) else value

    schema = _taken(layout, _nested(_element(dtype), shape), accept, finish, serialize)
    _describe(schema, _nested(_JSON_KINDS[dtype.kind](), shape))
    if names_of(shape):
        return cs.with_info_after_validator_function(
            Agreement(shape), schema, metadata={"fastcore": layout}
        )
    return schema


#: More dimensions than these are no array's, where the value says how many there are.
MOST_DIMENSIONS = 8


def free_array_schema(dtype: "np.dtype[Any]") -> cs.CoreSchema:
    """An array of as many dimensions as the nested lists have, up to 8."""
    layout = Layout("array", dtype=dtype, shape=())
    validators: dict[int, SchemaValidator] = {}

    def check(value: Any) -> Any:
        depth, inner = 0, value
        while isinstance(inner, (list, tuple)):
            depth += 1
            inner = inner[0] if inner else None
        if isinstance(value, np.ndarray):
            depth = value.ndim
        if depth > MOST_DIMENSIONS:
            raise PydanticCustomError(
                "array_dimensions",
                "Array should have at most {most} dimensions",
                {"most": MOST_DIMENSIONS},
            )
        depth = max(depth, 1)
        if depth not in validators:
            shaped = Layout("array", dtype=dtype, shape=("",) * depth)
            validators[depth] = SchemaValidator(_array_schema(shaped))
        return validators[depth].validate_python(value)

    def serialize(value: Any, info: cs.SerializationInfo) -> Any:
        return value.tolist() if info.mode == "json" and isinstance(value, np.ndarray) else value

    node = cs.no_info_plain_validator_function(check)
    schema = _taken(layout, node, lambda value, handler: handler(value), lambda v: v, serialize)
    _describe(schema, cs.list_schema())
    return schema


def _nested(node: Any, shape: tuple[int | str, ...]) -> Any:
    for size in reversed(shape):
        length = size if isinstance(size, int) else None
        node = cs.list_schema(node, min_length=length, max_length=length)
    return node


#: What the elements are in JSON schemas.
_JSON_KINDS: dict[str, Any] = {
    "f": cs.float_schema,
    "i": cs.int_schema,
    "u": cs.int_schema,
    "b": cs.bool_schema,
}


def _element(dtype: "np.dtype[Any]") -> cs.CoreSchema:
    check: Any = _boolean
    if dtype.kind != "b":
        check = _Real(dtype) if dtype.kind == "f" else _Integer(dtype)
    return cs.no_info_plain_validator_function(check)


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise PydanticKnownError("bool_type")
    return value


class _Real:
    """JSON numbers that are finite in `dtype`. (pydantic 2.11's strict float refuses long ones.)"""

    def __init__(self, dtype: "np.dtype[Any]") -> None:
        # What is not below rounds to infinity: halfway between the largest number and the next,
        # which would be a power of two.
        info = np.finfo(dtype)
        largest, half = float(info.max), float(info.max) * (float(info.epsneg) / 2)
        self.limit = math.inf if dtype.itemsize == 8 else largest + half

    def __call__(self, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise PydanticKnownError("float_type")
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not abs(number) < self.limit:
            raise PydanticKnownError("finite_number")
        return number


class _Integer:
    """JSON numbers that are integers of `dtype`."""

    def __init__(self, dtype: "np.dtype[Any]") -> None:
        info = np.iinfo(dtype)
        self.low, self.high = int(info.min), int(info.max)

    def __call__(self, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise PydanticKnownError("int_type")
        if isinstance(value, float):
            if not math.isfinite(value):
                raise PydanticKnownError("finite_number")
            if not value.is_integer():
                raise PydanticKnownError("int_from_float")
            number = int(value)
        else:
            number = value
        if number > self.high:
            raise PydanticKnownError("less_than_equal", {"le": self.high})
        if number < self.low:
            raise PydanticKnownError("greater_than_equal", {"ge": self.low})
        return number


def _fits(value: "np.ndarray[Any, Any]", shape: tuple[int | str, ...]) -> bool:
    if value.ndim != len(shape):
        return False
    names: dict[str, int] = {}
    for size, found in zip(shape, value.shape, strict=True):
        expected = size if isinstance(size, int) else names.setdefault(size, found)
        if size != "" and found != expected:
            return False
    return True


def _measure(value: Any, shape: tuple[int | str, ...]) -> tuple[int, ...]:
    """The sizes of nested lists; a ``ValidationError`` where they are ragged or names disagree.

    Where there is nothing to measure (below an empty list) a named size is 0.
    """
    sizes: list[int] = []
    level: list[tuple[tuple[int, ...], Any]] = [((), value)]
    errors: list[InitErrorDetails] = []
    for depth, size in enumerate(shape):
        expected = size if isinstance(size, int) else len(level[0][1]) if level else 0
        sizes.append(expected)
        for place, items in level:
            if len(items) != expected:
                errors.append(_ragged(place, items, expected))
        if depth + 1 < len(shape):
            level = [((*place, i), item) for place, items in level for i, item in enumerate(items)]
    if errors:
        raise ValidationError.from_exception_data("array", errors)
    names: dict[str, int] = {}
    for size, found in zip(shape, sizes, strict=True):
        if isinstance(size, str) and size and names.setdefault(size, found) != found:
            disagree(size, names[size], found)
    return tuple(sizes)


def _ragged(place: tuple[int, ...], items: Any, expected: int) -> InitErrorDetails:
    short = len(items) < expected
    ctx = {
        "field_type": "List",
        "min_length" if short else "max_length": expected,
        "actual_length": len(items),
    }
    kind = "too_short" if short else "too_long"
    return InitErrorDetails(type=kind, loc=place, input=items, ctx=ctx)


# -- public names --------------------------------------------------------------------------------

if TYPE_CHECKING:

    class Rows(Columns, Generic[RecordT]):
        """A JSON array of objects as `Columns`."""

    class Row(Columns, Generic[RecordT]):
        """One JSON object as `Columns` of one row."""

    class Table(Columns, Generic[RecordT]):
        """A JSON object of arrays as `Columns`."""

    Array: TypeAlias = np.ndarray[Any, np.dtype[DT]]
else:

    class Rows(_Records, Generic[RecordT]):
        """A JSON array of objects as `Columns`: ``Rows[Record]``.

        `Record` is a pydantic model, a dataclass or a TypedDict. Each field becomes a column.
        Floats are finite, integers have 64 bits; all else is as in ``list[Record]``, and so is the
        JSON schema.
        """

        _kind = "rows"

    class Row(_Records, Generic[RecordT]):
        """One JSON object as `Columns` of one row: ``Row[Record]``; see `Rows`."""

        _kind = "row"

    class Table(_Tables, Generic[RecordT]):
        """A JSON object of arrays, one a field, as `Columns`: ``Table[Record]``.

        All arrays have one length; a field that is missing takes its default in each row. Errors
        are at (field, row). The record must not have validators of the whole.
        """

    class Array(_ArrayBase, Generic[DT]):
        """A JSON array of numbers as `numpy.ndarray`: ``Array[np.float32]``.

        One dimension of any size, unless a `Shape` says otherwise. Elements are JSON numbers that
        `dtype` can hold (floats are rounded to it); strings and bools are refused. Those of
        ``Array[np.bool_]`` are bools.
        """
