"""The app in a browser: whoever has the key gets it, nobody else; what stops it is one line."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys

import pytest

from spw_core.api import Workspace
from spw_core.errors import SpwError
from spw_tui import main


def test_without_the_extra_it_says_how_to_get_it(
    demo_harvested: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "textual_serve.server", None)
    monkeypatch.delitem(sys.modules, "spw_tui.serving", raising=False)
    assert main(["--serve", str(demo_harvested.paths.root)]) == 1
    assert capsys.readouterr().err.count("spw[serve]") == 1


def test_what_is_served_and_where(demo_harvested: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    serving = pytest.importorskip("spw_tui.serving", exc_type=ImportError)
    served: list[tuple[str, str, int]] = []
    monkeypatch.setattr(serving, "serve", lambda *args: served.append(args))
    root = str(demo_harvested.paths.root)
    assert main(["--serve", root]) == 0
    assert main(["--serve", "--host", "0.0.0.0", "--port", "9000", root]) == 0
    assert [(host, port) for _, host, port in served] == [("127.0.0.1", 8766), ("0.0.0.0", 9000)]
    assert all(root in command for command, _, _ in served)


def test_a_port_that_is_taken_is_one_line(
    demo_harvested: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("spw_tui.serving", exc_type=ImportError)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["--serve", "--port", str(port), str(demo_harvested.paths.root)]) == 1
    message = capsys.readouterr().err
    assert f"127.0.0.1:{port}" in message and "--port" in message and message.count("\n") == 2


@pytest.mark.parametrize(("host", "port"), [("127.0.0.1", 70_000), ("192.0.2.7", 0)])
def test_addresses_that_cannot_be_had(host: str, port: int) -> None:
    serving = pytest.importorskip("spw_tui.serving", exc_type=ImportError)
    with pytest.raises(SpwError, match=f"{host}:{port}"):
        serving.listen(host, port)


def test_beyond_this_machine_there_is_a_warning(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    serving = pytest.importorskip("spw_tui.serving", exc_type=ImportError)

    def run(app: object, *, sock: socket.socket, **_: object) -> None:
        app.close()  # type: ignore[attr-defined]
        sock.close()

    monkeypatch.setattr(serving.web, "run_app", run)
    serving.serve("true", "127.0.0.1", 0)
    said = capsys.readouterr()
    assert "http://127.0.0.1:" in said.out and "?key=" in said.out and said.err == ""
    serving.serve("true", "0.0.0.0", 0)
    said = capsys.readouterr()
    assert socket.gethostname() in said.out and "can read the workspace" in said.err


async def test_a_browser_with_the_key_gets_the_app(demo_harvested: Workspace) -> None:
    pytest.importorskip("spw_tui.serving", exc_type=ImportError)
    program = "import sys, spw_tui; sys.exit(spw_tui.main())"
    command = [sys.executable, "-c", program, "--serve", "--port", "0", str(demo_harvested.paths.root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            address = re.search(r"http://\S+", server.stdout.readline())
            assert address is not None
            await _browse(address[0])
        finally:
            server.send_signal(signal.SIGINT)
    assert server.returncode == 0


async def _browse(address: str) -> None:
    """Knock without the key, then with it, then look at the first screen until it is there."""
    import aiohttp

    here = address.partition("/?")[0]
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
        for path in ("/", "/?key=other", "/ws", "/static/js/textual.js", "/download/x"):
            async with browser.get(here + path) as answer:
                assert answer.status == 403, path
        async with browser.get(address) as answer:
            assert answer.status == 200 and "key" not in answer.url.query
            assert f"{here.replace('http', 'ws', 1)}/ws" in await answer.text()
            assert answer.headers["Content-Security-Policy"].startswith("default-src 'self'")
        with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
            await browser.ws_connect(f"{here}/ws", headers={"Origin": "http://elsewhere.example"})
        async with browser.ws_connect(f"{here}/ws?width=120&height=36", headers={"Origin": here}) as app:
            drawn = b""
            while b"NEEDS ME NOW" not in drawn:
                drawn += await app.receive_bytes(timeout=60)
            await app.send_json(["stdin", "q"])
            while not app.closed:
                await app.receive(timeout=60)
