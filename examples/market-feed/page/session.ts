// Who is signed in here. Kept for this tab, so that a reload stays signed in and another tab can be somebody else.
import type { Login } from './backend.ts';

const STORAGE_KEY = 'market-feed-session';

export class Session {
  #login: Login | null = read();

  get user(): Login['user'] | null {
    return this.#login?.user ?? null;
  }

  /** What proves it to the backend. */
  headers(): Record<string, string> {
    return this.#login === null ? {} : { authorization: `Bearer ${this.#login.token}` };
  }

  open(login: Login): void {
    this.#login = login;
    sessionStorage.setItem(STORAGE_KEY, JSON.stringify(login));
  }

  close(): void {
    this.#login = null;
    sessionStorage.removeItem(STORAGE_KEY);
  }
}

function read(): Login | null {
  const text = sessionStorage.getItem(STORAGE_KEY);
  // CAST: only `open` writes this key.
  return text === null ? null : (JSON.parse(text) as Login);
}
