// The worker process: takes the turns of all conversations, one after another in each, and has the model answer them. Start as many as
// you like; one that dies is replaced by another.
import { createAgent, createWorker } from '@sockudo/ai-transport/agent';
import { onStop, reportReady } from '@sockudo/example-kit/process';
import OpenAI from 'openai';
import { Sockudo } from 'sockudo';
import { answerTokens } from '../shared/approvals.ts';
import { CONVERSATION_PREFIX } from '../shared/names.ts';
import { answerWith } from './answer.ts';
import { describeError } from './failures.ts';
import { notifying } from './notify.ts';
import { showPresence } from './presence.ts';
import { Documents } from './search.ts';
import { workerSettings } from './settings.ts';
import { createTools } from './tools.ts';

const settings = workerSettings(process.env);
const sockudo = Sockudo.forURL(settings.SOCKUDO_URL);
const client = new OpenAI({ apiKey: settings.OPENAI_API_KEY, baseURL: settings.OPENAI_BASE_URL });

const tools = createTools({
  documents: await Documents.read(settings.DOCUMENTS),
  outbox: settings.EMAIL_OUTBOX,
});

// In a word: the server may be away for a moment, and the worker goes on trying.
const onError = (error: unknown): void =>
  console.error(`worker: ${error instanceof Error ? error.message : error}`);

const worker = createWorker({
  agent: createAgent({ sockudo, describeError }),
  channelPrefix: CONVERSATION_PREFIX,
  leaseMs: settings.WORKER_LEASE_MS,
  // Nobody wants to wait for a demo to stop.
  waitMs: 1000,
  onError,
  handle: notifying(answerWith({ client, model: settings.MODEL, tools }), {
    sockudo,
    answers: answerTokens(settings.SOCKUDO_URL),
    afterMs: settings.AWAY_MS,
    onError,
  }),
});
const leave = showPresence(settings.SOCKUDO_URL, sockudo, worker.workerId);

onStop(async () => {
  leave();
  await worker.stop({ graceMs: 0 });
});
reportReady({ worker: worker.workerId });
