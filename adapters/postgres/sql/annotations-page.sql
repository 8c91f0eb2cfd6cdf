-- Annotation events of a message, oldest first. $1: log, $2: serial of the create, $3: type or null, $4: strictly after this
-- annotation serial or null, $5: rows. `deleted_by`: the event that took it back.
SELECT a.record, (
  SELECT d.annotation_serial FROM {schema}.annotations d
  WHERE d.log_id = a.log_id AND d.history_serial = a.history_serial AND d.target_serial = a.annotation_serial
  ORDER BY d.serial DESC LIMIT 1
) AS deleted_by
FROM {schema}.annotations a
WHERE a.log_id = $1::bigint AND a.history_serial = $2::bigint AND ($3::text IS NULL OR a.type = $3::text)
  AND ($4::text IS NULL OR a.annotation_serial > $4::text)
ORDER BY a.annotation_serial LIMIT $5
