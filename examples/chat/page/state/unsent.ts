// What was said and is not with the server yet, kept over the death of the window: the next window that shows the conversation sends it.
// Only what belongs to no window that still lives, or it would be said twice; which one lives is known by a lock that it holds.
import type { Session } from '@sockudo/ai-transport';
import { randomText } from './user.ts';

interface Unsent {
  /** Window that said it. */
  readonly window: string;
  readonly messageId: string;
  readonly runId: string;
  readonly parent: string | null;
  readonly text: string;
  readonly saidAtMs: number;
}

/** What is older is not said out of the blue. */
const AGE_MAX_MS = 24 * 60 * 60 * 1000;

/** `locks` is there on https and localhost alone; without it nothing is kept. */
const locks: LockManager | undefined = navigator.locks;
const thisWindow = randomText(8);
const lockOf = (window: string): string => `chat-window-${window}`;
void locks?.request(lockOf(thisWindow), () => new Promise(() => {}));

const keyOf = (channel: string): string => `chat-unsent-${channel}`;

function read(channel: string): Unsent[] {
  try {
    // CAST: only this file writes it.
    return JSON.parse(localStorage.getItem(keyOf(channel)) ?? '[]') as Unsent[];
  } catch {
    return [];
  }
}

function write(channel: string, all: readonly Unsent[]): void {
  if (all.length === 0) localStorage.removeItem(keyOf(channel));
  else localStorage.setItem(keyOf(channel), JSON.stringify(all));
}

const forget = (channel: string, messageId: string): void =>
  write(
    channel,
    read(channel).filter((one) => one.messageId !== messageId),
  );

/** Says something, and keeps it until the server has it. Rejects as `published` of `session.send` does. */
export function say(session: Session, text: string): Promise<unknown> {
  const { channel } = session;
  const last = session.view().messages.findLast(({ status }) => status !== 'failed');
  const unsent: Unsent = {
    ...{ window: thisWindow, messageId: randomText(12), runId: randomText(12) },
    ...{ parent: last?.id ?? null, text, saidAtMs: Date.now() },
  };
  if (locks !== undefined) write(channel, [...read(channel), unsent]);
  return send(session, unsent);
}

async function send(session: Session, { messageId, runId, parent, text }: Unsent): Promise<void> {
  try {
    await session.send(text, { messageId, runId, parent }).published;
  } catch (error) {
    // The conversation was closed: it is said when it is open again.
    if (error instanceof Error && 'code' in error && error.code === 'closed') return;
    forget(session.channel, messageId);
    throw error;
  }
  forget(session.channel, messageId);
}

/** Says what windows that are gone have left. To be called when the session is live: what has arrived is known then, and not said again. */
export async function sayLeftOver(session: Session): Promise<void> {
  if (locks === undefined || read(session.channel).length === 0) return;
  const { held = [] } = await locks.query();
  const alive = new Set(held.map(({ name }) => name));
  for (const unsent of read(session.channel)) {
    if (unsent.window !== thisWindow && alive.has(lockOf(unsent.window))) continue;
    if (Date.now() - unsent.saidAtMs > AGE_MAX_MS) forget(session.channel, unsent.messageId);
    else if (session.status === 'live') void send(session, unsent).catch(() => {});
  }
}
