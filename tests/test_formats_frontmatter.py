"""The frontmatter reader and writer."""

from __future__ import annotations

import datetime

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from spw_core.formats.frontmatter import MAX_YAML_CHARS, render_frontmatter, split_frontmatter
from spw_core.formats.text_decode import split_lines


def fields(block: str) -> dict[str, object]:
    """The fields of a valid block."""
    found, body, _, problems = split_frontmatter(f"---\n{block}\n---\nbody\n")
    assert (body, problems) == ("body\n", [])
    return found


@pytest.mark.parametrize(
    ("text", "body", "line"),
    [
        pytest.param("", "", 1, id="empty"),
        pytest.param("# Title\n", "# Title\n", 1, id="none"),
        pytest.param("# Title\n---\na: 1\n---\n", "# Title\n---\na: 1\n---\n", 1, id="not-first"),
        pytest.param("---\n", "---\n", 1, id="rule-only"),
        pytest.param("---\n\ntext\n", "---\n\ntext\n", 1, id="rule-first"),
        pytest.param("--- \n---\t\nbody", "body", 3, id="trailing-space"),
        pytest.param("---\n---\n", "", 3, id="nothing-inside"),
        pytest.param("----\na: 1\n----\n", "----\na: 1\n----\n", 1, id="four-hyphens"),
    ],
)
def test_without_fields(text: str, body: str, line: int) -> None:
    assert split_frontmatter(text) == ({}, body, line, [])


@pytest.mark.parametrize(
    ("text", "body", "line"),
    [
        pytest.param("---\na: 1\n---\nbody\n", "body\n", 4, id="lf"),
        pytest.param("---\r\na: 1\r\n---\r\nbody\r\n", "body\r\n", 4, id="crlf"),
        pytest.param("\ufeff---\na: 1\n---\nbody\n", "body\n", 4, id="bom"),
        pytest.param("---\na: 1\n...\nbody\n---\n", "body\n---\n", 4, id="yaml-end"),
        pytest.param("---\na: 1\n---", "", 4, id="no-last-line-break"),
        pytest.param("---\n\na: 1\n\n---\n\nbody", "\nbody", 6, id="blank-lines"),
    ],
)
def test_body(text: str, body: str, line: int) -> None:
    assert split_frontmatter(text) == ({"a": 1}, body, line, [])


def test_blank_lines_before_the_block_are_reported() -> None:
    found, body, line, problems = split_frontmatter("\n \n---\na: 1\n---\nbody")
    assert (found, body, line) == ({"a": 1}, "body", 6)
    assert [str(problem) for problem in problems] == ["line 3: the frontmatter should start on line 1"]


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        pytest.param("spw:\n  spec: x\n  schema: 1", {"spec": "x", "schema": 1}, id="spw"),
        pytest.param("Oraculo:\n  spec: x", {"spec": "x"}, id="oraculo"),
        pytest.param(
            "spec: top\nspw:\n  spec: nested\n  risk: low", {"spec": "top", "risk": "low"}, id="both"
        ),
        pytest.param("spw: text", {"spw": "text"}, id="root-without-children"),
        pytest.param("other:\n  spec: x", {"other": {"spec": "x"}}, id="other-root"),
    ],
)
def test_root_keys_are_merged(block: str, expected: dict[str, object]) -> None:
    assert fields(block) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-02-14", "2026-02-14"),
        ("!!timestamp 2026-02-14", "2026-02-14"),
        ("2026-02-14T10:00:00Z", "2026-02-14T10:00:00Z"),
        ("2026-99-99", "2026-99-99"),
        ("1.10", "1.10"),
        ("12:30", "12:30"),
        ("007", "007"),
        ("off", "off"),
        ("yes", "yes"),
        ("true", True),
        ("False", False),
        ("-12", -12),
        ("9999999999999999999999", "9999999999999999999999"),
        ("", None),
        ("~", None),
        ("'quoted'", "quoted"),
        ("[1, 1.10, a]", [1, "1.10", "a"]),
        ("{a: 1}", {"a": 1}),
        ("\n  - x\n  - y", ["x", "y"]),
        ("!!set {a, b}", ["a", "b"]),
        ("!!binary aGk=", "hi"),
        ("ação 数", "ação 数"),
    ],
)
def test_values(value: str, expected: object) -> None:
    assert fields(f"key: {value}") == {"key": expected}


def test_keys_become_text() -> None:
    assert fields("1: a\n2.5: b") == {"1": "a", "2.5": "b"}


