// The page's calls to the chat's backend: a token, the way into a channel, the end of a conversation.
import type { About } from '../../shared/names.ts';
import { thisDevice, userSecret } from './user.ts';

const TIMEOUT_MS = 10_000;
const secret = userSecret();

async function call<Answer>(path: string, body: object): Promise<Answer> {
  const response = await fetch(`/backend${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${secret}` },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (!response.ok) throw new Error(`The backend answered ${response.status}`);
  // CAST: page and backend are of one build.
  return (await response.json()) as Answer;
}

export interface SignIn {
  readonly token: string;
  readonly user: string;
  /** The app's key. */
  readonly key: string;
  readonly about: About;
}

export const signIn = (): Promise<SignIn> => call('/token', {});

export const authorize = (socketId: string, channel: string): Promise<{ auth: string }> =>
  call('/authorize', { socketId, channel, device: thisDevice() });

/** What was said is removed for good. */
export const forget = (conversation: string): Promise<object> => call('/forget', { conversation });

export { secret };
