-- knowledge.db, one per workspace: entities, what relates them, and statements about them.
-- Each kind has a table of its own, so that no statement can pass for a name, a type or a relationship.

CREATE TABLE entities (
    workspace_id TEXT NOT NULL,
    id           TEXT NOT NULL CHECK (id <> ''),
    type         TEXT NOT NULL CHECK (type <> ''),
    name         TEXT NOT NULL,
    folded_name  TEXT NOT NULL, -- lower case, for finding by prefix
    properties   TEXT NOT NULL, -- JSON object
    origin       TEXT NOT NULL, -- what it was derived from, '' when put by hand
    created_at   TEXT NOT NULL,
    updated_at   TEXT NOT NULL,
    PRIMARY KEY (workspace_id, id)
) WITHOUT ROWID;
CREATE INDEX entities_by_type ON entities (workspace_id, type, folded_name);
CREATE INDEX entities_by_name ON entities (workspace_id, folded_name);
CREATE INDEX entities_by_origin ON entities (workspace_id, origin);

CREATE TABLE relationships (
    workspace_id TEXT NOT NULL,
    from_id      TEXT NOT NULL,
    type         TEXT NOT NULL CHECK (type <> ''),
    to_id        TEXT NOT NULL,
    id           TEXT NOT NULL CHECK (id <> ''),
    metadata     TEXT NOT NULL,
    created_at   TEXT NOT NULL,
    PRIMARY KEY (workspace_id, from_id, type, to_id),
    UNIQUE (workspace_id, id),
    FOREIGN KEY (workspace_id, from_id) REFERENCES entities (workspace_id, id) ON DELETE CASCADE,
    FOREIGN KEY (workspace_id, to_id) REFERENCES entities (workspace_id, id) ON DELETE CASCADE
) WITHOUT ROWID;
CREATE INDEX relationships_by_target ON relationships (workspace_id, to_id, type, from_id);

-- Facts are triples (entity, predicate, value). Several sources may state the same one: each is a row, so
-- that taking one back leaves the others.
CREATE TABLE facts (
    number       INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace_id TEXT NOT NULL,
    id           TEXT NOT NULL CHECK (id <> ''),
    entity_id    TEXT NOT NULL CHECK (entity_id <> ''),
    predicate    TEXT NOT NULL CHECK (predicate <> ''),
    value        TEXT NOT NULL,
    confidence   REAL NOT NULL CHECK (confidence BETWEEN 0 AND 1),
    source       TEXT NOT NULL,
    created_at   TEXT NOT NULL,
    UNIQUE (workspace_id, id)
);
CREATE INDEX facts_by_triple ON facts (workspace_id, entity_id, predicate, value);
CREATE INDEX facts_by_source ON facts (workspace_id, source);
