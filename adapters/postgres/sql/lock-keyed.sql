-- Locks entries, also those that have ended, in the order of their keys so that two writers never wait for each other crosswise.
-- $1: keys. Answers the rows there are.
SELECT key, revision, expires_at_ms FROM {schema}.keyed_entries WHERE key = ANY ($1::text[])
ORDER BY key
FOR UPDATE
