"""Serving over HTTP until someone ends it."""

import signal
import socket
import sys
from collections.abc import Callable
from typing import Any

import uvicorn


def run(app: Any, host: str, port: int, told: Callable[[str], None]) -> None:
    """Serves an ASGI application until SIGINT or SIGTERM.

    Args:
        app: The application.
        host: Address to bind.
        port: Port; 0 takes a free one.
        told: Given the address once requests are answered.

    Raises:
        OSError: The address cannot be bound.
    """
    bound = _bind(host, port)
    shown = f"[{host}]" if ":" in host else host
    address = f"http://{shown}:{bound.getsockname()[1]}/"
    config = uvicorn.Config(
        app,
        access_log=False,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=5,
    )
    # uvicorn raises it again at its end; what is open is then closed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        _Server(config, lambda: told(address)).run(sockets=[bound])
    except KeyboardInterrupt:
        pass
    finally:
        bound.close()


class _Server(uvicorn.Server):
    """Tells when it has started."""

    def __init__(self, config, started):
        super().__init__(config)
        self._tell = started

    async def startup(self, sockets=None):
        await super().startup(sockets)
        if self.started:
            self._tell()


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sends at once (TCP_NODELAY) only where the protocol is named; an
    # answer would wait 40 ms for its second half.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise OSError(
            f"{host}:{port} cannot be bound ({error.strerror or error}); name "
            "another --host or --port."
        ) from error
    return bound
