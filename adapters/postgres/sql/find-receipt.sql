-- One receipt that is in force at $3. $1: scope, $2: key.
SELECT r.scope, r.key, r.fingerprint, r.expires_at_ms, r.answer FROM {schema}.receipts r
WHERE r.scope = $1 AND r.key = $2 AND {schema}.is_in_force(r, $3::float8)
