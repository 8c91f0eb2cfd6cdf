// In the place of an answer that has not begun.
import type { SessionRun } from '@sockudo/ai-transport';
import type { Turn } from '../model/turns.ts';

interface Props {
  readonly question: Turn;
  readonly run: SessionRun;
  readonly isAgentThere: boolean;
}

export function Pending({ question, run, isAgentThere }: Props) {
  const text = textOf(question, run, isAgentThere);
  return (
    <div className="pending" data-run={run.status}>
      <Dots />
      {text !== '' && <span className="hint">{text}</span>}
    </div>
  );
}

function textOf(question: Turn, run: SessionRun, isAgentThere: boolean): string {
  if (question.messages[0]?.status === 'sending') return 'Waiting for the connection';
  if (run.isCancelRequested) return 'Stopping…';
  if (run.status === 'queued' && !isAgentThere) return 'The assistant is away and answers when it is back';
  return '';
}

export const Dots = () => (
  <span className="dots" aria-hidden="true">
    <span />
    <span />
    <span />
  </span>
);
