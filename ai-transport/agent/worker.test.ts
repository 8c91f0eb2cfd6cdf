// Workers against a whole server in memory.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type RunsServer, startRunsServer } from '../server/runs/testing/runs-server.ts';
import { type Agent, createAgent } from './agent.ts';
import { FatalRunError } from './errors.ts';
import type { Run } from './run.ts';
import { heldSource, pieces } from './testing/sources.ts';
import { createWorker, type Worker, type WorkerOptions } from './worker.ts';

let server: RunsServer;
let agent: Agent;
let workers: Worker[] = [];
let errors: unknown[] = [];
let channels = 0;
let channel = '';

beforeAll(async () => {
  server = await startRunsServer();
  const { app, host, port } = server;
  agent = createAgent({ appId: app.id, key: app.key, secret: app.secret, host, port });
});
afterAll(() => server.close());
afterEach(async () => {
  await Promise.all(workers.map((worker) => worker.stop({ graceMs: 0 })));
  workers = [];
  errors = [];
});

function work(handle: WorkerOptions['handle'], more: Partial<WorkerOptions> = {}): Worker {
  const worker = createWorker({
    agent,
    channelPrefix: channel,
    handle,
    graceMs: 100,
    waitMs: 200,
    onError: (error) => errors.push(error),
    ...more,
  });
  workers.push(worker);
  return worker;
}

function fresh(): void {
  channel = `private-ai-agent-${channels++}-`;
}

let inputs = 0;
async function say(runId: string, data: string, transport: Record<string, string> = {}): Promise<void> {
  const headers = {
    'codec-message-id': `u${inputs++}`,
    'input-client-id': 'ann',
    role: 'user',
    ...transport,
  };
  const { status } = await server.say('ai-input', runId, { channel, data, transport: headers });
  expect(status).toBe(200);
}

interface Row {
  readonly event_name: string;
  readonly message: { name?: string; data: string; extras: { ai: { transport: Record<string, string> } } };
}

async function rows(): Promise<readonly Row[]> {
  const { body } = await server.get(`/channels/${channel}/history`, {
    direction: 'oldest_first',
    limit: '100',
  });
  // A message that was changed shows its name elsewhere.
  return body.items.map((row: Row) => ({ ...row, event_name: row.message.name ?? row.event_name }));
}

/** Resolves when the run has ended, as the channel tells. */
async function ended(runId: string): Promise<Record<string, string>> {
  for await (const { event, data } of agent.sockudo.channelEvents(channel, { lastEventId: await start() })) {
    if (event !== 'ai-run-end') continue;
    const { transport } = JSON.parse(data).extras.ai;
    if (transport['run-id'] === runId) return transport;
  }
  throw new Error('the stream has ended');
}

async function start(): Promise<string> {
  const { body } = await server.get(`/channels/${channel}/history`, { limit: '1' });
  return `${body.items[0].stream_id}:0`;
}

const outputs = async (): Promise<readonly [string, string | undefined][]> =>
  (await rows())
    .filter(({ event_name: name }) => name === 'ai-output')
    .map(({ message }) => [message.data, message.extras.ai.transport.status]);

const runOf = async (runId: string) => (await server.get(`/channels/${channel}/runs/${runId}`)).body.run;

