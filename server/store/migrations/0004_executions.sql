-- Runs that a platform executes.

-- The platform's execution, executions/{id}. NULL: none.
ALTER TABLE runs ADD COLUMN execution TEXT;

-- What the platform has to know to understand the execution's results. Beside the spec, because it
-- is as large and as constant.
ALTER TABLE run_specs ADD COLUMN execution_memo BLOB;
