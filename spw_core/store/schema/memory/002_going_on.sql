-- What goes on from one reading of a transcript to the next: the time of its last record, and the names of
-- tools that were called and have not answered yet: JSON pairs of the id of a call and the name.
ALTER TABLE transcripts ADD COLUMN moment TEXT NOT NULL DEFAULT '';
ALTER TABLE transcripts ADD COLUMN open_calls TEXT NOT NULL DEFAULT '[]';
-- How much was taken of it: 0 is what the first version took.
ALTER TABLE transcripts ADD COLUMN reader INTEGER NOT NULL DEFAULT 0;
-- In `compacted`, no summary is that of a message that was forgotten.
