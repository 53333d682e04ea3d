-- The first schema: runs and their logs, sessions, artifacts.
--
-- Times are wall-clock nanoseconds since 1970, leases milliseconds. Enumerations have the
-- numbers of the contract (proto/etude/v1). Columns named after a message hold its bytes.

-- One row: what belongs to the database itself.
CREATE TABLE store (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    -- Signs page tokens, so that only tokens of this database are accepted.
    page_key BLOB NOT NULL,
    -- When it was last seen that the database can be written.
    checked_time INTEGER NOT NULL
) STRICT;
INSERT INTO store (id, page_key, checked_time) VALUES (1, randomblob(32), 0);

CREATE TABLE runs (
    -- Rises with the order of creation.
    id INTEGER PRIMARY KEY,
    -- runs/{id}
    name TEXT NOT NULL UNIQUE,
    test_name TEXT NOT NULL,
    state INTEGER NOT NULL,
    -- NULL until the run has one.
    outcome INTEGER,
    create_time INTEGER NOT NULL,
    start_time INTEGER,
    end_time INTEGER,
    -- The kept part of the log.
    first_sequence INTEGER NOT NULL,
    last_sequence INTEGER NOT NULL,
    -- How often execution has begun.
    attempt INTEGER NOT NULL,
    -- Who executes it, and until when it is his; NULL unless the state is RUNNING.
    worker TEXT,
    lease_until INTEGER,
    -- The caller's id and the fingerprint of his request.
    request_id TEXT,
    fingerprint BLOB,
    -- etude.v1.Run with what never changes: name, test name, create time, labels.
    head BLOB NOT NULL,
    -- etude.v1.RunStatistics
    statistics BLOB,
    -- etude.v1.Failure
    failure BLOB,
    -- etude.v1.Run with its artifacts only.
    artifacts BLOB
) STRICT;

-- Lists are ordered by time; the id decides between equal times.
CREATE INDEX runs_by_time ON runs (create_time, id);
CREATE INDEX runs_by_test ON runs (test_name, create_time, id);
CREATE INDEX runs_by_outcome ON runs (outcome, create_time, id) WHERE outcome IS NOT NULL;
-- The queue, oldest first, and what is executed. FINISHED is most of all runs and has no part in it.
CREATE INDEX runs_by_state ON runs (state, create_time, id)
    WHERE state = 1 OR state = 2 OR state = 4;
CREATE UNIQUE INDEX runs_by_request ON runs (request_id) WHERE request_id IS NOT NULL;
-- Runs whose log can be compacted, by age.
CREATE INDEX runs_compactable ON runs (end_time)
    WHERE end_time IS NOT NULL AND first_sequence < last_sequence;

-- What a run executes. Apart, because it is large and the row of a run changes often.
CREATE TABLE run_specs (
    run_id INTEGER PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
    -- etude.v1.RunSpec
    spec BLOB NOT NULL
) STRICT;

CREATE TABLE run_labels (
    run_id INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (run_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX run_labels_by_value ON run_labels (key, value, run_id);

-- The logs.
CREATE TABLE events (
    run_id INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    sequence INTEGER NOT NULL,
    -- etude.v1.RunEvent without its sequence number.
    event BLOB NOT NULL,
    PRIMARY KEY (run_id, sequence)
) STRICT, WITHOUT ROWID;

-- How many runs are in each state, kept by triggers: counting a long queue for every new run
-- would take longer than creating it.
CREATE TABLE run_counts (
    state INTEGER PRIMARY KEY,
    runs INTEGER NOT NULL
) STRICT;
INSERT INTO run_counts (state, runs) VALUES (0, 0), (1, 0), (2, 0), (3, 0), (4, 0);

CREATE TRIGGER run_created AFTER INSERT ON runs BEGIN
    UPDATE run_counts SET runs = runs + 1 WHERE state = NEW.state;
END;
CREATE TRIGGER run_changed AFTER UPDATE OF state ON runs WHEN OLD.state <> NEW.state BEGIN
    UPDATE run_counts SET runs = runs - 1 WHERE state = OLD.state;
    UPDATE run_counts SET runs = runs + 1 WHERE state = NEW.state;
END;
CREATE TRIGGER run_deleted AFTER DELETE ON runs BEGIN
    UPDATE run_counts SET runs = runs - 1 WHERE state = OLD.state;
END;

CREATE TABLE sessions (
    id INTEGER PRIMARY KEY,
    -- sessions/{id}
    name TEXT NOT NULL UNIQUE,
    state INTEGER NOT NULL,
    create_time INTEGER NOT NULL,
    -- NULL while the session is active.
    end_time INTEGER,
    -- etude.v1.Session
    session BLOB NOT NULL
) STRICT;
CREATE INDEX sessions_by_time ON sessions (create_time, id);
CREATE INDEX sessions_active ON sessions (create_time, id) WHERE state = 1;
CREATE INDEX sessions_ended ON sessions (end_time) WHERE end_time IS NOT NULL;

CREATE TABLE artifacts (
    id INTEGER PRIMARY KEY,
    -- artifacts/{id}
    name TEXT NOT NULL UNIQUE,
    -- runs/{id}, sessions/{id}, or empty for an upload.
    parent TEXT NOT NULL,
    -- Names the file that holds the content; artifacts of equal content share it.
    sha256 BLOB NOT NULL,
    request_id TEXT,
    -- etude.v1.Artifact
    artifact BLOB NOT NULL
) STRICT;
CREATE INDEX artifacts_by_parent ON artifacts (parent, id);
CREATE INDEX artifacts_by_content ON artifacts (sha256);
CREATE UNIQUE INDEX artifacts_by_request ON artifacts (request_id) WHERE request_id IS NOT NULL;
