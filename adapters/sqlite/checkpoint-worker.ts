// Worker thread of checkpointer.ts: copies the write-ahead log into the database file on a connection of its own, so that
// the event loop never waits for these reads, writes and syncs. Answers every 'checkpoint' and leaves on 'close'.
import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';

/** Frames in the WAL, and how many of them the database file has. */
export interface CheckpointResult {
  readonly log: number;
  readonly checkpointed: number;
}

export type CheckpointAnswer =
  | { readonly kind: 'done'; readonly result: CheckpointResult }
  | { readonly kind: 'failed'; readonly text: string };

const path: unknown = workerData;
if (parentPort !== null && typeof path === 'string') serve(parentPort, path);

function serve(port: NonNullable<typeof parentPort>, databasePath: string): void {
  const connection = new DatabaseSync(databasePath);
  // A checkpoint in this mode syncs the WAL before it touches the database file, and that file before the WAL may be
  // written from its beginning again: the order that a loss of power at any moment needs.
  connection.exec('PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0');
  const checkpoint = connection.prepare('PRAGMA wal_checkpoint(PASSIVE)');

  port.on('message', (request: unknown) => {
    if (request === 'close') {
      connection.close();
      port.close();
      return;
    }
    port.postMessage(answer());
  });

  function answer(): CheckpointAnswer {
    try {
      const row = checkpoint.get() ?? {};
      return { kind: 'done', result: { log: Number(row.log), checkpointed: Number(row.checkpointed) } };
    } catch (error) {
      return { kind: 'failed', text: error instanceof Error ? error.message : String(error) };
    }
  }
}
