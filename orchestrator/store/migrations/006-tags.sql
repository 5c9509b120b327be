-- What people say about a run: a note, and tags to find it by.
ALTER TABLE runs ADD COLUMN note TEXT;
CREATE TABLE tags (
  run INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  tag TEXT NOT NULL,
  PRIMARY KEY (run, tag)
) STRICT, WITHOUT ROWID;
