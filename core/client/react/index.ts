/**
 * The client in React: a provider, and a hook that finds what it provides. Names are those of Sockudo's own package.
 * Must not know: channels, events.
 */
import { createContext, createElement, type ReactNode, useContext } from 'react';
import type { Sockudo } from '../index.ts';

const ClientContext = createContext<Sockudo | null>(null);

export interface SockudoProviderProps {
  /** Made by the application, which also disconnects it. */
  readonly client: Sockudo;
  readonly children?: ReactNode;
}

/** Gives a client to everything below it. */
export const SockudoProvider = ({ client, children }: SockudoProviderProps): ReactNode =>
  createElement(ClientContext.Provider, { value: client }, children);

/**
 * The client of the nearest provider, or the one that is given.
 * @throws Error when there is neither
 */
export function useSockudo(given?: Sockudo): Sockudo {
  const provided = useContext(ClientContext);
  const client = given ?? provided;
  if (client === null)
    throw new Error('There is no Sockudo client: put a SockudoProvider around this component');
  return client;
}
