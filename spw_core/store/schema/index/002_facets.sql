-- Documents with more facets, chunks with the hash of their text, exact words, a vocabulary.
-- The index is a cache: what was in it is dropped, and the next harvest fills it again.

DROP TABLE chunks_fts;
DROP TABLE chunks;
DROP TABLE documents;
UPDATE specs SET revision = -1; -- the revision of no spec.db, so that each is read again

-- `key` names a document within the whole index, `source` who keeps it: `spec` for what the harvest
-- makes of a spec.db. `path` is relative to .spec-workflow/ and what opens; empty where no file is behind it.
-- Numbers are 0 and texts empty where a facet does not apply. Times are UTC texts of fixed width.
-- What was removed keeps its words and is left out of results unless it is asked for.
CREATE TABLE documents (
    id           INTEGER PRIMARY KEY,
    key          TEXT NOT NULL UNIQUE,
    source       TEXT NOT NULL,
    path         TEXT NOT NULL,
    spec         TEXT NOT NULL,
    doc_type     TEXT NOT NULL,
    phase        TEXT NOT NULL,
    command      TEXT NOT NULL,
    run          TEXT NOT NULL,
    wave         INTEGER NOT NULL,
    task         TEXT NOT NULL,
    agent        TEXT NOT NULL,
    status       TEXT NOT NULL,
    title        TEXT NOT NULL,
    content_hash TEXT NOT NULL,
    updated_at   TEXT NOT NULL,
    removed_at   TEXT NOT NULL
);
CREATE INDEX documents_by_spec ON documents (spec, doc_type);
CREATE INDEX documents_by_type ON documents (doc_type);
CREATE INDEX documents_by_phase ON documents (phase);
CREATE INDEX documents_by_run ON documents (run, wave);
CREATE INDEX documents_by_agent ON documents (agent);
CREATE INDEX documents_by_task ON documents (task);
CREATE INDEX documents_by_status ON documents (status);
CREATE INDEX documents_by_time ON documents (updated_at);

-- A document cut along its headings. `line` is 1-based. An id is never given twice. `content_hash` is that
-- of the text that stands for the chunk (heading path and body): equal texts share one vector.
CREATE TABLE chunks (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    document_id  INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    line         INTEGER NOT NULL,
    content_hash BLOB NOT NULL,
    heading      TEXT NOT NULL,
    body         TEXT NOT NULL
);
CREATE INDEX chunks_by_document ON chunks (document_id);
CREATE INDEX chunks_by_hash ON chunks (content_hash);

-- Words of the chunks. Contentless: bodies stand in `chunks`, snippets are cut from there. `exact` holds
-- identifiers whole, in a spelling that the stemmer leaves alone.
CREATE VIRTUAL TABLE chunks_fts USING fts5 (
    title, heading, body, exact,
    content = '', contentless_delete = 1,
    tokenize = 'porter unicode61 remove_diacritics 2'
);
CREATE VIRTUAL TABLE chunks_vocab USING fts5vocab ('chunks_fts', 'row');

-- Every word as it is written, folded: what is typed is corrected from here, and beginnings are completed.
-- Words stay when the last document that held them goes; whoever uses one looks whether it still occurs.
CREATE TABLE words (word TEXT PRIMARY KEY) WITHOUT ROWID;

-- What other keepers of documents remember about their last visit; gone when the index was built anew.
CREATE TABLE sources (
    name  TEXT PRIMARY KEY,
    state TEXT NOT NULL
) WITHOUT ROWID;
