// The page's calls to the example's backend: few, since runs go over the WebSocket.
import type { About } from '../shared/about.ts';

const TIMEOUT_MS = 10_000;

async function call<Answer>(path: string, body?: object): Promise<Answer> {
  const response = await fetch(`/backend${path}`, {
    signal: AbortSignal.timeout(TIMEOUT_MS),
    ...(body !== undefined && {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  });
  if (!response.ok) throw new Error(`The backend answered ${response.status}`);
  // CAST: page and backend are of one build.
  return (await response.json()) as Answer;
}

export const about = (): Promise<About> => call('/about');

export const killWorker = (worker: string): Promise<object> => call('/workers/kill', { worker });

export async function fetchToken(visitor: string): Promise<string> {
  return (await call<{ token: string }>('/token', { visitor })).token;
}
