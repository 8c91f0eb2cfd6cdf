-- Jobs of queue $1 by what becomes of them. `{jobs}` is the schema of pg-boss.
SELECT count(*) FILTER (WHERE state < 'active') AS waiting, count(*) FILTER (WHERE state = 'active') AS running,
  (SELECT count(*) FROM {schema}.dead_letters WHERE queue = $1) AS dead
FROM {jobs}.job WHERE name = $1
