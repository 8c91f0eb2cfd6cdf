// Push of one server, put together: the domain on the store, delivery on the queue.
import type { App, PushSettings, RealtimeContext } from '@sockudo/server/plugins';
import { Reads } from './away/reads.ts';
import { Visibility } from './away/visibility.ts';
import { WantedAudience } from './away/wanted-audience.ts';
import { Withdrawals } from './away/withdrawals.ts';
import type {
  CredentialMaterial,
  Credentials,
  Dispatcher,
  ProviderName,
  PushRepository,
  Recipient,
} from './contracts.ts';
import { StoredCredentials } from './credentials/credentials.ts';
import { Envelope } from './credentials/envelope.ts';
import { Devices } from './devices/devices.ts';
import { checkRecipient } from './devices/recipient-rules.ts';
import type { PushMetrics } from './metrics.ts';
import { Admission } from './publish/admission.ts';
import { Audience } from './publish/audience.ts';
import { DeadLetters } from './publish/dead-letters.ts';
import { DeliveryEvents } from './publish/delivery-events.ts';
import { ExpectedRecipients } from './publish/expected.ts';
import { Guard } from './publish/guard.ts';
import { Publishes } from './publish/publishes.ts';
import { Quotas } from './publish/quotas.ts';
import { Repair } from './publish/repair.ts';
import { StoredPushRepository } from './publish/repository.ts';
import type { Status } from './publish/status.ts';
import { EventPushes } from './rules/event-pushes.ts';
import { Subscriptions } from './subscriptions/subscriptions.ts';
import { Templates } from './templates/templates.ts';

/** Starts delivery; it is closed with the service. */
export type StartDispatcher = (
  context: RealtimeContext,
  settings: PushSettings,
  domain: { readonly repository: PushRepository; readonly credentials: Credentials },
) => Dispatcher;

export interface PushServiceOptions {
  readonly settings: PushSettings;
  /** Credentials of the process. */
  readonly environment: ReadonlyMap<ProviderName, CredentialMaterial>;
  readonly metrics: PushMetrics;
  readonly startDispatcher: StartDispatcher;
}

export interface PushService {
  readonly devices: Devices;
  readonly subscriptions: Subscriptions;
  readonly credentials: StoredCredentials;
  readonly templates: Templates;
  readonly publishes: Publishes;
  readonly repository: PushRepository;
  readonly admission: Admission;
  readonly visibility: Visibility;
  readonly withdrawals: Withdrawals;
  readonly deadLetters: DeadLetters;
  readonly deliveryEvents: DeliveryEvents;
  readonly repair: Repair;
  readonly events: EventPushes;
  /** Whom push services write to where a credential does not say. */
  readonly vapidContact: string;
  /** @throws ProtocolError 400 */
  readonly checkRecipient: (recipient: Recipient) => void;
  /** Ends a publish that nobody has begun. Others, and unknown ones, stay as they are. */
  cancel(appId: App['id'], publishId: string): Promise<void>;
  close(): Promise<void>;
}

export function createPushService(context: RealtimeContext, options: PushServiceOptions): PushService {
  const { keyedStore: store, logger } = context;
  const { settings, metrics } = options;
  const records = createRecords(context, options);
  const { devices, subscriptions, publishes, templates, credentials } = records;
  const visibility = visibilityOf(context);
  const reads = new Reads(store);
  const repository = new StoredPushRepository({
    store,
    publishes,
    devices,
    audience: new WantedAudience({
      audience: new Audience(devices, subscriptions),
      devices,
      visibility,
      reads,
      store,
    }),
    reads,
    metrics,
    logger,
    deadLetterTtlMs: settings.eventTtlMs,
    // Only called by a job, when everything here is put together.
    onBegin: (lagMs) => guard.noteLag(lagMs),
  });
  const dispatcher = options.startDispatcher(context, settings, { repository, credentials });
  const guard = new Guard({ settings, credentials, dispatcher, logger });
  const admission = new Admission({
    publishes,
    templates,
    expected: new ExpectedRecipients(devices, subscriptions),
    guard,
    quotas: new Quotas(store, settings.quotas),
    limiter: limiterOf(context, settings),
    dispatcher,
    metrics,
    logger,
    fastThreshold: settings.fastThreshold,
  });
  const repair = new Repair({ store, publishes, dispatcher, metrics, logger, settings: settings.repair });
  const events = new EventPushes({ rules: settings.rules, admission, metrics, logger });
  return {
    ...records,
    repository,
    admission,
    visibility,
    withdrawals: new Withdrawals({ store, devices, publishes, reads, admission }),
    deadLetters: new DeadLetters(store, dispatcher),
    deliveryEvents: new DeliveryEvents(store, metrics, settings.eventTtlMs),
    repair,
    events,
    vapidContact: settings.credentials.webPush.contact,
    checkRecipient: recipientCheck(settings),
    cancel: (appId, publishId) => cancel(publishes, dispatcher, appId, publishId),
    async close() {
      for (const part of [events, repair, dispatcher, visibility]) await part.close();
    },
  };
}

function visibilityOf({ keyedStore: store, settings, logger }: RealtimeContext): Visibility {
  const { nodeId, drivers } = settings;
  return new Visibility({
    store,
    nodeId,
    isAlone: drivers.fanout === 'local' && drivers.channelLog !== 'postgres',
    onError: (error) => logger.warn({ err: error }, 'other nodes could not be told who is visible'),
  });
}

type Records = Pick<PushService, 'devices' | 'subscriptions' | 'publishes' | 'templates' | 'credentials'>;

/** What is kept in the store. */
function createRecords(
  { keyedStore: store }: RealtimeContext,
  { settings, environment, metrics }: PushServiceOptions,
): Records {
  return {
    devices: new Devices(store),
    subscriptions: new Subscriptions(store),
    publishes: new Publishes(store, settings.statusTtlMs, () => {
      metrics.statusConflicts += 1;
    }),
    templates: new Templates(store),
    credentials: new StoredCredentials({
      store,
      envelope: settings.encryptionKey === null ? null : new Envelope(settings.encryptionKey),
      environment,
      enabled: settings.enabled,
    }),
  };
}

const limiterOf = ({ settings, cache }: RealtimeContext, { quotas }: PushSettings) =>
  settings.rateLimits.api.enabled ? { perSecond: quotas.acceptancePerSecond, cache } : null;

function recipientCheck({
  webPushHosts: { allowed: allowedHosts, denied: deniedHosts },
  allowsLocalEndpoints: allowsLocal,
}: PushSettings): PushService['checkRecipient'] {
  return (recipient) => checkRecipient(recipient, { allowedHosts, deniedHosts, allowsLocal });
}

async function cancel(
  publishes: Publishes,
  dispatcher: Dispatcher,
  appId: string,
  publishId: string,
): Promise<void> {
  const result = await publishes.update(appId, publishId, cancelled);
  if (result?.after.state !== 'cancelled') return;
  await publishes.isQueued(appId, publishId);
  await dispatcher.cancel(appId, publishId);
}

const cancelled = (status: Status): { readonly status: Status } | null =>
  status.state === 'queued' ? { status: { ...status, state: 'cancelled' } } : null;
