"""Requests as scoring services get them: fixed seeds, real-looking ranges, three spellings.

W1 is one flat record of 20 fields, W3 is ``{"instances": [...]}`` of 1,000 such records. Each comes
compact in the order of the fields, compact with the keys of every record in an order of its own,
and pretty-printed.
"""

from __future__ import annotations

import json
import random
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, Field

Plan = Literal["free", "basic", "plus", "pro"]
Country = Literal["DE", "FR", "ES", "IT", "PL", "NL", "SE", "US", "GB", "JP"]
Device = Literal["ios", "android", "web"]
Share = Annotated[float, Field(ge=0, le=1)]
Money = Annotated[float, Field(ge=-1e9, le=1e9)]

FORMS = ("compact", "shuffled", "pretty")


class Record(BaseModel):
    """W1: 12 floats, 4 ints, 3 strings out of a few, one bool."""

    age: Annotated[int, Field(ge=0, le=120)]
    tenure_days: Annotated[int, Field(ge=0, le=1200)]
    order_count: Annotated[int, Field(ge=0, le=100_000)]
    device_count: Annotated[int, Field(ge=0, le=100)]
    yearly_income: Annotated[float, Field(ge=0, le=1e8)]
    account_balance: Money
    spend_30d: Money
    spend_90d: Money
    mean_basket: Money
    discount_share: Share
    latitude: Annotated[float, Field(ge=-90, le=90)]
    longitude: Annotated[float, Field(ge=-180, le=180)]
    returned_share: Share
    open_rate: Share
    click_rate: Share
    risk_score: Share
    plan: Plan
    country: Country
    device: Device
    loyalty_member: bool


class Batch(BaseModel):
    """W3, as one writes it with pydantic alone."""

    instances: list[Record]


#: Codes of the strings, in the order in which the types declare them.
CODES: dict[str, dict[str, int]] = {
    name: {text: code for code, text in enumerate(get_args(type_))}
    for name, type_ in (("plan", Plan), ("country", Country), ("device", Device))
}


def records(rows: int, seed: int = 1) -> list[dict[str, Any]]:
    """``rows`` valid records, always the same for a seed."""
    rng = random.Random(seed)

    def one() -> dict[str, Any]:
        return {
            "age": rng.randint(18, 95),
            "tenure_days": rng.randint(0, 240),
            "order_count": rng.randint(0, 900),
            "device_count": rng.randint(1, 6),
            "yearly_income": round(rng.lognormvariate(10.5, 0.6), 2),
            "account_balance": round(rng.gauss(1500, 4000), 2),
            "spend_30d": round(rng.lognormvariate(5, 1), 2),
            "spend_90d": round(rng.lognormvariate(6, 1), 2),
            "mean_basket": round(rng.lognormvariate(3.5, 0.7), 2),
            "discount_share": round(rng.random(), 3),
            "latitude": round(rng.uniform(-60, 70), 5),
            "longitude": round(rng.uniform(-180, 180), 5),
            "returned_share": round(rng.random(), 4),
            "open_rate": round(rng.random(), 4),
            "click_rate": round(rng.random(), 4),
            "risk_score": round(rng.random(), 6),
            "plan": rng.choice(list(CODES["plan"])),
            "country": rng.choice(list(CODES["country"])),
            "device": rng.choice(list(CODES["device"])),
            "loyalty_member": rng.random() < 0.4,
        }

    return [one() for _ in range(rows)]


def spell(document: dict[str, Any], form: str, seed: int = 2) -> bytes:
    """The JSON text of a record, or of ``{"instances": [...]}``, in one of `FORMS`."""
    if form == "pretty":
        return json.dumps(document, indent=2).encode()
    if form == "shuffled":
        rng = random.Random(seed)

        def mixed(record: dict[str, Any]) -> dict[str, Any]:
            keys = list(record)
            rng.shuffle(keys)
            return {key: record[key] for key in keys}

        many = document.get("instances")
        document = mixed(document) if many is None else {"instances": [mixed(r) for r in many]}
    return json.dumps(document, separators=(",", ":")).encode()


def w1(form: str = "compact", count: int = 64) -> list[bytes]:
    """``count`` single records, so that no branch predictor learns one by heart."""
    return [spell(record, form, seed) for seed, record in enumerate(records(count))]


def w3(form: str = "compact", rows: int = 1000) -> bytes:
    """One request of ``rows`` records."""
    return spell({"instances": records(rows)}, form)
