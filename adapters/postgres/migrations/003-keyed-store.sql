-- Version 3: the keyed store. Revisions are only told apart; a node takes a million of them at once.

CREATE TABLE {schema}.keyed_entries (
  key text COLLATE "C" PRIMARY KEY,
  value text NOT NULL,
  revision bigint NOT NULL,
  expires_at_ms bigint
);
CREATE INDEX keyed_entries_by_end ON {schema}.keyed_entries (expires_at_ms) WHERE expires_at_ms IS NOT NULL;

CREATE SEQUENCE {schema}.keyed_revisions INCREMENT BY 1000000 MINVALUE 1;
