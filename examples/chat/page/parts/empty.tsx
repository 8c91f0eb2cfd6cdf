// A conversation in which nothing was said yet.
import { useSession } from '@sockudo/ai-transport/react';
import type { About } from '../../shared/names.ts';
import { say } from '../state/unsent.ts';

const SUGGESTIONS = [
  'How does a stream survive a reload?',
  'Search the docs for “presence” and show me an example',
  'Send an email to ann@example.com, subject: "Lunch", body: "Friday at noon?"',
  'What happens when a worker dies?',
];

export function Empty({ about }: { readonly about: About }) {
  const session = useSession();
  return (
    <section className="empty" aria-labelledby="empty-title">
      <h2 id="empty-title">What would you like to know?</h2>
      <p className="hint">
        {about.isStandIn
          ? 'No key is set, so a stand-in answers: it is no language model, and looks things up in Sockudo’s documentation.'
          : `Answers come from ${about.model}.`}{' '}
        Reload, close the window, open it on your phone: the answer goes on.
      </p>
      <ul>
        {SUGGESTIONS.map((text) => (
          <li key={text}>
            <button
              type="button"
              className="suggestion"
              onClick={() => void say(session, text).catch(() => {})}
            >
              {text}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
