/** Everything the entry offers, by name. */
export {
  useAgents,
  useMessages,
  useOlder,
  useQueue,
  useRuns,
  useSessionStatus,
  useVersions,
  useView,
} from './hooks.ts';
export { SessionProvider, type SessionProviderProps, useSession } from './provider.ts';
