"""What a route must know of a request before C may read its body: FastAPI's own rules."""

import email.message
import functools
from collections.abc import Iterable

__all__ = ["content_type", "is_json"]


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