describe('a worker', () => {
  it('answers inputs, each with the conversation before it', async () => {
    fresh();
    const seen: string[][] = [];
    work(async (run, context) => {
      const history = await context.history();
      seen.push(history.map(({ role, text }) => `${role}: ${text}`));
      await run.pipe(pieces('answer to ', history.at(-1)?.text ?? ''));
    });
    await say('r1', 'one');
    expect(await ended('r1')).toMatchObject({ 'run-reason': 'complete', 'run-client-id': 'ann' });
    await say('r2', 'two');
    await ended('r2');
    expect(seen).toEqual([['user: one'], ['user: one', 'assistant: answer to one', 'user: two']]);
    expect(await outputs()).toEqual([
      ['answer to one', 'complete'],
      ['answer to two', 'complete'],
    ]);
    expect(await runOf('r2')).toMatchObject({ status: 'complete', attempt: 1 });
    expect(errors).toEqual([]);
    expect(server.complaints).toEqual([]);
  });

  it('works on several runs at once, no more than it was told to', async () => {
    fresh();
    const bases = channel;
    let [now, most] = [0, 0];
    const full = Promise.withResolvers<void>();
    const open = Promise.withResolvers<void>();
    work(
      async () => {
        now += 1;
        most = Math.max(most, now);
        if (now === 2) full.resolve();
        await open.promise;
        now -= 1;
      },
      { concurrency: 2 },
    );
    for (const name of ['a', 'b', 'c']) {
      channel = bases + name;
      await say(name, 'x');
    }
    await full.promise;
    open.resolve();
    for (const name of ['a', 'b', 'c']) {
      channel = bases + name;
      await ended(name);
    }
    expect(most).toBe(2);
  });

  it('suspends, and goes on with the input that answers', async () => {
    fresh();
    const steps: string[] = [];
    work(async (run, { history }) => {
      const last = (await history()).at(-1)?.text;
      steps.push(`${last}`);
      await run.step('ask', () => run.output('note', `saw ${last}`));
      if (last === 'go') await run.suspend();
    });
    const suspended = (async () => {
      for (;;) if ((await runOf('r1'))?.status === 'suspended') return;
    })();
    await say('r1', 'go');
    await suspended;
    await say('r1', 'approved', { 'run-continue': 'true', 'invocation-id': 'inv_2' });
    await ended('r1');
    expect(steps).toEqual(['go', 'approved']);
    const names = (await rows()).map(({ event_name: name }) => name);
    expect(names.filter((name) => name.startsWith('ai-run'))).toEqual([
      'ai-run-start',
      'ai-run-suspend',
      'ai-run-resume',
      'ai-run-end',
    ]);
    // The second answer's step is another one: it replaces nothing.
    expect(
      (await agent.session(channel).history()).map(({ text, parts }) =>
        text === '' ? parts[0]?.data : text,
      ),
    ).toEqual(['go', 'saw go', 'approved', 'saw approved']);
  });

  it('tries again, and the new try replaces what the first wrote', async () => {
    fresh();
    let tries = 0;
    work(async (run) => {
      tries += 1;
      await run.pipe(pieces(`try ${tries}`));
      await run.step('tool', () => run.output('note', `tool ${tries}`));
      if (tries === 1) throw new Error('once');
    });
    await say('r1', 'x');
    await ended('r1');
    const [, answer, ...more] = await agent.session(channel).history();
    expect(more).toEqual([]);
    expect(answer?.parts.map(({ data }) => data)).toEqual(['try 2', 'tool 2']);
    expect(await outputs()).toHaveLength(4);
    expect(errors).toMatchObject([{ message: 'once' }]);
    expect(await runOf('r1')).toMatchObject({ status: 'complete', attempt: 2 });
  });

  it('takes back what the first try wrote also where the next one writes nothing there', async () => {
    fresh();
    let tries = 0;
    work(async (run) => {
      tries += 1;
      if (tries === 1) {
        await run.pipe(pieces('on the wrong way'));
        throw new Error('once');
      }
      await run.step('other', () => run.pipe(pieces('right')));
    });
    await say('r1', 'x');
    await ended('r1');
    const [, answer] = await agent.session(channel).history();
    expect(answer?.text).toBe('right');
  });

  it('does not work again on a step whose result was kept', async () => {
    fresh();
    let [tries, calls] = [0, 0];
    const results: unknown[] = [];
    work(async (run) => {
      tries += 1;
      const search = async () => {
        calls += 1;
        await run.output('note', `found in try ${tries}`);
        return { found: calls };
      };
      results.push(await run.step('search', search, { keep: true }));
      results.push(await run.step('nothing', () => undefined, { keep: true }));
      await run.step('write', () => run.pipe(pieces(`try ${tries}`)));
      if (tries === 1) throw new Error('once');
    });
    await say('r1', 'x');
    await ended('r1');
    expect([tries, calls, results]).toEqual([2, 1, [{ found: 1 }, undefined, { found: 1 }, null]]);
    const [, answer] = await agent.session(channel).history();
    expect(answer?.parts.map(({ data }) => data)).toEqual(['found in try 1', 'try 2']);
  });

  it('gives up after its attempts, with an error that does not tell too much', async () => {
    fresh();
    work(
      () => {
        throw Object.assign(new Error('key sk-1 is wrong'), { code: 'invalid_api_key' });
      },
      { maxAttempts: 1 },
    );
    await say('r1', 'x');
    const end = await ended('r1');
    expect(end).toMatchObject({ 'run-reason': 'error', 'error-code': 'invalid_api_key' });
    expect(JSON.stringify(await rows())).not.toContain('sk-1');
  });

  it('survives a pipe that nobody waits for', async () => {
    fresh();
    work(async (run) => {
      void run.pipe(
        new ReadableStream<string>({ start: (controller) => controller.error(new Error('broken')) }),
      );
      await run.pipe(pieces('fine'));
    });
    await say('r1', 'x');
    expect(await ended('r1')).toMatchObject({ 'run-reason': 'complete' });
  });

  it('does not try again what is hopeless', async () => {
    fresh();
    work(async (run) => {
      async function* broken(): AsyncGenerator<string> {
        yield 'part';
        throw new FatalRunError('too_long', 'The document is too long.');
      }
      await run.pipe(broken());
    });
    await say('r1', 'x');
    expect(await ended('r1')).toMatchObject({
      'run-reason': 'error',
      'error-code': 'too_long',
      'error-message': 'The document is too long.',
    });
    expect(await outputs()).toEqual([['part', 'cancelled']]);
  });
});

