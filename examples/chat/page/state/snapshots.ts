// What the window showed last, kept over a reload so that there is something to see before the connection is back. The channel is what
// counts: everything in it is read anew.
import type { Session, SessionSnapshot } from '@sockudo/ai-transport';

const STORAGE_KEY = 'chat-snapshot';

export function loadSnapshot(channel: string): SessionSnapshot | null {
  try {
    // CAST: `saveSnapshot` wrote it; the session checks it again.
    const snapshot = JSON.parse(sessionStorage.getItem(STORAGE_KEY) ?? 'null') as SessionSnapshot | null;
    return snapshot?.channel === channel ? snapshot : null;
  } catch {
    return null;
  }
}

export function saveSnapshot(session: Session): void {
  try {
    sessionStorage.setItem(STORAGE_KEY, JSON.stringify(session.snapshot()));
  } catch {
    // Too long to be kept: the reload shows it a moment later.
    sessionStorage.removeItem(STORAGE_KEY);
  }
}
