-- What a purge of a channel removes now. $1, $2: app id and name; $3: time of now; $4: creates below this serial; $5: older than
-- this time, or null. `until` is the first create that stays.
SELECT p.until, s.floor, coalesce(t.messages_before, s.messages_total) - coalesce(f.messages_before, s.messages_total) AS messages,
  coalesce(t.bytes_before, s.bytes_total) - coalesce(f.bytes_before, s.bytes_total) AS bytes
FROM {schema}.seen($1, $2, $3) s
CROSS JOIN LATERAL (SELECT least(s.head_serial + 1, $4::bigint, CASE WHEN $5::float8 IS NOT NULL
  THEN {schema}.first_create(s.log_id, s.purged_below, s.head_serial, $5, '-Infinity', '-Infinity') END) AS until) p
LEFT JOIN LATERAL (
  SELECT messages_before, bytes_before FROM {schema}.entries
  WHERE log_id = s.log_id AND serial >= s.floor ORDER BY serial LIMIT 1
) f ON true
LEFT JOIN LATERAL (
  SELECT messages_before, bytes_before FROM {schema}.entries
  WHERE log_id = s.log_id AND serial >= greatest(s.floor, p.until) ORDER BY serial LIMIT 1
) t ON true
