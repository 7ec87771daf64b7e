-- Vectors, by collection: what is embedded (`name`) and what it was embedded with (`model`).

CREATE TABLE vector_collections (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    name           TEXT NOT NULL,
    model          TEXT NOT NULL,                -- fingerprint of the embedder
    uuid           TEXT NOT NULL UNIQUE,         -- of this generation; names its snapshot file
    dimension      INTEGER NOT NULL,
    is_complete    INTEGER NOT NULL DEFAULT 0,   -- answers searches
    details        TEXT NOT NULL DEFAULT '{}',   -- JSON: how to make the embedder again, what was measured
    epoch          INTEGER NOT NULL DEFAULT 0,   -- grows when tombstones are forgotten
    last_id        INTEGER NOT NULL DEFAULT 0,   -- highest vectors.id ever given to this collection
    last_tombstone INTEGER NOT NULL DEFAULT 0,   -- highest vector_tombstones.seq
    live           INTEGER NOT NULL DEFAULT 0,   -- number of vectors
    UNIQUE (name, model)
);

-- An update is a new row and a tombstone for the old one: ids only grow and never come back.
CREATE TABLE vectors (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    collection_id INTEGER NOT NULL REFERENCES vector_collections (id) ON DELETE CASCADE,
    key           TEXT NOT NULL,
    codes         BLOB NOT NULL,     -- float32 scale, float32 error, then one int8 for each dimension
    metadata      TEXT NOT NULL,     -- JSON object
    UNIQUE (collection_id, key)
);
CREATE INDEX vectors_in_order ON vectors (collection_id, id);

-- The exact vectors, unit length, float32. Apart from the codes, which are read by the thousand.
CREATE TABLE vector_floats (
    id     INTEGER PRIMARY KEY REFERENCES vectors (id) ON DELETE CASCADE,
    vector BLOB NOT NULL
);

-- One row for each entry of the metadata; `value` is canonical JSON, so that 42 and "42" differ.
CREATE TABLE vector_facets (
    vector_id     INTEGER NOT NULL REFERENCES vectors (id) ON DELETE CASCADE,
    name          TEXT NOT NULL,
    value         TEXT NOT NULL,
    collection_id INTEGER NOT NULL,
    PRIMARY KEY (vector_id, name)
) WITHOUT ROWID;
CREATE INDEX vector_facets_by_value ON vector_facets (collection_id, name, value, vector_id);

CREATE TABLE vector_tombstones (
    seq           INTEGER PRIMARY KEY AUTOINCREMENT,
    collection_id INTEGER NOT NULL REFERENCES vector_collections (id) ON DELETE CASCADE,
    vector_id     INTEGER NOT NULL
);
CREATE INDEX vector_tombstones_in_order ON vector_tombstones (collection_id, seq);

-- Texts that the embedder refused for good; they are not tried again.
CREATE TABLE vector_skips (
    collection_id INTEGER NOT NULL REFERENCES vector_collections (id) ON DELETE CASCADE,
    key           TEXT NOT NULL,
    reason        TEXT NOT NULL,
    PRIMARY KEY (collection_id, key)
) WITHOUT ROWID;

-- What the built-in embedder learned of each word: in how many texts it stands, and among what company.
CREATE TABLE vector_words (
    collection_id INTEGER NOT NULL REFERENCES vector_collections (id) ON DELETE CASCADE,
    word          TEXT NOT NULL,
    frequency     INTEGER NOT NULL,
    context       BLOB NOT NULL,     -- float16
    PRIMARY KEY (collection_id, word)
) WITHOUT ROWID;
