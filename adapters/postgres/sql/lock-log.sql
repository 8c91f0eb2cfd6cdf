-- Locks the row of the channel with this log ($1); nothing where it was reset meanwhile.
SELECT log_id FROM {schema}.channels WHERE log_id = $1::bigint FOR UPDATE
