-- What the retention of a channel has hidden stays hidden. $1: log, $2: oldest create.
UPDATE {schema}.channels SET oldest_serial = $2::bigint WHERE log_id = $1::bigint AND oldest_serial < $2::bigint
