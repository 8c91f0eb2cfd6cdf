// The demo's users. A real backend has a user table and hashed passwords; everything after the login is as it would be there.
import type { PublicUser } from '../shared/market.ts';

export interface User extends PublicUser {
  readonly password: string;
  /** Symbol → how many the user owns. */
  readonly holdings: Readonly<Record<string, number>>;
}

export const USERS: readonly User[] = [
  { id: 'ada', name: 'Ada', password: 'demo', holdings: { AAPL: 120, BTC: 2 } },
  { id: 'ben', name: 'Ben', password: 'demo', holdings: { AAPL: 15, BTC: 40 } },
  { id: 'cleo', name: 'Cleo', password: 'demo', holdings: { AAPL: 800, BTC: 0.5 } },
];

export function userByLogin(name: string, password: string): User | undefined {
  const id = name.trim().toLowerCase();
  return USERS.find((user) => user.id === id && user.password === password);
}
