"""What a route must know of a request before C may read its body: FastAPI's own rules."""

import email.message
import functools
from collections.abc import Iterable

from starlette.requests import ClientDisconnect, Request

__all__ = ["content_type", "is_json", "read_body"]


@functools.lru_cache(maxsize=256)
def is_json(value: str) -> bool:
    """Whether FastAPI takes a body of this Content-Type for JSON.

    ``application/json`` and ``application/*+json``, in any case and with any parameters (a charset
    is not heeded). The standard library's parser decides, as there; only the answer is kept.
    """
    message = email.message.Message()
    message["content-type"] = value
    if message.get_content_maintype() != "application":
        return False
    subtype = message.get_content_subtype()
    return subtype == "json" or subtype.endswith("+json")


def content_type(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """The first Content-Type among an ASGI scope's headers, as ``request.headers`` gives it."""
    for name, value in headers:
        if name == b"content-type":
            return value.decode("latin-1")
    return None


_BODY = Request.body
_STREAM = Request.stream
#: Whether Starlette keeps a body where this module puts it.
_FAMILIAR = {"_body", "_receive", "_stream_consumed", "_is_disconnected"} <= {
    *_BODY.__code__.co_names,
    *_STREAM.__code__.co_names,
}


async def read_body(request: Request) -> bytes:
    """``await request.body()``, without its generators where the request is Starlette's own.

    Raises
    ------
    starlette.requests.ClientDisconnect
        If the client leaves before the body is whole.
    Exception
        What ``receive`` raises: a body limit, say.
    """
    if (
        type(request) is not Request
        or not _FAMILIAR
        or Request.body is not _BODY
        or Request.stream is not _STREAM
        or hasattr(request, "_body")
        or request._stream_consumed
    ):
        return await request.body()
    chunks: list[bytes] = []
    receive = request._receive
    more = True
    while more:
        message = await receive()
        kind = message["type"]
        if kind == "http.request":
            more = message.get("more_body", False)
            if chunk := message.get("body", b""):
                chunks.append(chunk)
        elif kind == "http.disconnect":
            request._is_disconnected = True
            raise ClientDisconnect
    request._stream_consumed = True
    # One chunk is the common case: it is not copied.
    body = chunks[0] if len(chunks) == 1 and type(chunks[0]) is bytes else b"".join(chunks)
    request._body = body
    return body
