-- Adds entries that were not there when their keys were locked, in the order given, which is that of their keys. Waits for writers
-- that add the same key. Answers fewer rows where one of them was faster.
INSERT INTO {schema}.keyed_entries (key, value, revision, expires_at_ms)
SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[])
ON CONFLICT (key) DO NOTHING
RETURNING key
