/**
 * Hands a session down to hooks. One that it makes itself is subscribed when the component is mounted and closed when it is gone for
 * good: StrictMode's mounting twice and a component that moves keep the session that there is.
 */
import {
  createContext,
  createElement,
  type ReactElement,
  type ReactNode,
  useContext,
  useEffect,
  useState,
} from 'react';
import { Session, SessionError, type SessionOptions } from '../client/index.ts';

const SessionContext = createContext<Session | null>(null);

/** A session that somebody else made and closes; or what `createSession` takes: another client or channel makes another session. */
export type SessionProviderProps = (
  | { readonly session: Session }
  | (SessionOptions & { readonly session?: undefined })
) & { readonly children?: ReactNode };

export function SessionProvider({ children, ...props }: SessionProviderProps): ReactElement {
  const own = useOwnSession(props.session === undefined ? props : null);
  return createElement(SessionContext.Provider, { value: props.session ?? own }, children);
}

/** The session of the nearest provider. @throws SessionError `invalid_options` without one */
export function useSession(): Session {
  const session = useContext(SessionContext);
  if (session !== null) return session;
  throw new SessionError('invalid_options', 'There is no SessionProvider around this component');
}

interface Own {
  readonly client: unknown;
  readonly channel: string | undefined;
  readonly session: Session | null;
}

const ownOf = (options: SessionOptions | null): Own => ({
  client: options?.client,
  channel: options?.channel,
  // Nothing is subscribed before `open`: React may throw this one away.
  session: options === null ? null : new Session(options),
});

/** Of no channel, so that the next rendering makes a session. */
const NOTHING: Own = { client: undefined, channel: undefined, session: null };

function useOwnSession(options: SessionOptions | null): Session | null {
  const [made, setMade] = useState(() => ownOf(options));
  const isOther = made.client !== options?.client || made.channel !== options?.channel;
  const own = isOther ? ownOf(options) : made;
  if (isOther) setMade(own);
  const { session } = own;
  useEffect(() => {
    if (session === null) return;
    // The component was hidden for long and is back.
    if (session.status === 'closed') setMade(NOTHING);
    else return keepOpen(session);
  }, [session]);
  return session;
}

const holders = new WeakMap<Session, number>();

/** Opens; the answer closes, unless somebody else has it open a moment later. */
function keepOpen(session: Session): () => void {
  holders.set(session, (holders.get(session) ?? 0) + 1);
  session.open();
  return () => {
    holders.set(session, (holders.get(session) ?? 1) - 1);
    queueMicrotask(() => {
      if (holders.get(session) === 0) session.close();
    });
  };
}
