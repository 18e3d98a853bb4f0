"""Arrow data into columns: whatever pyarrow, polars, pandas and duckdb hand out, and what nobody
should."""

import ctypes
import datetime
import gc
import math
from collections.abc import Callable
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastcore import Columns
from tests.profiles import examples

DAY = datetime.date(1970, 1, 1)
TIMES = st.integers(-(10**14), 10**14).map(lambda us: us * 1000)
TEXTS = st.text(max_size=20)

#: Arrow type: how to draw a value of it.
TYPES: dict[Any, st.SearchStrategy[Any]] = {
    pa.int8(): st.integers(-128, 127),
    pa.uint8(): st.integers(0, 255),
    pa.int16(): st.integers(-(2**15), 2**15 - 1),
    pa.uint16(): st.integers(0, 2**16 - 1),
    pa.int32(): st.integers(-(2**31), 2**31 - 1),
    pa.uint32(): st.integers(0, 2**32 - 1),
    pa.int64(): st.integers(-(2**63), 2**63 - 1),
    pa.uint64(): st.integers(0, 2**63 - 1),
    pa.float16(): st.floats(width=16).map(np.float16),
    pa.float32(): st.floats(width=32),
    pa.float64(): st.floats(),
    pa.bool_(): st.booleans(),
    pa.string(): TEXTS,
    pa.large_string(): TEXTS,
    pa.string_view(): TEXTS,
    pa.dictionary(pa.int8(), pa.string()): TEXTS,
    pa.dictionary(pa.uint32(), pa.large_string()): TEXTS,
    pa.dictionary(pa.int64(), pa.float64()): st.floats(allow_nan=False),
    pa.null(): st.none(),
    pa.date32(): st.integers(-30000, 30000).map(lambda d: DAY + datetime.timedelta(d)),
    pa.date64(): st.integers(-30000, 30000).map(lambda d: DAY + datetime.timedelta(d)),
    pa.timestamp("s"): st.integers(-(10**10), 10**10),
    pa.timestamp("ms"): st.integers(-(10**13), 10**13),
    pa.timestamp("us"): st.integers(-(10**16), 10**16),
    pa.timestamp("ns"): st.integers(-(10**18), 10**18),
    pa.timestamp("us", "Europe/Berlin"): st.integers(-(10**15), 10**15),
    pa.list_(pa.float64(), 3): st.lists(st.floats(), min_size=3, max_size=3),
    pa.list_(pa.int16(), 1): st.lists(st.integers(-9, 9), min_size=1, max_size=1),
    pa.struct([("p", pa.int32()), ("q", pa.struct([("r", pa.string())]))]): st.fixed_dictionaries(
        {
            "p": st.none() | st.integers(-9, 9),
            "q": st.none() | st.fixed_dictionaries({"r": st.none() | TEXTS}),
        }
    ),
}
EPOCH = datetime.datetime(1970, 1, 1)


def expected(value: Any, type_: pa.DataType) -> Any:
    """What `to_rows` says of a cell."""
    if pa.types.is_struct(type_):
        value = value or {}
        return {f.name: expected(value.get(f.name), f.type) for f in type_}
    if value is None:
        return None
    if pa.types.is_float16(type_):
        return float(value)
    if pa.types.is_timestamp(type_):
        found = EPOCH + datetime.timedelta(microseconds=value)
        return found.replace(tzinfo=datetime.UTC) if type_.tz else found
    return value


def cells(column: pa.ChunkedArray) -> list[Any]:
    type_ = column.type
    if pa.types.is_timestamp(type_):  # beyond the nanoseconds of pandas, and without its casts
        per = {"s": (10**6, 1), "ms": (1000, 1), "us": (1, 1), "ns": (1, 1000)}[type_.unit]
        numbers = column.cast(pa.int64()).to_pylist()
        values = [None if n is None else n * per[0] // per[1] for n in numbers]
    else:
        values = column.to_pylist()
    return [expected(value, type_) for value in values]


def same(a: Any, b: Any) -> bool:
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, float) and math.isnan(a):
        return b is None or math.isnan(b)  # a null among floats is NaN as well
    return type(a) is type(b) and a == b


