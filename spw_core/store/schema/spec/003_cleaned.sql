-- Files that `spw cleanup` removed on purpose: they go on counting, unlike those that somebody deleted.
-- Long texts are stored compressed; `encoding` says how ('' or 'zlib').
ALTER TABLE artifacts ADD COLUMN cleaned_at TEXT;
ALTER TABLE artifacts ADD COLUMN encoding TEXT NOT NULL DEFAULT '';
ALTER TABLE artifact_history ADD COLUMN encoding TEXT NOT NULL DEFAULT '';
