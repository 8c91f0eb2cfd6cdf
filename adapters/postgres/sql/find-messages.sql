-- Messages with their newest versions, where they are known at $4. $1, $2: app ids and names, $3: serials of the creates.
-- `data` of the create only where nothing has changed it.
SELECT c.app_id, c.channel, c.log_id, c.stream_id,
  e.serial, e.published_at_ms, e.event, CASE WHEN v.serial IS NULL THEN e.data ELSE '' END AS data, e.message_id,
  e.message_serial, e.user_id, e.creator_id, e.tags, e.extras,
  c.retention_age_ms, c.retention_messages, c.retention_bytes, c.retention_versions_age_ms,
  v.serial AS v_serial, v.published_at_ms AS v_published_at_ms, v.action AS v_action, v.version_serial AS v_version_serial,
  v.event AS v_event, v.data AS v_data, v.extras AS v_extras, v.user_id AS v_user_id, v.description AS v_description,
  v.metadata AS v_metadata, v.base_serial AS v_base_serial, v.data_kind AS v_data_kind, v.data_bytes AS v_data_bytes,
  v.append_count AS v_append_count
FROM unnest($1::text[], $2::text[], $3::bigint[]) AS k (app_id, channel, serial)
JOIN {schema}.channels c ON c.app_id = k.app_id AND c.channel = k.channel
JOIN {schema}.entries e ON e.log_id = c.log_id AND e.serial = k.serial
LEFT JOIN LATERAL (
  SELECT * FROM {schema}.versions WHERE log_id = c.log_id AND history_serial = e.serial ORDER BY serial DESC LIMIT 1
) v ON true
WHERE e.message_serial IS NOT NULL AND {schema}.is_known(c, e.serial, e.published_at_ms, $4::float8)
