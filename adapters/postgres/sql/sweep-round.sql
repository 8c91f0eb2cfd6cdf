-- The next channels in the order of their logs. $1: after this log, $2: channels, $3: time of now.
SELECT c.app_id, c.channel, c.log_id, EXISTS (
  SELECT FROM {schema}.entries e WHERE e.log_id = c.log_id AND e.serial < {schema}.floor_of(c, $3::float8)
) AS has_surplus
FROM (SELECT * FROM {schema}.channels WHERE log_id > $1::bigint ORDER BY log_id LIMIT $2) c
ORDER BY c.log_id
