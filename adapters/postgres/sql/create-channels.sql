-- Gives channels rows, which this transaction holds then. $1, $2, $3: app ids, names, stream ids, sorted by key.
-- Answers fewer rows where another writer was faster.
INSERT INTO {schema}.channels (app_id, channel, stream_id)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[])
ON CONFLICT (app_id, channel) DO NOTHING
RETURNING *
