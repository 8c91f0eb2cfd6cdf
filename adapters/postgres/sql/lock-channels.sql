-- Locks the rows of channels, in the order of their keys so that two writers never wait for each other crosswise.
-- $1, $2: app ids and names. Answers the rows there are.
SELECT c.* FROM unnest($1::text[], $2::text[]) AS k (app_id, channel)
JOIN {schema}.channels c ON c.app_id = k.app_id AND c.channel = k.channel
ORDER BY c.app_id, c.channel
FOR UPDATE OF c
