"""Large arrays read by several threads: what one thread gives, errors included."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Annotated, Any

import numpy as np
import pytest
from pydantic import BaseModel, TypeAdapter
from pydantic_core import ValidationError

from fastcore import Array, Schema, Shape, _core, set_num_threads
from fastcore._config import disabled, reading_threads

from .profiles import part

ROWS, WIDTH = 900, 40


class Named(BaseModel):
    a: Annotated[Array[np.float32], Shape("n", "m")]
    b: list[Any] = []
    c: Annotated[Array[np.float64], Shape("n", "m")] | None = None


class Fixed(BaseModel):
    a: Annotated[Array[np.float64], Shape(ROWS, WIDTH)]


class Square(BaseModel):
    a: Annotated[Array[np.float16], Shape("n", "n")]


@pytest.fixture(autouse=True)
def _threads() -> Iterator[None]:
    yield
    set_num_threads(None)


def rows(n: int = ROWS, m: int = WIDTH, seed: int = 3) -> str:
    """A table of numbers in many spellings, of some 300 KB."""
    rng = random.Random(seed)
    forms = ["{:.6f}", "{:.17g}", "{:.3e}", "{:.1f}"]

    def number() -> str:
        form = rng.choice(forms)
        return "7" if rng.random() < 0.05 else form.format(rng.gauss(0, 50))

    return "[" + ",".join("[" + ",".join(number() for _ in range(m)) + "]" for _ in range(n)) + "]"


def answer(type_: type[BaseModel], document: str, threads: int) -> Any:
    """The array's bytes and shape, or the errors."""
    set_num_threads(threads)
    try:
        found = Schema(type_).validate_json(document)
    except ValidationError as error:
        return str(error)[:2000], error.error_count()
    return [
        (value.dtype, value.shape, value.tobytes()) if isinstance(value, np.ndarray) else value
        for value in vars(found).values()
    ]


def same(type_: type[BaseModel], document: str) -> Any:
    expected = answer(type_, document, 1)
    for threads in (2, 3, 7):
        assert answer(type_, document, threads) == expected
    return expected


def test_the_same_array() -> None:
    table = rows()
    found = same(Named, f'{{"a":{table}}}')
    plain = TypeAdapter(list[list[float]]).validate_json(table)
    assert found[0] == (np.float32, (ROWS, WIDTH), np.array(plain).astype(np.float32).tobytes())
    same(Fixed, f'{{"a":{table}}}')
    same(Named, f'{{"c":{table},"b":[[1],[2]],"a":{table}}}')


def test_white_space() -> None:
    table = rows().replace("],[", " ] ,\n\t[ ").replace(",", " , ", 2000)
    same(Named, f'{{"a": {table} , "b": []}}')


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("],[", "],[],["),
        ("],[", ",1],["),
        ("],[", "],null,["),
        ("],[", '],"],[",['),
        ("],[", ',"],["],['),
        ("],[", "]],[["),
        ("],[", "][,"),
        ("],[", "],{},["),
        (",", ",1e999,"),
        (",", ",NaN,"),
        (",", ",[1],"),
        (",", ",-,"),
        ("]]", "]"),
        ("]]", ",1]]"),
        ("]]", "],[1]]"),
    ],
)
def test_the_same_errors(old: str, new: str) -> None:
    """A fault in the first piece, at its end, in the middle and in the last one."""
    table = rows()
    places = [i for i in range(len(table)) if table.startswith(old, i)]
    for share in part((0.5, 0, 0.3, 0.499, 0.66, 1), 3):
        at = places[int(share * (len(places) - 1))]
        broken = table[:at] + new + table[at + len(old) :]
        same(Named, f'{{"a":{broken}}}')


def test_sizes() -> None:
    same(Fixed, f'{{"a":{rows(ROWS + 1)}}}')
    same(Fixed, f'{{"a":{rows(ROWS, WIDTH + 1)}}}')
    same(Square, f'{{"a":{rows(200, 200)}}}')
    same(Square, f'{{"a":{rows(200, 201)}}}')
    same(Named, f'{{"a":{rows(ROWS)},"c":{rows(ROWS + 1)}}}')


def test_an_array_that_ends_before_its_cut() -> None:
    """The cuts lie in another array, in a string, in a nested one."""
    filler = rows(400)
    for other in (filler, f'["{filler}"]', f"[{filler}]"):
        same(Named, f'{{"a":[[1,2],[3,4]],"b":{other}}}')


def test_threads_are_used_only_when_they_are_asked_for(monkeypatch: Any) -> None:
    monkeypatch.delenv("FASTCORE_NUM_THREADS", raising=False)
    set_num_threads(None)
    assert reading_threads() == 1
    set_num_threads(3)
    assert reading_threads() == _core.parallel_threads(3)
    set_num_threads(None)
    monkeypatch.setenv("FASTCORE_NUM_THREADS", "2")
    assert reading_threads() == _core.parallel_threads(2)
    monkeypatch.setenv("FASTCORE_NUM_THREADS", "none")
    if not disabled():
        with pytest.raises(ValueError, match="FASTCORE_NUM_THREADS"):
            Schema(Named).validate_json(f'{{"a":{rows()}}}')
