-- What a step finds of records, and how far their kinds have counted. $1, $2, $3: logs, kinds and ids. `place` names the question.
SELECT k.place, r.ordinal, r.state, r.due_at_ms, r.value, coalesce(o.last_ordinal, 0) AS last_ordinal
FROM unnest($1::bigint[], $2::text[], $3::text[]) WITH ORDINALITY AS k (log_id, kind, id, place)
LEFT JOIN {schema}.channel_records r ON r.log_id = k.log_id AND r.kind = k.kind AND r.id = k.id
LEFT JOIN {schema}.channel_record_kinds o ON o.log_id = k.log_id AND o.kind = k.kind
ORDER BY k.place
