"""The metrics of a process, on a port of their own: no door of the platform leads there."""

import asyncio
import contextlib
import socket

from prometheus_client import make_asgi_app

from shared.hosting.connections import Bounds, Connections
from shared.hosting.server import Server
from shared.telemetry import logger

_BOUNDS = Bounds(total=64, per_source=0)
_AGAIN_S = 10.0

log = logger(__name__)


async def tell_metrics(host: str, port: int) -> None:
    """Answer everybody who reaches ``host:port`` with the metrics, until cancelled.

    A port that is taken is told once and tried again: the platform does not wait for it.
    """
    listening = await _taken(host, port)
    server = Server(make_asgi_app(), (host, port), Connections(_BOUNDS, counted=False))
    server.sockets = [listening]
    with contextlib.closing(listening):
        await server.run_until_exit(lambda: log.info("metrics.told", host=host, port=port))


async def _taken(host: str, port: int) -> socket.socket:
    told = False
    while True:
        try:
            return socket.create_server((host, port))
        except OSError as error:
            if not told:
                log.warning("metrics.untold", host=host, port=port, cause=error.strerror)
            told = True
            await asyncio.sleep(_AGAIN_S)
