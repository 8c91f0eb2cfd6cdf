-- A record. $1, $2: app id and name of its channel; $3, $4: kind and id.
SELECT r.kind, r.id, r.ordinal, r.state, r.due_at_ms, r.value
FROM {schema}.channels c JOIN {schema}.channel_records r ON r.log_id = c.log_id
WHERE c.app_id = $1 AND c.channel = $2 AND r.kind = $3 AND r.id = $4
