-- Removes a slice of a log that was left behind by a reset. $1: rows of each kind.
WITH l AS MATERIALIZED (SELECT log_id FROM {schema}.abandoned_logs ORDER BY log_id LIMIT 1),
e AS (DELETE FROM {schema}.entries WHERE ctid = ANY (ARRAY(
  SELECT x.ctid FROM {schema}.entries x JOIN l USING (log_id) LIMIT $1)) RETURNING 1),
v AS (DELETE FROM {schema}.versions WHERE ctid = ANY (ARRAY(
  SELECT x.ctid FROM {schema}.versions x JOIN l USING (log_id) LIMIT $1)) RETURNING 1),
a AS (DELETE FROM {schema}.annotations WHERE ctid = ANY (ARRAY(
  SELECT x.ctid FROM {schema}.annotations x JOIN l USING (log_id) LIMIT $1)) RETURNING 1),
p AS (DELETE FROM {schema}.projections WHERE ctid = ANY (ARRAY(
  SELECT x.ctid FROM {schema}.projections x JOIN l USING (log_id) LIMIT $1)) RETURNING 1),
r AS (DELETE FROM {schema}.channel_records WHERE ctid = ANY (ARRAY(
  SELECT x.ctid FROM {schema}.channel_records x JOIN l USING (log_id) LIMIT $1)) RETURNING 1),
k AS (DELETE FROM {schema}.channel_record_kinds WHERE ctid = ANY (ARRAY(
  SELECT x.ctid FROM {schema}.channel_record_kinds x JOIN l USING (log_id) LIMIT $1)) RETURNING 1),
n AS (SELECT (SELECT count(*) FROM e) + (SELECT count(*) FROM v) + (SELECT count(*) FROM a) + (SELECT count(*) FROM p)
  + (SELECT count(*) FROM r) + (SELECT count(*) FROM k) AS rows),
done AS (DELETE FROM {schema}.abandoned_logs USING l, n WHERE abandoned_logs.log_id = l.log_id AND n.rows = 0)
SELECT (SELECT rows FROM n) AS rows, (SELECT count(*) FROM l) AS logs
