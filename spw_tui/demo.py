"""`--demo`: an example workspace in the cache folder, generated once per version, and its clock."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp

from spw_core import __version__
from spw_tui.clock import Clock
from spw_tui.data import DataService

DEMO_NAME = "acme-shop"


def demo_service() -> DataService:
    """The data of the demo workspace, which is generated when the first question is asked."""
    from platformdirs import user_cache_path

    root = user_cache_path("spw", appauthor=False) / f"demo-{__version__}" / DEMO_NAME
    return DataService(root, _generator(root))


def demo_clock() -> Clock:
    """A clock that starts at the moment the demo tells about, so that ages read well on any day."""
    from spw_core.demo.model import DEMO_NOW

    begin = int(DEMO_NOW.timestamp()) * 1_000_000_000
    started = time.monotonic_ns()
    return lambda: begin + time.monotonic_ns() - started


def _generator(root: Path) -> Callable[[], None]:
    def generate_once() -> None:
        """Two programs may do this at once: each writes its own folder, and the first rename wins."""
        if root.exists():
            return
        from spw_core.api import Workspace
        from spw_core.demo.conversations import write_conversations
        from spw_core.demo.generate import generate

        root.parent.mkdir(parents=True, exist_ok=True)
        made = Path(mkdtemp(dir=root.parent))
        try:
            generate(made)
            Workspace.open(made).import_transcripts(write_conversations(made))
            made.rename(root)
        except OSError:
            if not root.exists():
                raise
        finally:
            shutil.rmtree(made, ignore_errors=True)

    return generate_once
