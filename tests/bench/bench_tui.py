"""The app against an empty Textual app in the same run: first picture, memory; lists, documents, keys.

First pictures and changes of focus are told in CPU time, which a busy machine does not stretch; what somebody
waits for, in wall time, which means something on an idle machine only.
"""

from __future__ import annotations

import asyncio
import fcntl
import gc
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
from pathlib import Path

from spw_core.api import Workspace
from spw_core.demo.generate import generate
from tests.bench.measure import report

SIZES = (10, 100, 1000)
MOST_CHUNKS = 100_000
RUNS = 7
FOCUS_CHANGES = 20
_EMPTY = (
    "from textual.app import App\nfrom textual.widgets import Static\nclass A(App):\n"
    "    def compose(self):\n        yield Static('READY')\nA().run()"
)
_OURS = "import sys, spw_tui; sys.exit(spw_tui.main())"
_SECTION = "## Heading\n\nSome *text* with `code`.\n\n- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n"
_WAIT_S = 30.0
_HAS_SCHEDSTAT = Path("/proc/self/schedstat").exists()
_BETWEEN_KEYS = 0.06
QUERIES = (
    "flaky login test",
    "rounding per VAT group",
    "status:blocked checkout",
    "idempotency key",
    "the test is passing with the token",
    "type:report spec:checkout retry",
    "wave handoff",
    "xyzzyqwrt test",
    "認証機能 test",
    "instável depois",
)


def run() -> None:
    """First picture and memory at each size, keys in the largest, then what happens inside the app.

    Budgets: first picture 1.3 and memory 2 times the empty app; key to results 50 ms; 500 KB of Markdown in
    150 ms and stalls of 30 ms; 100,000 rows in 100 ms; a change of focus in 15 ms.
    """
    for size in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            generate(Path(folder, "ws"), specs=size)
            workspace = Workspace.open(Path(folder, "ws"))
            workspace.harvest()
            _start(workspace, size, folder)
            if size == SIZES[-1]:
                asyncio.run(_keys(workspace))
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_inside(Path(folder)))


def _start(workspace: Workspace, size: int, home: str) -> None:
    command = [sys.executable, "-c", _OURS, str(workspace.paths.root)]
    nothing = [sys.executable, "-c", _EMPTY]
    ratios = []
    for _ in range(RUNS):
        empty, _ = _paint(nothing, b"READY", home)
        ours, _ = _paint(command, b"SPECS", home)
        ratios.append(ours / empty)
    report(f"tui.first_paint.{size}_specs", statistics.median(ratios), "x empty Textual app")
    settled = _paint(command, b"NEEDS ME NOW", home, rest=3.0)[1]
    empty_settled = _paint(nothing, b"READY", home, rest=1.0)[1]
    report(f"tui.memory.{size}_specs", settled / empty_settled, "x empty Textual app")


def _paint(command: list[str], marker: bytes, home: str, rest: float = 0.0) -> tuple[float, int]:
    """(CPU seconds until the marker is written to a terminal, resident bytes after `rest` more seconds)."""
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
        cpu = _cpu_seconds(pid)
        until = time.monotonic() + rest
        while (left := until - time.monotonic()) > 0:
            if select.select([fd], [], [], left)[0]:
                os.read(fd, 65536)
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        return cpu, pages * os.sysconf("SC_PAGE_SIZE")
    finally:
        os.kill(pid, signal.SIGKILL)
        os.close(fd)
        os.waitpid(pid, 0)


def _cpu_seconds(pid: int) -> float:
    """What a process and its threads have used so far."""
    fields = Path(f"/proc/{pid}/schedstat").read_text().split() if _HAS_SCHEDSTAT else []
    if fields:
        tasks = Path(f"/proc/{pid}/task").iterdir()
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


class Loop:
    """How long the event loop of the app was away: while it is, no key is answered."""

    def __init__(self) -> None:
        self.gaps: list[float] = []

    async def __aenter__(self) -> Loop:
        self._task = asyncio.create_task(self._watch())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()

    async def _watch(self) -> None:
        while True:
            started = time.perf_counter()
            await asyncio.sleep(0.001)
            self.gaps.append((time.perf_counter() - started) * 1000)


async def _keys(workspace: Workspace) -> None:
    """From a key in the search to the results that it brings, typed by somebody quick, in a big index."""
    from spw_tui.screens.search import SearchScreen
    from tests.tui_support import make_app, settle

    app = make_app(workspace)
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await pilot.press("slash")
        search = app.screen
        assert isinstance(search, SearchScreen)
        await settle(pilot)
        gc.collect()
        gc.freeze()  # as the app does after its first picture
        times, cpu = [], []
        async with Loop() as loop:
            for query in QUERIES:
                search.query_input.set("")
                await asyncio.sleep(_BETWEEN_KEYS)
                for key in query:
                    before = search._answer
                    started, cpu_started = time.perf_counter(), time.process_time()
                    search.query_input.set(search.text + key)
                    while search._answer is before:
                        await asyncio.sleep(0.001)
                    times.append((time.perf_counter() - started) * 1000)
                    cpu.append((time.process_time() - cpu_started) * 1000)
                    await asyncio.sleep(_BETWEEN_KEYS)
        measured = {"key_to_results": times, "key_to_results_cpu": cpu, "loop_gap": loop.gaps}
        for name, values in measured.items():
            report(f"tui.{name}.p50.{MOST_CHUNKS}_chunks", statistics.median(values), "ms")
            report(f"tui.{name}.p95.{MOST_CHUNKS}_chunks", _p95(values), "ms")
            report(f"tui.{name}.longest.{MOST_CHUNKS}_chunks", max(values), "ms")


def _p95(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)]


async def _inside(folder: Path) -> None:
    """A big document, a long list, and a change of focus."""
    from spw_core.refs import DocumentRef
    from spw_tui.rows import Row, cell
    from tests.tui_support import browse, make_app, settle

    spec = folder / ".spec-workflow" / "specs" / "alpha"
    spec.mkdir(parents=True)
    (spec / "design.md").write_text(_SECTION * (500_000 // len(_SECTION)))
    app = make_app(Workspace.open(folder))
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        screen = browse(app)
        async with Loop() as loop:
            started = time.perf_counter()
            screen.preview.open(DocumentRef("alpha", "design.md"), pause=0)
            while not screen.preview.view.virtual_size.height:
                await asyncio.sleep(0.001)
            report("tui.markdown_500_kb.first_paint", (time.perf_counter() - started) * 1000, "ms")
            await settle(pilot)
        report("tui.markdown_500_kb.stall_p95", _p95(loop.gaps), "ms")
        report("tui.markdown_500_kb.stall_longest", max(loop.gaps), "ms")
        many = [Row(str(number), ((cell(f"row {number}", grow=True),),)) for number in range(100_000)]
        started = time.perf_counter()
        screen.rows_list.show(many, fresh=True)
        screen.rows_list.render_lines(screen.rows_list.size.region)
        report("tui.list_100000.first_paint", (time.perf_counter() - started) * 1000, "ms")

        times = []
        for _ in range(FOCUS_CHANGES):
            started = time.process_time()
            screen.action_next_pane()
            await pilot.pause()
            times.append((time.process_time() - started) * 1000)
        report("tui.focus_change.median", statistics.median(times), "ms of CPU")
