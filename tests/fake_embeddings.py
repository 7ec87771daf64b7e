"""A server for embeddings that does what a test tells it: well-behaved, slow, or broken in any way."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

DIMENSION = 8
MODEL = "nomic-embed-text"


def vector_of(text: str) -> list[float]:
    """A vector that depends on the words of a text, so that texts with common words are near."""
    numbers = [0.01] * DIMENSION
    for word in text.lower().split():
        numbers[hashlib.sha256(word.encode()).digest()[0] % DIMENSION] += 1.0
    return numbers


@dataclass
class FakeServer:
    """`fault` says what goes wrong from now on, `poison` with which texts alone.

    `seen` are the texts that were embedded, in order.
    """

    url: str = ""
    fault: str = ""
    poison: str = ""
    digest: str = "d1"
    dimension: int = DIMENSION
    longest: int = 10**9
    has_batches: bool = True
    seen: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)

    def vectors(self, texts: list[str]) -> list[Any]:
        self.seen += texts
        made: list[Any] = [(vector_of(text) * self.dimension)[: self.dimension] for text in texts]
        if self.poison and not any(self.poison in text for text in texts):
            return made
        match self.fault:
            case "wrong dimension":
                made = [vector[:-1] for vector in made]
            case "NaN":
                place = next((n for n, text in enumerate(texts) if self.poison in text), -1)
                made[place if self.poison else -1][0] = float("nan")
            case "zero":
                made[-1] = [0.0] * self.dimension
            case "texts":
                made[-1] = ["a"] * self.dimension
            case "nested":
                made[-1] = [[1.0]] * self.dimension
            case "half a batch":
                made = made[: len(made) // 2]
            case "too many":
                made.append(made[0])
            case "null":
                made[-1] = None
        return made


@contextmanager
def fake_server() -> Iterator[FakeServer]:
    """A server that speaks Ollama's and OpenAI's language on a free port."""
    server = FakeServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            self._answer(b"")

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers.get("Content-Length", 0))))

        def _answer(self, body: bytes) -> None:
            server.requests.append(self.path)
            server.headers.append(dict(self.headers))
            with suppress(BrokenPipeError, ConnectionResetError):  # the client has given up, as it should
                self._play(json.loads(body) if body else {})

        def _play(self, asked: dict[str, Any]) -> None:
            match server.fault:
                case "slow":
                    server.released.wait(20)
                case "drips":
                    self.send_response(200)
                    self.send_header("Content-Length", "100000")
                    self.end_headers()
                    while not server.released.wait(0.05):
                        self.wfile.write(b" ")
                        self.wfile.flush()
                    return None
                case "closes":
                    self.connection.close()
                    return None
                case "garbage":
                    self.wfile.write(b"\x00\xff not http at all\r\n\r\n")
                    self.close_connection = True
                    return None
                case "500":
                    return self._send(500, {"error": "model runner crashed\x1b[31m"})
                case "404 model":
                    return self._send(404, {"error": f'model "{MODEL}" not found, try pulling it first'})
                case "redirect":
                    self.send_response(307)
                    self.send_header("Location", "http://192.0.2.1/api/embed")
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return None
                case "bad JSON":
                    return self._send_bytes(200, b'{"embeddings": [[0.1, ')
                case "no object":
                    return self._send_bytes(200, b"[1, 2]")
                case "empty":
                    return self._send_bytes(200, b"")
                case "deep":
                    return self._send_bytes(200, b"[" * 200_000)
            if self.path == "/api/tags":
                return self._send(200, {"models": [{"name": f"{MODEL}:latest", "digest": server.digest}]})
            if self.path == "/api/embed" and not server.has_batches:
                return self._send_bytes(404, b"404 page not found")
            texts = asked.get("input", asked.get("prompt"))
            texts = texts if isinstance(texts, list) else [texts]
            if any(len(text) > server.longest for text in texts):
                return self._send(400, {"error": "the input length exceeds the context length"})
            if server.poison and server.fault == "poisoned 500" and any(server.poison in t for t in texts):
                return self._send(500, {"error": "json: unsupported value: NaN"})
            made = server.vectors(texts)
            if self.path == "/api/embed":
                return self._send(200, {"embeddings": made})
            if self.path == "/api/embeddings":
                return self._send(200, {"embedding": made[0] if made else []})
            if self.path == "/v1/embeddings":
                data = [{"index": place, "embedding": vector} for place, vector in enumerate(made)]
                return self._send(200, {"data": data[::-1]})
            return self._send(404, {"error": "unknown path"})

        def _send(self, status: int, answer: object) -> None:
            self._send_bytes(status, json.dumps(answer).encode())

        def _send_bytes(self, status: int, data: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    httpd.daemon_threads = True
    server.url = f"http://127.0.0.1:{httpd.server_address[1]}"
    thread = threading.Thread(target=httpd.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        httpd.shutdown()
        httpd.server_close()
        thread.join()


def unused_url() -> str:
    """A URL on this machine that nobody answers."""
    with fake_server() as server:
        url = server.url
    time.sleep(0)
    return url
