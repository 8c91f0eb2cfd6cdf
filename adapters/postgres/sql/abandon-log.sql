-- Notes that the rows of a log ($1) wait for removal, and gives the number of the next one.
WITH abandoned AS (INSERT INTO {schema}.abandoned_logs (log_id) VALUES ($1::bigint))
SELECT nextval('{schema}.log_ids') AS log_id
