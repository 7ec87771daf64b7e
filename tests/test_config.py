"""The configuration: defaults, every old and wrong spelling of a value, and files that are half broken."""

from __future__ import annotations

import time
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spw_core.api import Workspace
from spw_core.config import (
    CONFIG_FILES,
    Config,
    LoadedConfig,
    as_document,
    decode_config,
    load_config,
    lookup,
)
from spw_core.config.decode import text_to_bool, text_to_int
from spw_core.formats.toml_config import parse_toml


def load(workspace: Workspace, text: str | bytes, path: str = CONFIG_FILES[0][0]) -> LoadedConfig:
    target = workspace.paths.root / path
    target.parent.mkdir(exist_ok=True)
    target.write_bytes(text.encode() if isinstance(text, str) else text)
    return load_config(workspace.paths)


def leaves(table: dict[str, object], prefix: str = "") -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in table.items():
        found |= leaves(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return found


DEFAULTS = leaves(as_document(Config()))

DOCUMENTED_DEFAULTS = [
    ("166", "models.web_research", "haiku"),
    ("166", "models.complex_reasoning", "opus"),
    ("166", "models.implementation", "sonnet"),
    ("166", "execution.tdd_default", False),
    ("166", "execution.require_user_approval_between_waves", True),
    ("166", "execution.commit_per_task", "auto"),
    ("166", "planning.tasks_generation_strategy", "rolling-wave"),
    ("166", "planning.max_wave_size", 3),
    ("166", "hooks.enabled", True),
    ("166", "hooks.enforcement_mode", "warn"),
    ("166", "hooks.recent_run_window_minutes", 30),
    ("166", "statusline.cache_ttl_seconds", 10),
    ("166", "statusline.sticky_spec", True),
    ("166", "agent_teams.enabled", False),
    ("166", "agent_teams.max_teammates", 4),
    ("", "execution.require_clean_worktree_for_wave_pass", True),
    ("", "execution.manual_tasks_require_human_handoff", True),
    ("", "qa.max_scenarios_per_wave", 5),
    ("", "post_mortem_memory.enabled", True),
    ("", "post_mortem_memory.max_entries_for_design", 5),
    ("", "agent_teams.teammate_mode", "in-process"),
    ("", "agent_teams.require_delegate_mode", True),
    ("", "agent_teams.exclude_phases", []),
    ("", "skills.enabled", True),
    ("", "skills.auto_install_defaults_on_spw_install", True),
    ("", "skills.auto_install_defaults_on_oraculo_install", True),
    ("", "skills.design.enforce_required", True),
    ("", "skills.implementation.required", []),
    ("", "templates.sync_tasks_template_on_session_start", True),
    ("", "templates.tasks_template_mode", "auto"),
    ("", "statusline.base_branches", ["main", "master", "staging", "develop"]),
    ("", "statusline.show_token_cost", "auto"),
    ("", "safety.backup_before_overwrite", True),
    ("", "verification.inline_audit_max_iterations", 3),
    ("", "hooks.verbose", True),
    ("", "hooks.guard_prompt_require_spec", True),
    ("", "hooks.guard_paths", True),
    ("", "hooks.guard_wave_layout", True),
    ("", "hooks.guard_stop_handoff", True),
    ("", "store.embeddings_enabled", True),
    ("", "store.embeddings_model", "nomic-embed-text"),
    ("", "store.embeddings_url", "http://127.0.0.1:11434"),
    ("", "store.cleanup_after_finalize", True),
    ("", "store.hybrid_search_alpha", 0.7),
    ("", "store.max_file_mb", 32),
    ("", "store.allow_remote", False),
    ("", "store.provider", "auto"),
]


@pytest.mark.parametrize(
    ("key", "value"),
    [(k, v) for _, k, v in DOCUMENTED_DEFAULTS],
    ids=[f"defaults-{n or k}-{k}" for n, k, _ in DOCUMENTED_DEFAULTS],
)
def test_defaults(key: str, value: object) -> None:
    assert DEFAULTS[key] == value


def test_the_real_config_is_read_whole_167(real: Workspace) -> None:
    loaded = load_config(real.paths)
    assert (loaded.path, loaded.source, loaded.warnings) == (
        ".spec-workflow/oraculo.toml",
        "canonical",
        (),
    )
    config = loaded.config
    assert config.execution.tdd_default is True
    assert len(config.statusline.base_branches) == 4
    assert config.skills.design.required == ("effective-go",)
    assert config.skills.design.optional == ("mermaid-architecture", "qa-validation-planning")
    assert config.skills.implementation.required == ("conventional-commits", "effective-go")
    changed = {key for key, value in leaves(as_document(config)).items() if value != DEFAULTS[key]}
    assert changed == {
        "execution.tdd_default",
        "skills.design.required",
        "skills.design.optional",
        "skills.implementation.required",
        "skills.implementation.optional",
    }


def test_missing_file_168(workspace: Workspace) -> None:
    loaded = load_config(workspace.paths)
    assert loaded.config == Config()
    assert (loaded.path, loaded.source, loaded.warnings) == (CONFIG_FILES[0][0], "missing", ())


@pytest.mark.parametrize(("path", "source"), CONFIG_FILES, ids=[f"169-{path}" for path, _ in CONFIG_FILES])
def test_every_place_is_found_169(workspace: Workspace, path: str, source: str) -> None:
    loaded = load(workspace, "[models]\nweb_research = 'm'\n", path)
    assert (loaded.config.models.web_research, loaded.path, loaded.source) == ("m", path, source)


def test_the_first_place_wins_and_the_others_are_named(workspace: Workspace) -> None:
    for number, (path, _) in reversed(list(enumerate(CONFIG_FILES))):
        loaded = load(workspace, f"[planning]\nmax_wave_size = {number + 1}\n", path)
        assert loaded.config.planning.max_wave_size == number + 1
    assert len(loaded.warnings) == 3
    assert loaded.warnings[0] == (
        ".spec-workflow/oraculo.toml is used, .spec-workflow/spw-config.toml is not read"
    )


def test_partial_file_170(workspace: Workspace) -> None:
    loaded = load(workspace, "[planning]\nmax_wave_size = 7\n")
    assert leaves(as_document(loaded.config)) == DEFAULTS | {"planning.max_wave_size": 7}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("models.web_research", "haiku"),
        ("execution.tdd_default", True),
        ("planning.max_wave_size", 3),
        ("hooks.recent_run_window_minutes", 30),
        ("skills.design.required", ["a", "b"]),
        ("skills.design", {"enforce_required": False, "required": ["a", "b"], "optional": []}),
        ("our.own.deep.key", 5),
        ("no.such", None),
        ("execution.tdd_default.more", None),
        ("", None),
        ("models.", None),
    ],
    ids=lambda value: f"171-{value}" if isinstance(value, str) else "",
)
def test_lookup_171(workspace: Workspace, key: str, value: object) -> None:
    loaded = load(
        workspace,
        "[execution]\ntdd_default = true\n[skills.design]\nenforce_required = false\n"
        'required = ["a", "b"]\n[our.own]\ndeep = {key = 5}\n',
    )
    assert lookup(loaded.document, key) == value
    assert loaded.warnings == (".spec-workflow/oraculo.toml: unknown keys: our",)


