-- Removes entries that have ended at $1, $2 at most. Leaves those that somebody is writing.
WITH ended AS (
  SELECT key FROM {schema}.keyed_entries WHERE expires_at_ms <= $1::bigint
  ORDER BY expires_at_ms LIMIT $2 FOR UPDATE SKIP LOCKED
), removed AS (
  DELETE FROM {schema}.keyed_entries e USING ended WHERE e.key = ended.key RETURNING 1
)
SELECT count(*) AS removed FROM removed
