-- Removes records of channels that are locked. $1, $2, $3: logs, kinds and ids.
DELETE FROM {schema}.channel_records r
USING unnest($1::bigint[], $2::text[], $3::text[]) AS k (log_id, kind, id)
WHERE r.log_id = k.log_id AND r.kind = k.kind AND r.id = k.id
