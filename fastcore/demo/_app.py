"""The FastAPI application: the same service twice, the ordinary way and with fastcore."""

from typing import Any

import numpy as np
import pandas as pd
from fastapi import APIRouter, FastAPI
from pydantic import BaseModel
from sklearn.pipeline import Pipeline

from .. import Array, Monitor, Plan, Rows
from ..serve import FastRoute
from ._flights import Flight, middle


class Scores(BaseModel):
    """The probability of each flight to arrive more than 15 minutes late."""

    late: list[float]


class ScoresArray(BaseModel):
    """The same answer, from a NumPy array."""

    late: Array[np.float64]


def make_app(pipeline: Pipeline, dtypes: dict[str, Any], monitor: Monitor | None = None) -> FastAPI:
    """Build the application around a fitted pipeline.

    Parameters
    ----------
    pipeline : Pipeline
        Two fitted steps, ``features`` and ``model``.
    dtypes : dict
        The dtype of each column in the table that the pipeline was fitted on.
    monitor : Monitor, optional
        Counts the flights of ``/fastcore`` in the window of their month.

    Returns
    -------
    FastAPI
        With ``POST /ordinary`` and ``POST /fastcore``; both take a JSON array of flights.
    """
    app = FastAPI(title="Late flights, two ways")

    @app.post("/ordinary")
    async def ordinary(flights: list[Flight]) -> Scores:
        table = pd.DataFrame([flight.model_dump() for flight in flights]).astype(dtypes)
        return Scores(late=pipeline.predict_proba(table)[:, 1].tolist())

    plan, model = Plan.from_sklearn(pipeline["features"]), pipeline["model"]
    router = APIRouter(route_class=FastRoute)

    @router.post("/fastcore")
    async def fastcore(flights: Rows[Flight]) -> ScoresArray:
        if monitor is not None and len(flights):
            monitor.update(flights, time=middle(int(flights["month"][0])))
        matrix = plan.transform(flights)
        return ScoresArray(late=model.predict_proba(matrix)[:, 1])

    app.include_router(router)
    return app
