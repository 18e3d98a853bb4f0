"""The pipeline of the plan files in tests/plans, and its rows: each version of the file form that
was ever written stays readable, and gives these values.

``python -m tests.plan_fixture PATH`` writes the file of the present version.
"""

import sys

import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    StandardScaler,
)

ROWS = [
    {"age": 31.5, "visits": 3, "score": -0.25, "plan": "pro", "city": "Oslo"},
    {"age": None, "visits": 0, "score": 0.5, "plan": "free", "city": "Rīga"},
    {"age": -1.0, "visits": 9, "score": None, "plan": "other", "city": None},
]
#: What they become: written down, so that no version of anything can move it.
VALUES = [
    [-0.16973368495830132, -0.5773502691896258, 0.30000000000000004, -0.5, 0, 1, 0, 1, 0, 0, 0],
    [0.0, 1.7320508075688774, 0.0, 1.0, 1, 0, 0, 0, 1, 0, 1],
    [-3.1786490092190935, -0.5773502691896258, 0.9, 0.5, 0, 0, 0, 0, 0, 1, float("nan")],
]


def train():
    return pd.DataFrame(
        {
            "age": [20.0, 30.0, None, 50.0],
            "visits": [0, 4, 10, 2],
            "score": [0.5, -0.5, None, 0.25],
            "plan": ["free", "pro", "free", "team"],
            "city": ["Oslo", "Rīga", None, "Oslo"],
        }
    )


def fitted():
    return ColumnTransformer(
        [
            ("n", make_pipeline(SimpleImputer(add_indicator=True), StandardScaler()), ["age"]),
            ("m", MinMaxScaler(clip=True), ["visits"]),
            ("a", make_pipeline(SimpleImputer(strategy="median"), MaxAbsScaler()), ["score"]),
            ("o", OneHotEncoder(handle_unknown="ignore"), ["plan", "city"]),
            ("d", OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), ["city"]),
        ],
        sparse_threshold=0,
    ).fit(train())


if __name__ == "__main__":
    from fastcore import Plan

    Plan.from_sklearn(fitted()).save(sys.argv[1])
