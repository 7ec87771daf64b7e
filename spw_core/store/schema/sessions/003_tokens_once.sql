-- An answer that is told in several sessions, as by one that was resumed in another, counts in one: that
-- which had it first.
CREATE TABLE counted (
    workspace_id TEXT NOT NULL,
    session_id   TEXT NOT NULL,
    answer_id    TEXT NOT NULL,
    input        INTEGER NOT NULL,
    output       INTEGER NOT NULL,
    cache_write  INTEGER NOT NULL,
    cache_read   INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, session_id, answer_id),
    UNIQUE (workspace_id, answer_id),
    FOREIGN KEY (workspace_id, session_id) REFERENCES sessions (workspace_id, id) ON DELETE CASCADE
) WITHOUT ROWID;
INSERT INTO counted
    SELECT t.* FROM answer_tokens t
    JOIN sessions s ON s.workspace_id = t.workspace_id AND s.id = t.session_id WHERE true ORDER BY s.number
    ON CONFLICT DO UPDATE SET
        input = max(input, excluded.input), output = max(output, excluded.output),
        cache_write = max(cache_write, excluded.cache_write), cache_read = max(cache_read, excluded.cache_read);
DROP TABLE answer_tokens;
ALTER TABLE counted RENAME TO answer_tokens;
