"""Objects that hold objects, and text: W2 (5 KB, nested, with an embedding of 256 floats) and W6 (a
chat request, 8 KB of text with accents, emoji and escapes).

The embedding becomes a float32 array with each contender. What the contenders give is compared as
plain dicts, outside of what is timed.
"""

from __future__ import annotations

import dataclasses
import json
import random
from collections.abc import Callable
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, Field, TypeAdapter

from benchmarks._harness import Case, Peer
from fastcore import Array, Schema, Shape

ITEMS, WIDTH = 10, 256

Category = Literal["books", "games", "garden", "music", "tools"]
Role = Literal["system", "user", "assistant"]


class User(BaseModel):
    """Who asks."""

    id: int
    name: str
    email: str
    country: str
    age: Annotated[int, Field(ge=0, le=150)]
    premium: bool
    score: float


class Session(BaseModel):
    """Where from."""

    id: str
    started: int
    device: str
    pages: int
    duration: float


class Item(BaseModel):
    """One of ten."""

    sku: str
    title: str
    category: Category
    price: Annotated[float, Field(ge=0)]
    quantity: Annotated[int, Field(ge=1)]
    rating: float
    in_stock: bool
    views: int


class Ours(BaseModel):
    """W2, as one writes it with fastcore."""

    user: User
    session: Session
    items: list[Item]
    embedding: Annotated[Array[np.float32], Shape(WIDTH)]


class Theirs(BaseModel):
    """The same with pydantic alone."""

    user: User
    session: Session
    items: list[Item]
    embedding: Annotated[list[float], Field(min_length=WIDTH, max_length=WIDTH)]


def _dataclass(model: type[BaseModel], **other: Any) -> Any:
    """The model's fields and constraints, as a standard dataclass."""
    fields = [
        (name, other.get(name, field.rebuild_annotation()))
        for name, field in model.model_fields.items()
    ]
    return dataclasses.make_dataclass(f"{model.__name__}Data", fields)


_PARTS: dict[str, Any] = {"user": _dataclass(User), "session": _dataclass(Session)}
_PARTS["items"] = list[_dataclass(Item)]  # type: ignore[misc]
OursData, TheirsData = _dataclass(Ours, **_PARTS), _dataclass(Theirs, **_PARTS)


def w2() -> bytes:
    """One request of 5 KB, always the same."""
    rng = random.Random(2)
    words = ["amber", "basil", "cedar", "delta", "ember", "fjord", "grove", "hazel", "inlet"]

    def item(i: int) -> dict[str, Any]:
        return {
            "sku": f"SKU-{rng.randint(10000, 99999)}",
            "title": " ".join(rng.choices(words, k=5)),
            "category": rng.choice(["books", "games", "garden", "music", "tools"]),
            "price": round(rng.uniform(1, 300), 2),
            "quantity": i + 1,
            "rating": round(rng.uniform(1, 5), 1),
            "in_stock": rng.random() < 0.7,
            "views": rng.randint(0, 100_000),
        }

    document = {
        "user": {
            "id": 48_213_377, "name": "Zoë Müller", "email": "zoe.mueller@example.com",
            "country": "DE", "age": 37, "premium": True, "score": 0.7315,
        },
        "session": {
            "id": "9f1c2b7e-5d7c-4a55-8a43-0d7fb9a6e1c2", "started": 1_764_288_000_123,
            "device": "android", "pages": 12, "duration": 318.25,
        },
        "items": [item(i) for i in range(ITEMS)],
        "embedding": [float(f"{rng.gauss(0, 0.1):.9f}") for _ in range(WIDTH)],
    }  # fmt: skip
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def _structs(kind: str) -> Callable[[bytes], Any] | None:
    """msgspec's decoder of W2, to Structs or to dataclasses."""
    try:
        import msgspec
    except ImportError:
        return None

    def made(name: str, fields: list[tuple[str, Any]]) -> Any:
        if kind == "dataclass":
            return dataclasses.make_dataclass(name, fields)
        return msgspec.defstruct(name, fields, gc=False)

    def fields(model: type[BaseModel]) -> list[tuple[str, Any]]:
        found = []
        for name, field in model.model_fields.items():
            limits = {
                side: getattr(rule, side)
                for rule in field.metadata
                for side in ("ge", "le")
                if getattr(rule, side, None) is not None
            }
            type_: Any = field.annotation
            found.append((name, Annotated[type_, msgspec.Meta(**limits)] if limits else type_))
        return found

    user, session, item = (made(m.__name__, fields(m)) for m in (User, Session, Item))
    embedding: Any = Annotated[list[float], msgspec.Meta(min_length=WIDTH, max_length=WIDTH)]
    whole: list[tuple[str, Any]] = [("user", user), ("session", session)]
    whole += [("items", list[item]), ("embedding", embedding)]
    decode: Callable[[bytes], Any] = msgspec.json.Decoder(made("Request", whole)).decode
    return decode


