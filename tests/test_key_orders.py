"""Records whose keys come in any order, with keys missing, twice, unknown or oddly written."""

from __future__ import annotations

import json
import random
from typing import Any, Literal

import pytest
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from fastcore import Rows, Schema

LONG = "x" * 30 + "_a_key_that_is_longer_than_what_is_looked_at_at_once_" + "y" * 20


class Record(BaseModel):
    age: int = Field(ge=0, le=0)
    tenure_days: Literal[3, 4]
    low: float = Field(ge=0.0)
    high: float = Field(le=-0.0)
    open: float = Field(gt=0, lt=1.5)
    plan: Literal["free", "basic", "a much longer one"]
    note: str = ""
    loyal: bool | None = None
    slashed: float = Field(1.0, alias="a\\b")
    longest: float = Field(2.0, alias=LONG)


class Loose(Record):
    """None of its keys has to be there."""

    age: int = Field(0, ge=0, le=0)
    tenure_days: Literal[3, 4] = 3
    low: float = Field(0.0, ge=0.0)
    high: float = Field(-1.0, le=-0.0)
    open: float = Field(1.0, gt=0, lt=1.5)
    plan: Literal["free", "basic", "a much longer one"] = "free"


VALUES: dict[str, list[str]] = {
    "age": ["0", "-0", "0.0", "1"],
    "tenure_days": ["3", "4", "3.0", "5"],
    "low": ["0", "-0.0", "-0", "1e3", "0.1234567890123456", "-5e-324"],
    "high": ["0.0", "-0", "-17.25", "-12345678901234567890.5", "5e-324"],
    "open": ["1", "1.4999999999999998", "0.5", "1.5", "0", "00.5", "1.", "-"],
    "plan": ['"free"', '"a much longer one"', '"fr\\u0065e"', '"none"'],
    "note": ['"plain"', '"a\\":b"', '"{\\"age\\":0}"', '"\u00e9"', '"\x01"'],
    "loyal": ["true", "false", "null", "tru"],
    "a\\b": ["1", "2.5"],
    LONG: ["7"],
}


def document(rng: random.Random, wrong: float) -> bytes:
    """Records in orders of their own; a share of the values and keys is none of the usual."""
    comma, colon = rng.choice([(",", ":"), (",", ":"), (",\n  ", ": "), (" , ", " : ")])
    records = []
    for _ in range(rng.randrange(1, 6)):
        names = rng.sample(list(VALUES), rng.choice([len(VALUES), len(VALUES), 7]))
        if rng.random() < wrong:
            names.append(rng.choice([*VALUES, "unknown", "age"]))
        pairs = []
        for name in names:
            values = VALUES.get(name, ['{"age":0}'])
            value = rng.choice(values) if rng.random() < wrong else values[0]
            key = '"a\\b"' if rng.random() < wrong and "\\" in name else json.dumps(name)
            pairs.append(key + colon + value)
        records.append("{" + comma.join(pairs) + "}")
    return ("[" + ",".join(records) + "]").encode()


def outcome(parse: Any, body: bytes) -> Any:
    try:
        found = parse(body)
    except ValidationError as error:
        return error.errors(include_url=False)
    return repr(found)


@pytest.mark.parametrize("wrong", [0.0, 0.05, 0.3])
def test_any_order(wrong: float) -> None:
    rng = random.Random(int(wrong * 100))
    plain, models, rows = TypeAdapter(list[Record]), Schema(list[Record]), Schema(Rows[Record])
    accepted = 0
    for _ in range(150):
        body = document(rng, wrong)
        expected = outcome(plain.validate_json, body)
        assert outcome(models.validate_json, body) == expected, body
        if isinstance(expected, str):
            accepted += 1
            wanted = [record.model_dump() for record in plain.validate_json(body)]
            assert repr(rows.validate_json(body).to_rows()) == repr(wanted), body
        else:
            assert outcome(rows.validate_json, body) == expected, body
    assert accepted > 10


#: What one byte more, or another one, may turn a document into.
SIGNS = ["", ",", ":", '"', "{", "}", "x", "0", " ", "\\", '"age":tru,', '"low":1,', '"note":x,']


@pytest.mark.parametrize("record", [Record, Loose])
def test_any_damage(record: type[Record]) -> None:
    """Keys are found before values are read; what stands between must be checked all the same."""
    rng = random.Random(7)
    plain, models, rows = TypeAdapter(list[record]), Schema(list[record]), Schema(Rows[record])  # type: ignore[valid-type]
    refused = 0
    for _ in range(1200):
        body = document(rng, 0.0).decode()
        names = [body.index(f'"{name}"') for name in ("age", "low", "note") if f'"{name}"' in body]
        at = rng.choice([rng.randrange(len(body)), *names])
        body = body[:at] + rng.choice(SIGNS) + body[at + rng.randrange(2) :]
        expected = outcome(plain.validate_json, body.encode())
        assert outcome(models.validate_json, body.encode()) == expected, body
        if isinstance(expected, str):
            wanted = [each.model_dump() for each in plain.validate_json(body)]
            assert repr(rows.validate_json(body.encode()).to_rows()) == repr(wanted), body
        else:
            refused += 1
            assert outcome(rows.validate_json, body.encode()) == expected, body
    assert 300 < refused < 1150


def test_what_stands_under_a_twin() -> None:
    """The last of equal keys counts; the others must still be followed by JSON."""
    rng = random.Random(3)
    plain, models, rows = TypeAdapter(list[Loose]), Schema(list[Loose]), Schema(Rows[Loose])
    for _ in range(200):
        names = rng.sample([name for name in VALUES if name not in ("a\\b", LONG)], 6)
        records = [[f'"{name}":{VALUES[name][0]}' for name in rng.sample(names, 6)] for _ in "abcd"]
        records[-1].insert(0, f'"{rng.choice(names)}":{rng.choice(["tru", "[}", "x", "1"])}')
        body = ("[" + ",".join("{" + ",".join(record) + "}" for record in records) + "]").encode()
        expected = outcome(plain.validate_json, body)
        assert outcome(models.validate_json, body) == expected, body
        if not isinstance(expected, str):
            assert outcome(rows.validate_json, body) == expected, body
