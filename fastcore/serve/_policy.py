"""What a route's clients may send and are told: the arguments of `install`.

A hostile body can make FastAPI answer with several times its size, for every error shows what was
given, and one that something is missing shows all of the object around. Here the answer is cut
where it is large, and only there: what fits is FastAPI's own.
"""

import json
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from .._options import checked_limit, shortened

__all__ = ["Policy"]

Handler = Callable[[Request], Coroutine[Any, Any, Response]]

#: Bytes of JSON that the errors of one answer may have, where no argument says how long each is.
MOST = 16 * 1024 - 256
#: What is tried, one after the other, for the length of each input until the whole fits.
_LENGTHS = (1024, 256, 64, 16)
#: The most characters of a key, a message or a context: they can hold what was sent as well.
_TEXT = 256


def _plain(value: object) -> Any:
    """About what FastAPI's encoder makes of it."""
    return vars(value) if isinstance(value, BaseException) else str(value)


_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_plain)


@dataclass(frozen=True)
class Policy:
    """Limits of one route.

    Parameters
    ----------
    hide_input, max_errors, max_input, max_body
        As in `install`.
    """

    hide_input: bool = False
    max_errors: int | None = None
    max_input: int | None = None
    max_body: int | None = None

    def __post_init__(self) -> None:
        for name, least in (("max_errors", 1), ("max_input", 0), ("max_body", 0)):
            checked_limit(name, getattr(self, name), least)

    def handler(self, inner: Handler) -> Handler:
        """`inner` under this policy."""
        if self == Policy():
            return inner

        async def handle(request: Request) -> Response:
            if self.max_body is not None:
                _limit(request, self.max_body)
            try:
                return await inner(request)
            except RequestValidationError as error:
                error._errors = self.edited(error.errors())
                error.args = (error._errors,)  # its repr, and in older FastAPI its text
                raise

        return handle

    def edited(self, errors: Iterable[Any]) -> list[Any]:
        """The errors as a client gets them."""
        found = list(errors)
        total = len(found)
        shown = found[: self.max_errors]
        if self.hide_input:
            shown = [_hidden(error) for error in shown]
        if self.max_input is not None:
            shown = _cut(shown, self.max_input)
        elif self.max_errors is not None and _size(shown, MOST) > MOST:
            shown = _fitting(shown)
        if len(shown) < total:
            shown.append(_rest(len(shown), total, found[0]))
        return shown


def _fitting(errors: list[Any]) -> list[Any]:
    """The errors, shortened so that they fit into `MOST`; the first of them where that fails."""
    for length in _LENGTHS:
        errors = _cut(errors, length)
        if _size(errors, MOST) <= MOST:
            return errors
    room, kept = MOST - 256, 0  # some is for what says how many there were
    for error in errors:
        room -= _size(error, MOST) + 1
        kept += room > 0
    return errors[:kept]


def _rest(shown: int, total: int, first: Any) -> dict[str, Any]:
    """What stands at the end of a list that is not whole."""
    return {
        "type": "errors_truncated",
        "loc": tuple(first.get("loc", ()))[:1],
        "msg": f"{total - shown} more errors are not listed",
        "ctx": {"shown": shown, "total": total},
    }


def _hidden(error: Any) -> Any:
    """The error without what was given; names of keys in its place stay."""
    if not isinstance(error, dict):
        return error
    kept = {key: value for key, value in error.items() if key != "input"}
    if kept.get("type") == "union_tag_invalid" and "tag" in kept.get("ctx", ()):
        kept["msg"] = str(kept["msg"]).replace(f"'{kept['ctx']['tag']}'", "'…'", 1)
        kept["ctx"] = {**kept["ctx"], "tag": "…"}
    return kept


def _cut(errors: list[Any], length: int) -> list[Any]:
    """The errors with no input longer than `length`, and nothing else longer than some line."""
    known: dict[int, Any] = {}  # the object that lacks ten fields is the input of ten errors

    def short(value: Any, most: int) -> Any:
        if id(value) not in known:
            known[id(value)] = shortened(value, most)
        return known[id(value)]

    def text(value: Any) -> Any:
        return shortened(value, _TEXT) if isinstance(value, str) else value

    cut = []
    for error in errors:
        if isinstance(error, dict):
            error = dict(error)
            if "input" in error:
                error["input"] = short(error["input"], length)
            if "ctx" in error:
                error["ctx"] = {key: text(value) for key, value in error["ctx"].items()}
            error["loc"] = tuple(text(part) for part in error.get("loc", ()))
            error["msg"] = text(error.get("msg"))
        cut.append(error)
    return cut


def _size(value: Any, most: int) -> int:
    """Bytes of the value's JSON; counted no further than it takes to be more than `most`."""
    size = 0
    try:
        for part in _JSON.iterencode(value):
            size += len(part.encode("utf-8", "surrogatepass"))
            if size > most:
                break
    except (TypeError, ValueError, RecursionError):  # what FastAPI's encoder may still know
        return most + 1
    return size


def _limit(request: Request, most: int) -> None:
    """Refuse a body of more bytes: by what the headers say, or as soon as so many have come.

    Raises
    ------
    starlette.exceptions.HTTPException
        413, now or when the body is read.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared[:20]) > most:
        raise HTTPException(413, "Content Too Large")
    receive, size = request._receive, 0

    async def counted() -> Any:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > most:
            raise HTTPException(413, "Content Too Large")
        return message

    request._receive = counted
