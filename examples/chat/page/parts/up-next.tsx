// Follow-ups that wait for their turn.
import type { SessionRun } from '@sockudo/ai-transport';
import { useQueue, useSession, useSessionStatus } from '@sockudo/ai-transport/react';
import type { Turn } from '../model/turns.ts';
import { say } from '../state/unsent.ts';
import { IconButton } from './icons.tsx';

interface Props {
  readonly runs: readonly SessionRun[];
  readonly turns: readonly Turn[];
}

export function UpNext({ runs, turns }: Props) {
  const session = useSession();
  const { remove, move } = useQueue();
  const { status } = useSessionStatus();
  const items = runs.flatMap((run) => turns.find((turn) => turn.isUser && turn.runId === run.id) ?? []);
  if (items.length === 0) return null;
  const drop = (turn: Turn, index: number): void => {
    if (!session.discard(turn.id)) {
      void remove(turn.runId).catch(() => {});
      return;
    }
    // It was not sent yet. What comes after it would follow something that never was: it is said anew.
    const later = items.slice(index + 1).filter(({ id }) => session.discard(id));
    for (const { text } of later) void say(session, text).catch(() => {});
  };
  return (
    <section className="up-next" aria-label="Waiting for their turn">
      <ol>
        {items.map((turn, index) => (
          <Item
            key={turn.runId}
            turn={turn}
            before={status === 'live' ? items[index - 1] : undefined}
            onSooner={(before) => void move(turn.runId, before.runId).catch(() => {})}
            onDrop={() => drop(turn, index)}
          />
        ))}
      </ol>
    </section>
  );
}

interface ItemProps {
  readonly turn: Turn;
  /** What it could be answered before. */
  readonly before: Turn | undefined;
  readonly onSooner: (before: Turn) => void;
  readonly onDrop: () => void;
}

function Item({ turn: { text, messages }, before, onSooner, onDrop }: ItemProps) {
  const isSending = messages[0]?.status === 'sending';
  return (
    <li>
      <span className="words">{text}</span>
      {isSending && <span className="hint">not sent yet</span>}
      {before !== undefined && !isSending && (
        <IconButton label={`Answer sooner: ${text}`} icon="up" onClick={() => onSooner(before)} />
      )}
      <IconButton label={`Do not answer: ${text}`} icon="close" onClick={onDrop} />
    </li>
  );
}