@st.composite
def tables(draw: Callable[..., Any]) -> pa.Table:
    types = draw(st.lists(st.sampled_from(list(TYPES)), min_size=1, max_size=4))
    parts = []
    for _ in range(draw(st.integers(1, 3))):
        n = draw(st.integers(0, 12))
        columns = [
            pa.array(
                draw(st.lists(st.none() | TYPES[type_], min_size=n, max_size=n)),
                type_.value_type if pa.types.is_dictionary(type_) else type_,
            )
            for type_ in types
        ]
        columns = [
            array.dictionary_encode().cast(type_) if pa.types.is_dictionary(type_) else array
            for array, type_ in zip(columns, types, strict=True)
        ]
        part = pa.table(columns, names=[f"c{i}" for i in range(len(types))])
        start = draw(st.integers(0, n))
        parts.append(part.slice(start, draw(st.integers(0, n - start))))
    return pa.concat_tables(parts)


@given(table=tables())
@examples(300)
def test_pyarrow_tables(table: pa.Table) -> None:
    columns = Columns.from_arrow(table)
    names = table.column_names
    wanted = [cells(table.column(name)) for name in names]
    rows = columns.to_rows()
    assert len(columns) == len(rows) == table.num_rows
    for i, row in enumerate(rows):
        got = {name: row[name] for name in names}
        assert same({n: w[i] for n, w in zip(names, wanted, strict=True)}, got), (row, i)
    again = Columns.from_arrow(columns)
    assert again.names == columns.names
    for name in columns.names:
        np.testing.assert_array_equal(again[name], columns[name])


def test_record_batches_and_arrays() -> None:
    batch = pa.record_batch({"x": [1.5, 2.5, None], "s": ["a", None, "c"]})
    wanted = [{"x": 1.5, "s": "a"}, {"x": 2.5, "s": None}, {"x": None, "s": "c"}]
    assert Columns.from_arrow(batch).to_rows() == wanted
    assert Columns.from_arrow(batch.to_struct_array()).to_rows() == wanted
    assert Columns.from_arrow(batch.slice(1)).to_rows() == wanted[1:]
    reader = pa.RecordBatchReader.from_batches(batch.schema, [batch, batch.slice(0, 0), batch])
    assert Columns.from_arrow(reader).to_rows() == wanted * 2
    empty = pa.RecordBatchReader.from_batches(batch.schema, [])
    assert Columns.from_arrow(empty).to_rows() == []


def test_polars_pandas_and_duckdb() -> None:
    wanted = [{"i": 1, "s": "x" * 30, "c": "u"}, {"i": 2, "s": None, "c": "v"}]
    frame = pl.DataFrame(wanted, schema_overrides={"c": pl.Categorical})
    columns = Columns.from_arrow(frame)
    assert columns.to_rows() == wanted
    assert columns.categories("c") == ["u", "v"]
    assert Columns.from_arrow(frame[1:]).to_rows() == wanted[1:]
    pandas = pd.DataFrame(wanted).astype({"c": "category"})
    assert Columns.from_arrow(pandas).to_rows() == wanted
    relation = duckdb.sql("select 1 as i, 'x' as s, 2.5::double as d, date '2020-01-02' as t")
    assert Columns.from_arrow(relation).to_rows() == [
        {"i": 1, "s": "x", "d": 2.5, "t": datetime.date(2020, 1, 2)}
    ]


def test_values_are_not_copied_where_layouts_agree() -> None:
    for dtype in ("f8", "f4", "i8", "i4", "M8[us]"):
        source = np.arange(1000).astype(dtype)
        table = pa.table({"x": pa.array(source)})
        columns = Columns.from_arrow(table)
        view = columns["x"]
        assert np.shares_memory(view, source), dtype
        del table, columns
        gc.collect()
        np.testing.assert_array_equal(view, source)


