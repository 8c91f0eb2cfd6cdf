-- Saves the newest projections of messages. One array for each column; no message and type twice.
INSERT INTO {schema}.projections (log_id, history_serial, type, message_serial, state)
SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[])
ON CONFLICT (log_id, history_serial, type) DO UPDATE SET state = excluded.state
