// What was said, the newest at the bottom and in view as long as nobody scrolls away from it.
import { isLive } from '@sockudo/ai-transport';
import { useOlder, useRuns } from '@sockudo/ai-transport/react';
import { useCallback, useEffect, useRef, useState } from 'react';
import type { Turn } from '../model/turns.ts';
import { Answer } from './answer.tsx';
import { Icon } from './icons.tsx';
import { Pending } from './pending.tsx';
import { Question } from './question.tsx';

interface Props {
  readonly turns: readonly Turn[];
  readonly isReading: boolean;
  readonly isAgentThere: boolean;
}

export function Transcript({ turns, isReading, isAgentThere }: Props) {
  const runs = new Map(useRuns().map((run) => [run.id, run]));
  const { frame, isAtEnd, toEnd } = useFollowing();
  const last = turns.at(-1);
  const lastRun = last === undefined ? undefined : runs.get(last.runId);
  return (
    <div className="transcript" ref={frame}>
      <section className="turns" aria-label="Conversation">
        <Older />
        {isReading && <p className="hint">Reading…</p>}
        {turns.map((turn) =>
          turn.isUser ? (
            <Question key={turn.id} turn={turn} run={runs.get(turn.runId)} isLast={turn === last} />
          ) : (
            <Answer key={turn.id} turn={turn} run={runs.get(turn.runId)} />
          ),
        )}
        {last?.isUser === true && lastRun !== undefined && isLive(lastRun) && (
          <Pending question={last} run={lastRun} isAgentThere={isAgentThere} />
        )}
      </section>
      <Announcements turns={turns} isLive={lastRun !== undefined && isLive(lastRun)} />
      {!isAtEnd && (
        <button type="button" className="quiet to-end" onClick={toEnd}>
          <Icon name="down" /> <span className="hidden">To the newest message</span>
        </button>
      )}
    </div>
  );
}

function Older() {
  const { hasOlder, isLoading, load } = useOlder();
  if (!hasOlder) return null;
  return (
    <button
      type="button"
      className="quiet older"
      disabled={isLoading}
      onClick={() => void load().catch(() => {})}
    >
      {isLoading ? 'Reading…' : 'Earlier messages'}
    </button>
  );
}

/** For screen readers: that an answer has begun, and the whole of it when it is there, in place of every word of it. */
function Announcements({ turns, isLive }: { readonly turns: readonly Turn[]; readonly isLive: boolean }) {
  const wasLive = useRef(false);
  const [text, setText] = useState('');
  const last = turns.at(-1);
  const answer = last?.isUser === false ? last.text : '';
  useEffect(() => {
    if (isLive === wasLive.current) return;
    wasLive.current = isLive;
    setText(isLive ? 'The assistant is answering.' : answer === '' ? '' : `Answer: ${answer}`);
  }, [isLive, answer]);
  return (
    <p className="hidden" aria-live="polite">
      {text}
    </p>
  );
}

const NEAR_PX = 80;

function useFollowing() {
  const [frame, setFrame] = useState<HTMLDivElement | null>(null);
  const [isAtEnd, setAtEnd] = useState(true);
  const follows = useRef(true);
  const toEnd = useCallback(() => {
    follows.current = true;
    frame?.scrollTo({ top: frame.scrollHeight });
  }, [frame]);
  useEffect(() => {
    const turns = frame?.firstElementChild;
    if (frame === null || !turns) return;
    const look = (): void => {
      follows.current = frame.scrollHeight - frame.scrollTop - frame.clientHeight < NEAR_PX;
      setAtEnd(follows.current);
    };
    const grown = new ResizeObserver(() => {
      if (follows.current) frame.scrollTop = frame.scrollHeight;
      look();
    });
    grown.observe(turns);
    grown.observe(frame);
    frame.addEventListener('scroll', look, { passive: true });
    return () => {
      grown.disconnect();
      frame.removeEventListener('scroll', look);
    };
  }, [frame]);
  return { frame: setFrame, isAtEnd, toEnd };
}
