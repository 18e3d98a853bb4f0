"""Reading Arrow: pyarrow tables, fastcore's Columns, and texts by Arrow's own hash table."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._input_arrays import as_numbers, number_tag
from ._lowering import Lowered, Source

#: Texts of fewer rows are looked up one by one; Arrow's kernels have a price to begin with.
ARROW_ROWS = 64

_ARROW = {
    "double": "<f8",
    "float": "<f4",
    "int64": "<i8",
    "int32": "<i4",
    "int16": "<i2",
    "int8": "|i1",
    "uint64": "<u8",
    "uint32": "<u4",
    "uint16": "<u2",
    "uint8": "|u1",
    "bool": "|b1",
    "string": "text",
    "large_string": "text",
    "string_view": "text",
}


def arrow_tag(type_: Any) -> str:
    name = str(type_)
    if name.startswith("dictionary<values="):
        return "category" if _ARROW.get(str(type_.value_type)) == "text" else "object"
    return _ARROW.get(name, "object")


def text_codes(lowered: Lowered, which: int, texts: Any) -> np.ndarray | None:
    """Codes of a vector of objects."""
    values = np.empty(len(texts), dtype=object)
    values[:] = texts
    return lowered.program.codes(which, values)


def arrow_codes(source: Source, texts: Any, null_code: int) -> np.ndarray | None:
    """Codes of an Arrow array of texts, by Arrow's own hash table; of a dictionary just once."""
    import pyarrow as pa
    import pyarrow.compute as pc

    table = source.table
    assert table is not None
    if isinstance(texts, pa.ChunkedArray):
        texts = texts.unify_dictionaries().combine_chunks()
        if isinstance(texts, pa.ChunkedArray):
            texts = pa.concat_arrays(texts.chunks)
    if isinstance(texts, pa.DictionaryArray):
        coded = arrow_codes(source, texts.dictionary, null_code)
        assert coded is not None
        places = pc.fill_null(texts.indices.cast(pa.int64()), len(coded))
        gathered: np.ndarray = np.append(coded, np.int32(null_code))[places.to_numpy()]
        return gathered
    texts = texts.cast(pa.large_string())
    words = [word for word in table if type(word) is str]
    known = pa.array(words, type=pa.large_string())
    found = pc.fill_null(pc.index_in(texts, value_set=known, skip_nulls=True), -1)
    codes = np.array(found.to_numpy(zero_copy_only=False), dtype=np.int32)
    numbers = [table[word] for word in words]
    if numbers != list(range(len(numbers))):
        codes = np.append(np.array(numbers, dtype=np.int32), np.int32(-1))[codes]
    if texts.null_count:
        codes[pc.is_null(texts).to_numpy(zero_copy_only=False)] = null_code
    return codes


def dictionary_codes(
    lowered: Lowered, which: int, texts: list[str], codes: np.ndarray, null_code: int
) -> np.ndarray | None:
    """The dictionary is looked up once; then codes are gathered. -1 is null."""
    known = text_codes(lowered, which, texts)
    if known is None:
        return None
    gathered: np.ndarray = np.append(known, np.int32(null_code))[codes]
    return gathered


def arrow_column(X: Any, name: str, lowered: Lowered, which: int) -> np.ndarray | None:
    column = X.column(name)
    source = lowered.sources[which]
    if source.table is not None:
        if column.null_count and arrow_tag(column.type) == "category":
            return None  # pyarrow's own conversion takes such nulls for the last text
        return arrow_codes(source, column, source.none_code)
    if column.null_count and not source.nulls:
        return None
    return as_numbers(np.asarray(column.to_numpy()))


def columns_column(X: Any, name: str, lowered: Lowered, which: int) -> np.ndarray | None:
    """A column of fastcore's own Columns: null is what missing was at fit."""
    source = lowered.sources[which]
    values = np.asarray(X[name])
    texts = X.categories(name)
    if source.table is not None:
        if texts is not None:
            return dictionary_codes(lowered, which, list(texts), values, source.none_code)
        return lowered.program.codes(which, values) if values.dtype.kind == "O" else None
    if texts is not None or values.ndim != 1 or number_tag(values.dtype) is None:
        return None
    valid = X.valid(name)
    if valid is not None and values.dtype.kind != "f" and not valid.all():
        values = np.where(valid, values, np.nan)
    return values
