// Holds back what a subscription is sent while something is read for it, so that what was read comes first.
import type { RealtimeContext } from './context.ts';
import { HoldingGate } from './gates.ts';
import { release } from './opening.ts';
import { NO_PAST } from './past.ts';
import type { Subscription } from './subscription.ts';

/** What `work` sends comes before everything that was delivered meanwhile. Whether or not it fails, nothing is lost. */
export async function holdWhile<Done>(
  subscription: Subscription,
  context: RealtimeContext,
  work: () => Promise<Done>,
): Promise<Done> {
  const gate = new HoldingGate(subscription.connection);
  const gateBefore = subscription.gate;
  subscription.gate = gate;
  try {
    return await work();
  } finally {
    subscription.gate = gateBefore;
    release(gate.take(), { subscription, members: null, head: null, past: NO_PAST }, context);
  }
}
