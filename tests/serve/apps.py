"""The routes that `FastRoute` is held to FastAPI's own with: one app, built with each of them."""

from typing import Annotated, Any, Literal

from fastapi import (
    APIRouter,
    BackgroundTasks,
    Body,
    Cookie,
    Depends,
    FastAPI,
    File,
    Form,
    Header,
    HTTPException,
    Query,
    Request,
    Response,
)
from fastapi.responses import JSONResponse, PlainTextResponse, StreamingResponse
from fastapi.routing import APIRoute
from pydantic import AfterValidator, BaseModel, Field, field_validator, model_validator

LOG: list[Any] = []


class Item(BaseModel):
    a: float
    b: int = Field(ge=0, le=120)
    c: Literal["x", "y"] = "x"
    tags: list[str] = []


class Watched(BaseModel):
    n: int
    m: int = 0

    @field_validator("n")
    @classmethod
    def _seen(cls, value: int) -> int:
        LOG.append(("n", value))
        if value == 13:
            raise ValueError("unlucky")
        return value


class Out(BaseModel):
    s: float
    t: str | None = None


def _note(value: Any) -> Any:
    LOG.append(("param", value))
    return value


class Checked(BaseModel):
    s: float

    @model_validator(mode="after")
    def _seen(self) -> "Checked":
        LOG.append("response checked")
        return self


class Again(BaseModel, revalidate_instances="always"):
    s: float

    @field_validator("s")
    @classmethod
    def _seen(cls, value: float) -> float:
        LOG.append("response checked")
        return value


class Derived(Out):
    secret: int = 1


class Stray(Exception):
    pass


