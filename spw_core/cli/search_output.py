"""What `spw search` prints: JSON, paths, plain text, or Rich."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from spw_core.cli.output import console, print_json, print_line, rich_line
from spw_core.search.find import NOTHING_HARVESTED
from spw_core.search.snippets import marked_pieces, prose
from spw_core.text import clean, plural

if TYPE_CHECKING:
    from rich.text import Text

    from spw_core.search.find import SearchAnswer
    from spw_core.search.results import SearchResult
    from spw_core.search.self_test import SelfTest

_STYLES = {"pass": "green", "blocked": "red"}


def as_json(answer: SearchAnswer, *, explain: bool) -> dict[str, object]:
    """The documented shape; `explain` of each result only where it was asked for."""
    results = [asdict(result) for result in answer.results]
    if not explain:
        for result in results:
            del result["explain"]
    return {
        "ok": True,
        "query": answer.query,
        "mode_requested": answer.mode_requested,
        "mode": answer.mode,
        "reason": answer.reason,
        "corrections": [asdict(correction) for correction in answer.corrections],
        "behind": list(answer.behind),
        "filtered": [asdict(loss) for loss in answer.filtered],
        "count": len(answer.results),
        "results": results,
    }


def print_raw(answer: SearchAnswer) -> None:
    """`PATH:LINE` of each result that is a file, relative to the workspace."""
    for result in answer.results:
        if result.path:
            print_line(_link(result))


def print_plain(answer: SearchAnswer, *, explain: bool) -> None:
    for line in _remarks(answer):
        print_line(line)
    for number, result in enumerate(answer.results, 1):
        print_line(f"[{result.type}] {_place(result)} ({result.score:.2f})", lead=f"{number}. ")
        lines = [result.heading or result.title, _link(result), prose(result.snippet)]
        for text in lines + ([_explanation(result)] if explain else []):
            print_line(text, lead="   ")


def print_rich(answer: SearchAnswer, width: int | None, *, explain: bool) -> None:
    from rich.padding import Padding
    from rich.text import Text

    out = console(width)
    remarks = _remarks(answer)
    for line in remarks:
        out.print(rich_line(line, "yellow" if answer.results else ""))
    if remarks and answer.results:
        out.print()
    for number, result in enumerate(answer.results, 1):
        head = Text.assemble(
            (f"{number:>2} ", "dim"),
            rich_line(result.type, "cyan"),
            "  ",
            rich_line(_place(result), "bold"),
            "  ",
            rich_line(result.status, _STYLES.get(result.status, "yellow")),
            rich_line("  removed" if result.removed_at else "", "red"),
        )
        out.print(head)
        out.print(Padding(rich_line(result.heading or result.title, "italic"), (0, 0, 0, 3)))
        out.print(Padding(_marked(prose(result.snippet)), (0, 0, 0, 3)))
        if explain:
            out.print(Padding(rich_line(_explanation(result), "dim"), (0, 0, 0, 3)))
        # Not wrapped: a path is copied, or clicked, in one piece.
        out.print(Text.assemble("   ", rich_line(_link(result), "dim"), "\n"), soft_wrap=True)
    if answer.results:
        found = plural(len(answer.results), "result")
        out.print(rich_line(f"{found} · {answer.mode} search ({answer.reason})", "dim"))


def _remarks(answer: SearchAnswer) -> list[str]:
    """What is worth saying before the results: corrections, and why there are none."""
    lines = []
    if answer.corrections:
        pairs = ", ".join(f"{item.used} instead of {item.typed}" for item in answer.corrections)
        lines.append(f"Looked for {pairs}.")
    if answer.results:
        return lines
    if answer.reason == NOTHING_HARVESTED:
        return ["Nothing is harvested yet. Run `spw harvest --all` first."]
    lines.append(f"Nothing found for {answer.query!r}." if answer.query else "Nothing found.")
    for loss in answer.filtered:
        many = "1000 or more documents" if loss.documents >= 1000 else plural(loss.documents, "document")
        lines.append(f"Without {loss.filter} there would be {many}.")
    if not answer.filtered:
        lines.append("Try fewer or other words, or `spw harvest --all` for new files.")
    return lines


def _place(result: SearchResult) -> str:
    """`checkout · checkpoint wave 2 run-001 release-gate-decider`, as far as it applies."""
    parts = [result.command, f"wave {result.wave}" if result.wave else "", result.run, result.agent]
    where = " ".join(part for part in parts if part)
    return " · ".join(part for part in (result.spec or result.source, where) if part)


def _link(result: SearchResult) -> str:
    return f".spec-workflow/{result.path}:{result.line}" if result.path else result.key


def _explanation(result: SearchResult) -> str:
    """`id 17 · text #1 12.31 · vectors #4 0.62`."""
    arms = [
        f"{part.arm} {f'#{part.rank}' if part.rank else 'unranked'} {part.score:.2f}"
        for part in result.explain
    ]
    words = f"words: {', '.join(result.matched)}" if result.matched else "no word of the query"
    return " · ".join([f"id {result.id}", *arms, words])


def _marked(snippet: str) -> Text:
    from rich.text import Text

    text = Text()
    for piece, is_marked in marked_pieces(clean(snippet)):
        text.append(piece, "bold yellow" if is_marked else None)
    return text


def print_self_test(result: SelfTest, *, as_json: bool) -> None:
    """What the self-test found, and what follows from it."""
    if as_json:
        by_alpha = {f"{alpha:g}": round(value, 4) for alpha, value in result.by_alpha.items()}
        print_json({"ok": True, **result.as_details(), "by_alpha": by_alpha})
        return
    if not result.is_enough:
        print_line(
            f"{result.items} questions with known answers are too few to measure; the usual weight stays."
        )
        return
    print_line(
        f"{result.items} questions with known answers, mean reciprocal rank:"
        f" words {result.text:.3f} · meaning {result.vector:.3f} · both {result.fused:.3f}"
    )
    if result.pays:
        print_line(f"Words now weigh {result.alpha:g}, meaning {1 - result.alpha:.2g}.")
    else:
        print_line("Meaning does not help here: automatic searches now use words alone.")
