// For tests: a whole server with push, whose deliveries go nowhere until the test says what became of them.
import { load } from '../../core/server/config/load-fixture.ts';
import {
  type HttpAnswer,
  type RequestOptions,
  startTestServer,
  type TestServer,
  type TestServerOptions,
} from '../../test/support/test-server.ts';
import type {
  AcceptedPublish,
  AudienceMember,
  DeliveryResult,
  Dispatcher,
  Recipient,
  Replay,
} from '../contracts.ts';
import { tokenHashOf } from '../contracts.ts';
import { PushPlugin } from '../plugin.ts';
import { generateVapidKeys } from '../providers/web-push/vapid.ts';
import type { PushService, StartDispatcher } from '../service.ts';

export interface PushServerOptions extends TestServerOptions {
  /** Members of the section `push`. */
  readonly push?: Readonly<Record<string, unknown>>;
  readonly rules?: readonly Readonly<Record<string, unknown>>[];
}

export interface PushAnswer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers, whatever their shape.
  readonly body: any;
  readonly headers: Headers;
}

export interface PushServer extends TestServer {
  readonly service: PushService;
  readonly dispatcher: FakeDispatcher;
  readonly metrics: PushPlugin['metrics'];
  /** A signed request; `path` is what follows `/apps/ID/push`. */
  call(
    method: string,
    path: string,
    body?: unknown,
    more?: Omit<RequestOptions, 'body'>,
  ): Promise<PushAnswer>;
}

/** Takes publishes and does nothing with them. */
export class FakeDispatcher implements Dispatcher {
  readonly accepted: AcceptedPublish[] = [];
  readonly replays: Replay[] = [];
  /** Rejects instead of taking the next publish. */
  failNext = false;
  waiting = 0;

  async accept(publish: AcceptedPublish): Promise<void> {
    if (this.failNext) {
      this.failNext = false;
      throw new Error('the queue is full');
    }
    this.accepted.push(publish);
  }

  async cancel(): Promise<void> {}

  async replay(replay: Replay): Promise<void> {
    this.replays.push(replay);
  }

  async backlog(): Promise<number> {
    return this.waiting;
  }

  async close(): Promise<void> {}
}

export async function startPushServer({
  push,
  rules = [],
  ...options
}: PushServerOptions = {}): Promise<PushServer> {
  const { settings } = load({
    push: {
      webpush_enabled: true,
      webpush: { vapid_private_key: generateVapidKeys().privateKey },
      allow_memory_drivers: true,
      credential_encryption_key: 'a passphrase',
      ...push,
    },
    push_rules: rules,
  });
  if (settings.push === null) throw new Error('push is off');
  const dispatcher = new FakeDispatcher();
  const start: StartDispatcher = () => dispatcher;
  const plugin = new PushPlugin(settings.push, start);
  const server = await startTestServer({ ...options, plugins: [plugin, ...(options.plugins ?? [])] });
  return {
    ...server,
    service: plugin.service,
    dispatcher,
    metrics: plugin.metrics,
    call: (method, path, body, more = {}) => call(server, method, path, { ...more, body }),
  };
}

/** A signed request to the push API of a server. */
export async function call(
  server: TestServer,
  method: string,
  path: string,
  options: RequestOptions = {},
): Promise<PushAnswer> {
  const answer: HttpAnswer = await server.request(method, `/push${path}`, options);
  return {
    status: answer.status,
    body: answer.text === '' ? null : JSON.parse(answer.text),
    headers: answer.headers,
  };
}

/** A registration as a caller sends it, by FCM unless it says otherwise. */
export function registration(id: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    id,
    formFactor: 'phone',
    platform: 'android',
    timezone: 'Europe/Oslo',
    locale: 'nb-NO',
    push: { recipient: { transportType: 'gcm', registrationToken: `token-${id}` } },
    ...more,
  };
}

export const tokenHash = (id: string): string =>
  tokenHashOf({ transportType: 'gcm', registrationToken: `token-${id}` });

/** A subscription of a device that was registered as above. */
export const subscription = (channel: string, deviceId: string): Record<string, unknown> => ({
  channel,
  deviceId,
  provider: 'fcm',
  tokenHash: tokenHash(deviceId),
});

/** What a proxy of browsers sends: the capability and, unless it is left out, the identity token. */
export const asDevice = (token?: string): { headers: Record<string, string> } => ({
  headers: {
    'x-sockudo-push-capability': 'push-subscribe',
    ...(token !== undefined && { 'x-sockudo-device-identity-token': token }),
  },
});

/** Everybody whom a publish reaches, in pages of the size. */
export async function audienceOf(
  { repository }: PushService,
  publish: AcceptedPublish,
  size = 1000,
): Promise<readonly AudienceMember[]> {
  const members: AudienceMember[] = [];
  let cursor: string | null = null;
  do {
    const page = await repository.audience(publish, cursor, size);
    members.push(...page.members);
    cursor = page.next;
  } while (cursor !== null);
  return members;
}

/** What became of a member of an audience. */
export const resultFor = (
  ref: AudienceMember['ref'],
  recipient: Recipient,
  outcome: DeliveryResult['outcome'],
): DeliveryResult => ({ ref, provider: 'fcm', tokenHash: tokenHashOf(recipient), attempt: 1, outcome });
