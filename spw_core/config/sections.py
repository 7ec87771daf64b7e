"""The sections of the configuration, with the workflow's defaults and the limits of each value."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TypeVar

_Number = TypeVar("_Number", int, float)


def _word(default: str, *others: str) -> str:
    """A text that must be one of a few words."""
    return field(default=default, metadata={"words": (default, *others)})


def _number(default: _Number, low: float, high: float = math.inf) -> _Number:
    """A number within limits."""
    return field(default=default, metadata={"low": low, "high": high})


@dataclass(frozen=True, slots=True)
class Models:
    """Which model does which kind of work."""

    web_research: str = "haiku"
    complex_reasoning: str = "opus"
    implementation: str = "sonnet"


@dataclass(frozen=True, slots=True)
class Execution:
    tdd_default: bool = False
    require_user_approval_between_waves: bool = True
    commit_per_task: str = _word("auto", "manual", "none")
    require_clean_worktree_for_wave_pass: bool = True
    manual_tasks_require_human_handoff: bool = True


@dataclass(frozen=True, slots=True)
class Planning:
    tasks_generation_strategy: str = _word("rolling-wave", "all-at-once")
    max_wave_size: int = _number(3, low=1)


@dataclass(frozen=True, slots=True)
class Qa:
    max_scenarios_per_wave: int = _number(5, low=1)


@dataclass(frozen=True, slots=True)
class PostMortemMemory:
    enabled: bool = True
    max_entries_for_design: int = _number(5, low=0)


@dataclass(frozen=True, slots=True)
class AgentTeams:
    enabled: bool = False
    teammate_mode: str = "in-process"
    require_delegate_mode: bool = True
    max_teammates: int = _number(4, low=1)
    exclude_phases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SkillSet:
    """The skills of one stage."""

    enforce_required: bool = True
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Skills:
    enabled: bool = True
    auto_install_defaults_on_spw_install: bool = field(
        default=True, metadata={"also": "auto_install_defaults_on_oraculo_install"}
    )
    design: SkillSet = SkillSet()
    implementation: SkillSet = SkillSet()


@dataclass(frozen=True, slots=True)
class Templates:
    sync_tasks_template_on_session_start: bool = True
    tasks_template_mode: str = _word("auto", "on", "off")


@dataclass(frozen=True, slots=True)
class Statusline:
    cache_ttl_seconds: int = _number(10, low=0)
    base_branches: tuple[str, ...] = ("main", "master", "staging", "develop")
    sticky_spec: bool = True
    show_token_cost: str = _word("auto", "always", "never")


@dataclass(frozen=True, slots=True)
class Safety:
    backup_before_overwrite: bool = True


@dataclass(frozen=True, slots=True)
class Verification:
    inline_audit_max_iterations: int = _number(3, low=1)


@dataclass(frozen=True, slots=True)
class Hooks:
    enabled: bool = True
    enforcement_mode: str = _word("warn", "block")
    verbose: bool = True
    recent_run_window_minutes: int = _number(30, low=0)
    guard_prompt_require_spec: bool = True
    guard_paths: bool = True
    guard_wave_layout: bool = True
    guard_stop_handoff: bool = True


@dataclass(frozen=True, slots=True)
class Store:
    """Harvest and search.

    A server for embeddings is called with `timeout_s` and `batch_size`, for a query with `query_timeout_s`.
    `embeddings_path` is the folder of a local encoder. Up to `exact_vectors` are searched without a graph.
    `summary_model` of an Ollama at `embeddings_url` writes the summaries of sessions; without one they are
    chosen from what was said.
    """

    embeddings_enabled: bool = True
    embeddings_model: str = "nomic-embed-text"
    embeddings_url: str = "http://127.0.0.1:11434"
    embeddings_path: str = ""
    summary_model: str = ""
    provider: str = _word("auto", "builtin", "local", "ollama", "openai")
    allow_remote: bool = False
    timeout_s: float = _number(30.0, low=0.1)
    query_timeout_s: float = _number(0.6, low=0.05)
    batch_size: int = _number(32, low=1)
    hybrid_search_alpha: float = _number(0.7, low=0.0, high=1.0)
    exact_vectors: int = _number(200_000, low=0)
    max_file_mb: int = _number(32, low=1)
    cleanup_after_finalize: bool = True


@dataclass(frozen=True, slots=True)
class Config:
    """Every section, with the defaults of the workflow."""

    models: Models = Models()
    execution: Execution = Execution()
    planning: Planning = Planning()
    qa: Qa = Qa()
    post_mortem_memory: PostMortemMemory = PostMortemMemory()
    agent_teams: AgentTeams = AgentTeams()
    skills: Skills = Skills()
    templates: Templates = Templates()
    statusline: Statusline = Statusline()
    safety: Safety = Safety()
    verification: Verification = Verification()
    hooks: Hooks = Hooks()
    store: Store = Store()
