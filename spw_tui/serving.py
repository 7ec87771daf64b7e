"""The app in a browser: textual-serve, behind a key that only the printed address holds.

A port on loopback is open to every account of the machine, and to every page in its browser: a page may open
a websocket to any address. So whoever has no key sees nothing, and pages of other origins are turned away
even where the browser would send the key along.
"""

from __future__ import annotations

import secrets
import socket
import sys
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web
from textual_serve.server import Server

from spw_core.errors import SpwError

_THIS_MACHINE = ("127.0.0.1", "localhost", "::1")
_ANY = ("0.0.0.0", "::", "")
_LAST_PORT = 65535

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def serve(command: str, host: str, port: int) -> None:
    """Serve what the shell command runs, one process per browser tab, until ctrl+c. Port 0 is any free one.

    Raises SpwError for an address that cannot be had.
    """
    listening = listen(host, port)
    port = listening.getsockname()[1]
    key = secrets.token_urlsafe(16)
    shown = socket.gethostname() if host in _ANY else f"[{host}]" if ":" in host else host
    print(f"spw-tui: open http://{shown}:{port}/?key={key} in a browser; ctrl+c ends", flush=True)
    if host not in _THIS_MACHINE:
        print(
            "spw-tui: not loopback, not encrypted: whoever has this address can read the workspace",
            file=sys.stderr,
            flush=True,
        )
    server = GuardedServer(command, host, port, key)
    web.run_app(server.guarded(), sock=listening, print=None, access_log=None)


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens at an address. Raises SpwError, with what to do about it."""
    if not 0 <= port <= _LAST_PORT:
        raise SpwError(f"cannot serve on {host}:{port}: no such port", f"Ports go up to {_LAST_PORT}.")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        reason = error.strerror or str(error)
        raise SpwError(f"cannot serve on {host}:{port}: {reason}", "--port chooses another port.") from error


# The page of textual-serve asks a font of Google, which would learn who opens a workspace, and when; without
# a network the page would wait for it.
_OWN_THINGS_ONLY = "; ".join(
    ["default-src 'self' 'unsafe-inline'", "connect-src 'self' ws: wss:", "img-src 'self' data:"]
)


class GuardedServer(Server):
    """Textual's server for those who have the key; its pages point to the host that the browser asked."""

    def __init__(self, command: str, host: str, port: int, key: str) -> None:
        self._asked: ContextVar[str] = ContextVar("asked", default=f"http://{host}:{port}")
        super().__init__(command, host=host, port=port, title="spw")
        self._key = key
        self._cookie = f"spw-{port}"  # cookies do not tell ports apart

    @property
    def public_url(self) -> str:
        """Where the browser found us, which a forwarded port makes different from where we listen."""
        return self._asked.get()

    @public_url.setter
    def public_url(self, url: str) -> None:
        self._asked.set(url)

    async def guarded(self) -> web.Application:
        """The web application, to be run."""
        app: web.Application = await self._make_app()
        app.middlewares.append(self._guard)
        return app

    async def on_startup(self, app: Any) -> None:
        """The address was printed before."""

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        origin = request.headers.get("Origin")
        if origin and urlsplit(origin).netloc != request.host:
            raise web.HTTPForbidden(text="spw-tui: another page may not open this.\n")
        if request.path == "/" and self._is_key(request.query.get("key", "")):
            arrived = web.HTTPFound("/")  # so that the key stays in no address bar
            arrived.set_cookie(self._cookie, self._key, httponly=True, samesite="Lax")
            raise arrived
        if not self._is_key(request.cookies.get(self._cookie, "")):
            raise web.HTTPForbidden(text="spw-tui: open the address that was printed, with its key.\n")
        self._asked.set(f"http://{request.host}")
        answer = await handler(request)
        if not answer.prepared:
            answer.headers["Content-Security-Policy"] = _OWN_THINGS_ONLY
        return answer

    def _is_key(self, key: str) -> bool:
        return secrets.compare_digest(key.encode(), self._key.encode())