@pytest.mark.parametrize("text", ["true", "True", "TRUE", "1", "yes", " on "])
def test_text_to_bool_true_172(text: str) -> None:
    assert text_to_bool(text, False) is True


@pytest.mark.parametrize("text", ["false", "False", "0", "no", "OFF"])
def test_text_to_bool_false_172(text: str) -> None:
    assert text_to_bool(text, True) is False


@pytest.mark.parametrize("text", ["", "garbage", "2"])
def test_text_to_bool_fallback_172(text: str) -> None:
    assert text_to_bool(text, True) is True
    assert text_to_bool(text, False) is False


@pytest.mark.parametrize(
    ("text", "number"), [("42", 42), ("0", 0), ("-5", -5), ("", 9), ("abc", 9), ("3.14", 9), ("٣", 9)]
)
def test_text_to_int_173(text: str, number: int) -> None:
    assert text_to_int(text, 9) == number


def test_lists_over_several_lines_175() -> None:
    document, problems = parse_toml(
        b'[statusline]\nbase_branches = [\n  "main",  # first\n  "b",\n  "c",\n  "d"\n]\n'
        b'[skills.design]\nrequired = [\n"x",\n"y",\n"z",\n]\noptional = ["p",\n"q"]\n'
    )
    config, warnings = decode_config(document)
    assert (problems, warnings) == ([], [])
    assert config.statusline.base_branches == ("main", "b", "c", "d")
    assert config.skills.design.required == ("x", "y", "z")
    assert config.skills.design.optional == ("p", "q")


