// Who writes here: asked for once, kept for all windows of this browser.
import type { Session, Writer } from '../shared/document.ts';
import { call } from './backend.ts';

const STORAGE_KEY = 'collaborative-document-session';

export class CurrentSession {
  #session: Session | null = read();

  get user(): Writer | null {
    return this.#session?.user ?? null;
  }

  headers(): Record<string, string> {
    return this.#session === null ? {} : { authorization: `Bearer ${this.#session.token}` };
  }

  async open(name: string): Promise<void> {
    this.#session = await call<Session>('/session', { name });
    localStorage.setItem(STORAGE_KEY, JSON.stringify(this.#session));
  }

  close(): void {
    this.#session = null;
    localStorage.removeItem(STORAGE_KEY);
  }
}

function read(): Session | null {
  const text = localStorage.getItem(STORAGE_KEY);
  // CAST: only `open` writes this key.
  return text === null ? null : (JSON.parse(text) as Session);
}
