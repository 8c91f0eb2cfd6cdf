-- The newest annotation serial of a message. $1: log, $2: serial of the create.
SELECT annotation_serial FROM {schema}.annotations
WHERE log_id = $1::bigint AND history_serial = $2::bigint ORDER BY annotation_serial DESC LIMIT 1
