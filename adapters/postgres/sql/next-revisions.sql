-- The first of a million revisions that nobody else has.
SELECT nextval('{schema}.keyed_revisions') AS first
