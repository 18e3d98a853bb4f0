"""A service that scores flights: a request goes from JSON to a matrix without Python objects.

    python -m pip install -e ".[demo]"
    uvicorn examples.flights_api:app
    curl -s localhost:8000/score -H "content-type: application/json" \\
        -d '[{"origin": "JFK", "distance": 2475, "delay": 12.5}, {"origin": "LGA", "distance": 9}]'

`Rows[Flight]` is all that differs from an ordinary FastAPI application with ``list[Flight]``; the
answers, the 422s and the OpenAPI page are the same.
"""

from typing import Annotated, Literal

import numpy as np
import pandas as pd
from fastapi import FastAPI
from pydantic import BaseModel, Field
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from fastcore import Array, Plan, Rows
from fastcore.serve import FastRoute


class Flight(BaseModel):
    """What a client sends of a flight."""

    origin: Literal["EWR", "JFK", "LGA"]
    distance: Annotated[int, Field(gt=0, description="miles")]
    delay: Annotated[float | None, Field(ge=-120, description="minutes at departure")] = None


class Scores(BaseModel):
    """How likely each flight is to arrive late."""

    late: Array[np.float64]


def fitted() -> tuple[Plan, LogisticRegression]:
    """Features and model of a toy world; yours come out of your training."""
    rng = np.random.default_rng(0)
    flights = pd.DataFrame(
        {
            "origin": rng.choice(["EWR", "JFK", "LGA"], 500),
            "distance": rng.integers(80, 5000, 500),
            "delay": np.where(rng.random(500) < 0.1, np.nan, rng.normal(5, 20, 500)),
        }
    )
    features = make_column_transformer(
        (OneHotEncoder(sparse_output=False), ["origin"]),
        (make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), ["distance", "delay"]),
    )
    matrix = features.fit_transform(flights)
    late = flights["delay"].fillna(0) + rng.normal(0, 5, 500) > 15
    return Plan.from_sklearn(features), LogisticRegression().fit(matrix, late)


plan, model = fitted()
app = FastAPI(title="Late flights")
app.router.route_class = FastRoute


@app.post("/score")
async def score(flights: Rows[Flight]) -> Scores:
    """Score any number of flights."""
    return Scores(late=model.predict_proba(plan.transform(flights))[:, 1])
