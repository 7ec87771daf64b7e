"""The words of a command line, as they are before any parser has seen them."""

from __future__ import annotations

from collections.abc import Sequence


def first_word(argv: Sequence[str]) -> str:
    """The first argument that is neither an option nor the folder of `--workspace`; empty without one."""
    words = iter(argv)
    for word in words:
        if len(word) > 2 and "--workspace".startswith(word):
            next(words, None)
        elif not word.startswith("-"):
            return word
    return ""


def asks_for_json(argv: Sequence[str]) -> bool:
    """True when `--json`, or an abbreviation of it, is among the options, whether or not they make sense."""
    options = argv[: argv.index("--")] if "--" in argv else argv
    return any(len(word) > 2 and "--json".startswith(word) for word in options)


def with_spec_in_place(words: Sequence[str], spec_last: bool) -> list[str]:
    """`--spec NAME` as the first or the last argument, and `--raw` before all arguments.

    At an option in the midst of the arguments argparse would give up on those that may be missing.
    """
    end = words.index("--") if "--" in words else len(words)
    spec: list[str] = []
    others: list[str] = []
    left = iter(words[:end])
    for word in left:
        if word == "--spec":
            spec += [value] if (value := next(left, None)) is not None else [word]
        elif word.startswith("--spec="):
            spec.append(word.removeprefix("--spec="))
        else:
            others.append(word)
    others.sort(key=lambda word: word != "--raw")
    raw = others.count("--raw")
    first, last = ([], spec) if spec_last else (spec, [])
    return [*others[:raw], *first, *others[raw:], *last, *words[end:]]
