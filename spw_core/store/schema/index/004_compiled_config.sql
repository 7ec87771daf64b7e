-- What hooks need at once and could not afford to compute: the parts of the configuration that they obey,
-- keyed by dotted name, and of each spec the step that comes next, in words.
CREATE TABLE compiled_config (
    key   TEXT PRIMARY KEY, -- '' holds the identity of the file that all the others were made from
    value TEXT NOT NULL
) WITHOUT ROWID;

ALTER TABLE specs ADD COLUMN next TEXT NOT NULL DEFAULT '';
