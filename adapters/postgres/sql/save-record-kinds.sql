-- Saves how far kinds of records have counted. $1, $2, $3: logs, kinds and ordinals, no log and kind twice.
INSERT INTO {schema}.channel_record_kinds (log_id, kind, last_ordinal)
SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[])
ON CONFLICT (log_id, kind) DO UPDATE SET last_ordinal = excluded.last_ordinal
