// The page's own calls to the example's backend. Realtime messages do not come this way.
import type { MarketState, PublicUser } from '../shared/market.ts';

export interface Login {
  readonly token: string;
  readonly user: PublicUser;
}

/** The backend's refusal, in words for the page. */
export class Refusal extends Error {}

export const marketState = (): Promise<MarketState> => call<MarketState>('/backend/market');

export const login = (name: string, password: string): Promise<Login> =>
  call<Login>('/backend/login', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name, password }),
  });

export async function logout(headers: Record<string, string>): Promise<void> {
  await fetch('/backend/logout', { method: 'POST', headers });
}

async function call<Answer>(path: string, init?: RequestInit): Promise<Answer> {
  const response = await fetch(path, init);
  const answer: unknown = await response.json();
  if (!response.ok) throw new Refusal(refusalText(answer));
  // CAST: page and backend are of one build; the shapes are those of shared/market.ts.
  return answer as Answer;
}

function refusalText(answer: unknown): string {
  const hasText = typeof answer === 'object' && answer !== null && 'error' in answer;
  return hasText ? String(answer.error) : 'The request failed';
}