@pytest.mark.parametrize(
    ("toml", "key", "value", "warned"),
    [
        ("execution.commit_per_task = true", "execution.commit_per_task", "auto", False),
        ("execution.commit_per_task = false", "execution.commit_per_task", "none", False),
        ("execution.commit_per_task = 'Manual'", "execution.commit_per_task", "manual", False),
        ("execution.commit_per_task = 'sometimes'", "execution.commit_per_task", "auto", True),
        ("execution.commit_per_task = [1]", "execution.commit_per_task", "auto", True),
        ("execution.tdd_default = 'Yes'", "execution.tdd_default", True, False),
        ("execution.tdd_default = 1", "execution.tdd_default", True, False),
        ("execution.tdd_default = 'maybe'", "execution.tdd_default", False, True),
        ("execution.tdd_default = 1.0", "execution.tdd_default", False, True),
        ("planning.max_wave_size = '5'", "planning.max_wave_size", 5, False),
        ("planning.max_wave_size = 5.0", "planning.max_wave_size", 5, False),
        ("planning.max_wave_size = 5.5", "planning.max_wave_size", 3, True),
        ("planning.max_wave_size = true", "planning.max_wave_size", 3, True),
        ("planning.max_wave_size = 0", "planning.max_wave_size", 3, True),
        (
            "planning.tasks_generation_strategy = 'all_at_once'",
            "planning.tasks_generation_strategy",
            "all-at-once",
            False,
        ),
        ("hooks.enforcement_mode = ' BLOCK '", "hooks.enforcement_mode", "block", False),
        ("hooks.enforcement_mode = 'blocking'", "hooks.enforcement_mode", "warn", True),
        ("statusline.show_token_cost = 'Never'", "statusline.show_token_cost", "never", False),
        ("statusline.show_token_cost = true", "statusline.show_token_cost", "auto", True),
        ("statusline.base_branches = 'main, trunk'", "statusline.base_branches", ["main", "trunk"], False),
        ("statusline.base_branches = ['main', 3]", "statusline.base_branches", ["main"], True),
        (
            "statusline.base_branches = 3",
            "statusline.base_branches",
            DEFAULTS["statusline.base_branches"],
            True,
        ),
        ("store.hybrid_search_alpha = 1", "store.hybrid_search_alpha", 1.0, False),
        ("store.hybrid_search_alpha = '0.2'", "store.hybrid_search_alpha", 0.2, False),
        ("store.hybrid_search_alpha = 1.1", "store.hybrid_search_alpha", 0.7, True),
        ("store.hybrid_search_alpha = nan", "store.hybrid_search_alpha", 0.7, True),
        ("models.web_research = 5", "models.web_research", "haiku", True),
        ("models = 'opus'", "models.web_research", "haiku", True),
        (
            "skills.auto_install_defaults_on_oraculo_install = false",
            "skills.auto_install_defaults_on_spw_install",
            False,
            False,
        ),
    ],
)
def test_one_value(toml: str, key: str, value: object, warned: bool) -> None:
    document, problems = parse_toml(toml.encode())
    config, warnings = decode_config(document)
    assert problems == []
    found = leaves(as_document(config))
    assert found[key] == value
    named = toml.partition(" ")[0]
    assert [warning.startswith(f"{named} ") for warning in warnings] == ([True] if warned else [])
    expected = DEFAULTS | {key: value}
    if "auto_install" in key:
        expected["skills.auto_install_defaults_on_oraculo_install"] = value
    assert found == expected


def test_keys_of_earlier_versions_are_no_news() -> None:
    document, _ = parse_toml(
        b"[subagents]\nx = 1\n[reviews]\ny = 2\n[execution]\nstrict_gates = true\n"
        b"auto_commit_on_task_completion = true\n[skills]\nload_mode = 'lazy'\n[safety]\ndry_run = false\n"
    )
    assert decode_config(document) == (Config(), [])


def test_unknown_keys_are_one_warning() -> None:
    document, _ = parse_toml(b"[models]\nfast = 'x'\n[extra]\na = 1\n[skills.qa]\nrequired = []\n")
    assert decode_config(document) == (Config(), ["unknown keys: models.fast, extra, skills.qa"])


def test_a_broken_line_costs_only_itself(workspace: Workspace) -> None:
    loaded = load(
        workspace,
        "[models]\nweb_research = haiku\nimplementation = 'own'\n\n[hooks]\nenforcement_mode = 'block'\n"
        "[planning]\nmax_wave_size = [3\n[qa]\nmax_scenarios_per_wave = 9\n",
    )
    assert loaded.config.models.implementation == "own"
    assert loaded.config.hooks.enforcement_mode == "block"
    assert loaded.config.qa.max_scenarios_per_wave == 9
    assert loaded.config.planning.max_wave_size == 3
    assert [warning.partition("invalid")[0] for warning in loaded.warnings] == [
        ".spec-workflow/oraculo.toml: line 2: ",
        ".spec-workflow/oraculo.toml: line 8: ",
    ]


