"""One request through an ASGI app, in process, and everything that came out of it."""

import asyncio
from collections.abc import Sequence
from typing import Any, NamedTuple


class Answer(NamedTuple):
    """What a client sees (status, headers, body), and what the app raised to its server."""

    status: int | None
    headers: list[tuple[bytes, bytes]]
    body: bytes
    raised: str | None


JSON = (b"content-type", b"application/json")


async def acall(
    app: Any,
    path: str,
    body: bytes | Sequence[bytes | None] = b"",
    *,
    method: str = "POST",
    headers: Sequence[tuple[bytes, bytes]] = (JSON,),
    query: bytes = b"",
) -> Answer:
    """Send one request; a sequence of chunks is a streamed body, None in it a client that left."""
    chunks = [body] if isinstance(body, bytes) else list(body)
    messages: list[dict[str, Any]] = []
    for i, chunk in enumerate(chunks):
        if chunk is None:
            messages.append({"type": "http.disconnect"})
        else:
            more = i + 1 < len(chunks)
            messages.append({"type": "http.request", "body": chunk, "more_body": more})
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "scheme": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query,
        "root_path": "",
        "headers": [(b"host", b"testserver"), *headers],
        "client": ("testclient", 50000),
        "server": ("testserver", 80),
    }
    raised = None
    try:
        await app(scope, receive, send)
    except Exception as error:
        raised = f"{type(error).__name__}: {error}"
    status = sent[0]["status"] if sent else None
    head = list(sent[0]["headers"]) if sent else []
    return Answer(status, head, b"".join(m.get("body", b"") for m in sent[1:]), raised)


def call(app: Any, path: str, body: bytes | Sequence[bytes | None] = b"", **kwargs: Any) -> Answer:
    """`acall` in an event loop of its own."""
    return asyncio.run(acall(app, path, body, **kwargs))