def _plain(value: Any) -> Any:
    """A request as a dict, its embedding as a list."""
    if isinstance(value, np.ndarray):
        return [str(value.dtype), *value.tolist()]
    if isinstance(value, list):
        return [_plain(item) for item in value]
    names = getattr(type(value), "__struct_fields__", None)
    if names is None and (isinstance(value, BaseModel) or dataclasses.is_dataclass(value)):
        names = list(vars(value))
    return {name: _plain(getattr(value, name)) for name in names} if names else value


def _same(ours: Any, theirs: Any) -> None:
    assert _plain(ours) == _plain(theirs)


def _w2_case(job: str, ours: Any, theirs: Any, kind: str, musts: tuple[float, float]) -> Case:
    body, schema = w2(), Schema(ours)
    adapter: TypeAdapter[Any] = TypeAdapter(theirs)
    decode = _structs(kind)

    def with_array(parse: Callable[[Any], Any]) -> Callable[[], Any]:
        def run() -> Any:
            found = parse(body)
            found.embedding = np.array(found.embedding, np.float32)
            return found

        return run

    return Case(
        job,
        lambda: schema.validate_json(body),
        [
            Peer("msgspec + NumPy", with_array(decode) if decode else None, musts[0]),
            Peer("pydantic + NumPy", with_array(adapter.validate_json), musts[1]),
            Peer("FastAPI's way", with_array(lambda b: adapter.validate_python(json.loads(b)))),
        ],
        same=_same,
    )


class Message(BaseModel):
    """One turn."""

    role: Role
    content: str


class Chat(BaseModel):
    """W6."""

    model: str
    messages: list[Message]
    temperature: Annotated[float, Field(ge=0, le=2)]
    max_tokens: Annotated[int, Field(ge=1)]
    stream: bool


def w6() -> bytes:
    """A chat of 8 KB: ASCII, accents, emoji, line breaks and quotes as escapes."""
    rng = random.Random(6)
    words = [
        "request",
        "model",
        "die Größe",
        "naïve",
        "数据",
        "latency",
        "\u201cquote\u201d",
        "🙂",
        "über",
    ]
    plain = ["the", "service", "answers", "with", "columns", "and", "matrices", "of", "numbers"]

    def text(count: int) -> str:
        parts = []
        for i in range(count):
            parts.append(rng.choice(words) if rng.random() < 0.06 else rng.choice(plain))
            parts.append("\n\n" if i % 40 == 39 else ' "' if i % 55 == 54 else " ")
        return "".join(parts)

    messages = [{"role": "system", "content": " ".join(rng.choices(plain, k=90))}]
    for i in range(6):
        messages.append({"role": ("user", "assistant")[i % 2], "content": text(190)})
    document = {
        "model": "assistant-large-2", "messages": messages, "temperature": 0.7,
        "max_tokens": 1024, "stream": True,
    }  # fmt: skip
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def _w6_case() -> Case:
    body, schema = w6(), Schema(Chat)
    adapter = TypeAdapter(Chat)
    decode: Callable[[bytes], Any] | None = None
    loads: Callable[[bytes], Any] | None = None
    try:
        import msgspec

        message = msgspec.defstruct("Message", [("role", Role), ("content", str)], gc=False)
        temperature = Annotated[float, msgspec.Meta(ge=0, le=2)]
        fields: list[tuple[str, Any]] = [("model", str), ("messages", list[message])]  # type: ignore[valid-type]
        fields += [("temperature", temperature), ("max_tokens", int), ("stream", bool)]
        decode = msgspec.json.Decoder(msgspec.defstruct("Chat", fields, gc=False)).decode
    except ImportError:
        pass
    try:
        import orjson

        loads = orjson.loads
    except ImportError:
        pass
    return Case(
        "W6 -> models",
        lambda: schema.validate_json(body),
        [
            Peer("msgspec", (lambda: decode(body)) if decode else None, 1.5, 2.5),
            Peer("orjson, no checks", (lambda: loads(body)) if loads else None, 1.5, 2.5),
            Peer("pydantic", lambda: adapter.validate_json(body), 2.0, 4.0),
            Peer("FastAPI's way", lambda: adapter.validate_python(json.loads(body))),
        ],
        same=_same,
    )


def cases(quick: bool) -> list[Case]:
    """W2 to models and to dataclasses, W6."""
    return [
        _w2_case("W2 -> models", Ours, Theirs, "struct", (1.2, 3.0)),
        _w2_case("W2 -> dataclasses", OursData, TheirsData, "dataclass", (1.5, 4.0)),
        _w6_case(),
    ]
