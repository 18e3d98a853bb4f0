"""The same search over routes: `FastRoute` against FastAPI's own, in process."""

from __future__ import annotations

import asyncio
import functools
import re
import warnings
from typing import Annotated, Any

from fastapi import Body, FastAPI
from fastapi.exceptions import FastAPIError
from fastapi.routing import APIRoute

from fastcore.serve import FastRoute

from ..serve.asgi import acall
from .compare import CALLS, described
from .making import make
from .plans import Plan
from .search import REFUSALS, Differs, Judge

#: Where routes differ on purpose (`tests/serve/test_differences.py` has those): non-finite numbers
#: in all their spellings, and lone surrogates.
APART = re.compile(rb"(?i)nan|inf|e\+?\d{3}|\\ud[89a-f]|\xed[\xa0-\xbf]")
ESCAPED = re.compile(rb"\\u00([0-7][0-9a-fA-F])")
#: What is longer is cut by a `FastRoute`.
LONGEST = 16 * 1024


@functools.cache
def _loop() -> asyncio.AbstractEventLoop:
    return asyncio.new_event_loop()


def _app(type_: Any, route_class: type[APIRoute]) -> FastAPI:
    app = FastAPI()
    app.router.route_class = route_class

    async def endpoint(body: Any) -> Any:
        CALLS.append(("body", described(body)))

    endpoint.__annotations__ = {"body": Annotated[type_, Body()]}
    app.post("/")(endpoint)
    return app


def _answer(app: FastAPI, data: bytes) -> Any:
    """What a client sees, and the calls of user code; for the tally, with the name of a kind."""
    CALLS.clear()
    answer = _loop().run_until_complete(acall(app, "/", data))
    name = {200: "accepted", 422: "refused", 400: "no JSON", None: "raised"}.get(answer.status)
    if answer.status == 422 and b'"type":"json_invalid"' in answer.body:
        name = "no JSON"
    return (name or f"status {answer.status}", *answer), list(CALLS)


def judge_of(plan: Plan) -> Judge | None:
    """`FastRoute` against FastAPI; None for a type that FastAPI or pydantic does not take."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            type_ = make(plan)
            theirs = _app(type_, APIRoute)
        except (*REFUSALS, FastAPIError):
            return None
        ours = _app(type_, FastRoute)

    def judge(data: bytes) -> tuple[Any, Any]:
        if APART.search(ESCAPED.sub(lambda found: bytes.fromhex(found[1].decode()), data)):
            return (("apart",), []), (("apart",), [])
        expected = _answer(theirs, data)
        if len(expected[0][3]) > LONGEST:
            return (("long",), []), (("long",), [])
        return _answer(ours, data), expected

    return judge


def compare(plan: Plan, data: bytes) -> None:
    """Show a difference again.

    Raises
    ------
    Differs
        If there is one.
    """
    judge = judge_of(plan)
    assert judge is not None, "FastAPI does not take this type"
    results = judge(data)
    if results[0] != results[1]:
        raise Differs(plan, data, results, "tests.differential.routes.compare")
