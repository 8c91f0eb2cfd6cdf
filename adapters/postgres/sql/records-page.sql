-- Records of a channel and kind, newest first. $1, $2: app id and name; $3: kind; $4: before this ordinal; $5: states or null;
-- $6: rows.
SELECT r.kind, r.id, r.ordinal, r.state, r.due_at_ms, r.value
FROM {schema}.channels c JOIN {schema}.channel_records r ON r.log_id = c.log_id
WHERE c.app_id = $1 AND c.channel = $2 AND r.kind = $3 AND r.ordinal < $4::bigint
  AND ($5::text[] IS NULL OR r.state = ANY ($5::text[]))
ORDER BY r.ordinal DESC LIMIT $6
