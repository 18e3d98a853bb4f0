"""Lines of JSON: equal to the array of their records, whatever the chunks."""

from __future__ import annotations

import _testcapi
import gzip
import io
import json
import random
import tracemalloc
from decimal import Decimal
from typing import Annotated, Any, Literal

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AfterValidator, BaseModel, Field, ValidationError, model_validator
from pydantic_core import PydanticOmit

from fastcore import Columns, Rows, Schema, TruncatedValidationError, _ndjson
from fastcore._config import disabled

from .profiles import examples


class Record(BaseModel):
    x: float
    n: int | None = Field(None, ge=0)
    t: str = "-"
    kind: Literal["a", "b"] = "a"


SCHEMA: Schema[Any] = Schema(Rows[Record])
RECORDS = st.lists(
    st.fixed_dictionaries(
        {"x": st.one_of(st.integers(-9, 9), st.floats(allow_nan=False, allow_infinity=False))},
        optional={
            "n": st.one_of(st.none(), st.integers(-1, 9)),
            "t": st.text(max_size=4),
            "kind": st.sampled_from(["a", "b", "c"]),
        },
    ),
    max_size=12,
)


@st.composite
def texts(draw: st.DrawFn) -> tuple[bytes, list[Any], list[int]]:
    """Lines, the records in them, and the number of the line of each."""
    out, numbers, line = [], [], 0
    records = draw(RECORDS)
    for record in records:
        for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):
            out.append(draw(st.sampled_from(["\n", "  \n", "\r\n", "\t\n"])))
            line += 1
        numbers.append(line)
        body = json.dumps(record, ensure_ascii=draw(st.booleans()))
        out.append(draw(st.sampled_from(["", " "])) + body + draw(st.sampled_from(["\n", "\r\n"])))
        line += 1
    text = "".join(out)
    if draw(st.booleans()):
        text = text.rstrip()
    return text.encode(), records, numbers


def moved(error: ValidationError, numbers: list[int]) -> list[Any]:
    return [
        {**line, "loc": (numbers[int(line["loc"][0])], *line["loc"][1:])}
        for line in error.errors(include_url=False)
    ]


def outcome(call: Any) -> Any:
    try:
        return call().to_rows()
    except ValidationError as error:
        return error


@examples(150)
@given(texts(), st.data())
def test_equals_the_array(case: tuple[bytes, list[Any], list[int]], data: st.DataObject) -> None:
    text, records, numbers = case
    whole = outcome(lambda: SCHEMA.validate_json(json.dumps(records)))
    lines = outcome(lambda: SCHEMA.validate_ndjson(text))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    chunks = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    rows = data.draw(st.integers(1, 5))
    got: list[Any] = []
    failed = None
    try:
        for batch in SCHEMA.iter_ndjson(chunks, rows=rows):
            assert 0 < len(batch) <= rows
            got += batch.to_rows()
    except ValidationError as error:
        failed = error
    if isinstance(whole, ValidationError):
        expected = moved(whole, numbers)
        assert isinstance(lines, ValidationError)
        assert lines.errors(include_url=False) == expected
        assert failed is not None
        # The batch with the first fault is where the stream ends.
        first = failed.errors(include_url=False)
        assert first == expected[: len(first)]
        assert len(got) <= numbers.index(expected[0]["loc"][0])
        assert len(got) + rows > numbers.index(expected[0]["loc"][0])
    else:
        assert failed is None
        assert lines == got == whole


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        (b'{"x": 1}\n{"x": 1,}\n', 1, "trailing comma at line 2 column 9"),
        (b'{"x": 1}\n\n  {"x": 1} {"x": 2}\n', 2, "trailing characters at line 3 column 12"),
        (b'{"x": 1},{"x": 2}', 0, "trailing characters at line 1 column 9"),
        (b'{"x": 1}\n{"x": \n1}', 1, "EOF while parsing a value at line 2 column 6"),
        (b'{"x": NaN}', 0, "expected value at line 1 column 7"),
        (b"\n" * 600 + b"{", 600, "EOF while parsing an object at line 601 column 1"),
        (b"[" * 201, 0, "recursion limit exceeded at line 1 column 201"),
    ],
)
def test_a_line_that_is_no_json_is_named(text: bytes, line: int, says: str) -> None:
    for call in (SCHEMA.validate_ndjson, lambda t: list(SCHEMA.iter_ndjson(io.BytesIO(t)))):
        with pytest.raises(ValidationError) as caught:
            call(text)
        (found,) = caught.value.errors(include_url=False)
        assert (found["type"], found["loc"]) == ("json_invalid", (line,))
        assert says in found["msg"]


def test_values_that_are_no_records() -> None:
    with pytest.raises(ValidationError) as caught:
        SCHEMA.validate_ndjson(b'{"x": 1}\n\n3\n[]')
    assert [(e["type"], e["loc"]) for e in caught.value.errors()] == [
        ("model_type", (2,)),
        ("model_type", (3,)),
    ]
    assert len(SCHEMA.validate_ndjson(b"")) == len(SCHEMA.validate_ndjson(b" \n\r\n")) == 0
    assert list(SCHEMA.iter_ndjson([])) == []


