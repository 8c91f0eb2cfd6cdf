// Where the next thing is written. Enter sends; while an answer is being written it waits for its turn. Stop goes by the run, so that it
// works after a reload and for what another device has asked.
import { useRuns, useSession } from '@sockudo/ai-transport/react';
import { type KeyboardEvent, useEffect, useRef, useState } from 'react';
import { say } from '../state/unsent.ts';
import { Icon } from './icons.tsx';

const DRAFT = 'chat-draft-';

export function Composer({ conversation }: { readonly conversation: string }) {
  const session = useSession();
  const [text, setText] = useState(() => sessionStorage.getItem(DRAFT + conversation) ?? '');
  const [error, setError] = useState('');
  const field = useRef<HTMLTextAreaElement>(null);
  const current = useCurrentRun();

  useEffect(() => {
    // What is half written survives a reload, too.
    if (text === '') sessionStorage.removeItem(DRAFT + conversation);
    else sessionStorage.setItem(DRAFT + conversation, text);
  }, [text, conversation]);
  useEffect(() => {
    // Not on a phone, where the keyboard would cover half of what there is to read.
    if (matchMedia('(hover: hover)').matches) field.current?.focus();
  }, []);

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
  const onKey = (event: KeyboardEvent): void => {
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
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
        <textarea
          ref={field}
          rows={1}
          value={text}
          placeholder={current === null ? 'Ask anything' : 'Ask a follow-up'}
          aria-label="Message"
          enterKeyHint="send"
          onChange={(event) => setText(event.target.value)}
          onKeyDown={onKey}
        />
        {current !== null && (
          <button
            type="button"
            className="round stop"
            aria-label="Stop"
            title="Stop"
            onClick={() => void current.stop()}
          >
            <span aria-hidden="true" />
          </button>
        )}
        {(current === null || text.trim() !== '') && (
          <button
            type="submit"
            className="round"
            disabled={text.trim() === ''}
            aria-label={current === null ? 'Send' : 'Send when the answer is complete'}
          >
            <Icon name="up" />
          </button>
        )}
      </div>
    </form>
  );
}

/** The run that is being answered, or is about to be; null: none. What waits for a yes is answered there. */
function useCurrentRun(): { readonly stop: () => Promise<unknown> } | null {
  const session = useSession();
  const runs = useRuns();
  const run = runs.find(({ status }) => status === 'running') ?? session.queue[0];
  if (run === undefined) return null;
  return { stop: () => session.cancel(run.id).catch(() => {}) };
}
