"""One JSON request to an embeddings server, bounded in time and size. Nothing else uses the network."""

from __future__ import annotations

import http.client
import ipaddress
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from spw_core.search.embedders import EmbedderFailed
from spw_core.text import clean_line

_MAX_ANSWER = 64 * 1024 * 1024
_BLOCK = 65536
_LONGEST_REASON = 120


@dataclass(frozen=True, slots=True)
class Server:
    """Where embeddings come from. `url` may have a path, which goes before that of a request.

    Only this machine is called unless `allow_remote`: texts of the workspace would leave it. Proxies of the
    environment are not used, and redirects not followed, for the same reason.
    """

    url: str
    allow_remote: bool = False
    key: str = ""

    def post(self, path: str, body: Mapping[str, object], timeout_s: float) -> tuple[int, object]:
        """(status, parsed answer) of a POST; the answer is None when it is no JSON."""
        return self._request("POST", path, json.dumps(body).encode(), timeout_s)

    def get(self, path: str, timeout_s: float) -> tuple[int, object]:
        """(status, parsed answer) of a GET. Both raise EmbedderFailed when no answer came in time."""
        return self._request("GET", path, None, timeout_s)

    def _request(self, method: str, path: str, body: bytes | None, timeout_s: float) -> tuple[int, object]:
        parts = self._checked()
        deadline = time.monotonic() + timeout_s
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        try:
            connection = kind(parts.hostname or "", parts.port, timeout=timeout_s)
            try:
                connection.request(method, parts.path.rstrip("/") + path, body, self._headers())
                response = connection.getresponse()
                answer = _read(connection, response, deadline)
            finally:
                connection.close()
        except TimeoutError as error:
            raise EmbedderFailed(f"{self.name} did not answer within {timeout_s:g} s") from error
        except ConnectionRefusedError as error:
            raise EmbedderFailed(f"{self.name} is not answering") from error
        except (OSError, http.client.HTTPException, UnicodeError, ValueError) as error:
            reason = clean_line(str(getattr(error, "strerror", "") or error or type(error).__name__))
            raise EmbedderFailed(f"{self.name} cannot be asked: {reason[:_LONGEST_REASON]}") from error
        try:
            return response.status, json.loads(answer)
        except (ValueError, RecursionError):
            return response.status, None

    @property
    def name(self) -> str:
        """Host and port, for messages; a password in the URL is none of them."""
        try:
            parts = urlsplit(self.url)
            return f"{parts.hostname or 'the server'}{f':{parts.port}' if parts.port else ''}"
        except ValueError:
            return "the server"

    def _checked(self) -> SplitResult:
        try:
            parts = urlsplit(self.url)
            usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
        except ValueError:
            usable = False
        if not usable:
            raise EmbedderFailed("store.embeddings_url is no http URL")
        if not self.allow_remote and not _is_loopback(parts.hostname or ""):
            raise EmbedderFailed(
                f"{self.name} is not this machine",
                "Texts would leave it: set store.allow_remote = true if that is meant.",
            )
        return parts

    def _headers(self) -> dict[str, str]:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        return headers | ({"Authorization": f"Bearer {self.key}"} if self.key else {})


def _read(
    connection: http.client.HTTPConnection, response: http.client.HTTPResponse, deadline: float
) -> bytes:
    """The body, as long as it comes before the deadline: one that drips must not hold anybody up."""
    pieces: list[bytes] = []
    size = 0
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        if connection.sock is not None:
            connection.sock.settimeout(left)
        piece = response.read1(_BLOCK)
        if not piece:
            return b"".join(pieces)
        pieces.append(piece)
        size += len(piece)
        if size > _MAX_ANSWER:
            raise ValueError("the answer is too long")


def _is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def reason_of(status: int, answer: object) -> str:
    """What a server says went wrong, in a few words."""
    error = answer.get("error") if isinstance(answer, dict) else None
    if isinstance(error, dict):
        error = error.get("message")
    text = clean_line(str(error))[:_LONGEST_REASON] if error else "no reason given"
    return f"HTTP {status}: {text}"
