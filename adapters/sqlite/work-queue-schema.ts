// Tables and statements of the SQLite work queue. The tables carry their version in the name: they live in the file of the
// other stores without taking part in its numbered schema.

/**
 * `due_at_ms` of a waiting job is when it may run, of a claimed one when its lease runs out: one index serves both. The
 * totals are kept by triggers, because counting a long queue on every addition would cost more than the addition.
 */
export const SCHEMA = `
  CREATE TABLE IF NOT EXISTS work_queue_jobs_v1 (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    queue TEXT NOT NULL,
    payload TEXT NOT NULL,
    due_at_ms INTEGER NOT NULL,
    enqueued_at_ms INTEGER NOT NULL,
    first_attempt_at_ms INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    faults INTEGER NOT NULL DEFAULT 0,
    lease TEXT
  ) STRICT;
  CREATE INDEX IF NOT EXISTS work_queue_jobs_v1_due ON work_queue_jobs_v1 (queue, due_at_ms, id);

  CREATE TABLE IF NOT EXISTS work_queue_dead_v1 (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    queue TEXT NOT NULL,
    payload TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    reason TEXT NOT NULL,
    enqueued_at_ms INTEGER NOT NULL,
    died_at_ms INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS work_queue_dead_v1_queue ON work_queue_dead_v1 (queue, id);

  CREATE TABLE IF NOT EXISTS work_queue_totals_v1 (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    jobs INTEGER NOT NULL,
    payload_bytes INTEGER NOT NULL,
    dead_bytes INTEGER NOT NULL
  ) STRICT;
  INSERT OR IGNORE INTO work_queue_totals_v1 (id, jobs, payload_bytes, dead_bytes) VALUES (1, 0, 0, 0);
  CREATE TRIGGER IF NOT EXISTS work_queue_jobs_v1_added AFTER INSERT ON work_queue_jobs_v1 BEGIN
    UPDATE work_queue_totals_v1 SET jobs = jobs + 1, payload_bytes = payload_bytes + octet_length(NEW.payload);
  END;
  CREATE TRIGGER IF NOT EXISTS work_queue_jobs_v1_removed AFTER DELETE ON work_queue_jobs_v1 BEGIN
    UPDATE work_queue_totals_v1 SET jobs = jobs - 1, payload_bytes = payload_bytes - octet_length(OLD.payload);
  END;
  CREATE TRIGGER IF NOT EXISTS work_queue_dead_v1_added AFTER INSERT ON work_queue_dead_v1 BEGIN
    UPDATE work_queue_totals_v1 SET dead_bytes = dead_bytes + octet_length(NEW.payload);
  END;
  CREATE TRIGGER IF NOT EXISTS work_queue_dead_v1_removed AFTER DELETE ON work_queue_dead_v1 BEGIN
    UPDATE work_queue_totals_v1 SET dead_bytes = dead_bytes - octet_length(OLD.payload);
  END;
`;

/**
 * Run once after the file was opened, which only one process can do: whoever held a lease is dead. The leases stay in the rows,
 * so that taking such a job counts as a fault of its last holder.
 */
export const EXPIRE_LEASES = `
  UPDATE work_queue_jobs_v1 SET due_at_ms = min(due_at_ms, enqueued_at_ms) WHERE lease IS NOT NULL;
`;

export const STATEMENTS = {
  totals: 'SELECT jobs, payload_bytes, dead_bytes FROM work_queue_totals_v1',
  insert: `INSERT INTO work_queue_jobs_v1 (queue, payload, due_at_ms, enqueued_at_ms)
    VALUES (:queue, :payload, :dueAtMs, :enqueuedAtMs)`,
  due: `SELECT id, lease IS NOT NULL AS had_lease FROM work_queue_jobs_v1
    WHERE queue = :queue AND due_at_ms <= :nowMs ORDER BY due_at_ms, id LIMIT :limit`,
  take: `UPDATE work_queue_jobs_v1 SET lease = :lease, due_at_ms = :untilMs, attempts = attempts + 1,
      faults = faults + :addedFaults,
      first_attempt_at_ms = CASE first_attempt_at_ms WHEN 0 THEN :nowMs ELSE first_attempt_at_ms END
    WHERE id = :id RETURNING payload, attempts, faults, enqueued_at_ms, first_attempt_at_ms`,
  remove: 'DELETE FROM work_queue_jobs_v1 WHERE id = :id AND lease = :lease',
  postpone: `UPDATE work_queue_jobs_v1 SET lease = NULL, due_at_ms = :dueAtMs, faults = faults + :addedFaults
    WHERE id = :id AND lease = :lease`,
  release: `UPDATE work_queue_jobs_v1 SET lease = NULL, due_at_ms = :dueAtMs, attempts = attempts - 1,
      first_attempt_at_ms = CASE attempts WHEN 1 THEN 0 ELSE first_attempt_at_ms END
    WHERE id = :id AND lease = :lease`,
  bury: `INSERT INTO work_queue_dead_v1 (queue, payload, attempts, reason, enqueued_at_ms, died_at_ms)
    SELECT queue, payload, attempts, :reason, enqueued_at_ms, :diedAtMs
    FROM work_queue_jobs_v1 WHERE id = :id AND lease = :lease RETURNING queue`,
  forgetDead: `DELETE FROM work_queue_dead_v1 WHERE queue = :queue AND id <=
    (SELECT id FROM work_queue_dead_v1 WHERE queue = :queue ORDER BY id DESC LIMIT 1 OFFSET :kept)`,
  forgetOldestDead: 'DELETE FROM work_queue_dead_v1 WHERE id = (SELECT min(id) FROM work_queue_dead_v1)',
  renew: 'UPDATE work_queue_jobs_v1 SET due_at_ms = :untilMs WHERE id = :id AND lease = :lease',
  nextDue: 'SELECT min(due_at_ms) AS due_at_ms FROM work_queue_jobs_v1 WHERE queue = :queue',
  dead: `SELECT id, payload, attempts, reason, enqueued_at_ms, died_at_ms FROM work_queue_dead_v1
    WHERE queue = :queue AND id < :before ORDER BY id DESC LIMIT :limit`,
  counts: `SELECT
      (SELECT count(*) FROM work_queue_jobs_v1 WHERE queue = :queue AND lease IS NULL) AS waiting,
      (SELECT count(*) FROM work_queue_jobs_v1 WHERE queue = :queue AND lease IS NOT NULL) AS running,
      (SELECT count(*) FROM work_queue_dead_v1 WHERE queue = :queue) AS dead`,
} as const;
