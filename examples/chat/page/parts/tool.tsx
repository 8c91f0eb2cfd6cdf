// A call of a tool. One that has consequences waits here: its arguments stand as they are going to be used, and nothing happens without a
// yes. The yes may come from any device, and the first one counts.
import { useSession } from '@sockudo/ai-transport/react';
import { useState } from 'react';
import { APPROVAL_RESPONSE, type ApprovalResponse } from '../../shared/names.ts';
import type { ToolPiece } from '../model/turns.ts';

interface Props {
  readonly tool: ToolPiece;
  readonly runId: string;
  readonly isRunLive: boolean;
}

const WORDS: Readonly<Record<ToolPiece['state'], string>> = {
  writing: 'is being prepared',
  running: 'is running',
  approval: 'needs your approval',
  approved: 'approved',
  denied: 'denied',
  done: 'done',
  failed: 'failed',
};

export function Tool({ tool, runId, isRunLive }: Props) {
  const { name, state, input, output } = tool;
  const isOver = !isRunLive && ['writing', 'running', 'approval', 'approved'].includes(state);
  const isWaiting = state === 'approval' && isRunLive;
  return (
    <section className={`tool ${isOver ? 'over' : state}`} aria-label={`Tool ${name}`}>
      <header>
        <code>{name}</code> <span className="hint">{isOver ? 'did not run' : WORDS[state]}</span>
      </header>
      {isWaiting ? (
        <>
          <Arguments json={input} />
          <Decision tool={tool} runId={runId} />
        </>
      ) : (
        <details>
          <summary>Details</summary>
          <Arguments json={input} />
          {output !== '' && <pre className="output">{pretty(output)}</pre>}
        </details>
      )}
    </section>
  );
}

function Decision({ tool, runId }: { readonly tool: ToolPiece; readonly runId: string }) {
  const session = useSession();
  const [error, setError] = useState('');
  const [isSending, setSending] = useState(false);
  const answer = (approved: boolean): void => {
    const { id: toolCallId, approvalId } = tool;
    const response: ApprovalResponse = { toolCallId, approvalId, approved };
    const codec = { type: APPROVAL_RESPONSE, 'tool-call-id': toolCallId, 'approval-id': approvalId };
    setSending(true);
    session.steer(runId, response, { codec }).published.catch((problem: Error) => {
      setSending(false);
      setError(`It was not sent. ${problem.message}`);
    });
  };
  return (
    <div className="actions">
      {error !== '' && <p role="alert">{error}</p>}
      <button type="button" disabled={isSending} onClick={() => answer(true)}>
        Approve
      </button>
      <button type="button" className="quiet" disabled={isSending} onClick={() => answer(false)}>
        Deny
      </button>
    </div>
  );
}

/** Exactly what the tool is going to get. What is no object is shown as it came. */
function Arguments({ json }: { readonly json: string }) {
  const value = parsed(json);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return <pre>{json}</pre>;
  return (
    <dl>
      {Object.entries(value).map(([name, given]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{typeof given === 'string' ? given : JSON.stringify(given)}</dd>
        </div>
      ))}
    </dl>
  );
}

function pretty(text: string): string {
  const value = parsed(text);
  return typeof value === 'object' && value !== null ? JSON.stringify(value, null, 2) : text;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
