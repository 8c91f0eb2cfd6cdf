-- One annotation event of a message that is known at $5. $1, $2: app id and name, $3: serial of the create, $4: of the annotation.
SELECT a.record, (
  SELECT d.annotation_serial FROM {schema}.annotations d
  WHERE d.log_id = a.log_id AND d.history_serial = a.history_serial AND d.target_serial = a.annotation_serial
  ORDER BY d.serial DESC LIMIT 1
) AS deleted_by
FROM {schema}.channels c
JOIN {schema}.entries e ON e.log_id = c.log_id AND e.serial = $3::bigint
JOIN {schema}.annotations a
  ON a.log_id = c.log_id AND a.history_serial = e.serial AND a.annotation_serial = $4
WHERE c.app_id = $1 AND c.channel = $2 AND {schema}.is_known(c, e.serial, e.published_at_ms, $5::float8)
