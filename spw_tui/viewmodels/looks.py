"""How each status looks: a glyph one cell wide, and always a word beside it."""

from __future__ import annotations

from dataclasses import dataclass

from spw_core.domain import model, summary, waves
from spw_core.formats import status
from spw_core.formats.tasks import TaskStatus
from spw_tui.rows import Cell, Span, Tone


@dataclass(frozen=True, slots=True)
class Look:
    """A glyph, a word and their tone."""

    glyph: str
    word: str
    tone: Tone

    def cell(self, width: int = 0) -> Cell:
        """Glyph and word as one cell."""
        return Cell((Span(f"{self.glyph} {self.word}", self.tone),), width)

    @property
    def span(self) -> Span:
        return Span(self.glyph, self.tone)


_SPECS = {
    summary.BLOCKED_SPEC: Look("✖", "blocked", Tone.BAD),
    summary.WAITING: Look("◆", "waiting", Tone.WARN),
    summary.ACTIVE: Look("●", "active", Tone.BUSY),
    summary.EMPTY: Look("○", "empty", Tone.DIM),
    summary.DONE: Look("✔", "done", Tone.GOOD),
}

_VERDICTS = {
    status.PASS: Look("✔", "pass", Tone.GOOD),
    status.BLOCKED: Look("✖", "blocked", Tone.BAD),
    status.MISSING: Look("○", "missing", Tone.WARN),
    status.INVALID: Look("!", "invalid", Tone.BAD),
    model.IN_PROGRESS: Look("◐", "running", Tone.BUSY),
    model.UNKNOWN: Look("?", "unknown", Tone.WARN),
}

_WAVES = {
    waves.COMPLETE: Look("✔", "complete", Tone.GOOD),
    waves.PENDING: Look("○", "pending", Tone.DIM),
    model.IN_PROGRESS: Look("◐", "running", Tone.BUSY),
    status.BLOCKED: Look("✖", "blocked", Tone.BAD),
}

_TASKS = {
    TaskStatus.DONE: Look("✔", "done", Tone.GOOD),
    TaskStatus.IN_PROGRESS: Look("◐", "in progress", Tone.BUSY),
    TaskStatus.PENDING: Look("○", "pending", Tone.DIM),
    TaskStatus.BLOCKED: Look("✖", "blocked", Tone.BAD),
}

_ATTENTION = {
    "checkpoint-blocked": Look("✖", "blocked", Tone.BAD),
    "approval": Look("◆", "approval", Tone.WARN),
    "incomplete-run": Look("◐", "no handoff", Tone.BUSY),
    "stale-summary": Look("▲", "stale", Tone.WARN),
    "missing-log": Look("○", "no log", Tone.WARN),
    "tasks-unreadable": Look("!", "unreadable", Tone.BAD),
    "unreadable": Look("!", "unreadable", Tone.BAD),
}

_DECISIONS = {
    "block": Look("✖", "block", Tone.BAD),
    "warn": Look("▲", "warn", Tone.WARN),
    "allow": Look("·", "allow", Tone.DIM),
}

GAP = Look("▲", "gap", Tone.WARN)
READY = Look("▸", "ready", Tone.ACCENT)
PLANNED = Look("○", "planned", Tone.DIM)
UNREADABLE = Look("!", "unreadable", Tone.BAD)
STALE = Look("▲", "stale", Tone.WARN)


def spec_look(word: str) -> Look:
    return _SPECS.get(word) or _other(word)


def verdict_look(word: str) -> Look:
    """For runs, subagents and checkpoints."""
    return _VERDICTS.get(word) or _other(word)


def wave_look(word: str) -> Look:
    return _WAVES.get(word) or _other(word)


def task_look(word: TaskStatus) -> Look:
    return _TASKS[word]


def task_look_of_word(word: str) -> Look:
    """For a status that is known as a word only."""
    return _TASKS[TaskStatus(word)] if word in set(TaskStatus) else _other(word)


def decision_look(word: str) -> Look:
    """For what a hook decided."""
    return _DECISIONS.get(word) or _other(word)


def attention_look(kind: str) -> Look:
    return _ATTENTION.get(kind) or Look("▲", kind, Tone.WARN)


def _other(word: str) -> Look:
    """A word that nobody foresaw is shown as it is."""
    return Look("?", word[:16] or "unknown", Tone.WARN)
