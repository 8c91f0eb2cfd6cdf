-- What is purged takes the receipts of its changes along. $1: log, $2: messages below this serial.
DELETE FROM {schema}.receipts WHERE log_id = $1::bigint AND history_serial < $2::bigint
