-- Runs are found by their environment and by the tags of their tests. Runs that were created before
-- this version are found by neither.

-- NULL: none.
ALTER TABLE runs ADD COLUMN environment TEXT;
CREATE INDEX runs_by_environment ON runs (environment, create_time, id)
    WHERE environment IS NOT NULL;

CREATE TABLE run_tags (
    run_id INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    tag TEXT NOT NULL,
    PRIMARY KEY (run_id, tag)
) STRICT, WITHOUT ROWID;
CREATE INDEX run_tags_by_tag ON run_tags (tag, run_id);
