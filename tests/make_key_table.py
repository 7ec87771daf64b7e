"""`python -m tests.make_key_table`: writes the table of keys in README.md anew, from the table of actions."""

from __future__ import annotations

from pathlib import Path

from spw_tui.actions import ACTIONS, Keys, Scope

README = Path(__file__).parents[1] / "README.md"
_BEGIN, _END = "<!-- keys -->\n", "<!-- /keys -->\n"
# Scopes that are a row of their own, with those that are named along with them.
_ROWS = (
    ("everywhere", (Scope.APP,)),
    ("specs", (Scope.BROWSE,)),
    ("a run", (Scope.RUN,)),
    ("any document", (Scope.READING, Scope.FILE, Scope.PAGE)),
    ("its versions", (Scope.VERSIONS,)),
    ("lists, board", (Scope.LIST, Scope.BOARD)),
    ("sessions", (Scope.SESSION,)),
    ("search", (Scope.SEARCH,)),
)


def key_table() -> str:
    """One row for each place, with the first key of everything that can be done there."""
    lines = ["| | |", "|---|---|"]
    for title, scopes in _ROWS:
        first: dict[str, str] = {}
        for action in ACTIONS:
            if action.scope in scopes:
                first.setdefault(Keys().first(action), action.label)
        lines.append(f"| {title} | {', '.join(f'`{key}` {label}' for key, label in first.items())} |")
    return "\n".join(lines) + "\n"


def with_key_table(text: str) -> str:
    """A README with the table as it is now between its marks."""
    before, begin, rest = text.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise ValueError(f"no {_BEGIN.strip()} … {_END.strip()} in the text")
    return f"{before}{begin}{key_table()}{end}{after}"


if __name__ == "__main__":
    README.write_text(with_key_table(README.read_text(encoding="utf-8")), encoding="utf-8")
