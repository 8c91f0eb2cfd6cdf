-- Version 1: the channel log. `{schema}` is the schema that the settings name.
--
-- channels: one row per channel that was ever written to; its lock is the order of the channel, over all nodes. `log_id` names the
-- present numbering: a reset takes a new one, and the old one's rows wait for removal. `oldest_serial` bounds the history from
-- below, `purged_below` everything; a message between the two is kept while its newest version is not older than
-- `versions_since_ms`. What a looser retention must not bring back was raised into these three.
-- entries: the creates. `messages_before` and `bytes_before` are the running sums of all earlier ones, so the size of any range is
-- one subtraction. versions: `data` is the fragment of an append; `base_serial` names the row whose whole data the fragments
-- follow; the newest row has the sums of its message, so no row is ever changed.
-- receipts: those of a change of a message go when the message is purged, which is what their two numbers are for.

CREATE TABLE {schema}.store (
  is_one boolean PRIMARY KEY DEFAULT true CHECK (is_one),
  stream_seed text NOT NULL
);

CREATE SEQUENCE {schema}.log_ids;

CREATE TABLE {schema}.channels (
  app_id text COLLATE "C" NOT NULL,
  channel text COLLATE "C" NOT NULL,
  log_id bigint NOT NULL DEFAULT nextval('{schema}.log_ids'),
  stream_id text NOT NULL,
  head_serial bigint NOT NULL DEFAULT 0,
  messages_total bigint NOT NULL DEFAULT 0,
  bytes_total bigint NOT NULL DEFAULT 0,
  last_published_at_ms bigint NOT NULL DEFAULT 0,
  oldest_serial bigint NOT NULL DEFAULT 1,
  purged_below bigint NOT NULL DEFAULT 1,
  versions_since_ms double precision NOT NULL DEFAULT 0,
  retention_age_ms double precision,
  retention_messages double precision,
  retention_bytes double precision,
  retention_versions_age_ms double precision,
  PRIMARY KEY (app_id, channel)
) WITH (fillfactor = 50);
CREATE UNIQUE INDEX channels_by_log ON {schema}.channels (log_id);

CREATE TABLE {schema}.abandoned_logs (
  log_id bigint PRIMARY KEY
);

CREATE TABLE {schema}.entries (
  log_id bigint NOT NULL,
  serial bigint NOT NULL,
  published_at_ms bigint NOT NULL,
  messages_before bigint NOT NULL,
  bytes_before bigint NOT NULL,
  event text NOT NULL,
  data text NOT NULL,
  message_id text,
  message_serial text,
  user_id text,
  creator_id text,
  tags text,
  extras text,
  PRIMARY KEY (log_id, serial)
);

CREATE TABLE {schema}.versions (
  log_id bigint NOT NULL,
  history_serial bigint NOT NULL,
  serial bigint NOT NULL,
  published_at_ms bigint NOT NULL,
  action text NOT NULL,
  version_serial text COLLATE "C" NOT NULL,
  event text,
  data text,
  extras text,
  user_id text,
  description text,
  metadata text,
  base_serial bigint NOT NULL,
  data_kind text NOT NULL,
  data_bytes bigint NOT NULL,
  append_count bigint NOT NULL,
  PRIMARY KEY (log_id, history_serial, serial)
);
CREATE UNIQUE INDEX versions_by_serial ON {schema}.versions (log_id, serial);

CREATE TABLE {schema}.annotations (
  log_id bigint NOT NULL,
  history_serial bigint NOT NULL,
  annotation_serial text COLLATE "C" NOT NULL,
  serial bigint NOT NULL,
  published_at_ms bigint NOT NULL,
  target_serial text COLLATE "C",
  type text NOT NULL,
  record text NOT NULL,
  PRIMARY KEY (log_id, history_serial, annotation_serial)
);
CREATE UNIQUE INDEX annotations_by_serial ON {schema}.annotations (log_id, serial);
CREATE INDEX annotations_by_target ON {schema}.annotations (log_id, history_serial, target_serial)
  WHERE target_serial IS NOT NULL;

CREATE TABLE {schema}.projections (
  log_id bigint NOT NULL,
  history_serial bigint NOT NULL,
  type text COLLATE "C" NOT NULL,
  message_serial text NOT NULL,
  state text NOT NULL,
  PRIMARY KEY (log_id, history_serial, type)
);

CREATE TABLE {schema}.receipts (
  scope text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  fingerprint text,
  expires_at_ms double precision NOT NULL,
  answer text NOT NULL,
  log_id bigint,
  history_serial bigint,
  PRIMARY KEY (scope, key)
);
CREATE INDEX receipts_by_end ON {schema}.receipts (expires_at_ms);
CREATE INDEX receipts_by_message ON {schema}.receipts (log_id, history_serial) WHERE log_id IS NOT NULL;

-- The first create from `low` to `high` that fulfils all three bounds, which grow with the serial; high + 1 where there is none.
-- A bisection, so that rows which wait for removal cost a few probes and not a walk.
CREATE FUNCTION {schema}.first_create(
  of_log bigint, low bigint, high bigint, at_ms double precision, messages double precision, bytes double precision
) RETURNS bigint LANGUAGE plpgsql STABLE AS $$
DECLARE
  bound bigint := high + 1;
  answer bigint := high + 1;
  probe bigint := low;
  e record;
