// The worker process: takes runs that wait in the channels of this example, one at a time, and works on them under a lease. Start as many
// as you like; kill them when you like (`kill -9`): another one takes over.
import { createAgent, createWorker, FatalRunError } from '@sockudo/ai-transport/agent';
import { onStop, reportReady } from '@sockudo/example-kit/process';
import OpenAI from 'openai';
import { Sockudo } from 'sockudo';
import { AI_PREFIX } from '../shared/job.ts';
import { Documents } from './documents.ts';
import { failureOf } from './failures.ts';
import { handleRun } from './handle.ts';
import { Model } from './model.ts';
import { workerSettings } from './settings.ts';

const settings = workerSettings(process.env);
const sockudo = Sockudo.forURL(settings.SOCKUDO_URL);
const openai = new OpenAI({ apiKey: settings.OPENAI_API_KEY, baseURL: settings.OPENAI_BASE_URL });
const handle = handleRun({
  sockudo,
  documents: new Documents(settings.DOCUMENTS_ROOT),
  model: new Model(openai, settings.OPENAI_MODEL),
});

const worker = createWorker({
  agent: createAgent({
    sockudo,
    describeError: (error) => {
      const failure = failureOf(error);
      return failure instanceof FatalRunError ? failure : { code: 'agent_error' };
    },
  }),
  channelPrefix: AI_PREFIX,
  workerId: `${settings.WORKER_NAME}:${process.pid}`,
  concurrency: 1,
  leaseMs: settings.WORKER_LEASE_MS,
  // Nobody wants to wait for a demo to stop.
  waitMs: 1000,
  handle,
});

onStop(() => worker.stop({ graceMs: 0 }));
reportReady({ worker: worker.workerId });
