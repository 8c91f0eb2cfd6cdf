// Where the next thing is written. Enter sends; while an answer is being written it waits for its turn. Stop goes by the run, so that it
// works after a reload and for what another device has asked.
import { useRuns, useSession } from '@sockudo/ai-transport/react';
import { type KeyboardEvent, useEffect, useRef, useState } from 'react';
import { say } from '../state/unsent.ts';
import { Icon } from './icons.tsx';

const DRAFT = 'chat-draft-';

export function Composer({ conversation }: { readonly conversation: string }) {
  const session = useSession();
  const [text, setText] = useDraft(conversation);
  const [error, setError] = useState('');
  const current = useCurrentRun();
  const send = (): void => {
    const words = text.trim();
    if (words === '') return;
    say(session, words).catch((problem: Error & { code?: string }) => {
      if (problem.code !== 'outbox_full') return;
      setText(words);
      setError('Too many messages wait already. Try again when some of them have been sent.');
    });
    setText('');
    setError('');
  };
  return (
    <form
      className="composer"
      aria-label="Write a message"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {error !== '' && <p role="alert">{error}</p>}
      <div className="field">
        <Field
          text={text}
          placeholder={current === null ? 'Ask anything' : 'Ask a follow-up'}
          onChange={setText}
          onSend={send}
        />
        {current !== null && <StopButton onClick={current.stop} />}
        {(current === null || text.trim() !== '') && (
          <SendButton isEmpty={text.trim() === ''} isLater={current !== null} />
        )}
      </div>
    </form>
  );
}

/** What is half written survives a reload, too. */
function useDraft(conversation: string) {
  const [text, setText] = useState(() => sessionStorage.getItem(DRAFT + conversation) ?? '');
  useEffect(() => {
    if (text === '') sessionStorage.removeItem(DRAFT + conversation);
    else sessionStorage.setItem(DRAFT + conversation, text);
  }, [text, conversation]);
  return [text, setText] as const;
}

interface FieldProps {
  readonly text: string;
  readonly placeholder: string;
  readonly onChange: (text: string) => void;
  readonly onSend: () => void;
}

function Field({ text, placeholder, onChange, onSend }: FieldProps) {
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    // Not on a phone, where the keyboard would cover half of what there is to read.
    if (matchMedia('(hover: hover)').matches) field.current?.focus();
  }, []);
  const onKey = (event: KeyboardEvent): void => {
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    onSend();
  };
  return (
    <textarea
      ref={field}
      rows={1}
      value={text}
      placeholder={placeholder}
      aria-label="Message"
      enterKeyHint="send"
      onChange={(event) => onChange(event.target.value)}
      onKeyDown={onKey}
    />
  );
}

const StopButton = ({ onClick }: { readonly onClick: () => void }) => (
  <button type="button" className="round stop" aria-label="Stop" title="Stop" onClick={onClick}>
    <span aria-hidden="true" />
  </button>
);

const SendButton = ({ isEmpty, isLater }: { readonly isEmpty: boolean; readonly isLater: boolean }) => (
  <button
    type="submit"
    className="round"
    disabled={isEmpty}
    aria-label={isLater ? 'Send when the answer is complete' : 'Send'}
  >
    <Icon name="up" />
  </button>
);

/** The run that is being answered, or is about to be; null: none. What waits for a yes is answered there. */
function useCurrentRun(): { readonly stop: () => void } | null {
  const session = useSession();
  const runs = useRuns();
  const run = runs.find(({ status }) => status === 'running') ?? session.queue[0];
  if (run === undefined) return null;
  return { stop: () => void session.cancel(run.id).catch(() => {}) };
}
