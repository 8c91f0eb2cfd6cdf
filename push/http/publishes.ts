// Publishing and what becomes of it (push.md sections 4.4 to 4.9).
import { httpError } from '@sockudo/protocol';
import type { AppCall, AppRoute, HttpAnswer } from '@sockudo/server/plugins';
import type { ProviderName } from '../contracts.ts';
import { deadLetterView } from '../publish/dead-letters.ts';
import { type Intent, parseIntent } from '../publish/intent.ts';
import { statusView } from '../publish/status.ts';
import { invalid } from '../refusal.ts';
import type { PushService } from '../service.ts';
import { answer, guarded, jsonBody, NOTHING, pathId, queryNumber, queryText } from './answers.ts';
import { requireAdmin } from './caller.ts';
import { listAnswer, listRequest } from './lists.ts';

const QUOTA_HEADER = 'x-sockudo-push-quota-override';
const ASYNC_HEADER = [['x-sockudo-forced-async', 'publish-api-is-async']] as const;

/** Publishes of one batch: all of them are held in memory until the last is checked. */
const MAX_BATCH = 1000;

export const publishRoutes = (service: () => PushService): readonly AppRoute[] => [
  {
    kind: 'app',
    path: '/apps/:appId/push/publish',
    methods: { POST: guarded((call) => publishOne(call, service())) },
  },
  {
    kind: 'app',
    path: '/apps/:appId/push/batch/publish',
    methods: { POST: guarded((call) => publishBatch(call, service())) },
  },
  {
    kind: 'app',
    path: '/apps/:appId/push/publish/:publishId/status',
    methods: {
      GET: async (call) => {
        requireAdmin(call.request);
        const publishId = pathId(call, 'publishId');
        const status = await service().publishes.status(call.app.id, publishId);
        if (status === null) throw httpError('not_found', 'publish status not found');
        return answer(200, statusView(call.app.id, publishId, status));
      },
    },
  },
  {
    kind: 'app',
    path: '/apps/:appId/push/scheduled/:publishId',
    methods: {
      DELETE: async (call) => {
        requireAdmin(call.request);
        await service().cancel(call.app.id, pathId(call, 'publishId'));
        return NOTHING;
      },
    },
  },
  {
    kind: 'app',
    path: '/apps/:appId/push/deliveryStatus',
    methods: {
      POST: guarded(async (call) => {
        requireAdmin(call.request);
        return answer(202, await service().deliveryEvents.record(call.app.id, jsonBody(call)));
      }),
    },
  },
  ...deadLetterRoutes(service),
];

const deadLetterRoutes = (service: () => PushService): readonly AppRoute[] => [
  {
    kind: 'app',
    path: '/apps/:appId/push/deadLetters',
    methods: {
      GET: async (call) => {
        requireAdmin(call.request);
        const { items, next } = await service().deadLetters.list(
          call.app.id,
          deadLetterFilter(call),
          listRequest(call, 'deadLetter'),
        );
        const views = items.map((letter) => deadLetterView(call.app.id, letter));
        return listAnswer(call, 'deadLetter', views, next);
      },
    },
  },
  {
    kind: 'app',
    path: '/apps/:appId/push/deadLetters/:deadLetterId/replay',
    methods: {
      POST: guarded(async (call) => {
        requireAdmin(call.request);
        const deadLetterId = pathId(call, 'deadLetterId');
        const { messageId } = await service().deadLetters.replay(call.app.id, deadLetterId);
        return answer(202, { deadLetterId, replayed: true, messageId });
      }),
    },
  },
];

async function publishOne(call: AppCall, service: PushService): Promise<HttpAnswer> {
  requireAdmin(call.request);
  const intent = parseIntent(jsonBody(call), service.checkRecipient);
  const [result] = await accept(call, service, [intent]);
  const isSync = intent.sync || queryText(call, 'mode') === 'sync';
  return answer(202, result, isSync ? ASYNC_HEADER : undefined);
}

async function publishBatch(call: AppCall, service: PushService): Promise<HttpAnswer> {
  requireAdmin(call.request);
  const body = jsonBody(call);
  if (!Array.isArray(body)) throw invalid('body is invalid: must be an array');
  if (body.length > MAX_BATCH) throw invalid(`body is invalid: must contain at most ${MAX_BATCH} publishes`);
  const intents = body.map((item: unknown) => parseIntent(item, service.checkRecipient));
  return answer(202, { items: await accept(call, service, intents) });
}

const accept = ({ app, request }: AppCall, { admission }: PushService, intents: readonly Intent[]) =>
  admission.accept(app.id, intents, {
    isLimited: true,
    overridesQuota: request.header(QUOTA_HEADER) !== undefined,
  });

const PROVIDER_WORDS: Readonly<Record<string, ProviderName>> = {
  fcm: 'fcm',
  apns: 'apns',
  webpush: 'webPush',
  webPush: 'webPush',
  web_push: 'webPush',
  hms: 'hms',
  wns: 'wns',
};

function deadLetterFilter(call: AppCall) {
  const word = queryText(call, 'provider');
  const provider =
    word !== undefined && Object.hasOwn(PROVIDER_WORDS, word) ? PROVIDER_WORDS[word] : undefined;
  if (word !== undefined && provider === undefined) throw invalid('provider is invalid');
  const sinceMs = queryNumber(call, 'sinceMs');
  const untilMs = queryNumber(call, 'untilMs');
  if (sinceMs !== undefined && untilMs !== undefined && sinceMs > untilMs) {
    throw invalid('sinceMs must not be after untilMs');
  }
  return { provider, sinceMs, untilMs };
}
