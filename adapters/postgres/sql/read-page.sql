-- One row with the channel as it is seen at $3, then a page of its creates. $1, $2: app id and name; $4, $5: inclusive serials;
-- $6: not older than this time; $7: older than this time; $8: rows.
WITH s AS MATERIALIZED (SELECT * FROM {schema}.seen($1, $2, $3)),
w AS MATERIALIZED (
  SELECT s.log_id,
    greatest(s.floor, $4::bigint, CASE WHEN $6::float8 IS NOT NULL
      THEN {schema}.first_create(s.log_id, s.floor, s.head_serial, $6, '-Infinity', '-Infinity') END) AS low,
    least(s.head_serial, $5::bigint, CASE WHEN $7::float8 IS NOT NULL
      THEN {schema}.first_create(s.log_id, s.floor, s.head_serial, $7, '-Infinity', '-Infinity') - 1 END) AS high
  FROM s
)
SELECT to_json(s) AS seen, NULL::bigint AS serial, NULL::bigint AS published_at_ms, NULL AS event, NULL AS data,
  NULL AS message_id, NULL AS message_serial, NULL AS user_id, NULL AS creator_id, NULL AS tags, NULL AS extras
FROM s
UNION ALL
SELECT NULL, e.* FROM w CROSS JOIN LATERAL (
  SELECT serial, published_at_ms, event, data, message_id, message_serial, user_id, creator_id, tags, extras
  FROM {schema}.entries WHERE log_id = w.log_id AND serial >= w.low AND serial <= w.high ORDER BY serial {order} LIMIT $8
) e
