-- gateway.db, one per user: what is global to all workspaces.

-- Every decision of a guard, and nothing else that hooks do. Written by hooks, which keep the newest
-- rows only. Texts are empty and numbers 0 where a thing does not apply.
CREATE TABLE audit_log (
    id          INTEGER PRIMARY KEY,
    at          TEXT NOT NULL,    -- UTC, fixed width: 2026-02-14T10:00:00.123456Z
    workspace   TEXT NOT NULL,    -- absolute path of the folder with .spec-workflow
    session     TEXT NOT NULL,
    agent       TEXT NOT NULL,    -- the program that asked: claude, codex, gemini, cursor, copilot
    event       TEXT NOT NULL,    -- guard-prompt, guard-paths, guard-stop
    decision    TEXT NOT NULL,    -- allow, warn, block
    tool        TEXT NOT NULL,
    target      TEXT NOT NULL,    -- what was decided about: a path, or a command
    reason      TEXT NOT NULL,
    spec        TEXT NOT NULL,
    duration_ms REAL NOT NULL
);
