-- Data of a create. $1: log, $2: serial.
SELECT data FROM {schema}.entries WHERE log_id = $1::bigint AND serial = $2::bigint
