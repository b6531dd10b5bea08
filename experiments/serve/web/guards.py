"""What stands between strangers and the service."""

import dataclasses
import hmac
import ipaddress
import os
import pathlib
from typing import Any

from starlette import exceptions
from starlette import responses

# The page itself asks for the token, and tells nothing of the items.
_OPEN = ("/", "/healthz", "/docs", "/openapi.json", "/favicon.ico")
_SHORTEST_TOKEN = 16


@dataclasses.dataclass(frozen=True)
class Access:
    """Who may do what.

    Attributes:
        host: Address that is bound.
        token: What a writer has to show, or empty.
        token_reads: Whether readers have to show it, too.

    Raises:
        ValueError: Others could write: the address is public, and there is no
            token.
    """

    host: str = "127.0.0.1"
    token: str = ""
    token_reads: bool = False

    def __post_init__(self):
        """Refuses what would be open to all."""
        if self.is_public and not self.token:
            raise ValueError(
                f"{self.host} can be reached from other machines, and there "
                "everybody could add and remove items: give --token_file, or "
                "bind 127.0.0.1."
            )
        if self.token_reads and not self.token:
            raise ValueError("--token_reads needs --token_file.")

    @property
    def is_public(self) -> bool:
        """Whether other machines may reach the address."""
        if self.host == "localhost":
            return False
        try:
            return not ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return True

    def needs_token(self, method: str, path: str) -> bool:
        """Whether a request has to show the token."""
        if not self.token or path in _OPEN:
            return False
        reads = method in ("GET", "HEAD") or path == "/search"
        return self.token_reads or not reads

    def knows(self, header: str) -> bool:
        """Whether an `Authorization` header shows the token."""
        kind, _, shown = header.partition(" ")
        return kind.lower() == "bearer" and hmac.compare_digest(
            shown.strip().encode(), self.token.encode()
        )

    def takes_host(self, header: str) -> bool:
        """Whether a `Host` header names this service.

        A page of another site may have its name lead here; a browser then
        sends that name.
        """
        if self.is_public:
            return True
        name = header.rpartition(":")[0] if _has_port(header) else header
        name = name.strip("[]")
        return name in ("localhost", "127.0.0.1", "::1", self.host)


def read_token(path: str | os.PathLike) -> str:
    """The token in a file.

    Raises:
        ValueError: It is too short to be safe, or no single line of ASCII.
        OSError: The file cannot be read.
    """
    token = pathlib.Path(path).read_text("utf-8", errors="replace").strip()
    plain = token.isascii() and token.isprintable() and " " not in token
    if len(token) < _SHORTEST_TOKEN or not plain:
        raise ValueError(
            f"{path} must hold one line of at least {_SHORTEST_TOKEN} letters "
            "and digits; make one: openssl rand -hex 32."
        )
    return token


class Guard:
    """Refuses foreign hosts and pages, missing tokens and large requests.

    Args:
        app: The ASGI application behind it.
        access: Who may do what.
        most_bytes: Largest request.
    """

    def __init__(self, app: Any, access: Access, most_bytes: int):
        self._app = app
        self._access = access
        self._most_bytes = most_bytes

    async def __call__(self, scope, receive, send):
        """Hands a request on, or refuses it."""
        if scope["type"] == "websocket":
            # There is none.
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refused = self._refused(scope)
        if refused is not None:
            status, error, more = refused
            answer = responses.JSONResponse({"error": error}, status, more)
            await answer(scope, receive, send)
            return
        await self._app(scope, self._counted(receive), send)

    def _refused(self, scope) -> tuple[int, str, dict[str, str]] | None:
        """Status, sentence and headers; None where all is well."""
        headers = {
            name.decode("latin-1"): value.decode("latin-1")
            for name, value in scope["headers"]
        }
        method, path = scope["method"], scope["path"]
        host = headers.get("host", "")
        if not self._access.takes_host(host):
            return 403, f"This service is not {host[:80]!r}.", {}
        origin = headers.get("origin")
        if method not in ("GET", "HEAD") and origin is not None:
            if origin.partition("://")[2] != host:
                return 403, "Pages of other sites may not ask.", {}
        if self._access.needs_token(method, path) and not self._access.knows(
            headers.get("authorization", "")
        ):
            more = {"WWW-Authenticate": "Bearer"}
            return 401, "This needs the token: Authorization: Bearer ...", more
        length = headers.get("content-length", "0")
        if length.isdecimal() and int(length) > self._most_bytes:
            return 413, self._too_large(), {"Connection": "close"}
        return None

    def _counted(self, receive):
        """`receive` that ends a request which grows too large."""
        count = 0

        async def counted():
            nonlocal count
            message = await receive()
            count += len(message.get("body", b""))
            if count > self._most_bytes:
                raise exceptions.HTTPException(413, self._too_large())
            return message

        return counted

    def _too_large(self) -> str:
        return f"A request has at most {self._most_bytes / 1e6:.0f} MB."


def _has_port(header: str) -> bool:
    return header.rpartition(":")[2].isdecimal() and not (
        header.count(":") > 1 and "]:" not in header
    )