def test_dictionaries_are_put_together() -> None:
    parts = [
        pa.table({"d": pa.array(values, pa.string()).dictionary_encode()})
        for values in (["b", "a", None], ["c", "a"], [None], ["b"])
    ]
    columns = Columns.from_arrow(pa.concat_tables(parts))
    assert columns.categories("d") == ["b", "a", "c"]
    assert columns["d"].tolist() == [0, 1, -1, 2, 1, -1, 0]
    odd = pa.DictionaryArray.from_arrays([0, 1, 2, None], pa.array(["x", None, "x"]))
    columns = Columns.from_arrow(pa.table({"d": odd}))
    assert columns.categories("d") == ["x"]
    assert columns["d"].tolist() == [0, -1, 0, -1]


@pytest.mark.parametrize(
    ("array", "error", "match"),
    [
        (pa.array([[1]]), TypeError, r"column 'x': .* Arrow type '\+l'"),
        (pa.array([b"x"]), TypeError, "Arrow type 'z'"),
        (pa.array([1], pa.duration("s")), TypeError, "Arrow type 'tDs'"),
        (pa.array([1], pa.decimal128(5)), TypeError, "Arrow type 'd:5,0'"),
        (pa.array([DAY]).dictionary_encode(), TypeError, "hold a dictionary of the .* type 'tdD'"),
        (pa.array([["a"]], pa.list_(pa.string(), 1)), TypeError, "hold a list of the .* type 'u'"),
        (pa.array([2**63], pa.uint64()), ValueError, "within the range of int64"),
        (pa.array([2**60], pa.timestamp("s")), ValueError, "beyond the range of microseconds"),
        (pa.array([[1, None]], pa.list_(pa.int8(), 2)), ValueError, "a null inside of a list"),
    ],
)
def test_what_no_column_can_hold(array: Any, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        Columns.from_arrow(pa.table({"x": array}))


def test_what_is_no_arrow_data() -> None:
    with pytest.raises(
        TypeError, match=r"x: expected an object with __arrow_c_stream__ .* got int"
    ):
        Columns.from_arrow(3)
    with pytest.raises(TypeError, match="expected rows"):
        Columns.from_arrow(pa.array([1, 2]))
    for names in (["a", "b", "a"], ["a", "", ""]):
        with pytest.raises(ValueError, match=f"column '{names[-1]}': two columns of one name"):
            Columns.from_arrow(pa.table([[1], [2], [3]], names=names))

    class Odd:
        def __init__(self, result: Any) -> None:
            self.result = result

        def __arrow_c_stream__(self, requested_schema: object = None) -> Any:
            if isinstance(self.result, Exception):
                raise self.result
            return self.result

    with pytest.raises(TypeError, match="expected a capsule"):
        Columns.from_arrow(Odd(3))
    with pytest.raises(ZeroDivisionError):
        Columns.from_arrow(Odd(ZeroDivisionError()))
    used = pa.table({"x": [1]}).__arrow_c_stream__()
    Columns.from_arrow(Odd(used))
    with pytest.raises(ValueError, match="the Arrow stream was released"):
        Columns.from_arrow(Odd(used))

    class Bare:
        def __arrow_c_stream__(self) -> Any:
            return pa.table({"x": [1]}).__arrow_c_stream__()

    assert Columns.from_arrow(Bare()).to_rows() == [{"x": 1}]


def test_capsules_of_another_name() -> None:
    class Stream:
        def __init__(self, result: Any) -> None:
            self.result = result

        def __arrow_c_stream__(self, requested_schema: object = None) -> Any:
            return self.result

    class Pair(Stream):
        __arrow_c_stream__ = property()  # type: ignore[assignment]

        def __arrow_c_array__(self, requested_schema: object = None) -> Any:
            return self.result

    schema, array = pa.record_batch({"x": [1]}).__arrow_c_array__()
    for source, message in (
        (Stream(schema), "named 'arrow_array_stream', got one named 'arrow_schema'"),
        (Pair((array, schema)), "named 'arrow_schema', got one named 'arrow_array'"),
        (Pair((schema, schema)), "named 'arrow_array', got one named 'arrow_schema'"),
        (Stream(new_capsule(8, None, None)), "named 'arrow_array_stream', got one without a name"),
    ):
        with pytest.raises(TypeError, match=f"x: expected a capsule {message}"):
            Columns.from_arrow(source)
    assert Columns.from_arrow(Pair((schema, array))).to_rows() == [{"x": 1}]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_the_least_int64_is_no_time(unit: str) -> None:
    raw = pa.array([1000, -(2**63), 2000]).cast(pa.timestamp(unit))
    table = pa.table({"t": raw})
    several = Columns.from_arrow(pa.concat_tables([table, table.slice(1)]))
    one = Columns.from_arrow(table)
    assert not one["t"].flags.writeable
    for columns, valid in ((one, [True, False, True]), (several, [True, False, True, False, True])):
        assert columns.valid("t").tolist() == valid
        assert (~np.isnat(columns["t"])).tolist() == valid
        assert [row["t"] is not None for row in columns.to_rows()] == valid
    assert several["t"][0] == one["t"][0]


def test_fields_of_structs_have_names_without_dots() -> None:
    named = {"a.b": [1], "": [2]}  # columns may be called so
    assert Columns.from_arrow(pa.table(named)).to_rows() == [{"a.b": 1, "": 2}]
    for outer, inner, name in (
        ("a", "b.c", r"a\.b\.c"),
        ("a", "", r"a\."),
        ("a.b", "c", r"a\.b"),
        ("", "c", ""),
    ):
        table = pa.table({outer: pa.array([{inner: 1}], pa.struct([(inner, pa.int64())]))})
        with pytest.raises(ValueError, match=f"column '{name}': a struct, or a field of one"):
            Columns.from_arrow(table)


def test_a_stream_that_fails_says_why() -> None:
    schema = pa.schema([("x", pa.int64())])

    def batches() -> Any:
        yield pa.record_batch({"x": [1]})
        raise RuntimeError("the disk is gone")

    reader = pa.RecordBatchReader.from_batches(schema, batches())
    with pytest.raises(ValueError, match=r"its Arrow stream failed: .*the disk is gone"):
        Columns.from_arrow(reader)


# ---- Broken producers ----------------------------------------------------------------------


class Schema(ctypes.Structure):
    pass


class Array(ctypes.Structure):
    pass


RELEASE_SCHEMA = ctypes.CFUNCTYPE(None, ctypes.POINTER(Schema))
RELEASE_ARRAY = ctypes.CFUNCTYPE(None, ctypes.POINTER(Array))
Schema._fields_ = [
    ("format", ctypes.c_char_p),
    ("name", ctypes.c_char_p),
    ("metadata", ctypes.c_char_p),
    ("flags", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("children", ctypes.POINTER(ctypes.POINTER(Schema))),
    ("dictionary", ctypes.POINTER(Schema)),
    ("release", RELEASE_SCHEMA),
    ("private_data", ctypes.c_void_p),
]
Array._fields_ = [
    ("length", ctypes.c_int64),
    ("null_count", ctypes.c_int64),
    ("offset", ctypes.c_int64),
    ("n_buffers", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("buffers", ctypes.POINTER(ctypes.c_void_p)),
    ("children", ctypes.POINTER(ctypes.POINTER(Array))),
    ("dictionary", ctypes.POINTER(Array)),
    ("release", RELEASE_ARRAY),
    ("private_data", ctypes.c_void_p),
]
new_capsule = ctypes.pythonapi.PyCapsule_New
new_capsule.restype = ctypes.py_object
new_capsule.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]


class Broken:
    """One batch of three float64 and three texts, with something changed in it."""

    def __init__(self, change: Callable[["Broken"], None]) -> None:
        self.released: list[str] = []
        self.keep: list[Any] = []
        self.release_schema = RELEASE_SCHEMA(self._schema_released)
        self.release_array = RELEASE_ARRAY(self._array_released)
        self.schemas = [self.schema(b"+s", b""), self.schema(b"g", b"x"), self.schema(b"u", b"s")]
        self.top_schema = self.schemas[0]
        self.top_schema.n_children = 2
        self.top_schema.children = self.pointers(Schema, self.schemas[1:])
        numbers = (ctypes.c_double * 3)(1, 2, 3)
        offsets = (ctypes.c_int32 * 4)(0, 1, 2, 3)
        texts = ctypes.create_string_buffer(b"abc")
        self.offsets, self.texts = offsets, texts
        self.x = self.array([None, numbers])
        self.s = self.array([None, offsets, texts])
        self.top = self.array([None])
        self.top.n_children = 2
        self.top.children = self.pointers(Array, [self.x, self.s])
        change(self)

    def schema(self, format_: bytes, name: bytes) -> Schema:
        found = Schema(format_, name, None, 2, 0, None, None, self.release_schema, None)
        self.keep.append(found)
        return found

    def array(self, buffers: list[Any]) -> Array:
        pointers = (ctypes.c_void_p * len(buffers))(
            *(None if b is None else ctypes.addressof(b) for b in buffers)
        )
        self.keep += [pointers, *buffers]
        found = Array(3, 0, 0, len(buffers), 0, pointers, None, None, self.release_array, None)
        self.keep.append(found)
        return found

    def pointers(self, type_: Any, items: list[Any]) -> Any:
        found = (ctypes.POINTER(type_) * len(items))(*(ctypes.pointer(item) for item in items))
        self.keep.append(found)
        return found

    def _schema_released(self, pointer: Any) -> None:
        self.released.append("schema")
        pointer.contents.release = RELEASE_SCHEMA()

    def _array_released(self, pointer: Any) -> None:
        self.released.append("array")
        pointer.contents.release = RELEASE_ARRAY()

    def __arrow_c_array__(self, requested_schema: object = None) -> Any:
        return (
            new_capsule(ctypes.addressof(self.top_schema), b"arrow_schema", None),
            new_capsule(ctypes.addressof(self.top), b"arrow_array", None),
        )


def test_the_producer_is_sound_before_it_is_broken() -> None:
    source = Broken(lambda _: None)
    columns = Columns.from_arrow(source)
    assert columns.to_rows() == [{"x": float(i + 1), "s": "abc"[i]} for i in range(3)]
    assert source.released == ["schema"]  # x is not copied
    del columns
    gc.collect()
    assert source.released == ["schema", "array"]


def test_nulls_of_unknown_number_without_a_bitmap_are_none() -> None:
    def change(source: Broken) -> None:
        source.top.null_count = source.x.null_count = source.s.null_count = -1

    columns = Columns.from_arrow(Broken(change))
    assert columns.to_rows() == [{"x": float(i + 1), "s": "abc"[i]} for i in range(3)]
    assert columns.valid("x") is None


def put(path: str, value: Any) -> Callable[[Broken], None]:
    def change(source: Broken) -> None:
        *objects, name = path.split(".")
        target: Any = source
        for part in objects:
            target = getattr(target, part)
        setattr(target, name, value)

    return change


def put_offset(at: int, value: int) -> Callable[[Broken], None]:
    def change(source: Broken) -> None:
        source.offsets[at] = value

    return change


def put_text(source: Broken) -> None:
    source.texts[1] = b"\xff"


def drop_buffer(name: str, at: int) -> Callable[[Broken], None]:
    def change(source: Broken) -> None:
        getattr(source, name).buffers[at] = None

    return change


def list_without_items(source: Broken) -> None:
    source.schemas[1].format = b"+w:2"
    source.schemas[1].n_children = 1


def borrow_dictionary(source: Broken) -> None:
    source.x.dictionary = ctypes.pointer(source.s)


def share_children(source: Broken) -> None:
    """Sixty structs, each with the next one twice: 2^60 ways to walk."""
    below = source.schemas[1]
    for _ in range(60):
        above = source.schema(b"+s", b"a")
        above.n_children = 2
        above.children = source.pointers(Schema, [below, below])
        below = above
    source.top_schema.children = source.pointers(Schema, [below, below])


BREAKS: list[tuple[Callable[[Broken], None], str]] = [
    (put("top.release", RELEASE_ARRAY()), "the Arrow array was released"),
    (put("top_schema.release", RELEASE_SCHEMA()), "the Arrow schema was released"),
    (put("top_schema.format", None), "expected rows"),
    (put("top.length", -1), "negative or absurd"),
    (put("top.length", 2**62), "negative or absurd|fewer elements"),
    (put("top.length", 4), "column 'x': fewer elements"),
    (put("top.offset", 1), "column 'x': fewer elements"),
    (put("top.offset", -1), "negative or absurd"),
    (put("top.offset", 2**63 - 1), "negative or absurd"),
    (put("top.n_buffers", 0), "another number of buffers"),
    (put("top.n_children", 1), "column 'x': fewer children"),
    (put("top.n_children", 0), "column 'x': fewer children"),
    (put("top.children", None), "its children are missing"),
    (put("top.n_children", 3), "column 'x': more children"),
    (put("top.null_count", 1), "column 'x': nulls, but no validity bitmap"),
    (put("x.null_count", 1), "column 'x': nulls, but no validity bitmap"),
    (put("s.null_count", 3), "column 's': nulls, but no validity bitmap"),
    (put("s.null_count", -2), "column 's': a negative number of nulls"),
    (put("x.n_children", 1), "column 'x': children, of a type without any"),
    (borrow_dictionary, "column 'x': a dictionary that the schema does not have"),
    (put("x.length", 2), "column 'x': fewer elements"),
    (put("x.length", -5), "column 'x': fewer elements"),
    (put("x.offset", -1), "column 'x': a negative or absurd offset"),
    (put("x.offset", 2**63 - 1), "column 'x': a negative or absurd offset"),
    (put("x.n_buffers", 1), "column 'x': another number of buffers"),
    (put("x.buffers", None), "column 'x': no buffers"),
    (drop_buffer("x", 1), "column 'x': a buffer is missing"),
    (put("x.release", RELEASE_ARRAY()), "column 'x': its array was released"),
    (drop_buffer("s", 1), "column 's': a buffer is missing"),
    (drop_buffer("s", 2), "column 's': the buffer of its texts is missing"),
    (put_offset(0, -1), "column 's': offsets that fall"),
    (put_offset(2, 0), "column 's': offsets that fall"),
    (put_text, "column 's': a text that is no UTF-8"),
    (put("top_schema.children", None), "a field of the schema is missing"),
    (put("top_schema.n_children", -7), "a negative number of children"),
    (list_without_items, "column 'x': a list without the type of its items"),
    (share_children, "more columns than there can be|structs nested too deeply"),
]


@pytest.mark.parametrize(("change", "match"), BREAKS)
def test_a_broken_producer_is_refused_and_released(
    change: Callable[[Broken], None], match: str
) -> None:
    source = Broken(change)
    with pytest.raises((ValueError, TypeError), match=match):
        Columns.from_arrow(source)
    assert source.released.count("array") <= 1
    assert source.released.count("schema") <= 1


def test_indices_outside_of_their_dictionary() -> None:
    for index in (3, -1, 127):
        bad = pa.DictionaryArray.from_arrays(
            pa.array([0, index], pa.int8()), pa.array(["a", "b"]), safe=False
        )
        with pytest.raises(ValueError, match="column 'd': an index outside of its dictionary"):
            Columns.from_arrow(pa.table({"d": bad}))


def test_rows_that_take_no_memory_are_bounded() -> None:
    """Of nulls the producer has only their number: a word of its, but gigabytes of ours."""
    most, message = 1 << 24, "more than 16777216 rows of nothing but nulls"
    half = pa.record_batch({"a": pa.nulls(most // 2 + 1)})
    for table in (
        pa.record_batch({"a": pa.nulls(most + 1), "b": pa.nulls(most + 1)}),
        pa.Table.from_batches([half, half]),
    ):
        with pytest.raises(ValueError, match=f"column 'a': {message}"):
            Columns.from_arrow(table)
    assert len(Columns.from_arrow(half.slice(0, 1000))) == 1000

    def change(source: Broken) -> None:
        source.top_schema.n_children = source.top.n_children = 0
        source.top.length = 1 << 40

    with pytest.raises(ValueError, match=message):
        Columns.from_arrow(Broken(change))
