-- One row with the channel as it is seen at $3, then what is to be seen of its number line. $1, $2: app id and name; $4, $5:
-- inclusive serials. Versions come with the members of their create that readers see, but for its data.
WITH s AS MATERIALIZED (SELECT * FROM {schema}.seen($1, $2, $3))
SELECT to_json(s) AS seen, NULL AS kind, NULL::bigint AS serial, NULL::bigint AS published_at_ms, NULL AS event, NULL AS data,
  NULL AS message_id, NULL AS message_serial, NULL AS user_id, NULL AS creator_id, NULL AS tags, NULL AS extras,
  NULL AS record, NULL::bigint AS v_serial, NULL::bigint AS v_published_at_ms, NULL AS v_action, NULL AS v_version_serial,
  NULL AS v_event, NULL AS v_data, NULL AS v_extras, NULL AS v_user_id, NULL AS v_description, NULL AS v_metadata,
  NULL::bigint AS v_base_serial, NULL AS v_data_kind, NULL::bigint AS v_data_bytes, NULL::bigint AS v_append_count
FROM s
UNION ALL
SELECT NULL, 'create', e.serial, e.published_at_ms, e.event, e.data, e.message_id, e.message_serial, e.user_id, e.creator_id,
  e.tags, e.extras, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
FROM s JOIN {schema}.entries e
  ON e.log_id = s.log_id AND e.serial BETWEEN greatest($4::bigint, s.floor) AND least($5::bigint, s.head_serial)
UNION ALL
SELECT NULL, 'version', e.serial, e.published_at_ms, '', '', e.message_id, e.message_serial, NULL, e.creator_id, e.tags,
  NULL, NULL, v.serial, v.published_at_ms, v.action, v.version_serial, v.event, v.data, v.extras, v.user_id, v.description,
  v.metadata, v.base_serial, v.data_kind, v.data_bytes, v.append_count
FROM s JOIN {schema}.versions v ON v.log_id = s.log_id AND v.serial BETWEEN $4::bigint AND least($5::bigint, s.head_serial)
JOIN {schema}.entries e ON e.log_id = v.log_id AND e.serial = v.history_serial
WHERE e.serial >= s.purged_below
  AND (e.serial >= s.floor OR {schema}.version_at_ms(v.log_id, v.history_serial) >= s.kept_from_ms)
UNION ALL
SELECT NULL, 'annotation', a.serial, a.published_at_ms, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
  NULL, a.record, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
FROM s JOIN {schema}.annotations a ON a.log_id = s.log_id AND a.serial BETWEEN $4::bigint AND least($5::bigint, s.head_serial)
JOIN {schema}.entries e ON e.log_id = a.log_id AND e.serial = a.history_serial
WHERE e.serial >= s.purged_below AND (
  e.serial >= s.floor
  OR coalesce({schema}.version_at_ms(a.log_id, a.history_serial), e.published_at_ms) >= s.kept_from_ms
)
