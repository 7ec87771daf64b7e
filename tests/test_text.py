"""Nothing from a file reaches a terminal as a command."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spw_core.text import clean, clean_line, escape_controls, fold


@pytest.mark.parametrize(
    ("dirty", "safe"),
    [
        ("plain [/red] {text}", "plain [/red] {text}"),
        ("tab\tand\nnewline", "tab\tand\nnewline"),
        ("a\r\nb\rc", "a\nbc"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b[38;5;208mx", "x"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b]52;c;never ended\nnext line", "\nnext line"),
        ("\x9b31mred", "red"),
        ("\x1bPq data\x1b\\x", "x"),
        ("\x1b(B\x1bM\x1b", ""),
        ("nul\0bell\x07back\x08", "nulbellback"),
        ("abc\u202edcba\u2066", "abcdcba"),
        ("lone \ud800 surrogate", "lone  surrogate"),
        ("ação ✔ 漢字 🎉", "ação ✔ 漢字 🎉"),
    ],
)
def test_clean(dirty: str, safe: str) -> None:
    assert clean(dirty) == safe


@given(st.text())
def test_nothing_dangerous_survives(text: str) -> None:
    result = clean(text)
    assert all(unicodedata.category(char) != "Cc" or char in "\t\n" for char in result)
    assert clean(result) == result
    assert "\n" not in clean_line(text)


@given(st.text())
def test_escaped_json_is_harmless_and_the_same_value(text: str) -> None:
    printed = escape_controls(json.dumps({text: [text]}, ensure_ascii=False, indent=2))
    assert clean(printed) == printed
    assert json.loads(printed) == {text: [text]}


def test_escaped_json_stays_readable() -> None:
    assert escape_controls('"ação 漢字 🎉 \x9b31m \u202e \x7f"') == r'"ação 漢字 🎉 \u009b31m \u202e \u007f"'


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Autenticação", "autenticacao"),
        ("STRASSE", "strasse"),
        ("ß", "ss"),
        ("Ｄｏｎｅ", "done"),
        ("ウェーブ", "ウェーフ"),
    ],
)
def test_fold(text: str, folded: str) -> None:
    assert fold(text) == folded
