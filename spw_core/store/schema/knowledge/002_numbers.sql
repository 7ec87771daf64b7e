-- Entities get numbers and relationships are between numbers, which makes them three times as small and as
-- fast to write. What was derived together has an origin, which knows what it was derived from.

CREATE TABLE origins (
    number       INTEGER PRIMARY KEY,
    workspace_id TEXT NOT NULL,
    name         TEXT NOT NULL CHECK (name <> ''),
    revision     TEXT NOT NULL, -- of what it was derived from
    UNIQUE (workspace_id, name)
);
INSERT INTO origins (workspace_id, name, revision)
    SELECT DISTINCT workspace_id, origin, '' FROM entities WHERE origin <> '';

CREATE TABLE numbered (
    number       INTEGER PRIMARY KEY,
    workspace_id TEXT NOT NULL,
    id           TEXT NOT NULL CHECK (id <> ''),
    type         TEXT NOT NULL CHECK (type <> ''),
    name         TEXT NOT NULL,
    folded_name  TEXT NOT NULL, -- lower case, for finding by it
    properties   TEXT NOT NULL, -- JSON object
    origin       INTEGER, -- NULL when put by hand
    created_at   TEXT NOT NULL,
    updated_at   TEXT NOT NULL,
    UNIQUE (workspace_id, id)
);
INSERT INTO numbered (workspace_id, id, type, name, folded_name, properties, origin, created_at, updated_at)
    SELECT e.workspace_id, e.id, e.type, e.name, e.folded_name, e.properties, o.number, e.created_at, e.updated_at
    FROM entities e LEFT JOIN origins o ON o.workspace_id = e.workspace_id AND o.name = e.origin;

-- An origin brings relationships of its own entities, among themselves and with those of others.
CREATE TABLE ties (
    from_number  INTEGER NOT NULL REFERENCES numbered (number) ON DELETE CASCADE,
    type         TEXT NOT NULL CHECK (type <> ''),
    to_number    INTEGER NOT NULL REFERENCES numbered (number) ON DELETE CASCADE,
    origin       INTEGER,
    workspace_id TEXT, -- with an id
    id           TEXT, -- NULL where it follows from the rest
    metadata     TEXT, -- JSON object, NULL when empty
    PRIMARY KEY (from_number, type, to_number)
) WITHOUT ROWID;
INSERT INTO ties
    SELECT f.number, r.type, t.number, f.origin, own.workspace_id, own.id, nullif(r.metadata, '{}')
    FROM relationships r
    JOIN numbered f ON f.workspace_id = r.workspace_id AND f.id = r.from_id
    JOIN numbered t ON t.workspace_id = r.workspace_id AND t.id = r.to_id
    LEFT JOIN relationships own ON own.workspace_id = r.workspace_id AND own.id = r.id
        AND r.id <> r.from_id || char(9) || r.type || char(9) || r.to_id;

DROP TABLE relationships;
DROP TABLE entities;
ALTER TABLE numbered RENAME TO entities;
ALTER TABLE ties RENAME TO relationships;
CREATE INDEX entities_by_name ON entities (workspace_id, type, folded_name);
CREATE INDEX entities_by_origin ON entities (origin);
CREATE INDEX relationships_by_target ON relationships (to_number, type, from_number);
CREATE UNIQUE INDEX relationships_by_id ON relationships (workspace_id, id) WHERE id IS NOT NULL;
