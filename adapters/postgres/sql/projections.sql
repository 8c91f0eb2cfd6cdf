-- Projections of a channel, newest message first, of the messages known at $3. $1, $2: app id and name; $4: rows.
SELECT p.message_serial, p.type, p.state
FROM {schema}.channels c
JOIN {schema}.projections p ON p.log_id = c.log_id
JOIN {schema}.entries e ON e.log_id = p.log_id AND e.serial = p.history_serial
WHERE c.app_id = $1 AND c.channel = $2 AND {schema}.is_known(c, e.serial, e.published_at_ms, $3::float8)
ORDER BY p.history_serial DESC, p.type LIMIT $4
