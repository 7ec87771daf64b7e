"""The status line as a pure function: facts in, one line of text out.

The "current task" of the older tools is not here: it came from `~/.claude/todos`, which Claude Code
no longer writes.
"""

from spw_core.hook.text import cells, clean, truncate

_MAX_NAME_CELLS = 80
_MIN_NAME_CELLS = 8  # what is left of a name that is cut to make room for others

_DIM = "2"
_RED = "31"

# First to be dropped on a narrow terminal. What the terminal or Claude Code shows elsewhere goes
# first; what only spw knows goes last.
_DROP_ORDER = ("usage", "directory", "model", "stage", "tasks", "bar", "spec", "blocked")

# Before the one is dropped the other is cut, if it is the longest and enough of it stays readable.
_CUT_BEFORE_DROPPING = {"directory": "directory", "model": "model", "bar": "spec", "spec": "spec"}


class Progress:
    """How far a spec is. Zero totals and an empty stage mean unknown."""

    __slots__ = ("blocked", "stage", "tasks_done", "tasks_total", "wave", "waves_total")

    def __init__(
        self,
        stage: str = "",
        wave: int = 0,
        waves_total: int = 0,
        tasks_done: int = 0,
        tasks_total: int = 0,
        blocked: int = 0,
    ) -> None:
        self.stage = stage
        self.wave = wave
        self.waves_total = waves_total
        self.tasks_done = tasks_done
        self.tasks_total = tasks_total
        self.blocked = blocked


class Facts:
    """What there is to show. Text is as found, not yet safe to print; None means not known."""

    __slots__ = ("cost", "directory", "model", "progress", "remaining", "show_token_cost", "spec", "tokens")

    def __init__(
        self,
        model: str = "",
        directory: str = "",
        spec: str = "",
        progress: Progress | None = None,
        tokens: float | None = None,
        cost: float | None = None,
        remaining: float | None = None,
        show_token_cost: str = "auto",
    ) -> None:
        self.model = model
        self.directory = directory
        self.spec = spec
        self.progress = progress or Progress()
        self.tokens = tokens
        self.cost = cost
        self.remaining = remaining
        self.show_token_cost = show_token_cost


class Look:
    """What the reader can show: colours or not, Unicode or not, how many columns (0: any number)."""

    __slots__ = ("color", "columns", "empty", "filled", "full", "mark", "separator")

    def __init__(self, color: bool = True, unicode: bool = True, columns: int = 0) -> None:
        self.color = color
        self.columns = columns
        self.separator = " │ " if unicode else " | "
        self.filled, self.empty = ("█", "░") if unicode else ("#", "-")
        self.full = "💀" if unicode else "!"
        self.mark = "…" if unicode else "~"


class Segment:
    """One part of the line: `kind` decides when it is dropped, `sgr` is its ANSI style."""

    __slots__ = ("kind", "sgr", "text")

    def __init__(self, kind: str, text: str, sgr: str = _DIM) -> None:
        self.kind = kind
        self.text = text
        self.sgr = sgr


def render(facts: Facts, look: Look) -> str:
    """The status line, without a newline; never empty."""
    segments = [segment for segment in _segments(facts, look) if segment.text]
    if look.columns > 0:
        _fit(segments, look)
    line = ""
    for segment in segments:
        line += _gap(segment, look) if line else ""
        line += f"\x1b[{segment.sgr}m{segment.text}\x1b[0m" if look.color else segment.text
    return line


def _segments(facts: Facts, look: Look) -> list[Segment]:
    progress = facts.progress
    stage = (
        f"wave {progress.wave}/{progress.waves_total}"
        if progress.waves_total
        else _name(progress.stage, look)
    )
    tasks = f"tasks {progress.tasks_done}/{progress.tasks_total}" if progress.tasks_total else ""
    spec = _name(facts.spec, look)
    return [
        Segment("model", _name(facts.model, look) or "Claude"),
        Segment("directory", _name(facts.directory, look)),
        Segment("spec", f"spec:{spec}" if spec else ""),
        Segment("stage", stage),
        Segment("tasks", tasks),
        Segment("blocked", "BLOCKED" if progress.blocked else "", _RED),
        Segment("usage", usage(facts.tokens, facts.cost, facts.show_token_cost)),
        _bar(facts.remaining, look),
    ]


def _name(text: str, look: Look) -> str:
    return truncate(clean(text), _MAX_NAME_CELLS, look.mark) if text else ""


def usage(tokens: float | None, cost: float | None, show: str) -> str:
    """Tokens, then cost; `show` is `auto` (only once something was paid), `always` or `never`."""
    if show == "never" or (show == "auto" and (cost is None or cost <= 0)):
        return ""
    parts = []
    if tokens is not None:
        parts.append(format_tokens(int(tokens)))
    if cost is not None:
        parts.append(f"${cost:.2f}")
    return " ".join(parts)


def format_tokens(count: int) -> str:
    """847, 25.3k, 1.2M."""
    if count >= 999_950:  # from here on, thousands with one digit would round to 1000k
        return f"{count / 1_000_000:.1f}".removesuffix(".0") + "M"
    if count >= 1_000:
        return f"{count / 1_000:.1f}".removesuffix(".0") + "k"
    return str(count)


def used_percent(remaining: float) -> int:
    """Used part of the context, where 80 % of the window counts as full; halves are rounded up."""
    free = int(remaining + 0.5) if remaining > 0 else 0
    used = max(0, 100 - free)
    return min(100, (used * 5 + 2) // 4)  # used / 0.8, rounded, without the error of 0.8 as a float


def _bar(remaining: float | None, look: Look) -> Segment:
    if remaining is None:
        return Segment("bar", "")
    used = used_percent(remaining)
    bar = look.filled * (used // 10) + look.empty * (10 - used // 10) + f" {used}%"
    if used < 63:
        return Segment("bar", bar, "32")
    if used < 81:
        return Segment("bar", bar, "33")
    if used < 95:
        return Segment("bar", bar, "38;5;208")
    return Segment("bar", f"{look.full} {bar}", "5;31")


def _gap(segment: Segment, look: Look) -> str:
    return " " if segment.kind == "bar" else look.separator


def _width(segments: list[Segment], look: Look) -> int:
    gaps = sum(cells(_gap(segment, look)) for segment in segments[1:])
    return gaps + sum(cells(segment.text) for segment in segments)


def _fit(segments: list[Segment], look: Look) -> None:
    """Drop segments, the least important first, and cut names, until the line fits."""
    for kind in _DROP_ORDER:
        excess = _width(segments, look) - look.columns
        if excess <= 0:
            return
        longest = max(segments, key=lambda segment: cells(segment.text))
        left = cells(longest.text) - excess
        readable = longest.kind == _CUT_BEFORE_DROPPING.get(kind) and left >= _MIN_NAME_CELLS
        if readable or len(segments) == 1:
            longest.text = truncate(longest.text, left, look.mark)
            return
        segments[:] = [segment for segment in segments if segment.kind != kind]
