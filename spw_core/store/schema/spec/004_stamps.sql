-- What the last harvest saw, as numbers, to tell by one `lstat` per entry that nothing is different now.
-- Empty unless the database holds exactly that. A cache: without it folders are listed and compared.
CREATE TABLE stamps (
    scope   TEXT PRIMARY KEY, -- 'open': what lies outside sealed runs; 'sealed': the rest
    entries TEXT NOT NULL
) WITHOUT ROWID;
