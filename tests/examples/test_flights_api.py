"""The example runs as its first lines say."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest
from fastapi.testclient import TestClient
from pydantic import TypeAdapter

PATH = Path(__file__).resolve().parents[2] / "examples" / "flights_api.py"


@pytest.fixture(scope="module")
def example() -> ModuleType:
    spec = importlib.util.spec_from_file_location("flights_api", PATH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_scores_as_scikit_learn_would(example: ModuleType) -> None:
    flights = [
        {"origin": "JFK", "distance": 2475, "delay": 12.5},
        {"origin": "LGA", "distance": 762},
    ]
    answer = TestClient(example.app).post("/score", json=flights)
    assert answer.status_code == 200
    rows = [f.model_dump() for f in TypeAdapter(list[example.Flight]).validate_python(flights)]
    matrix = example.plan.transform(pd.DataFrame(rows))
    assert answer.json() == {"late": example.model.predict_proba(matrix)[:, 1].tolist()}


def test_it_says_where_a_request_is_wrong(example: ModuleType) -> None:
    flights = [{"origin": "JFK", "distance": 2475}, {"origin": "SFO", "distance": "far"}]
    answer = TestClient(example.app).post("/score", json=flights)
    assert answer.status_code == 422
    found = {tuple(error["loc"]): error["type"] for error in answer.json()["detail"]}
    assert found == {
        ("body", 1, "origin"): "literal_error",
        ("body", 1, "distance"): "int_parsing",
    }
