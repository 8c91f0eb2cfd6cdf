-- Projections of one message by type. $1: log, $2: serial of the create.
SELECT type, state FROM {schema}.projections WHERE log_id = $1::bigint AND history_serial = $2::bigint
