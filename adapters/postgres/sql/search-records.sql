-- Records of all channels, those due first first. $1: kind; $2: state or null; $3: app id or null; $4: what the channel's name
-- begins with; $5: due at this time or before, or null; $6: rows; $7: names of channels that are passed over.
SELECT c.app_id, c.channel, r.kind, r.id, r.ordinal, r.state, r.due_at_ms, r.value
FROM {schema}.channel_records r JOIN {schema}.channels c ON c.log_id = r.log_id
WHERE r.kind = $1 AND ($2::text IS NULL OR r.state = $2::text) AND ($3::text IS NULL OR c.app_id = $3::text)
  AND starts_with(c.channel, $4::text) AND ($5::bigint IS NULL OR r.due_at_ms <= $5::bigint)
  AND c.channel <> ALL ($7::text[])
ORDER BY r.due_at_ms, r.sequence LIMIT $6
