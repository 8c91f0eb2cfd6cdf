-- Saves the standing of channels whose rows this transaction has locked. One array for each column.
UPDATE {schema}.channels c SET
  log_id = u.log_id, stream_id = u.stream_id, head_serial = u.head_serial, messages_total = u.messages_total,
  bytes_total = u.bytes_total, last_published_at_ms = u.last_published_at_ms, oldest_serial = u.oldest_serial,
  purged_below = u.purged_below, versions_since_ms = u.versions_since_ms, retention_age_ms = u.retention_age_ms,
  retention_messages = u.retention_messages, retention_bytes = u.retention_bytes,
  retention_versions_age_ms = u.retention_versions_age_ms
FROM unnest(
  $1::text[], $2::text[], $3::bigint[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[],
  $10::bigint[], $11::float8[], $12::float8[], $13::float8[], $14::float8[], $15::float8[]
) AS u (
  app_id, channel, log_id, stream_id, head_serial, messages_total, bytes_total, last_published_at_ms, oldest_serial,
  purged_below, versions_since_ms, retention_age_ms, retention_messages, retention_bytes, retention_versions_age_ms
)
WHERE c.app_id = u.app_id AND c.channel = u.channel
