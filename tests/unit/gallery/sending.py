"""Requests that an HTTP client will not send: those that break off in the middle."""

from collections.abc import Sequence
from typing import Any

import httpx


async def broken_off(
    client: httpx.AsyncClient,
    method: str,
    path: str,
    *,
    chunks: Sequence[bytes],
    headers: dict[str, str],
) -> list[dict[str, Any]]:
    """Send the chunks of a body and go away; return what the application said to nobody."""
    whole = {**client.headers, **headers}
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method,
        "scheme": "http", "path": path, "raw_path": path.encode(), "query_string": b"",
        "root_path": "", "server": ("loupe", 80), "client": ("test", 1),
        "headers": [(k.lower().encode(), v.encode()) for k, v in whole.items()],
    }  # fmt: skip
    waiting = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    said: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        said.append(message)

    await client._transport.app(scope, receive, send)
    return said
