-- The newest versions of messages of a log ($1) that have changed. $2: serials of the creates; $3: not above this serial.
SELECT k.serial AS history_serial,
  v.serial AS v_serial, v.published_at_ms AS v_published_at_ms, v.action AS v_action, v.version_serial AS v_version_serial,
  v.event AS v_event, v.data AS v_data, v.extras AS v_extras, v.user_id AS v_user_id, v.description AS v_description,
  v.metadata AS v_metadata, v.base_serial AS v_base_serial, v.data_kind AS v_data_kind, v.data_bytes AS v_data_bytes,
  v.append_count AS v_append_count
FROM unnest($2::bigint[]) AS k (serial)
CROSS JOIN LATERAL (
  SELECT * FROM {schema}.versions
  WHERE log_id = $1::bigint AND history_serial = k.serial AND serial <= $3::bigint ORDER BY serial DESC LIMIT 1
) v
