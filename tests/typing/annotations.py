"""What type checkers make of Rows, Row, Table and Array; checked, and run as well."""

from typing import TYPE_CHECKING, Annotated, Any, Generic, TypeVar, assert_type

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel

import fastcore
from fastcore import Array, Columns, Row, Rows, Schema, Shape, Table

RecordT = TypeVar("RecordT")

Embeddings = Annotated[Array[np.float32], Shape("n", 128)]


class Flight(BaseModel):
    distance: float


class Request(BaseModel):
    flights: Rows[Flight]
    best: Row[Flight] | None = None
    embeddings: Embeddings
    weights: Array[np.float64]
    history: Table[Flight] | None = None


class Page(BaseModel, Generic[RecordT]):
    items: Rows[RecordT]


def score(flights: Rows[Flight]) -> npt.NDArray[np.float32]:
    columns: Columns = flights
    assert_type(len(flights), int)
    assert_type(flights.num_rows, int)
    assert_type(flights["distance"], np.ndarray[Any, Any])
    matrix: npt.NDArray[np.float32] = columns.matrix()
    return matrix


def use(request: Request, page: Page[Flight]) -> None:
    assert_type(request.flights, Rows[Flight])
    assert_type(request.best, Row[Flight] | None)
    assert_type(request.embeddings, np.ndarray[Any, np.dtype[np.float32]])
    assert_type(request.weights, np.ndarray[Any, np.dtype[np.float64]])
    assert_type(request.history, Table[Flight] | None)
    assert_type(page.items, Rows[Flight])
    score(request.flights)
    score(page.items)


def read(text: bytes) -> None:
    schema: Schema[Rows[Flight]] = Schema(Rows[Flight])
    assert_type(schema.validate_json(text), Rows[Flight])
    assert_type(schema.validate_ndjson(text), Rows[Flight])
    assert_type(list(schema.iter_ndjson([text])), list[Columns])
    assert_type(schema.fingerprint, str)


if TYPE_CHECKING:
    lazily: fastcore.Rows[Flight]
    score(Flight(distance=1.0))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Shape(1.5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    wrong: Array[str]  # type: ignore[type-var]  # pyright: ignore[reportInvalidTypeForm]
