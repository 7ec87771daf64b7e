-- spec.db, one per spec. Version 1 belongs to the Go tool; ours starts at 2.
--
-- `artifacts` is the ground. Every table below it is a projection that can be rebuilt from it.
-- Times ending in _ns are nanoseconds since the epoch; the others are fixed-width UTC text.

CREATE TABLE spec_meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

-- One row for each file ever seen. `area` is 'spec' (rel_path relative to the spec's folder) or
-- 'approvals' (relative to approvals/<spec>). `content` is NULL for files that are too large to store.
CREATE TABLE artifacts (
    id            INTEGER PRIMARY KEY,
    area          TEXT NOT NULL CHECK (area IN ('spec', 'approvals')),
    rel_path      TEXT NOT NULL,
    phase         TEXT NOT NULL,
    artifact_type TEXT NOT NULL,
    content       BLOB,
    content_hash  TEXT NOT NULL,
    size          INTEGER NOT NULL,
    mtime_ns      INTEGER NOT NULL,
    inode         INTEGER NOT NULL,
    mode          INTEGER NOT NULL,
    checked_ns    INTEGER NOT NULL, -- when the bytes were last compared with the file
    first_seen    TEXT NOT NULL,
    last_seen     TEXT NOT NULL,    -- when this version was stored
    removed_at    TEXT,
    problem       TEXT,             -- why the bytes cannot be understood, if they cannot
    UNIQUE (area, rel_path)
);
CREATE INDEX artifacts_by_type ON artifacts (artifact_type);

-- Earlier versions of a file; only ever added to. `first_seen` is when that version was stored.
CREATE TABLE artifact_history (
    id           INTEGER PRIMARY KEY,
    artifact_id  INTEGER NOT NULL REFERENCES artifacts (id),
    content      BLOB,
    content_hash TEXT NOT NULL,
    size         INTEGER NOT NULL,
    mtime_ns     INTEGER NOT NULL,
    mode         INTEGER NOT NULL,
    first_seen   TEXT NOT NULL,
    replaced_at  TEXT NOT NULL
);
CREATE INDEX artifact_history_by_artifact ON artifact_history (artifact_id);

-- A run is its folder. `wave_number` is 0 where waves do not apply, never NULL.
CREATE TABLE runs (
    comms_path  TEXT PRIMARY KEY,
    command     TEXT NOT NULL,
    run_number  INTEGER NOT NULL,
    phase       TEXT NOT NULL,
    wave_number INTEGER NOT NULL DEFAULT 0,
    status      TEXT NOT NULL,
    all_pass    INTEGER NOT NULL,
    sealed      INTEGER NOT NULL,
    started_ns  INTEGER NOT NULL,
    updated_ns  INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX runs_by_command ON runs (command, wave_number, run_number);

-- Texts of brief.md and report.md are artifacts under `path`; here is what is asked about.
CREATE TABLE subagents (
    run_path       TEXT NOT NULL REFERENCES runs (comms_path) ON DELETE CASCADE,
    name           TEXT NOT NULL,
    path           TEXT NOT NULL,
    status         TEXT NOT NULL,
    summary        TEXT NOT NULL,
    has_brief      INTEGER NOT NULL,
    has_report     INTEGER NOT NULL,
    has_status     INTEGER NOT NULL,
    skills_used    TEXT NOT NULL,
    skills_missing TEXT NOT NULL,
    PRIMARY KEY (run_path, name)
) WITHOUT ROWID;

CREATE TABLE handoffs (
    run_path   TEXT PRIMARY KEY REFERENCES runs (comms_path) ON DELETE CASCADE,
    rel_path   TEXT NOT NULL,
    all_pass   INTEGER NOT NULL,
    updated_ns INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE waves (
    wave_number       INTEGER PRIMARY KEY,
    folder            TEXT NOT NULL,
    status            TEXT NOT NULL,
    exec_runs         INTEGER NOT NULL,
    check_runs        INTEGER NOT NULL,
    checkpoint_status TEXT NOT NULL,
    checkpoint_run    TEXT NOT NULL,
    task_ids          TEXT NOT NULL,
    summary_json      TEXT,
    latest_json       TEXT,
    stale_flag        INTEGER NOT NULL
);

-- Ids may repeat in the wild, so the place in the file is the key.
CREATE TABLE tasks (
    line        INTEGER PRIMARY KEY,
    task_id     TEXT NOT NULL,
    title       TEXT NOT NULL,
    status      TEXT NOT NULL,
    wave        INTEGER,
    depends_on  TEXT NOT NULL,
    files       TEXT NOT NULL,
    tdd         TEXT NOT NULL,
    is_deferred INTEGER NOT NULL,
    details     TEXT NOT NULL
);
CREATE INDEX tasks_by_id ON tasks (task_id);

CREATE TABLE impl_logs (
    path    TEXT PRIMARY KEY,
    task_id TEXT NOT NULL,
    title   TEXT NOT NULL,
    size    INTEGER NOT NULL
) WITHOUT ROWID;

-- Requests (version 0) and the snapshots that outlive them (version 1 and up).
CREATE TABLE approvals (
    path         TEXT NOT NULL,
    version      INTEGER NOT NULL,
    approval_id  TEXT NOT NULL,
    doc_type     TEXT NOT NULL,
    file_path    TEXT NOT NULL,
    status       TEXT NOT NULL,
    title        TEXT NOT NULL,
    created_at   TEXT NOT NULL,
    responded_at TEXT NOT NULL,
    response     TEXT NOT NULL,
    trigger      TEXT NOT NULL,
    PRIMARY KEY (path, version)
) WITHOUT ROWID;

-- Files that were kept raw or left out at the last harvest, and why.
CREATE TABLE harvest_errors (
    path  TEXT NOT NULL,
    error TEXT NOT NULL,
    PRIMARY KEY (path, error)
) WITHOUT ROWID;
