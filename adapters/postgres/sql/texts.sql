-- The pieces that the whole data of versions is made of, in order. $1: logs, $2: serials of the creates, $3: of the rows with the
-- whole data that the pieces follow, $4: pieces after this serial, $5: up to this one. `place` names the question.
SELECT k.place, x.serial, x.data
FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])
  WITH ORDINALITY AS k (log_id, message, base, after, upto, place)
CROSS JOIN LATERAL (
  SELECT e.serial, e.data FROM {schema}.entries e
  WHERE k.base = k.message AND k.after < k.base AND e.log_id = k.log_id AND e.serial = k.message
  UNION ALL
  SELECT v.serial, v.data FROM {schema}.versions v
  WHERE v.log_id = k.log_id AND v.history_serial = k.message AND v.serial >= k.base AND v.serial > k.after
    AND v.serial <= k.upto
) x
ORDER BY k.place, x.serial
