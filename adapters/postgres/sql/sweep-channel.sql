-- Removes a slice of what is no longer to be seen of a channel whose row is locked: creates, and all that belongs to them.
-- $1: log, $2: time of now, $3: creates.
WITH c AS MATERIALIZED (
  SELECT k.purged_below, {schema}.floor_of(k, $2::float8) AS floor, {schema}.kept_from_ms(k, $2::float8) AS kept_from_ms
  FROM {schema}.channels k WHERE k.log_id = $1::bigint
), gone AS MATERIALIZED (
  SELECT e.serial FROM {schema}.entries e, c
  WHERE e.log_id = $1::bigint AND e.serial < greatest(c.floor, c.purged_below) AND (
    e.serial < c.purged_below OR e.message_serial IS NULL
    OR coalesce({schema}.version_at_ms($1::bigint, e.serial), e.published_at_ms) < c.kept_from_ms
  )
  ORDER BY e.serial LIMIT $3
), of_versions AS (
  DELETE FROM {schema}.versions v USING gone WHERE v.log_id = $1::bigint AND v.history_serial = gone.serial
), of_annotations AS (
  DELETE FROM {schema}.annotations a USING gone WHERE a.log_id = $1::bigint AND a.history_serial = gone.serial
), of_projections AS (
  DELETE FROM {schema}.projections p USING gone WHERE p.log_id = $1::bigint AND p.history_serial = gone.serial
), removed AS (
  DELETE FROM {schema}.entries e USING gone WHERE e.log_id = $1::bigint AND e.serial = gone.serial
  RETURNING octet_length(e.event) + octet_length(e.data) + coalesce(octet_length(e.message_id), 0)
    + coalesce(octet_length(e.message_serial), 0) + coalesce(octet_length(e.user_id), 0)
    + coalesce(octet_length(e.creator_id), 0) + coalesce(octet_length(e.tags), 0) + coalesce(octet_length(e.extras), 0)
    AS bytes
)
SELECT (SELECT floor FROM c) AS floor, count(*) AS messages, coalesce(sum(bytes), 0)::bigint AS bytes FROM removed