def test_options_hold_for_lines() -> None:
    text = b'{"x": 1, "x": 2}\n' + b'{"x": "?"}\n' * 5
    twice: Schema[Any] = Schema(Rows[Record], duplicate_keys="error")
    with pytest.raises(ValidationError) as caught:
        twice.validate_ndjson(b"\n" + text)
    assert [e["loc"] for e in caught.value.errors()] == [(1, "x")]
    few: Schema[Any] = Schema(Rows[Record], max_errors=2, hide_input=True)
    with pytest.raises(TruncatedValidationError) as cut:
        few.validate_ndjson(text)
    assert cut.value.shown == 2
    assert [(e["loc"], e["input"]) for e in cut.value.errors()] == [
        ((1, "x"), None),
        ((2, "x"), None),
    ]
    short: Schema[Any] = Schema(Rows[Record], max_rows=1)
    with pytest.raises(ValidationError) as long:
        short.validate_ndjson(b'{"x": 1}\n' * 2)
    assert [e["type"] for e in long.value.errors()] == ["too_long"]
    assert [len(c) for c in short.iter_ndjson([b'{"x": 1}\n' * 2], rows=1)] == [1, 1]


class Odd(BaseModel):
    """Records that are not all C's: with a validator, and what only pydantic knows."""

    x: Annotated[float, AfterValidator(lambda value: _picky(value))]
    when: Decimal = Decimal(1)

    @model_validator(mode="after")
    def _leave_out(self) -> Odd:
        CALLS.append(-self.x)
        if self.x == 5:
            raise PydanticOmit
        return self


def _picky(value: float) -> float:
    CALLS.append(value)
    if value < 0:
        raise ValueError("negative")
    return value


CALLS: list[float] = []


@pytest.mark.parametrize("options", [{}, {"verify": 1.0}, {"native": False}, {"max_rows": 2}])
@pytest.mark.parametrize("type_", [Record, Odd])
def test_one_pass_or_the_array(type_: Any, options: dict[str, Any]) -> None:
    """What C does not judge line by line is equal all the same, calls of user code included."""
    schema: Schema[Any] = Schema(Rows[type_], **options)
    whole: Schema[Any] = Schema(Rows[type_], **{**options, "verify": 0.0})
    for records in (
        [{"x": 1}, {"x": 2.5}],
        [{"x": 1}, {"x": "2"}, {"x": 3}],
        [{"x": 1}, {"x": -1}, {"x": "?"}, {}],
        [{"x": 1}, {"x": 5}, {"x": 2}],
    ):
        text = "\n".join(map(json.dumps, records)).encode()
        CALLS.clear()
        expected, calls = outcome(lambda r=records: whole.validate_json(json.dumps(r))), list(CALLS)
        CALLS.clear()
        got = outcome(lambda t=text: schema.validate_ndjson(t))
        assert (calls * 2 if options.get("verify") and not disabled() else calls) == CALLS
        if isinstance(expected, ValidationError):
            assert isinstance(got, ValidationError)
            kept = {"include_context": False, "include_url": False}
            assert got.errors(**kept) == expected.errors(**kept)
            assert str(got).split("\n", 1)[1] == str(expected).split("\n", 1)[1]
        else:
            assert got == expected


def test_syntax_comes_before_user_code() -> None:
    schema: Schema[Any] = Schema(Rows[Odd])
    CALLS.clear()
    with pytest.raises(ValidationError) as caught:
        schema.validate_ndjson(b'{"x": 1}\n{"x": -1}\n{"x": 1\n')
    assert [e["type"] for e in caught.value.errors()] == ["json_invalid"]
    assert CALLS == []


def test_lines_are_read_once() -> None:
    """By C, where the record is native: no array of them is made."""
    schema: Schema[Any] = Schema(Rows[Record])
    found = schema._ndjson(b'{"x": 1}\n\n{"x": 2}\n', 9, True, 0)
    if disabled():
        assert found is NotImplemented
    else:
        columns, used, lines, fault = found
        assert (columns["x"].tolist(), used, lines, fault) == ([1, 2], 19, 3, None)
        assert schema._ndjson(b'{"x": 1}\n{"x": 2}', 1, False, 0)[1:] == (9, 1, None)
    for arguments in ((b"", 1, True), ("", 1, True, 0), (b"", -1, True, 0)):
        with pytest.raises((TypeError, OverflowError)):
            schema._ndjson(*arguments)  # type: ignore[arg-type, call-arg]


def test_lines_where_every_allocation_fails_in_turn() -> None:
    text = b"".join(json.dumps({"x": i, "t": "é" * i}).encode() + b"\n" for i in range(40))
    expected = SCHEMA.validate_ndjson(text)
    for k in range(1, 500):
        found = None
        _testcapi.set_nomemory(k, 0)
        try:
            try:
                found = SCHEMA._ndjson(text, 100, True, 0)
            finally:
                _testcapi.remove_mem_hooks()
        except MemoryError:
            continue
        break
    assert found is NotImplemented or found[0] == expected


