"""The harvest as the app runs it: in a thread, with its progress in the title bar, and to be stopped."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from spw_tui.data import describe
from spw_tui.rows import plural

if TYPE_CHECKING:
    from spw_core.answers import HarvestReport
    from spw_tui.app import SpwApp

_PROGRESS_SECONDS = 0.1
_SHOWN_FAILURES = 3


class Stopped(Exception):
    """The user stopped the harvest; the specs that were reached are stored."""


class Harvesting:
    """One harvest at a time. What runs is told through `app.activity`, how it ended by a notification."""

    def __init__(self, app: SpwApp) -> None:
        self._app = app
        self._done, self._total, self._name = 0, 0, ""
        self._stopping = False

    @property
    def is_running(self) -> bool:
        return bool(self._app.activity)

    def stop(self) -> None:
        """Let it end after the spec that it is at."""
        self._stopping = True

    async def run(self) -> None:
        """Harvest everything; the progress that the thread leaves behind is read by a timer."""
        app = self._app
        self._done, self._total, self._name, self._stopping = 0, 0, "", False
        app.activity = "harvest…"
        timer = app.set_interval(_PROGRESS_SECONDS, self._show)
        try:
            report = await asyncio.to_thread(app.data.harvest, self._note)
        except Stopped:
            app.notify(
                f"after {self._done} of {plural(self._total, 'spec')}; the next harvest goes on",
                title="Harvest stopped",
                markup=False,
            )
        except Exception as error:
            app.log.error(error)
            app.notify(
                f"{describe(error)}\n{app.keys.first_of('app.harvest')} tries again",
                title="Not harvested",
                severity="error",
                markup=False,
            )
        else:
            _tell(app, report)
            app.harvested.publish(None)
            if not report.index_failed:
                await self._embed()
        finally:
            timer.stop()
            app.activity = ""

    async def _embed(self) -> None:
        """Make the vectors that are missing, so that search knows meanings; words work without them."""
        app = self._app
        self._done, self._total, self._name = 0, 0, ""
        try:
            report = await asyncio.to_thread(app.data.embed, self._note_vectors, lambda: self._stopping)
        except Exception as error:
            app.log.error(error)
            app.notify(describe(error), title="No vectors", severity="warning", markup=False)
            return
        if report.problem:
            app.notify(report.problem, title="No vectors", severity="warning", markup=False)
        elif report.embedded:
            app.harvested.publish(None)

    def _note_vectors(self, done: int, total: int, name: str) -> None:
        """Called in the thread that makes vectors."""
        self._done, self._total, self._name = done, total, "vectors"

    def _note(self, done: int, total: int, name: str) -> None:
        """Called in the thread of the harvest."""
        self._done, self._total, self._name = done, total, name
        if self._stopping and done < total:
            raise Stopped

    def _show(self) -> None:
        if self._total:
            width = 10
            filled = width * self._done // self._total
            bar = "━" * filled + "─" * (width - filled)
            self._app.activity = f"harvest {bar} {self._done}/{self._total} {self._name}"


def _tell(app: SpwApp, report: HarvestReport) -> None:
    files = sum(spec.files for spec in report.specs)
    changed = sum(spec.changed + spec.removed for spec in report.specs)
    failed = [spec for spec in report.specs if spec.failed]
    problems = sum(len(spec.errors) for spec in report.specs)
    text = f"{plural(files, 'file')} of {plural(len(report.specs), 'spec')}, {changed} changed"
    if problems:
        text += f"\n{problems} kept raw because they could not be read"
    for spec in failed[:_SHOWN_FAILURES]:
        text += f"\n{spec.spec}: {spec.failed}"
    if report.index_failed:
        text += f"\nno search: {report.index_failed}"
    app.notify(text, title="Harvested", severity="information" if report.ok else "warning", markup=False)
