// A second app for tests that ask whether one app can reach what is another's.
import type { Credentials } from './credentials.ts';

export const OTHER_APP: Credentials = { id: 'other-app', key: 'other-key', secret: 'other-secret' };

/** As the configuration names it. */
export const otherApp = { ...OTHER_APP, enabled: true, enable_client_messages: true };