def test_a_section_that_is_there_twice_is_read_twice(workspace: Workspace) -> None:
    loaded = load(workspace, "[qa]\nmax_scenarios_per_wave = 9\n[models]\n[qa]\nmax_scenarios_per_wave = 1\n")
    assert loaded.config.qa.max_scenarios_per_wave == 9
    assert "line 4: invalid TOML: Cannot declare ('qa',) twice" in loaded.warnings[0]


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf[planning]\r\nmax_wave_size = 8\r\n",
        b"[planning] # gr\xfc\xdfe\nmax_wave_size = 8\n",
        "[planning]\nmax_wave_size = 8\n".encode("utf-16"),
        b"[planning]\rmax_wave_size = 8\r",
    ],
    ids=["bom-crlf", "latin-1", "utf-16", "cr"],
)
def test_odd_encodings(workspace: Workspace, data: bytes) -> None:
    assert load(workspace, data).config.planning.max_wave_size == 8


@pytest.mark.parametrize(
    "data",
    [
        b"a = " + b"[" * 5000,
        b"a = " + b"9" * 5000,
        b".".join([b"a"] * 3000) + b" = 1",
        b"\0" * 1000,
        b"=\n" * 3000,
    ],
    ids=["nested", "long-number", "deep-key", "zeros", "no-keys"],
)
def test_hostile_files_are_problems(data: bytes) -> None:
    document, problems = parse_toml(data)
    assert decode_config(document)[0] == Config()
    assert problems


def test_files_that_cannot_be_read(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = load(workspace, b"#" * (1024 * 1024 + 1))
    assert loaded.config == Config()
    assert "larger than" in loaded.warnings[0]

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    loaded = load_config(workspace.paths)
    assert loaded.config == Config()
    assert "cannot be read: Permission denied" in loaded.warnings[0]


def test_dates_and_endless_numbers_become_text() -> None:
    document, problems = parse_toml(b"a = 2026-02-14\nb = 10:00:00\nc = inf\nd = [1979-05-27T07:32:00Z]\n")
    assert problems == []
    assert document == {"a": "2026-02-14", "b": "10:00:00", "c": "inf", "d": ["1979-05-27T07:32:00+00:00"]}


ANY_VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)


def nested(dotted: str, value: object) -> dict[str, object]:
    for part in reversed(dotted.split(".")):
        value = {part: value}
    assert isinstance(value, dict)
    return value


@given(key=st.sampled_from(sorted(DEFAULTS)), value=ANY_VALUE)
def test_any_value_of_one_key_leaves_the_others_alone(key: str, value: object) -> None:
    config, _ = decode_config(nested(key, value))
    found = leaves(as_document(config))
    assert type(found[key]) is type(DEFAULTS[key])
    aliases = {name for name in DEFAULTS if name.startswith("skills.auto_install")}
    ours = aliases if key in aliases else {key}
    assert {name: other for name, other in found.items() if name not in ours} == {
        name: other for name, other in DEFAULTS.items() if name not in ours
    }


@given(
    section=st.sampled_from([f.name for f in fields(Config) if is_dataclass(getattr(Config(), f.name))]),
    value=ANY_VALUE,
)
def test_any_value_of_one_section_leaves_the_others_alone(section: str, value: object) -> None:
    config, _ = decode_config({section: value})
    for column in fields(Config):
        if column.name != section:
            assert getattr(config, column.name) == getattr(Config(), column.name)


@given(st.binary(max_size=200) | st.text(alphabet="[]=\"'#.,ab1\n\\ {}-:T", max_size=120).map(str.encode))
def test_no_bytes_make_the_reader_raise(data: bytes) -> None:
    document, _ = parse_toml(data)
    config, _ = decode_config(document)
    assert isinstance(config, Config)


@pytest.mark.parametrize(
    "text",
    [
        f"{'a.' * 20_000}a = 1\n",
        f"[{'a.' * 20_000}a]\nlost = 1\n",
        f"x = {{{'a.' * 20_000}a = 1}}\n",
        ("a." * 49 + "a = 1\n") * 2000,
        "a =\n" * 60_000,
        "[a]\n" * 60_000,
        "[planning]\nmax_wave_size = 0x" + "f" * 200_000 + "\n",
        "a." * 500_000,
    ],
    ids=["key", "header", "inline", "many", "broken-lines", "broken-sections", "huge-number", "megabyte"],
)
def test_absurd_files_cost_no_time_and_are_said(workspace: Workspace, text: str) -> None:
    started = time.process_time()
    loaded = load(workspace, text)
    assert time.process_time() - started < 5  # well under one second, on a machine with nothing else to do
    assert loaded.config == Config()
    assert loaded.warnings


def test_dots_that_are_no_keys_cost_no_line() -> None:
    document, problems = parse_toml(
        b"# " + b"x." * 80 + b"\na = '" + b"x." * 80 + b"'\nb = 2 # " + b"x." * 80
    )
    assert (document["a"], document["b"], problems) == ("x." * 80, 2, [])
    document, problems = parse_toml(b"[" + b"a." * 60 + b"a]\nlost = 1\n[models]\nx = 'y'\n")
    assert (document, len(problems)) == ({"models": {"x": "y"}}, 1)
