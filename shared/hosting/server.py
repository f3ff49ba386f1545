"""The HTTP server: uvicorn, with the bounds of `shared.hosting.connections`."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator

import uvicorn
from starlette.types import ASGIApp

from shared.hosting.connections import Connections

_LOOK_S = 0.02
_OPEN_REQUESTS_S = 5


class Server(uvicorn.Server):
    """Serves one application until ``should_exit`` is set."""

    def __init__(
        self,
        face: ASGIApp,
        address: tuple[str, int],
        connections: Connections,
        *,
        trusted_proxies: str = "",
    ) -> None:
        """Bind the parts; ``address`` is host and port.

        What ``X-Forwarded-For`` says of a client is believed of the addresses and networks in
        ``trusted_proxies`` alone, ``*`` being all.
        """
        host, port = address
        super().__init__(
            uvicorn.Config(
                face,
                host=host,
                port=port,
                http=connections.protocol,
                ws="none",
                log_config=None,
                log_level="error",
                access_log=False,
                proxy_headers=bool(trusted_proxies),
                forwarded_allow_ips=trusted_proxies,
                lifespan="off",
                timeout_graceful_shutdown=_OPEN_REQUESTS_S,
            )
        )
        self._connections = connections
        self.sockets: list[socket.socket] | None = None
        """Those that listen already, where the server shall not open one itself."""

    async def run_until_exit(self, ready: Callable[[], None]) -> None:
        """Serve; ``ready`` is called once connections are taken."""
        watching = asyncio.create_task(self._connections.watch(), name="connections")
        serving = asyncio.create_task(self.serve(self.sockets))
        try:
            while not self.started and not serving.done():  # noqa: ASYNC110  it tells no other way
                await asyncio.sleep(_LOOK_S)
            if self.started:
                ready()
            await serving
        finally:
            watching.cancel()
            serving.cancel()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to the host: the server would end the process before it closes."""
        yield
