-- Adds creates. One array for each column.
INSERT INTO {schema}.entries (
  log_id, serial, published_at_ms, messages_before, bytes_before, event, data, message_id, message_serial, user_id,
  creator_id, tags, extras
)
SELECT * FROM unnest(
  $1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[], $7::text[], $8::text[], $9::text[],
  $10::text[], $11::text[], $12::text[], $13::text[]
)
