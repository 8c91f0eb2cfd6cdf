-- Saves records of channels that are locked, none twice, those that are new in the order in which they were made. One array for
-- each column.
INSERT INTO {schema}.channel_records AS r (log_id, kind, id, ordinal, state, due_at_ms, value)
SELECT k.log_id, k.kind, k.id, k.ordinal, k.state, k.due_at_ms, k.value
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::bigint[], $7::text[])
  WITH ORDINALITY AS k (log_id, kind, id, ordinal, state, due_at_ms, value, place)
ORDER BY k.place
ON CONFLICT (log_id, kind, id) DO UPDATE SET
  state = excluded.state, due_at_ms = excluded.due_at_ms, value = excluded.value
