-- Dead letters of queue $1, the newest first, $3 at most, before the one with the id $2 (null: from the newest on).
SELECT id, payload, attempts, reason, enqueued_at_ms, died_at_ms FROM {schema}.dead_letters
WHERE queue = $1 AND id < coalesce($2::bigint, 9223372036854775807)
ORDER BY id DESC LIMIT $3
