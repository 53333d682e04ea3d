-- Records: the resources of the local platform.
CREATE TABLE records (
    kind TEXT NOT NULL,
    -- Unique within the kind.
    id INTEGER NOT NULL,
    -- The id of what it belongs to, or 0.
    parent INTEGER NOT NULL,
    -- NULL when it needs no unique one.
    name TEXT,
    -- JSON.
    body TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX records_by_id ON records (kind, id);
CREATE INDEX records_by_parent ON records (kind, parent, id);
CREATE UNIQUE INDEX records_by_name ON records (kind, parent, name) WHERE name IS NOT NULL;

-- The last number that each sequence gave.
CREATE TABLE record_sequences (
    name TEXT PRIMARY KEY,
    last INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