@pytest.mark.parametrize(
    ("block", "expected", "line"),
    [
        pytest.param(
            "spec: x\nbad: [1, 2\nrisk: low", {"spec": "x", "bad": "[1, 2", "risk": "low"}, 4, id="bracket"
        ),
        pytest.param(
            'spw:\n  spec: "x\n  task_ids: [1, "2"]', {"spec": '"x', "task_ids": ["1", "2"]}, 4, id="quote"
        ),
        pytest.param("spec: x\n\ttab: y", {"spec": "x", "tab": "y"}, 3, id="tab"),
        pytest.param("a: &x [1]\nb: *x", {"a": "&x [1]", "b": "*x"}, 3, id="alias"),
        pytest.param(
            "a: !!python/object:os.system x", {"a": "!!python/object:os.system x"}, 2, id="python-tag"
        ),
        pytest.param("a: !!timestamp never", {"a": "!!timestamp never"}, 2, id="timestamp-tag"),
        pytest.param("spec: x\nspec text: y\n: z\n]", {"spec": "x"}, 4, id="no-keys"),
        pytest.param("a: " + "[" * 5000, {"a": "[" * 5000}, 2, id="depth"),
        pytest.param("a: 1\nb: " + "x" * MAX_YAML_CHARS, {"a": "1", "b": "x" * MAX_YAML_CHARS}, 2, id="size"),
        pytest.param("a: \x07", {"a": "\x07"}, 2, id="control"),
    ],
)
def test_broken_yaml_is_read_line_by_line(block: str, expected: dict[str, object], line: int) -> None:
    found, body, body_line, problems = split_frontmatter(f"---\n{block}\n---\nbody")
    assert found == expected
    assert (body, body_line) == ("body", block.count("\n") + 4)
    assert [problem.line for problem in problems] == [line]


def test_an_alias_bomb_is_refused() -> None:
    levels = "\n".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 12))
    found, _, _, problems = split_frontmatter(f"---\nl0: &l0 [x]\n{levels}\n---\n")
    assert "aliases are refused" in problems[0].message
    assert all(isinstance(value, str) for value in found.values())


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("---\n- one\n- two\n---\nrest\n", id="list"),
        pytest.param("---\nSome prose.\n---\nrest\n", id="prose"),
        pytest.param("---\n# Title\n---\nrest\n", id="heading"),
        pytest.param("---\n- [ ] 1. Task\n  Wave: 1\n---\n- [ ] 2. Task\n", id="tasks"),
        pytest.param("---\nspec: x\n\n# never closed\n", id="unclosed"),
    ],
)
def test_what_is_no_mapping_stays_in_the_body(text: str) -> None:
    found, body, line, problems = split_frontmatter(text)
    assert (found, body, line) == ({}, text, 1)
    assert len(problems) == 1


def test_tasks_are_never_taken_for_frontmatter() -> None:
    text = "---\nspec: x\n# Plan\n- [ ] 1. Task\n---\n- [ ] 2. Task\n"
    found, body, line, problems = split_frontmatter(text)
    assert (found, body, line) == ({"spec": "x"}, "- [ ] 1. Task\n---\n- [ ] 2. Task\n", 4)
    assert len(problems) == 1


# --- writing --------------------------------------------------------------------------------------------


def test_render_keeps_order_and_unicode() -> None:
    text = render_frontmatter({"zeta": "ação", "alpha": [1, "1.10"], "on": "off", "when": "2026-02-14"})
    assert text == "---\nzeta: ação\nalpha:\n- 1\n- '1.10'\n'on': 'off'\nwhen: '2026-02-14'\n---\n"


def test_render_empty() -> None:
    assert render_frontmatter({}) == "---\n---\n"


def test_render_refuses_objects() -> None:
    with pytest.raises(yaml.YAMLError):
        render_frontmatter({"a": object()})


def test_render_writes_dates_as_iso() -> None:
    assert fields(render_frontmatter({"day": datetime.date(2026, 2, 14)})[4:-5]) == {"day": "2026-02-14"}


TEXTS = st.text(max_size=30) | st.sampled_from(
    ["---", "a\n---\nb", "yes", "1.10", "null", "*a", "- [ ] 1. x", "# x"]
)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(st.text(max_size=8), PLAIN, max_size=4), st.sampled_from(["", "body\n", "\r\n---\r\n"])
)
def test_what_is_written_reads_back(mapping: dict[str, object], body: str) -> None:
    mapping = {key: value for key, value in mapping.items() if key.casefold() not in ("spw", "oraculo")}
    found, rest, _, problems = split_frontmatter(render_frontmatter(mapping) + body)
    assert found == mapping
    assert (rest, problems) == (body, [])


LINES = st.sampled_from(
    [
        "---",
        "...",
        "a: 1",
        " b: [",
        "spw:",
        "- x",
        "- [ ] 1. A",
        "&a",
        "*a",
        "? ",
        "!!int z",
        "'",
        "\t",
        "",
        "## H",
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(LINES, max_size=12).map(lambda lines: "\n".join(["---", *lines])) | st.text(max_size=100))
def test_the_body_is_always_a_tail_of_the_text(text: str) -> None:
    found, body, line, _ = split_frontmatter(text)
    assert text.endswith(body)
    assert "".join(split_lines(text.lstrip("\ufeff"))[2 * (line - 1) :]) == body
    assert line == 1 or "- [ ] 1. A" not in text[: len(text) - len(body)].split("\n")
    assert all(isinstance(key, str) for key in found)
