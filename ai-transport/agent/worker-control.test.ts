// What reaches a run that a worker has: cancels, steers, the worker's own stop; and runs without a worker.
import { describe, expect, it } from 'vitest';
import { createAgent } from './agent.ts';
import type { Run } from './run.ts';
import { heldSource, pieces } from './testing/sources.ts';
import {
  agent,
  channel,
  ended,
  errors,
  fresh,
  outputs,
  rows,
  runOf,
  say,
  server,
  setUpWorkers,
  start,
  work,
} from './testing/worker-world.ts';

setUpWorkers();

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
  /** A worker whose claims are answered by the test alone. */
  function waiting(claim: (signal: AbortSignal) => Promise<Response>) {
    const asked = Promise.withResolvers<void>();
    const { app, host, port } = server;
    const ask: typeof fetch = (address, init) => {
      if (!String(address).includes('/runs/claim') || !init?.signal) return fetch(address, init);
      asked.resolve();
      return claim(init.signal);
    };
    const own = createAgent({ appId: app.id, key: app.key, secret: app.secret, host, port, fetch: ask });
    const worker = work(() => {}, { agent: own, workerId: 'waits' });
    return { worker, asked: asked.promise };
  }
  const abortOf = (signal: AbortSignal) =>
    new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));

  it('does not wait for runs that are to come', async () => {
    fresh();
    const { worker, asked } = waiting(async (signal) => {
      await abortOf(signal);
      throw signal.reason;
    });
    await asked;
    await worker.stop();
    expect(errors).toEqual([]);
  });

  it('gives back, uncounted, a run that comes in the same moment', async () => {
    fresh();
    await say('r1', 'x');
    const { worker, asked } = waiting(async (signal) => {
      await abortOf(signal);
      const body = { channel_prefix: channel, worker_id: 'waits' };
      const answer = await server.post('/runs/claim', body);
      return new Response(JSON.stringify(answer.body));
    });
    await asked;
    await worker.stop();
    expect(await runOf('r1')).toMatchObject({ status: 'queued', attempt: 0, generation: 1 });
  });

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
