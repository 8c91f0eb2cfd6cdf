-- A channel as readers see it at $3; no row for one that was never written to. $1, $2: app id and name.
SELECT * FROM {schema}.seen($1, $2, $3)
