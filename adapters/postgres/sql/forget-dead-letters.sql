-- Removes all dead letters of queue $1 but the $2 newest.
DELETE FROM {schema}.dead_letters WHERE queue = $1 AND id <= (
  SELECT id FROM {schema}.dead_letters WHERE queue = $1 ORDER BY id DESC OFFSET $2 LIMIT 1
)
