/** What a session shows, for React. Every hook renders again when its own part of the session is another, and only then. */
import { useCallback, useSyncExternalStore } from 'react';
import type {
  Agent,
  Session,
  SessionError,
  SessionMessage,
  SessionRun,
  SessionState,
  Versions,
  View,
} from '../client/index.ts';
import { useSession } from './provider.ts';

/** Messages of a view, oldest first. Default: the session's main view. */
export function useMessages(view?: View): readonly SessionMessage[] {
  const session = useSession();
  return useOf(session, () => (view ?? session.view()).messages);
}

/** A view of its own name, with choices of its own. */
export function useView(name?: string): View {
  return useSession().view(name);
}

/** Versions of what begins with a message of a view; null where there is one only. `select` shows another. */
export function useVersions(
  messageId: string,
  view?: View,
): (Versions & { readonly select: (index: number) => boolean }) | null {
  const session = useSession();
  const shown = view ?? session.view();
  // The versions at a message change with the messages, or with what stands in their text here.
  useOf(session, () => textOf(shown.versions(messageId)));
  const versions = shown.versions(messageId);
  return versions === null ? null : { ...versions, select: (index) => shown.select(messageId, index) };
}

/** All runs, in the order of their beginning. */
export function useRuns(): readonly SessionRun[] {
  const session = useSession();
  return useOf(session, () => session.runs);
}

/** Runs that wait for a worker, the next one first, and what can be done with them. */
export function useQueue(): {
  readonly runs: readonly SessionRun[];
  readonly remove: (runId: string) => Promise<unknown>;
  readonly move: (runId: string, before: string | null) => Promise<unknown>;
} {
  const session = useSession();
  const runs = useOf(session, () => session.queue);
  const remove = useCallback((runId: string) => session.cancel(runId), [session]);
  const move = useCallback((runId: string, before: string | null) => session.move(runId, before), [session]);
  return { runs, remove, move };
}

export function useSessionStatus(): { readonly status: SessionState; readonly error: SessionError | null } {
  const session = useSession();
  const status = useOf(session, () => session.status);
  const error = useOf(session, () => session.error);
  return { status, error };
}

/** Older messages than the ones that are shown. */
export function useOlder(): {
  readonly hasOlder: boolean;
  readonly isLoading: boolean;
  readonly load: () => Promise<boolean>;
} {
  const session = useSession();
  const hasOlder = useOf(session, () => session.hasOlder);
  const isLoading = useOf(session, () => session.isLoadingOlder);
  const load = useCallback(() => session.loadOlder(), [session]);
  return { hasOlder, isLoading, load };
}

/** Agents that are there. */
export function useAgents(): readonly Agent[] {
  const session = useSession();
  return useOf(session, () => session.agents);
}

function useOf<Value>(session: Session, read: () => Value): Value {
  const subscribe = useCallback((listener: () => void) => session.subscribe(listener), [session]);
  return useSyncExternalStore(subscribe, read, read);
}

const textOf = (versions: Versions | null): string => JSON.stringify(versions);
