-- Versions of a message, without its create. $1: log, $2: serial of the create, $3: strictly beyond this version serial or null,
-- $4: rows, $5: not above this serial.
SELECT v.serial AS v_serial, v.published_at_ms AS v_published_at_ms, v.action AS v_action,
  v.version_serial AS v_version_serial, v.event AS v_event, v.data AS v_data, v.extras AS v_extras, v.user_id AS v_user_id,
  v.description AS v_description, v.metadata AS v_metadata, v.base_serial AS v_base_serial, v.data_kind AS v_data_kind,
  v.data_bytes AS v_data_bytes, v.append_count AS v_append_count
FROM {schema}.versions v
WHERE v.log_id = $1::bigint AND v.history_serial = $2::bigint AND v.serial <= $5::bigint
  AND ($3::text IS NULL OR v.version_serial {beyond} $3::text)
ORDER BY v.serial {order} LIMIT $4