BEGIN
  WHILE probe < bound LOOP
    SELECT serial, published_at_ms, messages_before, bytes_before INTO e
      FROM {schema}.entries WHERE log_id = of_log AND serial >= probe AND serial < bound ORDER BY serial LIMIT 1;
    IF NOT FOUND THEN
      bound := probe;
    ELSIF e.published_at_ms >= at_ms AND e.messages_before >= messages AND e.bytes_before >= bytes THEN
      answer := e.serial;
      bound := probe;
    ELSE
      low := e.serial + 1;
    END IF;
    probe := (low + bound) / 2;
  END LOOP;
  RETURN answer;
END $$;

-- The oldest create that retention leaves now; head + 1 where there is none.
CREATE FUNCTION {schema}.floor_of(c {schema}.channels, now_ms double precision) RETURNS bigint LANGUAGE sql STABLE AS $$
  SELECT {schema}.first_create(
    c.log_id, c.oldest_serial, c.head_serial,
    coalesce(now_ms - c.retention_age_ms, '-Infinity'),
    coalesce(c.messages_total - c.retention_messages, '-Infinity'),
    coalesce(c.bytes_total - c.retention_bytes, '-Infinity')
  )
$$;

-- A message below the floor is kept while its newest version is not older than this.
CREATE FUNCTION {schema}.kept_from_ms(c {schema}.channels, now_ms double precision) RETURNS double precision
LANGUAGE sql IMMUTABLE AS $$
  SELECT greatest(
    c.versions_since_ms,
    coalesce(now_ms - coalesce(c.retention_versions_age_ms, c.retention_age_ms), 'Infinity')
  )
$$;

-- When the newest version of a message was made; null where there is none.
CREATE FUNCTION {schema}.version_at_ms(of_log bigint, of_message bigint) RETURNS bigint LANGUAGE sql STABLE AS $$
  SELECT published_at_ms FROM {schema}.versions
  WHERE log_id = of_log AND history_serial = of_message ORDER BY serial DESC LIMIT 1
$$;

-- A channel as readers see it: its row, and what retention leaves of it now.
CREATE FUNCTION {schema}.seen(of_app text, of_channel text, now_ms double precision) RETURNS TABLE (
  log_id bigint, stream_id text, head_serial bigint, messages_total bigint, bytes_total bigint, purged_below bigint,
  retention_age_ms double precision, retention_messages double precision, retention_bytes double precision,
  retention_versions_age_ms double precision,
  floor bigint, kept_from_ms double precision,
  newest_serial bigint, oldest_at_ms bigint, newest_at_ms bigint, messages bigint, bytes bigint
) LANGUAGE plpgsql STABLE ROWS 1 AS $$
DECLARE
  c {schema}.channels;
  low bigint;
  o record;
  n record;
BEGIN
  SELECT * INTO c FROM {schema}.channels k WHERE k.app_id = of_app AND k.channel = of_channel;
  IF NOT FOUND THEN RETURN; END IF;
  low := {schema}.floor_of(c, now_ms);
  SELECT e.published_at_ms, e.messages_before, e.bytes_before INTO o
    FROM {schema}.entries e WHERE e.log_id = c.log_id AND e.serial = low;
  IF low <= c.head_serial THEN
    SELECT e.serial, e.published_at_ms INTO n
      FROM {schema}.entries e WHERE e.log_id = c.log_id AND e.serial <= c.head_serial ORDER BY e.serial DESC LIMIT 1;
  ELSE
    SELECT NULL::bigint AS serial, NULL::bigint AS published_at_ms INTO n;
  END IF;
  RETURN QUERY SELECT
    c.log_id, c.stream_id, c.head_serial, c.messages_total, c.bytes_total, c.purged_below,
    c.retention_age_ms, c.retention_messages, c.retention_bytes, c.retention_versions_age_ms,
    low, {schema}.kept_from_ms(c, now_ms),
    n.serial, o.published_at_ms, n.published_at_ms,
    coalesce(c.messages_total - o.messages_before, 0), coalesce(c.bytes_total - o.bytes_before, 0);
END $$;

-- A message as a mutation or a reader finds it: create, newest version; nothing where it is unknown, purged or not kept.
CREATE FUNCTION {schema}.is_known(c {schema}.channels, create_serial bigint, create_at_ms bigint, now_ms double precision)
RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT create_serial >= c.purged_below AND create_serial <= c.head_serial AND (
    coalesce({schema}.version_at_ms(c.log_id, create_serial), create_at_ms) >= {schema}.kept_from_ms(c, now_ms)
    OR create_serial >= {schema}.floor_of(c, now_ms)
  )
$$;

-- Whether a receipt still answers: it has not ended, and the message whose change it is a receipt of is still known.
CREATE FUNCTION {schema}.is_in_force(r {schema}.receipts, now_ms double precision) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT r.expires_at_ms > now_ms AND (r.log_id IS NULL OR EXISTS (
    SELECT FROM {schema}.channels c JOIN {schema}.entries e ON e.log_id = c.log_id AND e.serial = r.history_serial
    WHERE c.log_id = r.log_id AND {schema}.is_known(c, e.serial, e.published_at_ms, now_ms)
  ))
$$;
