"""The app against an empty Textual app in the same run: first picture, memory; lists, documents, keys."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import select
import signal
import statistics
import struct
import sys
import tempfile
import termios
import time
from collections.abc import Callable
from pathlib import Path

from spw_core.api import Workspace
from spw_core.demo.generate import generate
from tests.bench.measure import report

SIZES = (10, 100, 1000)
RUNS = 11
_EMPTY = (
    "from textual.app import App\nfrom textual.widgets import Static\nclass A(App):\n"
    "    def compose(self):\n        yield Static('READY')\nA().run()"
)
_OURS = "import sys, spw_tui; sys.exit(spw_tui.main())"
_SECTION = "## Heading\n\nSome *text* with `code`.\n\n- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n"
_WAIT_S = 30.0


def run() -> None:
    """First picture and memory at each size, then what happens inside the app."""
    for size in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            generate(Path(folder, "ws"), specs=size)
            workspace = Workspace.open(Path(folder, "ws"))
            workspace.harvest()
            _start(workspace, size, folder)
            asyncio.run(_keys(workspace, size))
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_inside(Path(folder)))


def _start(workspace: Workspace, size: int, home: str) -> None:
    ratios, memory = [], []
    for _ in range(RUNS):
        empty = _paint([sys.executable, "-c", _EMPTY], b"READY", home)
        ours = _paint([sys.executable, "-c", _OURS, str(workspace.paths.root)], b"SPECS", home)
        ratios.append(ours[0] / empty[0])
        memory.append(ours[1] / empty[1])
    report(f"tui.first_paint.{size}_specs", statistics.median(ratios), "x empty Textual app")
    settled = _paint(
        [sys.executable, "-c", _OURS, str(workspace.paths.root)], b"NEEDS ME NOW", home, rest=3.0
    )
    empty = _paint([sys.executable, "-c", _EMPTY], b"READY", home, rest=1.0)
    report(f"tui.memory.{size}_specs", settled[1] / empty[1], "x empty Textual app")


def _paint(command: list[str], marker: bytes, home: str, rest: float = 0.0) -> tuple[float, int]:
    """(seconds until the marker is written to a terminal, resident bytes after `rest` more seconds)."""
    started = time.perf_counter()
    pid, fd = pty.fork()
    if pid == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 36, 120, 0, 0))
        os.environ.update(TERM="xterm-256color", COLORTERM="truecolor", HOME=home)
        os.execv(command[0], command)
    written = b""
    try:
        while marker not in written:
            if not select.select([fd], [], [], _WAIT_S)[0]:
                raise TimeoutError(f"{command} does not write {marker!r}")
            written += os.read(fd, 65536)
        seconds = time.perf_counter() - started
        until = time.monotonic() + rest
        while (left := until - time.monotonic()) > 0:
            if select.select([fd], [], [], left)[0]:
                os.read(fd, 65536)
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        return seconds, pages * os.sysconf("SC_PAGE_SIZE")
    finally:
        os.kill(pid, signal.SIGKILL)
        os.close(fd)
        os.waitpid(pid, 0)


async def _keys(workspace: Workspace, size: int) -> None:
    """From a key in the search to the results that it brings."""
    from spw_tui.screens.search import SearchScreen
    from tests.tui_support import make_app, settle

    app = make_app(workspace)
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await pilot.press("slash")
        search = app.screen
        assert isinstance(search, SearchScreen)
        await settle(pilot)
        times = []
        for key in "flaky login test of the checkout":
            before = search._answer
            started = time.perf_counter()
            search.query_input.set(search.text + key)
            while search._answer is before:
                await asyncio.sleep(0.001)
            times.append((time.perf_counter() - started) * 1000)
        times.sort()
        report(f"tui.key_to_results_p95.{size}_specs", times[int(len(times) * 0.95)], "ms")


async def _inside(folder: Path) -> None:
    """A big document, a long list, and a change of focus."""
    from spw_tui.refs import DocumentRef
    from spw_tui.rows import Row, cell
    from tests.tui_support import browse, make_app, settle

    spec = folder / ".spec-workflow" / "specs" / "alpha"
    spec.mkdir(parents=True)
    (spec / "design.md").write_text(_SECTION * (500_000 // len(_SECTION)))
    app = make_app(Workspace.open(folder))
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        screen = browse(app)
        stalls, stop = [], asyncio.Event()

        async def watch() -> None:
            while not stop.is_set():
                started = time.perf_counter()
                await asyncio.sleep(0.001)
                stalls.append((time.perf_counter() - started) * 1000)

        watcher = asyncio.create_task(watch())
        started = time.perf_counter()
        screen.preview.open(DocumentRef("alpha", "design.md"), pause=0)
        while not screen.preview.view.virtual_size.height:
            await asyncio.sleep(0.001)
        report("tui.markdown_500_kb.first_paint", (time.perf_counter() - started) * 1000, "ms")
        await settle(pilot)
        stop.set()
        await watcher
        stalls.sort()
        report("tui.markdown_500_kb.stall_p95", stalls[int(len(stalls) * 0.95)], "ms")
        many = [Row(str(number), ((cell(f"row {number}", grow=True),),)) for number in range(100_000)]
        started = time.perf_counter()
        screen.rows_list.show(many, fresh=True)
        screen.rows_list.render_lines(screen.rows_list.size.region)
        report("tui.list_100000.first_paint", (time.perf_counter() - started) * 1000, "ms")

        async def until_idle(change: Callable[[], object]) -> float:
            started = time.perf_counter()
            change()
            await pilot.pause()
            return (time.perf_counter() - started) * 1000

        waiting = statistics.median([await until_idle(lambda: None) for _ in range(20)])
        changing = statistics.median([await until_idle(screen.action_next_pane) for _ in range(20)])
        report("tui.focus_change.median", changing - waiting, "ms")
