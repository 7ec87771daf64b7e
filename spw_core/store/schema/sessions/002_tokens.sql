-- Tokens that each answer of a model took. Transcripts tell them several times for one answer, so they are
-- kept by answer, and a session's are their sum.
CREATE TABLE answer_tokens (
    workspace_id TEXT NOT NULL,
    session_id   TEXT NOT NULL,
    answer_id    TEXT NOT NULL,
    input        INTEGER NOT NULL,
    output       INTEGER NOT NULL,
    cache_write  INTEGER NOT NULL,
    cache_read   INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, session_id, answer_id),
    FOREIGN KEY (workspace_id, session_id) REFERENCES sessions (workspace_id, id) ON DELETE CASCADE
) WITHOUT ROWID;
