-- sessions.db, one per workspace: conversations with agents. Times are fixed-width UTC text, '' is never.

CREATE TABLE sessions (
    number        INTEGER PRIMARY KEY AUTOINCREMENT, -- order of insertion, for ties
    workspace_id  TEXT NOT NULL,
    id            TEXT NOT NULL CHECK (id <> ''),
    user_id       TEXT NOT NULL CHECK (user_id <> ''),
    title         TEXT NOT NULL,
    summary       TEXT NOT NULL,
    model         TEXT NOT NULL,
    status        TEXT NOT NULL CHECK (status IN ('active', 'paused', 'archived')),
    source        TEXT NOT NULL,    -- the transcript it was read from, '' when it was made through the API
    cwd           TEXT NOT NULL,
    branch        TEXT NOT NULL,
    budgets       TEXT NOT NULL,    -- JSON
    created_at    TEXT NOT NULL,
    updated_at    TEXT NOT NULL,
    compacted_at  TEXT NOT NULL,
    version       INTEGER NOT NULL, -- grows with every update
    UNIQUE (workspace_id, id)
);
CREATE INDEX sessions_by_time ON sessions (workspace_id, created_at, number);

CREATE TABLE messages (
    number       INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace_id TEXT NOT NULL,
    session_id   TEXT NOT NULL,
    id           TEXT NOT NULL CHECK (id <> ''),
    role         TEXT NOT NULL,
    content      TEXT NOT NULL,
    tool_call_id TEXT NOT NULL,
    tool_name    TEXT NOT NULL,
    origin       TEXT NOT NULL,
    threat       TEXT,
    created_at   TEXT NOT NULL,
    metadata     TEXT NOT NULL,
    UNIQUE (workspace_id, id),
    FOREIGN KEY (workspace_id, session_id) REFERENCES sessions (workspace_id, id) ON DELETE CASCADE
);
CREATE INDEX messages_by_session ON messages (workspace_id, session_id, created_at, number);

-- What a session was about: a spec, a run in it, or a file it touched. `how` says what tells so.
CREATE TABLE session_links (
    workspace_id TEXT NOT NULL,
    session_id   TEXT NOT NULL,
    kind         TEXT NOT NULL CHECK (kind IN ('spec', 'run', 'file')),
    target       TEXT NOT NULL,
    how          TEXT NOT NULL,
    count        INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, session_id, kind, target),
    FOREIGN KEY (workspace_id, session_id) REFERENCES sessions (workspace_id, id) ON DELETE CASCADE
) WITHOUT ROWID;
CREATE INDEX session_links_by_target ON session_links (workspace_id, kind, target);

-- Sessions that were forgotten on purpose: never imported again.
CREATE TABLE forgotten (
    workspace_id TEXT NOT NULL,
    session_id   TEXT NOT NULL,
    at           TEXT NOT NULL,
    PRIMARY KEY (workspace_id, session_id)
) WITHOUT ROWID;
