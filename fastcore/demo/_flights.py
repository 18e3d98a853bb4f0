"""The flights, what a request about them looks like, and the model that is fitted on them."""

import datetime
from dataclasses import dataclass
from importlib.resources import as_file, files
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
from pydantic import BaseModel, Field
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

Missing = float | None


class Flight(BaseModel):
    """One flight at the moment it leaves; a measurement that was not made is null."""

    month: Annotated[int, Field(ge=1, le=12)]
    day: Annotated[int, Field(ge=1, le=31)]
    hour: Annotated[int, Field(ge=0, le=23, description="scheduled departure, local time")]
    carrier: Annotated[str, Field(min_length=2, max_length=2, description="IATA code")]
    origin: Literal["EWR", "JFK", "LGA"]
    dest: Annotated[str, Field(min_length=3, max_length=3, description="IATA code")]
    distance: Annotated[int, Field(gt=0, lt=13_000, description="miles")]
    dep_delay: Annotated[float, Field(ge=-120, le=3_000, description="minutes")]
    temp: Annotated[Missing, Field(ge=-80, le=140, description="degrees Fahrenheit")] = None
    dewp: Annotated[Missing, Field(ge=-80, le=140, description="dew point, Fahrenheit")] = None
    humid: Annotated[Missing, Field(ge=0, le=100, description="relative, %")] = None
    wind_speed: Annotated[Missing, Field(ge=0, description="mph")] = None
    wind_gust: Annotated[Missing, Field(ge=0, description="mph")] = None
    precip: Annotated[Missing, Field(ge=0, description="inches")] = None
    pressure: Annotated[Missing, Field(ge=800, le=1_100, description="hPa")] = None
    visib: Annotated[Missing, Field(ge=0, description="miles")] = None
    plane_year: Annotated[Missing, Field(ge=1900, le=2100, description="built in")] = None
    manufacturer: str | None = None
    engines: Annotated[Missing, Field(ge=1, le=8)] = None
    seats: Annotated[Missing, Field(ge=1, le=1_000)] = None


FIELDS = list(Flight.model_fields)
WORDS = ["carrier", "origin", "dest"]
NUMBERS = [name for name in FIELDS if name not in (*WORDS, "manufacturer", "month", "day")]


@dataclass(frozen=True)
class Flights:
    """The year, split as the demo uses it.

    Attributes
    ----------
    train, replay : DataFrame
        January to March and April to December; the columns of `Flight`.
    late : ndarray of int64
        The outcome of the flights in ``train``.
    cancelled : int
        Flights without an outcome, which are left out.
    """

    train: pd.DataFrame
    replay: pd.DataFrame
    late: "np.ndarray[Any, np.dtype[np.int64]]"
    cancelled: int


def middle(month: int) -> datetime.datetime:
    """The time in 2013 at which the flights of a month are counted."""
    return datetime.datetime(2013, month, 15, tzinfo=datetime.UTC)


def load_flights() -> Flights:
    """Read the bundled flights; those without an outcome (cancelled ones) are left out."""
    with as_file(files("fastcore.demo") / "flights_2013.csv.gz") as path:
        table = pd.read_csv(path)
    arrived = table["late"].notna()
    table = table[arrived].reset_index(drop=True)
    first = table["month"] <= 3
    return Flights(
        train=table.loc[first, FIELDS].reset_index(drop=True),
        replay=table.loc[~first, FIELDS].reset_index(drop=True),
        late=table.loc[first, "late"].to_numpy(np.int64),
        cancelled=int((~arrived).sum()),
    )


def as_records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows as JSON knows them: None where a value is missing."""
    columns = [table[name].astype(object).where(table[name].notna(), None) for name in table]
    values = zip(*(column.tolist() for column in columns), strict=True)
    return [dict(zip(table.columns, row, strict=True)) for row in values]


def make_pipeline() -> Pipeline:
    """Imputation and scaling, one-hot and ordinal codes, a logistic regression behind them.

    The regression answers in microseconds, so that what the table compares is the way to it.
    """
    numbers = Pipeline([("impute", SimpleImputer(strategy="median")), ("scale", StandardScaler())])
    planes = OrdinalEncoder(
        handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2
    )
    features = ColumnTransformer(
        [
            ("numbers", numbers, NUMBERS),
            ("words", OneHotEncoder(handle_unknown="ignore", sparse_output=False), WORDS),
            ("planes", planes, ["manufacturer"]),
        ]
    )
    return Pipeline(
        [("features", features), ("model", LogisticRegression(solver="newton-cholesky"))]
    )