it('a worker asks again when the server cannot be reached', async () => {
  fresh();
  const { app, host, port } = server;
  let failures = 2;
  const shaky = createAgent({
    ...{ appId: app.id, key: app.key, secret: app.secret, host, port },
    fetch(input, init) {
      if (!String(input).includes('/runs/claim') || failures === 0) return fetch(input, init);
      failures -= 1;
      return Promise.reject(new Error('no network'));
    },
  });
  work((run) => run.pipe(pieces('here')), { agent: shaky });
  await say('r1', 'x');
  await ended('r1');
  expect(errors).toHaveLength(2);
});

it.each([{ concurrency: 0 }, { leaseMs: 999 }, { leaseMs: 60_001 }, { maxAttempts: 4 }, { perChannel: 1.5 }])(
  'a worker refuses options that make no sense: %o',
  (wrong) => {
    expect(() => work(() => {}, wrong)).toThrow(TypeError);
  },
);

describe('a cancel', () => {
  const cancel = (runId: string) =>
    server.say('ai-cancel', runId, { channel, data: JSON.stringify({ runId }) });

  it('reaches a run that nobody has taken, which is not handled', async () => {
    fresh();
    await say('r1', 'x');
    await cancel('r1');
    let handled = 0;
    work(() => {
      handled += 1;
    });
    await say('r2', 'y');
    await ended('r2');
    expect(handled).toBe(1);
    expect(await runOf('r1')).toMatchObject({ status: 'cancelled' });
  });

  it('stops a model that says nothing, and keeps its text; twice is once', async () => {
    fresh();
    const source = heldSource('so far');
    work((run) => run.pipe(source.iterable));
    await say('r1', 'x');
    for await (const { event } of agent.sockudo.channelEvents(channel, { lastEventId: await start() })) {
      if (event === 'ai-output') break;
    }
    await Promise.all([cancel('r1'), cancel('r1')]);
    expect(await ended('r1')).toMatchObject({ 'run-reason': 'cancelled' });
    await source.gone;
    expect(await outputs()).toEqual([['so far', 'cancelled']]);
    expect((await rows()).filter(({ event_name: name }) => name === 'ai-run-end')).toHaveLength(1);
  });

  it('does not wait for a tool that takes no notice', async () => {
    fresh();
    const called = Promise.withResolvers<Run>();
    work((run) => {
      called.resolve(run);
      return run.step('tool', () => new Promise(() => {}));
    });
    await say('r1', 'x');
    const run = await called.promise;
    await cancel('r1');
    expect(await ended('r1')).toMatchObject({ 'run-reason': 'cancelled' });
    expect(run.signal.aborted).toBe(true);
    await expect(run.output('late', 1)).rejects.toMatchObject({ code: 'not_running' });
  });

  it('after the last token changes the end and no text', async () => {
    fresh();
    work(async (run) => {
      await run.pipe(pieces('all of it'));
      await cancel('r1');
      if (!run.signal.aborted) await new Promise((resolve) => run.signal.addEventListener('abort', resolve));
    });
    await say('r1', 'x');
    expect(await ended('r1')).toMatchObject({ 'run-reason': 'cancelled' });
    expect(await outputs()).toEqual([['all of it', 'complete']]);
  });

  it('arrives with the heartbeat where the channel cannot be listened to, and so does a steer', async () => {
    fresh();
    const { app, host, port } = server;
    const deaf = createAgent({
      ...{ appId: app.id, key: app.key, secret: app.secret, host, port },
      fetch: (input, init) =>
        String(input).includes('/events?') && init?.method !== 'POST'
          ? Promise.reject(new Error('no streams here'))
          : fetch(input, init),
    });
    const called = Promise.withResolvers<void>();
    const told = Promise.withResolvers<unknown>();
    work(
      (run) => {
        run.onSteer(({ data }) => told.resolve(data));
        called.resolve();
        return new Promise(() => {});
      },
      { agent: deaf, leaseMs: 1000 },
    );
    await say('r1', 'x');
    await called.promise;
    await say('r1', 'more', { 'run-continue': 'true' });
    expect(await told.promise).toBe('more');
    await cancel('r1');
    expect(await ended('r1')).toMatchObject({ 'run-reason': 'cancelled' });
  });

  it('reaches a run without a claim', async () => {
    fresh();
    const run = agent.session(channel).run({ runId: 'r9', clientId: 'ann' });
    await run.start();
    const source = heldSource('x');
    const piped = run.pipe(source.iterable);
    await cancel('r9');
    expect(await piped).toMatchObject({ status: 'cancelled' });
    await run.end(run.isCancelled ? 'cancelled' : 'complete');
    expect(await runOf('r9')).toMatchObject({ status: 'cancelled' });
  });
});

