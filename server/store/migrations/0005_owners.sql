-- Runs that work for executions of the local platform: they stay as long as these, and lists leave
-- them out.

-- executions/{id}. NULL: nobody, it was asked for by itself.
ALTER TABLE runs ADD COLUMN owner TEXT;

-- Executions have always known their runs.
UPDATE runs SET owner = known.owner
FROM (
    SELECT 'executions/' || records.id AS owner, json_extract(suite.value, '$.run.Run') AS run
    FROM records, json_each(records.body, '$.suites') AS suite
    WHERE records.kind = 'execution'
) AS known
WHERE runs.name = known.run;

-- The usual list. Without the owner as a column, so that it is never taken for a way to find few runs.
CREATE INDEX runs_without_owner ON runs (create_time, id) WHERE owner IS NULL;
CREATE INDEX runs_by_owner ON runs (owner, create_time, id) WHERE owner IS NOT NULL;
