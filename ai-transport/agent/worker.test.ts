// Workers against a whole server in memory: what is handled, how often, and what comes of it.
import { describe, expect, it } from 'vitest';
import { createAgent } from './agent.ts';
import { FatalRunError } from './errors.ts';
import { pieces } from './testing/sources.ts';
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
  work,
} from './testing/worker-world.ts';

setUpWorkers();

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
      fresh(bases + name);
      await say(name, 'x');
    }
    await full.promise;
    open.resolve();
    for (const name of ['a', 'b', 'c']) {
      fresh(bases + name);
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

  it('does not try again what says that it is hopeless, tells nobody its text, and tells the program', async () => {
    fresh();
    const error = Object.assign(new Error('key sk-1 is wrong'), {
      code: 'authentication',
      isRetryable: false,
    });
    work(() => Promise.reject(error));
    await say('r1', 'x');
    const end = await ended('r1');
    expect(end).toMatchObject({ 'run-reason': 'error', 'error-code': 'authentication' });
    expect(end['error-message']).toBeUndefined();
    expect(errors).toEqual([error]);
  });

  it('tries again no sooner than the error says', async () => {
    fresh();
    const failed = Promise.withResolvers<void>();
    const worker = work(() => {
      failed.resolve();
      throw Object.assign(new Error('slow down'), { code: 'rate_limited', retryAfterMs: 3_000_000 });
    });
    await say('r1', 'x');
    await failed.promise;
    await worker.stop();
    const { body } = await server.get(`/channels/${channel}/runs`, { status: 'queued' });
    expect(body.runs).toMatchObject([{ run_id: 'r1', status: 'queued' }]);
    expect(body.runs[0].queued_at_ms - body.runs[0].updated_at_ms).toBe(3_000_000);
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