describe('a steer', () => {
  it('arrives while the run works, and gets its receipt', async () => {
    fresh();
    const started = Promise.withResolvers<void>();
    work(async (run) => {
      const told = new Promise<void>((resolve) => run.onSteer(() => resolve()));
      started.resolve();
      await told;
      const [steer] = run.steers();
      await run.output('note', `took ${steer?.data} of ${steer?.clientId}`);
    });
    await say('r1', 'x');
    await started.promise;
    await say('r1', 'shorter, please', { 'run-continue': 'true', 'codec-message-id': 's1' });
    await ended('r1');
    const row = (await rows()).find(({ event_name: name }) => name === 'ai-output');
    expect(row?.message.data).toBe('took shorter, please of ann');
    expect(row?.message.extras.ai.transport['steer-codec-message-ids']).toBe('["s1"]');
    expect(await runOf('r1')).toMatchObject({ follow_ups: [] });
  });

  it('that came before the run was taken is there from the beginning', async () => {
    fresh();
    await say('r1', 'x');
    await say('r1', 'and one more', { 'run-continue': 'true' });
    work(async (run) => {
      const told = new Promise<void>((resolve) => run.onSteer(() => resolve()));
      let [steer] = run.steers();
      if (steer === undefined) {
        await told;
        [steer] = run.steers();
      }
      await run.output('note', steer?.data);
    });
    await ended('r1');
    expect((await outputs()).map(([data]) => data)).toEqual(['and one more']);
  });
});

describe('stopping', () => {
  it('lets runs finish', async () => {
    fresh();
    const started = Promise.withResolvers<void>();
    const open = Promise.withResolvers<void>();
    const worker = work(async (run) => {
      started.resolve();
      await open.promise;
      await run.pipe(pieces('done'));
    });
    await say('r1', 'x');
    await started.promise;
    const stopped = worker.stop();
    open.resolve();
    await stopped;
    expect(await runOf('r1')).toMatchObject({ status: 'complete' });
    expect(worker.active).toBe(0);
  });

  it('gives back what takes too long, for another worker, uncounted', async () => {
    fresh();
    const source = heldSource('half');
    const started = Promise.withResolvers<Run>();
    const worker = work((run) => {
      started.resolve(run);
      return run.pipe(source.iterable);
    });
    await say('r1', 'x');
    const run = await started.promise;
    await worker.stop({ graceMs: 0 });
    await source.gone;
    expect(run.signal.reason).toMatchObject({ code: 'stopped' });
    work((again) => again.pipe(pieces('whole')));
    await ended('r1');
    expect(await runOf('r1')).toMatchObject({ status: 'complete', attempt: 1, generation: 2 });
    const [, answer] = await agent.session(channel).history();
    expect(answer?.text).toBe('whole');
  });
});

describe('session.handle', () => {
  it('answers a run once, however often it is woken', async () => {
    fresh();
    await say('r1', 'x');
    let calls = 0;
    const wake = () =>
      agent.session(channel).handle('r1', async (run) => {
        calls += 1;
        await run.pipe(pieces('once'));
      });
    const taken = await Promise.all([wake(), wake(), wake()]);
    expect(taken.toSorted()).toEqual([false, false, true]);
    expect(calls).toBe(1);
    expect(await wake()).toBe(false);
    expect(await outputs()).toEqual([['once', 'complete']]);
  });
});
