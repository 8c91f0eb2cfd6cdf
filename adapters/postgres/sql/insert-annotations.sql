-- Adds annotation events. One array for each column.
INSERT INTO {schema}.annotations (
  log_id, history_serial, annotation_serial, serial, published_at_ms, target_serial, type, record
)
SELECT * FROM unnest(
  $1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[], $6::text[], $7::text[], $8::text[]
)
