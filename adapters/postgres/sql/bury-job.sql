-- Adds a dead letter.
INSERT INTO {schema}.dead_letters (queue, payload, attempts, reason, enqueued_at_ms, died_at_ms)
VALUES ($1, $2, $3, $4, $5, $6)
