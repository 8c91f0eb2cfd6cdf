// What a person said. It can be said otherwise: what was said before stays as another version.
import { isLive, type SessionRun } from '@sockudo/ai-transport';
import { useSession } from '@sockudo/ai-transport/react';
import { memo, useState } from 'react';
import type { Turn } from '../model/turns.ts';
import { Failure } from './failure.tsx';
import { VersionSwitcher } from './versions.tsx';

interface Props {
  readonly turn: Turn;
  readonly run: SessionRun | undefined;
  /** Nothing stands below it. */
  readonly isLast: boolean;
}

export const Question = memo(function Question({ turn, run, isLast }: Props) {
  const session = useSession();
  const [isEditing, setEditing] = useState(false);
  const [message] = turn.messages;
  if (isEditing)
    return (
      <Editor
        text={turn.text}
        onClose={() => setEditing(false)}
        onSave={(text) => {
          setEditing(false);
          session.edit(turn.id, text);
        }}
      />
    );
  const isFailed = message?.status === 'failed';
  const isOver = run === undefined || !isLive(run);
  return (
    <article className="turn question" aria-label="You">
      <div className="said">{turn.text}</div>
      <div className="tools">
        {message?.status === 'sending' && <span className="hint">Sending…</span>}
        {!isFailed && isOver && (
          <button type="button" className="quiet small on-hover" onClick={() => setEditing(true)}>
            Edit
          </button>
        )}
        <VersionSwitcher messageId={turn.id} of="message" />
      </div>
      <Ending turn={turn} run={run} isLast={isLast} />
    </article>
  );
});

/** Why there is no answer below it. */
function Ending({ turn, run, isLast }: Props) {
  const session = useSession();
  const [message] = turn.messages;
  if (message?.status === 'failed')
    return (
      <Failure
        text={`It was not sent. ${message.error?.message ?? ''}`}
        onRetry={() => session.retrySend(turn.id)}
        onDrop={() => session.discard(turn.id)}
      />
    );
  if (!isLast) return null;
  if (run?.status === 'cancelled') return <p className="hint ended">Stopped before an answer.</p>;
  if (run?.status !== 'error' && run?.status !== 'lost') return null;
  return (
    <Failure
      text={run.error?.message ?? 'The assistant could not answer.'}
      onRetry={() => session.edit(turn.id, turn.text)}
    />
  );
}

interface EditorProps {
  readonly text: string;
  readonly onSave: (text: string) => void;
  readonly onClose: () => void;
}

function Editor({ text, onSave, onClose }: EditorProps) {
  const [draft, setDraft] = useState(text);
  return (
    <form
      className="turn question editor"
      aria-label="Edit your message"
      onSubmit={(event) => {
        event.preventDefault();
        if (draft.trim() !== '') onSave(draft.trim());
      }}
      onKeyDown={(event) => {
        if (event.key === 'Escape') onClose();
      }}
    >
      <textarea
        // biome-ignore lint/a11y/noAutofocus: the person has just asked to write here
        autoFocus
        value={draft}
        aria-label="Your message"
        onChange={(event) => setDraft(event.target.value)}
      />
      <div className="actions">
        <button type="button" className="quiet" onClick={onClose}>
          Cancel
        </button>
        <button type="submit" disabled={draft.trim() === ''}>
          Send
        </button>
      </div>
    </form>
  );
}
