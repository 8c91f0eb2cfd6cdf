// The realtime server's process: an ordinary Sockudo server that also serves the page. AI Transport is on for conversations; what it
// needs besides (history, messages that change) is on by default, and kept for longer than the default day here.
import { serveExample } from '@sockudo/example-kit/server';
import { CONVERSATION_PREFIX } from '../shared/names.ts';
import { pageRoutes } from './page.ts';

const page = process.env.CHAT_PAGE;
if (page === undefined) throw new Error('CHAT_PAGE is missing: the folder of the built page');
const YEAR_SECONDS = String(365 * 24 * 60 * 60);

await serveExample({
  routes: () => pageRoutes(page),
  aiPrefix: CONVERSATION_PREFIX,
  flags: {
    // Its key is in VAPID_PRIVATE_KEY. Who is registered is kept in the server's own store.
    'push.webpush_enabled': 'true',
    'history.retention_window_seconds': YEAR_SECONDS,
    'versioned_messages.retention_window_seconds': YEAR_SECONDS,
  },
});
