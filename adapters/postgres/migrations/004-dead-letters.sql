-- Version 4: jobs that were given up. Those that wait or run are in the tables of pg-boss, in a schema of their own.

CREATE TABLE {schema}.dead_letters (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  queue text COLLATE "C" NOT NULL,
  payload text NOT NULL,
  attempts integer NOT NULL,
  reason text NOT NULL,
  enqueued_at_ms bigint NOT NULL,
  died_at_ms bigint NOT NULL
);
CREATE INDEX dead_letters_by_queue ON {schema}.dead_letters (queue, id);
