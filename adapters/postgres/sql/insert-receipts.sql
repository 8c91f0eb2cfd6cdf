-- Adds receipts, in the order given, which is that of their keys; one that is not in force at $8 is replaced. Waits for writers that
-- use the same key. Answers fewer rows where one of them was faster.
INSERT INTO {schema}.receipts AS r (scope, key, fingerprint, expires_at_ms, answer, log_id, history_serial)
SELECT * FROM unnest(
  $1::text[], $2::text[], $3::text[], $4::float8[], $5::text[], $6::bigint[], $7::bigint[]
)
ON CONFLICT (scope, key) DO UPDATE SET
  fingerprint = excluded.fingerprint, expires_at_ms = excluded.expires_at_ms, answer = excluded.answer,
  log_id = excluded.log_id, history_serial = excluded.history_serial
WHERE NOT {schema}.is_in_force(r, $8::float8)
RETURNING r.key
