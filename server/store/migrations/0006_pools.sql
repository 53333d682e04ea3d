-- Runs for a browser and runs for a platform wait in lines of their own.

-- 1: a platform executes it. Runs that wait right now keep to the browsers' line, where they have stood.
ALTER TABLE runs ADD COLUMN on_platform INTEGER NOT NULL DEFAULT 0;

-- The lines, oldest first.
CREATE INDEX runs_waiting ON runs (on_platform, create_time, id) WHERE state = 1;
