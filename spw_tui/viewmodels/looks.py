"""How each status looks: a glyph one cell wide, and always a word beside it."""

from __future__ import annotations

from dataclasses import dataclass

from spw_core.answers import (
    ALLOW,
    BLOCK,
    BLOCKED,
    IN_PROGRESS,
    INVALID,
    MISSING,
    PASS,
    UNKNOWN,
    WARN,
    WAVE_COMPLETE,
    WAVE_PENDING,
    AttentionKind,
    SpecStatus,
    TaskStatus,
)
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


_SPECS: dict[str, Look] = {
    SpecStatus.BLOCKED: Look("✖", "blocked", Tone.BAD),
    SpecStatus.WAITING: Look("◆", "waiting", Tone.WARN),
    SpecStatus.ACTIVE: Look("●", "active", Tone.BUSY),
    SpecStatus.EMPTY: Look("○", "empty", Tone.DIM),
    SpecStatus.DONE: Look("✔", "done", Tone.GOOD),
}

_VERDICTS = {
    PASS: Look("✔", "pass", Tone.GOOD),
    BLOCKED: Look("✖", "blocked", Tone.BAD),
    MISSING: Look("○", "missing", Tone.WARN),
    INVALID: Look("!", "invalid", Tone.BAD),
    IN_PROGRESS: Look("◐", "running", Tone.BUSY),
    UNKNOWN: Look("?", "unknown", Tone.WARN),
}

_WAVES = {
    WAVE_COMPLETE: Look("✔", "complete", Tone.GOOD),
    WAVE_PENDING: Look("○", "pending", Tone.DIM),
    IN_PROGRESS: Look("◐", "running", Tone.BUSY),
    BLOCKED: Look("✖", "blocked", Tone.BAD),
}

_TASKS = {
    TaskStatus.DONE: Look("✔", "done", Tone.GOOD),
    TaskStatus.IN_PROGRESS: Look("◐", "in progress", Tone.BUSY),
    TaskStatus.PENDING: Look("○", "pending", Tone.DIM),
    TaskStatus.BLOCKED: Look("✖", "blocked", Tone.BAD),
}

_ATTENTION: dict[str, Look] = {
    AttentionKind.CHECKPOINT_BLOCKED: Look("✖", "blocked", Tone.BAD),
    AttentionKind.APPROVAL: Look("◆", "approval", Tone.WARN),
    AttentionKind.INCOMPLETE_RUN: Look("◐", "no handoff", Tone.BUSY),
    AttentionKind.STALE_SUMMARY: Look("▲", "stale", Tone.WARN),
    AttentionKind.MISSING_LOG: Look("○", "no log", Tone.WARN),
    AttentionKind.TASKS_UNREADABLE: Look("!", "unreadable", Tone.BAD),
    AttentionKind.UNREADABLE: Look("!", "unreadable", Tone.BAD),
}

_DECISIONS = {
    BLOCK: Look("✖", "block", Tone.BAD),
    WARN: Look("▲", "warn", Tone.WARN),
    ALLOW: Look("·", "allow", Tone.DIM),
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
