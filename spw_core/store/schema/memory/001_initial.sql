-- memory.db, one per workspace: what was said, and what became of it. Times are fixed-width UTC text.

CREATE TABLE memory_messages (
    number       INTEGER PRIMARY KEY AUTOINCREMENT, -- order of insertion; never used again
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
    UNIQUE (workspace_id, id)
);
CREATE INDEX memory_messages_by_time ON memory_messages (workspace_id, created_at, number);
CREATE INDEX memory_messages_by_session ON memory_messages (workspace_id, session_id, number);

-- Words of the messages. Contentless: what was indexed is computed from `content` again when it goes.
CREATE VIRTUAL TABLE memory_words USING fts5 (
    body, content = '', tokenize = 'porter unicode61 remove_diacritics 2'
);
INSERT INTO memory_words (memory_words, rank) VALUES ('secure-delete', 1);

CREATE TABLE summaries (
    number       INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace_id TEXT NOT NULL,
    id           TEXT NOT NULL CHECK (id <> ''),
    session_id   TEXT NOT NULL,
    from_time    TEXT NOT NULL,
    to_time      TEXT NOT NULL,
    content      TEXT NOT NULL,
    message_ids  TEXT NOT NULL, -- JSON list
    method       TEXT NOT NULL, -- 'extractive' or the model that wrote it
    status       TEXT NOT NULL CHECK (status IN ('pending', 'committed')),
    created_at   TEXT NOT NULL,
    UNIQUE (workspace_id, id),
    CHECK (from_time <= to_time)
);
CREATE INDEX summaries_by_range ON summaries (workspace_id, from_time, to_time);
CREATE INDEX summaries_by_time ON summaries (workspace_id, created_at, number);

-- Messages that went into a summary: reading their transcript again must not bring them back.
CREATE TABLE compacted (
    workspace_id TEXT NOT NULL,
    message_id   TEXT NOT NULL,
    summary_id   TEXT NOT NULL,
    PRIMARY KEY (workspace_id, message_id)
) WITHOUT ROWID;

-- How far each transcript was read; written in the transaction that stores its messages. `head` is a hash
-- of its first bytes: a file that was written anew has another.
CREATE TABLE transcripts (
    path       TEXT PRIMARY KEY,
    session_id TEXT NOT NULL,
    inode      INTEGER NOT NULL,
    size       INTEGER NOT NULL,
    mtime_ns   INTEGER NOT NULL,
    offset     INTEGER NOT NULL,
    head       TEXT NOT NULL,
    head_size  INTEGER NOT NULL,
    skipped    INTEGER NOT NULL, -- records that could not be read
    read_at    TEXT NOT NULL
) WITHOUT ROWID;

-- Grows with every change of messages and summaries, so that the search index knows when to look again. It
-- begins anywhere, so that a new database is never taken for one that was deleted.
CREATE TABLE revision (
    only  INTEGER PRIMARY KEY CHECK (only = 1),
    value INTEGER NOT NULL
);
INSERT INTO revision VALUES (1, abs(random() % 1000000000000));
