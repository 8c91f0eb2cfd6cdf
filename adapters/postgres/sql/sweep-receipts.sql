-- Removes receipts that have ended at $1, $2 at most.
WITH ended AS (
  SELECT scope, key FROM {schema}.receipts WHERE expires_at_ms <= $1::float8 LIMIT $2 FOR UPDATE SKIP LOCKED
), removed AS (
  DELETE FROM {schema}.receipts r USING ended WHERE r.scope = ended.scope AND r.key = ended.key RETURNING 1
)
SELECT count(*) AS removed FROM removed
