-- .spw-index.db, one per workspace: every harvested document, for search across specs.
-- All of it can be rebuilt from the spec.db files.

CREATE TABLE specs (
    name         TEXT PRIMARY KEY,
    stage        TEXT NOT NULL,
    status       TEXT NOT NULL,
    tasks_done   INTEGER NOT NULL,
    tasks_total  INTEGER NOT NULL,
    wave_current INTEGER NOT NULL,
    waves_total  INTEGER NOT NULL,
    blocked      INTEGER NOT NULL,
    attention    TEXT NOT NULL,
    updated_at   TEXT NOT NULL,
    harvested_at TEXT NOT NULL,
    revision     INTEGER NOT NULL -- of the spec.db that this row and its documents were made from
) WITHOUT ROWID;
CREATE INDEX specs_by_time ON specs (updated_at);

-- `path` is relative to .spec-workflow/. Numbers are 0 and texts empty where a facet does not apply.
CREATE TABLE documents (
    id           INTEGER PRIMARY KEY,
    path         TEXT NOT NULL UNIQUE,
    spec         TEXT NOT NULL,
    doc_type     TEXT NOT NULL,
    phase        TEXT NOT NULL,
    command      TEXT NOT NULL,
    run          TEXT NOT NULL,
    wave         INTEGER NOT NULL,
    agent        TEXT NOT NULL,
    status       TEXT NOT NULL,
    title        TEXT NOT NULL,
    content_hash TEXT NOT NULL,
    updated_at   TEXT NOT NULL
);
CREATE INDEX documents_by_spec ON documents (spec, doc_type);
CREATE INDEX documents_by_type ON documents (doc_type);

-- A document cut along its headings. `line` is 1-based.
CREATE TABLE chunks (
    id          INTEGER PRIMARY KEY,
    document_id INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    line        INTEGER NOT NULL,
    heading     TEXT NOT NULL,
    body        TEXT NOT NULL
);
CREATE INDEX chunks_by_document ON chunks (document_id);

-- Words of the chunks. Contentless: bodies stand in `chunks`, snippets are cut from there.
CREATE VIRTUAL TABLE chunks_fts USING fts5 (
    title, heading, body,
    content = '', contentless_delete = 1,
    tokenize = 'porter unicode61 remove_diacritics 2'
);
