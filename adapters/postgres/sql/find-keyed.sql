-- Entries by their keys. $1: keys, $2: the time
SELECT key, value, revision, expires_at_ms FROM {schema}.keyed_entries
WHERE key = ANY ($1::text[]) AND (expires_at_ms IS NULL OR expires_at_ms > $2::bigint)
