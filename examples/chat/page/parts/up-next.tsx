// Follow-ups that wait for their turn.
import type { SessionRun } from '@sockudo/ai-transport';
import { useQueue, useSession, useSessionStatus } from '@sockudo/ai-transport/react';
import type { Turn } from '../model/turns.ts';
import { Icon } from './icons.tsx';

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
  const drop = (turn: Turn): void => {
    // What was not sent yet is simply taken back.
    if (!session.discard(turn.id)) void remove(turn.runId).catch(() => {});
  };
  return (
    <section className="up-next" aria-label="Waiting for their turn">
      <ol>
        {items.map((turn, index) => {
          const before = items[index - 1];
          const isSending = turn.messages[0]?.status === 'sending';
          return (
            <li key={turn.runId}>
              <span className="words">{turn.text}</span>
              {isSending && <span className="hint">not sent yet</span>}
              {before !== undefined && status === 'live' && !isSending && (
                <button
                  type="button"
                  className="quiet icon small"
                  aria-label={`Answer sooner: ${turn.text}`}
                  onClick={() => void move(turn.runId, before.runId).catch(() => {})}
                >
                  <Icon name="up" />
                </button>
              )}
              <button
                type="button"
                className="quiet icon small"
                aria-label={`Do not answer: ${turn.text}`}
                onClick={() => drop(turn)}
              >
                <Icon name="close" />
              </button>
            </li>
          );
        })}
      </ol>
    </section>
  );
}
