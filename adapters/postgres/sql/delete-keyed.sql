-- Removes entries. $1: keys. Answers those there were.
DELETE FROM {schema}.keyed_entries WHERE key = ANY ($1::text[]) RETURNING key
