// One conversation: its head, what was said, what waits, where the next thing is written.
import { isLive, type Session } from '@sockudo/ai-transport';
import { useAgents, useMessages, useRuns, useSession, useSessionStatus } from '@sockudo/ai-transport/react';
import { useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { titleOf, WATCHER_ID } from '../../shared/names.ts';
import { type Turn, Turns } from '../model/turns.ts';
import { saveSnapshot } from '../state/snapshots.ts';
import { sayLeftOver } from '../state/unsent.ts';
import type { Ready } from '../state/use-chat.ts';
import { Banner } from './banner.tsx';
import { Composer } from './composer.tsx';
import { Empty } from './empty.tsx';
import { Icon } from './icons.tsx';
import { Presence } from './presence.tsx';
import { Transcript } from './transcript.tsx';
import { UpNext } from './up-next.tsx';

interface Props {
  readonly chat: Ready;
  readonly id: string;
  readonly onList: () => void;
  /** The conversation was deleted, here or on another device. */
  readonly onGone: () => void;
}

export function Conversation({ chat, id, onList, onGone }: Props) {
  const session = useSession();
  const { status } = useSessionStatus();
  const messages = useMessages();
  const runs = useRuns();
  const [turns] = useState(() => new Turns());
  const shown = turns.of(messages);
  const isAgentThere = useAgents().some((agent) => agent.id !== WATCHER_ID);
  const title = useListing(chat, id, shown, onGone);

  useKept(session);
  useEffect(() => {
    document.title = title === '' ? 'Chat · Sockudo' : `${title} · Chat`;
  }, [title]);
  const { said, waiting } = arranged(shown, runs, session.queue);
  const isReading = shown.length === 0 && (status === 'connecting' || status === 'attaching');
  return (
    <main className="conversation">
      <header className="top">
        <button type="button" className="quiet icon menu" aria-label="Conversations" onClick={onList}>
          <Icon name="menu" />
        </button>
        <h1>{title === '' ? 'New conversation' : title}</h1>
        <Presence chat={chat} isAgentThere={isAgentThere} isConnected={status === 'live'} />
      </header>
      <Banner messages={messages} />
      {said.length > 0 || isReading ? (
        <Transcript turns={said} isReading={isReading} isAgentThere={isAgentThere} />
      ) : (
        <Empty about={chat.about} />
      )}
      <footer className="bottom">
        <UpNext runs={waiting} turns={shown} />
        <Composer key={id} conversation={id} />
      </footer>
    </main>
  );
}

type Runs = ReturnType<typeof useRuns>;

/** What is shown is kept over a reload, and what was said and not sent over the death of a window. */
function useKept(session: Session): void {
  const { status } = useSessionStatus();
  useEffect(() => {
    const save = (): void => saveSnapshot(session);
    addEventListener('pagehide', save);
    return () => removeEventListener('pagehide', save);
  }, [session]);
  useEffect(() => {
    if (status === 'live') void sayLeftOver(session);
  }, [session, status]);
}

/**
 * What waits for its turn stands beside the composer and not among what was said: queued runs without one that is about to begin. What
 * was taken out of the queue is as if it had not been said, unless it is all there is.
 */
function arranged(turns: readonly Turn[], runs: Runs, queue: Runs) {
  const byId = new Map(runs.map((run) => [run.id, run]));
  const waiting = runs.some(({ status }) => status === 'running') ? queue : queue.slice(1);
  const isSomethingLive = runs.some(isLive);
  const said = turns.filter(({ runId }, index) => {
    const run = byId.get(runId);
    if (run === undefined) return true;
    const isDropped = run.status === 'cancelled' && run.generation === 0;
    return !waiting.includes(run) && !(isDropped && (isSomethingLive || index < turns.length - 1));
  });
  return { said, waiting };
}

/** Keeps the conversation in the user's list, and answers its title there; before that, what the title is going to be. */
function useListing({ list }: Ready, id: string, turns: readonly Turn[], onGone: () => void): string {
  const conversations = useSyncExternalStore(list.subscribe, () => list.conversations);
  const { status } = useSessionStatus();
  const listed = conversations?.find((conversation) => conversation.id === id);
  const asked = turns.filter(({ isUser }) => isUser);
  const title = titleOf(asked[0]?.text ?? '');
  const usedAtMs = asked.at(-1)?.messages[0]?.createdAtMs;
  const wasListed = useRef(false);
  const isListed = listed !== undefined;
  useEffect(() => {
    if (isListed) wasListed.current = true;
    else if (wasListed.current) onGone();
  }, [isListed, onGone]);
  const isKnown = conversations !== null;
  useEffect(() => {
    if (status !== 'live' || !isKnown || title === '' || usedAtMs === undefined) return;
    if (isListed || !wasListed.current) {
      // Refused or lost: the next visit lists it.
      void list.use({ id, title, usedAtMs }).catch(() => {});
    }
  }, [list, id, title, usedAtMs, status, isKnown, isListed]);
  return listed?.title ?? title;
}
