-- Replaces entries that are locked. One array for each column.
UPDATE {schema}.keyed_entries e
SET value = k.value, revision = k.revision, expires_at_ms = k.expires_at_ms
FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[]) AS k (key, value, revision, expires_at_ms)
WHERE e.key = k.key
