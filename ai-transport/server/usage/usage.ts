// The part of the plug-in that counts what models use. Agents report it; events of runs are not looked at, since what a provider calls a
// token, and what it costs, only they know.
import type { Plugin } from '@sockudo/server/plugins';
import type { AiChannels } from '../channels.ts';
import { Ledger } from './ledger.ts';
import { usageRoutes } from './routes.ts';

/** @param now milliseconds since 1970; default `Date.now` */
export function createUsage(channels: AiChannels, now = Date.now): Plugin {
  let ledger: Ledger | null = null;
  const started = (): Ledger => {
    if (ledger === null) throw new Error('the counters are not started');
    return ledger;
  };
  return {
    name: 'ai_transport usage',
    start({ keyedStore }) {
      ledger = new Ledger(keyedStore, now);
    },
    routes: usageRoutes(() => ({ ledger: started(), channels })),
  };
}
