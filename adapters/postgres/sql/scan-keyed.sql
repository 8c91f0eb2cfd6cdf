-- Entries from key $1 on, before key $2, at the time $3: $4 at most, and no further one once their values have more than $5 bytes.
-- `found`: how many there would be without the bound of bytes.
SELECT key, value, revision, expires_at_ms, found FROM (
  SELECT key, value, revision, expires_at_ms, count(*) OVER () AS found,
    sum(octet_length(value)) OVER (ORDER BY key ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS bytes_before
  FROM (
    SELECT * FROM {schema}.keyed_entries
    WHERE key >= $1 AND key < $2 AND (expires_at_ms IS NULL OR expires_at_ms > $3::bigint)
    ORDER BY key LIMIT $4
  ) AS page
) AS measured
WHERE coalesce(bytes_before, 0) <= $5
ORDER BY key
