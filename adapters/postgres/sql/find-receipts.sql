-- Receipts by scope ($1) and key ($2) that are in force at $3.
SELECT r.scope, r.key, r.fingerprint, r.expires_at_ms, r.answer, r.log_id, r.history_serial
FROM unnest($1::text[], $2::text[]) AS k (scope, key)
JOIN {schema}.receipts r ON r.scope = k.scope AND r.key = k.key
WHERE {schema}.is_in_force(r, $3::float8)
