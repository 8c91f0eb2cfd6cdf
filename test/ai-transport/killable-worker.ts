// A worker as a process of its own, which says that it has reached a certain point of its run and then does nothing more, so that the
// test can kill it exactly there. `kill` tells it in JSON which point, of which server and channels.
import { setTimeout as wait } from 'node:timers/promises';
import { createAgent, createWorker, type Run } from '@sockudo/ai-transport/agent';

export interface Orders {
  readonly server: {
    readonly appId: string;
    readonly key: string;
    readonly secret: string;
    readonly host: string;
    readonly port: number;
  };
  readonly channelPrefix: string;
  /** `before NAME`, `after NAME` of an event that is published, or a place of {@link answer}. */
  readonly point: string;
}

export const LEASE_MS = 1000;

/** Three pieces of work: two steps, and what is in none. `at` is told where it is. */
export async function answer(run: Run, at: (place: string) => Promise<void>): Promise<void> {
  await run.step('think', async () => {
    await at('in the first step');
    await run.pipe(tokens(['The ', 'answer ', 'is '], at), { kind: 'text' });
    await at('after the first stream');
  });
  await at('between the steps');
  await run.step('tool', async () => {
    await at('in a tool call');
    await run.output('tool-output', { ok: true });
  });
  await run.pipe(tokens(['42', '.'], async () => {}));
  await at('after the last token');
}

async function* tokens(
  texts: readonly string[],
  at: (place: string) => Promise<void>,
): AsyncGenerator<string> {
  for (const [index, text] of texts.entries()) {
    yield text;
    // What was given has to be stored before the process dies in the middle of it.
    if (index === 1) await at('in the middle of a stream');
  }
}

async function reach(point: string): Promise<void> {
  process.stdout.write(`reached ${point}\n`);
  await wait(600_000);
}

function main({ server, channelPrefix, point }: Orders): void {
  const at = async (place: string): Promise<void> => {
    if (place === point) await reach(point);
  };
  const agent = createAgent({
    ...server,
    async fetch(input, init) {
      const name = typeof init?.body === 'string' ? JSON.parse(init.body).name : undefined;
      if (name !== undefined) await at(`before ${name}`);
      const response = await fetch(input, init);
      if (name !== undefined) await at(`after ${name}`);
      return response;
    },
  });
  createWorker({
    agent,
    channelPrefix,
    concurrency: 1,
    leaseMs: LEASE_MS,
    handle: (run) => answer(run, at),
    onError: (error) => process.stdout.write(`error ${error}\n`),
  });
}

if (process.argv[2] !== undefined) main(JSON.parse(process.argv[2]));
