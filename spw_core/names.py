"""The names on disk that everything shares. No imports: the hook, which counts them, needs it too."""

WORKFLOW_DIR = ".spec-workflow"
SPECS_DIR = "specs"
APPROVALS_DIR = "approvals"
SPEC_DB = "spec.db"
INDEX_DB = ".spw-index.db"
VECTORS_DIR = ".spw-vectors"
CACHE_DIR = ".spw-cache"
GATEWAY_DB = "gateway.db"

# Below .spec-workflow: hooks leave one small JSON file here for each session whose transcript is to be
# imported, named by the session: `session`, `transcript` (path), `agent` (claude, codex, …), `event`,
# `reason`, `cwd`, `queued_at`, all texts. Whoever has imported the transcript removes the file.
MEMORY_DIR = ".spw-memory"
MEMORY_QUEUE = (MEMORY_DIR, "queue")

# The configuration: relative to the workspace's root, the first that exists wins.
CONFIG_PATHS = (
    ".spec-workflow/oraculo.toml",
    ".spec-workflow/spw-config.toml",
    ".oraculo/oraculo.toml",
    ".spw/spw-config.toml",
)

# Ends the name of a file that is being written. One that an interrupted process left behind is never
# harvested, and replaced by the next write to the same place.
TEMPORARY_SUFFIX = ".spw-tmp"

# The three documents of a spec that people and dashboards edit; they stay files for ever.
DASHBOARDS = ("requirements.md", "design.md", "tasks.md")

# What a guard of the hooks decides.
ALLOW, WARN, BLOCK = "allow", "warn", "block"

_NAME_CHARS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")
_LONGEST_NAME = 200


def is_valid_name(name: str) -> bool:
    """True when `name` may become one path segment: `[A-Za-z0-9._-]+`, no leading dot, at most 200 long."""
    return 0 < len(name) <= _LONGEST_NAME and name[0] != "." and _NAME_CHARS.issuperset(name)
