// The limits of an app in the form in which core/protocol checks a published event.
import type { PublishLimits } from '@sockudo/protocol';
import type { App } from '../apps/app.ts';

const limitsByApp = new WeakMap<App, PublishLimits>();

/** Limits without a bound are absent. Built once for each app. */
export function publishLimits(app: App): PublishLimits {
  let limits = limitsByApp.get(app);
  if (limits === undefined) {
    const { maxEventNameBytes, maxEventPayloadBytes, maxEventChannels, maxBatchEvents } = app.limits;
    limits = {
      maxEventNameBytes,
      maxIdempotencyKeyBytes: app.idempotency.maxKeyBytes,
      ...(maxEventPayloadBytes !== null && { maxPayloadKb: maxEventPayloadBytes / 1024 }),
      ...(maxEventChannels !== null && { maxChannels: maxEventChannels }),
      ...(maxBatchEvents !== null && { maxBatchSize: maxBatchEvents }),
    };
    limitsByApp.set(app, limits);
  }
  return limits;
}
