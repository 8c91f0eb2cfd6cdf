/** What a session is made of, as its user writes it. */
import type { Sockudo } from '@sockudo/client';
import type { InputOptions } from './commands.ts';
import type { Published } from './outbox.ts';
import type { SessionSnapshot } from './snapshot.ts';
import type { View } from './view.ts';

export interface SessionOptions {
  /** Has `protocolVersion` 2, and does not leave out its own events (`echoMessages`). */
  readonly client: Sockudo;
  /** Name of the channel, usually `private-…`. */
  readonly channel: string;
  /** Who is in front of this screen, shown on what is being sent. The server fills in the verified id, whatever stands here. */
  readonly clientId?: string;
  /** What `session.snapshot()` gave once: it is shown until everything is read. */
  readonly snapshot?: SessionSnapshot;
  /** Presence channel of the agents. Default: nobody is watched. */
  readonly agents?: `presence-${string}`;
  /** The client's `appendMode`. Default `delta`. */
  readonly appendMode?: 'delta' | 'full';
}

export interface SendOptions extends InputOptions {
  /** View whose last message is answered, and which shows the new version after an edit or a regeneration. Default: the main one. */
  readonly view?: View;
}

export interface MessageOptions extends SendOptions {
  /** Message that this one comes after; null: the beginning. Default: the last one of the view. */
  readonly parent?: string | null;
  /** Id of the run that it opens. Default: a new one. */
  readonly runId?: string;
}

/** Something on its way. It is in the views at once, and stays there while it waits for a connection. */
export interface Sent {
  readonly messageId: string;
  readonly runId: string;
  /** When the server has it. Rejects with a SessionError; nothing happens when nobody looks at it. */
  readonly published: Promise<Published>;
}
