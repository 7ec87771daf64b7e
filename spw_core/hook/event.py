"""What happened, told from the payload: Claude Code's, and those of the programs that imitate its hooks.

Codex, Gemini CLI, Cursor and Copilot name the same things differently, and some of them run the hooks of
Claude Code's settings with payloads of their own. They are recognised by their fields.
"""

from spw_core.hook.payload import as_text, first_row, select, text_sql

_PATH_KEYS = ("file_path", "path", "target_path", "filename", "notebook_path", "filePath", "target_file")
_INPUTS = ("tool_input", "toolInput", "input", "toolArgs", "tool_args")


def _first(*paths: str) -> str:
    """SQL for the first text that is not empty."""
    return "coalesce(" + ", ".join(f"nullif({text_sql(path)}, x'')" for path in (*paths, '$.""')) + ")"


def _is(path: str, *types: str) -> str:
    """SQL: whether the value at `path` has one of these JSON types."""
    wanted = ", ".join(f"'{name}'" for name in types)
    return f"ifnull(json_type(?1, '{path}') IN ({wanted}), 0)"


def _path_in(prefix_sql: str) -> str:
    """SQL for the file that a tool is to write, below the path that `prefix_sql` makes."""
    return (
        "coalesce("
        + ", ".join(
            f"CASE json_type(?1, {prefix_sql} || '.{key}') WHEN 'text'"
            f" THEN nullif(CAST(json_extract(?1, {prefix_sql} || '.{key}') AS BLOB), x'') END"
            for key in _PATH_KEYS
        )
        + ")"
    )


_SELECT_EVENT = (
    "SELECT "
    + ", ".join(
        (
            _first("$.hook_event_name", "$.hookEventName"),
            _first("$.session_id", "$.sessionId", "$.conversation_id"),
            _first("$.cwd"),
            _first("$.workspace.current_dir", "$.workspace_roots[0]"),
            _first("$.tool_name", "$.toolName"),
            _path_in("place"),
            _first(
                "$.prompt", "$.userPrompt", "$.user_prompt", "$.message", "$.input.prompt", "$.input.message"
            ),
            _first("$.command_name"),
            _first("$.command_args"),
            _first("$.transcript_path", "$.transcriptPath"),
            _first("$.reason", "$.trigger", "$.source"),
            _is("$.stop_hook_active", "true") + " OR " + _is("$.stopHookActive", "true"),
            _is("$.agent_id", "text"),
            "CASE json_type(?1, '$.background_tasks') WHEN 'array'"
            " THEN json_array_length(?1, '$.background_tasks') ELSE 0 END",
            _is("$.model", "object") + " OR " + _is("$.context_window", "object"),
            "CASE"
            f" WHEN {_is('$.cursor_version', 'text')} OR {_is('$.workspace_roots', 'array')} THEN 'cursor'"
            f" WHEN {_is('$.turn_id', 'text', 'integer')} THEN 'codex'"
            f" WHEN {_is('$.sessionId', 'text')} OR {_is('$.toolName', 'text')} THEN 'copilot'"
            f" WHEN {_is('$.timestamp', 'text')} AND NOT {_is('$.permission_mode', 'text')} THEN 'gemini'"
            " ELSE 'claude' END",
        )
    )
    + " FROM (SELECT CASE "
    + " ".join(f"WHEN json_type(?1, '$.{name}') = 'object' THEN '$.{name}'" for name in _INPUTS)
    + " ELSE '$' END AS place)"
)
_TEXTS = 11

# Tool inputs that are JSON inside of a text (Copilot), or a patch (Codex), or a patch in such JSON.
_SELECT_WRITTEN = f"SELECT {_path_in(chr(39) + '$' + chr(39))}, " + _first("$.input", "$.patch", "$.command")
_SELECT_TEXT_INPUT = "SELECT " + _first(
    *("$.toolArgs", "$.tool_input", "$.tool_input.command", "$.tool_input.input", "$.tool_input.patch"),
    "$.tool_input.command[1]",
)
_PATCH_LINES = ("*** Add File: ", "*** Update File: ", "*** Delete File: ", "*** Move to: ")
_MAX_PATCH_FILES = 50


class Event:
    """One event. Texts are empty where the payload does not say; `data` are its bytes."""

    __slots__ = (
        *("agent_id", "background_tasks", "client", "command_args", "command_name", "current_dir", "cwd"),
        *("data", "is_statusline", "name", "prompt", "reason", "session", "stop_hook_active", "target"),
        *("tool", "transcript"),
    )

    def __init__(self, data: bytes) -> None:
        self.data = data
        row = select(_SELECT_EVENT, data) or (None,) * (_TEXTS + 5)
        texts = [as_text(value) for value in row[:_TEXTS]]
        self.name, self.session, self.cwd, self.current_dir, self.tool, self.target, *rest = texts
        self.prompt, self.command_name, self.command_args, self.transcript, self.reason = rest
        stop, agent, background, statusline, client = row[_TEXTS:]
        self.stop_hook_active = bool(stop)
        self.agent_id = bool(agent)
        self.background_tasks = bool(background)
        self.is_statusline = bool(statusline)
        self.client = str(client or "claude")

    def targets(self) -> list[str]:
        """The files that the tool is to write or has written, as the payload names them."""
        if self.target:
            return [self.target]
        (value,) = select(_SELECT_TEXT_INPUT, self.data) or (None,)
        text = as_text(value)
        if not text.lstrip().startswith("{"):
            return _patched(text)
        # JSON first: what is to be written may look like a patch itself.
        path, patch = first_row(_SELECT_WRITTEN, text) or (None, None)
        return [as_text(path)] if path else _patched(as_text(patch))


def _patched(text: str) -> list[str]:
    files: list[str] = []
    for line in text.split("\n"):
        for prefix in _PATCH_LINES:
            if line.startswith(prefix) and len(files) < _MAX_PATCH_FILES:
                files.append(line[len(prefix) :].strip())
    return files
