-- Version 2: records of channels. `sequence` has the order in which they were made in all channels; ordinals count within a log
-- and kind, how far is in channel_record_kinds. Those of a log that a reset left behind wait for removal as entries do.

CREATE TABLE {schema}.channel_records (
  log_id bigint NOT NULL,
  kind text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  ordinal bigint NOT NULL,
  sequence bigint GENERATED ALWAYS AS IDENTITY,
  state text COLLATE "C" NOT NULL,
  due_at_ms bigint,
  value text NOT NULL,
  PRIMARY KEY (log_id, kind, id)
);
CREATE UNIQUE INDEX channel_records_by_ordinal ON {schema}.channel_records (log_id, kind, ordinal);
CREATE INDEX channel_records_by_state ON {schema}.channel_records (kind, state, due_at_ms, sequence);
CREATE INDEX channel_records_by_due ON {schema}.channel_records (kind, due_at_ms, sequence) WHERE due_at_ms IS NOT NULL;

CREATE TABLE {schema}.channel_record_kinds (
  log_id bigint NOT NULL,
  kind text COLLATE "C" NOT NULL,
  last_ordinal bigint NOT NULL,
  PRIMARY KEY (log_id, kind)
);
