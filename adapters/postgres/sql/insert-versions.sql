-- Adds versions of messages. One array for each column.
INSERT INTO {schema}.versions (
  log_id, history_serial, serial, published_at_ms, action, version_serial, event, data, extras, user_id, description,
  metadata, base_serial, data_kind, data_bytes, append_count
)
SELECT * FROM unnest(
  $1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
  $10::text[], $11::text[], $12::text[], $13::bigint[], $14::text[], $15::bigint[], $16::bigint[]
)