TEXT = b"".join(json.dumps({"x": i, "t": "é"}).encode() + b"\n" for i in range(1000))


def pieces(size: int) -> list[bytes]:
    return [TEXT[at : at + size] for at in range(0, len(TEXT), size)]


class Short(io.RawIOBase):
    """A file that gives fewer bytes than it is asked for."""

    def __init__(self, file: Any) -> None:
        self.file = file

    def read(self, size: int = -1) -> Any:
        return self.file.read(min(size, 7))


FILES = {
    "plain": lambda: io.BytesIO(TEXT),
    "text": lambda: io.StringIO(TEXT.decode()),
    "gzip": lambda: gzip.GzipFile(fileobj=io.BytesIO(gzip.compress(TEXT))),
    "gzip, many members": lambda: gzip.GzipFile(
        fileobj=io.BytesIO(b"".join(map(gzip.compress, pieces(777))))
    ),
    "zstd": lambda: zstandard.open(io.BytesIO(zstandard.compress(TEXT))),
    "zstd, many frames": lambda: zstandard.open(
        io.BytesIO(b"".join(map(zstandard.compress, pieces(777))))
    ),
    "zstd, a reader": lambda: zstandard.ZstdDecompressor().stream_reader(
        io.BytesIO(zstandard.compress(TEXT))
    ),
    "short reads": lambda: Short(io.BytesIO(TEXT)),
    "short reads of gzip": lambda: Short(gzip.GzipFile(fileobj=io.BytesIO(gzip.compress(TEXT)))),
    "decompressed chunks": lambda: zstandard.ZstdDecompressor().read_to_iter(
        io.BytesIO(zstandard.compress(TEXT)), write_size=13
    ),
    "one byte at a time": lambda: pieces(1),
    "memory": lambda: map(memoryview, pieces(100)),
}


@pytest.mark.parametrize("name", FILES)
def test_files(name: str) -> None:
    batches = list(SCHEMA.iter_ndjson(FILES[name](), rows=300))
    assert [len(batch) for batch in batches] == [300, 300, 300, 100]
    assert Columns.concat(batches) == SCHEMA.validate_ndjson(TEXT)


def test_files_on_disk(tmp_path: Any) -> None:
    (tmp_path / "a").write_bytes(TEXT)
    (tmp_path / "a.gz").write_bytes(gzip.compress(TEXT))
    (tmp_path / "a.zst").write_bytes(zstandard.compress(TEXT))
    with (
        open(tmp_path / "a", "rb", buffering=0) as plain,
        gzip.open(tmp_path / "a.gz") as packed,
        zstandard.open(tmp_path / "a.zst") as frames,
    ):
        for file in (plain, packed, frames):
            assert sum(len(batch) for batch in SCHEMA.iter_ndjson(file)) == 1000


def test_a_file_that_ends_too_early() -> None:
    """What the file raises passes through, after the batches before it."""
    got = 0
    cut = gzip.compress(random.Random(1).randbytes(10) + TEXT, 0)[:-2000]
    with gzip.open(io.BytesIO(cut)) as file, pytest.raises(EOFError):  # noqa: PT012
        file.read(10)
        for batch in SCHEMA.iter_ndjson(Short(file), rows=100):
            got += len(batch)
    assert got >= 800

    class Pending(io.RawIOBase):
        def read(self, size: int = -1) -> Any:
            return None

    with pytest.raises(BlockingIOError, match="is non-blocking and has no bytes yet"):
        list(SCHEMA.iter_ndjson(Pending()))


def test_memory_is_bounded_by_the_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    chunk = b"".join(json.dumps({"x": i, "t": "y" * 200}).encode() + b"\n" for i in range(1000))
    tracemalloc.start()
    try:
        for batch in SCHEMA.iter_ndjson((chunk for _ in range(100)), rows=1000):
            assert len(batch) == 1000
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 20 * len(chunk)
    monkeypatch.setattr(_ndjson, "LONGEST", 1000)
    with pytest.raises(ValueError, match="line 2: is longer than 1000 bytes"):
        list(SCHEMA.iter_ndjson([b'{"x": 1}\n', b"x" * 2000], rows=1))


def test_what_is_refused() -> None:
    other: Schema[Any] = Schema(list[Record])
    with pytest.raises(TypeError, match=r"validate_ndjson\(\) needs a Schema of Rows"):
        other.validate_ndjson(b"")
    with pytest.raises(TypeError, match=r"iter_ndjson\(\) needs a Schema of Rows"):
        other.iter_ndjson([b""])
    with pytest.raises(TypeError, match="expected a file or chunks of bytes, got bytes"):
        list(SCHEMA.iter_ndjson(b"{}"))
    with pytest.raises(ValueError, match="rows: expected at least 1, got 0"):
        SCHEMA.iter_ndjson([b""], rows=0)
    with pytest.raises(TypeError):
        SCHEMA.validate_ndjson(3)