def build(route_class: type[APIRoute]) -> FastAPI:
    """An app with every kind of route; all routes are of `route_class`."""
    app = FastAPI()
    app.router.route_class = route_class
    one = {"openapi_extra": {"x-app": 1}}

    @app.post("/model")
    async def model(item: Item) -> Out:
        return Out(s=item.a, t=item.c)

    @app.post("/sync")
    def sync(item: Item) -> Out:
        return Out(s=item.a, t=item.c)

    @app.post("/list")
    async def list_(items: list[Item]) -> list[Out]:
        return [Out(s=i.a) for i in items]

    @app.post("/plain", **one)
    async def plain(item: Item):
        return {"got": item, "n": item.b}

    @app.post("/watched", status_code=201)
    async def watched(item: Watched) -> Watched:
        LOG.append("endpoint")
        return item

    @app.post("/optional")
    async def optional(item: Item | None = None) -> Any:
        return {"item": item}

    @app.post("/default")
    async def default(item: Annotated[list[int], Body(max_length=3)] = [1]) -> list[int]:  # noqa: B006
        return item

    @app.post("/scalar")
    async def scalar(item: Annotated[float, Body(gt=0)]) -> float:
        return item

    @app.post("/embed")
    async def embed(item: Annotated[Item, Body(embed=True)]) -> Out:
        return Out(s=item.a)

    @app.post("/two")
    async def two(item: Item, other: Item) -> Out:
        return Out(s=item.a + other.a)

    @app.post("/form")
    async def form(a: Annotated[str, Form()]) -> str:
        return a

    @app.post("/file")
    async def file(a: Annotated[bytes, File()]) -> int:
        return len(a)

    @app.post("/params/{p}")
    async def params(
        p: int,
        item: Item,
        q: Annotated[int, Query(ge=0), AfterValidator(_note)] = 1,
        x_h: Annotated[list[str] | None, Header()] = None,
        k: Annotated[str | None, Cookie()] = None,
    ) -> dict[str, Any]:
        return {"p": p, "q": q, "h": x_h, "k": k, "a": item.a}

    @app.post("/injected")
    async def injected(
        item: Item, request: Request, response: Response, tasks: BackgroundTasks
    ) -> Out:
        response.headers["x-one"] = "1"
        response.set_cookie("c", "v")
        if item.b == 7:
            response.status_code = 202
        tasks.add_task(LOG.append, "task")
        parsed = await request.json()
        LOG.append(parsed["a"])
        return Out(s=len(await request.body()))

    @app.post("/request")
    async def request_(item: Item, request: Request) -> Any:
        return [request.url.path, len(await request.body()), await request.json()]

    async def outer(request: Request):
        LOG.append("outer in")
        yield request.method
        LOG.append("outer out")

    def inner(o: Annotated[str, Depends(outer)], q: int = 0):
        LOG.append("inner")
        if q == 404:
            raise HTTPException(404, "by dependency")
        return o + str(q)

    async def late():
        LOG.append("late in")
        try:
            yield 1
        finally:
            LOG.append("late out")

    @app.post("/depends")
    async def depends(
        item: Watched,
        tasks: BackgroundTasks,
        i: Annotated[str, Depends(inner)],
        _: Annotated[int, Depends(late)],
    ) -> dict[str, Any]:
        LOG.append("endpoint")
        tasks.add_task(LOG.append, "task")
        return {"i": i, "n": item.n}

    async def changes(request: Request) -> None:
        try:
            document = await request.json()
        except ValueError:
            LOG.append("no json")
            return
        if isinstance(document, dict):
            document["b"] = "99"

    @app.post("/changed")
    async def changed(item: Item, _: Annotated[None, Depends(changes)]) -> int:
        return item.b

    async def reader(item: Item) -> float:
        return item.a

    @app.post("/body_in_dependency")
    async def body_in_dependency(a: Annotated[float, Depends(reader)]) -> float:
        return a

    @app.post("/body_twice")
    async def body_twice(a: Annotated[float, Depends(reader)], item: Item) -> float:
        return a + item.a

    @app.post("/filtered", response_model=Out, response_model_exclude_none=True)
    async def filtered(item: Item):
        return {"s": item.a, "secret": 1}

    @app.post("/unset", response_model=Out, response_model_exclude_unset=True)
    def unset(item: Item):
        return Out(s=item.a)

    @app.post("/included", response_model=Out, response_model_include={"s"})
    async def included(item: Item):
        return Out(s=1, t="x")

    @app.post("/wrong", response_model=Out)
    async def wrong(item: Item):
        return {"s": "no"}

    @app.post("/response")
    async def response_(item: Item) -> Response:
        return JSONResponse({"a": item.a}, 203, headers={"x-two": "2"})

    @app.post("/text", response_class=PlainTextResponse)
    async def text(item: Item):
        return item.c

    @app.post("/json_class", response_class=JSONResponse, response_model=Out)
    async def json_class(item: Item):
        return Out(s=1e-7)

    @app.post("/checked")
    async def checked(item: Item) -> Checked:
        return Checked(s=item.a)

    @app.post("/again")
    def again(item: Item) -> Again:
        return Again(s=item.a)

    @app.post("/derived")
    async def derived(item: Item) -> Out:
        return Derived(s=item.a)

    @app.post("/union")
    async def union(item: Item) -> Out | Checked | None:
        return {1: None, 2: Checked(s=1)}.get(item.b, Out(s=2))

    @app.post("/background")
    async def background(item: Item, tasks: BackgroundTasks) -> Response:
        tasks.add_task(LOG.append, "task")
        return PlainTextResponse("x")

    @app.post("/nothing", status_code=204)
    async def nothing(item: Item) -> None:
        return None

    @app.post("/raises")
    async def raises(item: Item) -> None:
        if item.b == 1:
            raise HTTPException(418, {"why": "tea"}, headers={"x-t": "1"})
        if item.b == 2:
            raise Stray("out of the app")
        raise ZeroDivisionError("no handler")

    @app.exception_handler(Stray)
    async def stray(request: Request, error: Stray) -> Response:
        return JSONResponse({"stray": str(error), "b": (await request.json())["b"]}, 409)

    @app.post("/stream", response_class=StreamingResponse)
    async def stream(item: Item):
        for i in range(3):
            yield f"{item.a} {i}\n"

    @app.post("/lines")
    async def lines(item: Item):
        for i in range(3):
            yield {"i": i}

    @app.get("/get")
    async def get(q: int = 1) -> int:
        return q

    router = APIRouter(prefix="/r", dependencies=[Depends(late)], route_class=route_class)

    @router.post("/model", response_model=Out)
    async def routed(item: Item):
        return {"s": item.a}

    deeper = APIRouter(route_class=route_class)

    @deeper.post("/sync/{p}")
    def deep(item: Item, p: int) -> Out:
        return Out(s=item.a + p)

    router.include_router(deeper, prefix="/deep")
    app.include_router(router, prefix="/v1")
    app.include_router(router, prefix="/v2", default_response_class=PlainTextResponse)

    sub = FastAPI()
    sub.router.route_class = route_class
    sub.post("/model")(model)
    app.mount("/sub", sub)
    return app
