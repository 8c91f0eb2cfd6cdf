// What agents report of their models, and what anybody with the app's secret may ask (docs/ai-transport/budgets.md).
import { httpError } from '@sockudo/protocol';
import {
  type AppCall,
  type AppRoute,
  type HttpAnswer,
  jsonAnswer,
  parseJsonBody,
} from '@sockudo/server/plugins';
import { z } from 'zod';
import type { AiChannels } from '../channels.ts';
import { checkedBody } from '../runs/bodies.ts';
import type { Ledger } from './ledger.ts';

export interface UsageDeps {
  readonly ledger: Ledger;
  readonly channels: AiChannels;
}

const count = z.int().min(0).max(1e12).default(0);
const id = (maxBytes: number) =>
  z
    .string()
    .min(1)
    .refine((text) => Buffer.byteLength(text) <= maxBytes, `must be at most ${maxBytes} bytes`);

const subject = z.object({
  channel: id(1024).optional(),
  run_id: id(2048).optional(),
  client_id: id(256).optional(),
});
const useBody = subject.required({ channel: true, run_id: true }).extend({
  usage_id: id(64),
  input_tokens: count,
  output_tokens: count,
  cached_input_tokens: count,
  reasoning_tokens: count,
  cost_micros: count,
});

export function usageRoutes(deps: () => UsageDeps): readonly AppRoute[] {
  return [
    {
      kind: 'app',
      path: '/apps/:appId/usage',
      methods: { GET: (call) => read(call, deps()), POST: (call) => report(call, deps()) },
    },
  ];
}

async function report(call: AppCall, { ledger, channels }: UsageDeps): Promise<HttpAnswer> {
  const body = checkedBody(useBody, parseJsonBody(call.request));
  const { channel, run_id: runId, client_id: clientId, usage_id: usageId, ...tokens } = body;
  if (!channels.has(channel))
    throw httpError('feature_disabled', 'AI Transport is not enabled for this channel');
  const use = { channel, runId, clientId, usageId, tally: { calls: 1, ...tokens } };
  return answer(await ledger.count(call.app, use));
}

async function read({ app, query }: AppCall, { ledger }: UsageDeps): Promise<HttpAnswer> {
  const given = {
    channel: query.get('channel'),
    run_id: query.get('run_id'),
    client_id: query.get('client_id'),
  };
  const { channel, run_id: runId, client_id: clientId } = checkedBody(subject, given);
  if (channel === undefined && clientId === undefined)
    throw httpError('invalid_input', "Name a 'channel', a 'client_id', or both");
  if (runId !== undefined && channel === undefined)
    throw httpError('invalid_input', "'run_id' needs the 'channel' of the run");
  return answer(await ledger.read(app, { channel, runId, clientId }));
}

const answer = (body: object): HttpAnswer => jsonAnswer(JSON.stringify(body));
