// Who is told of which end of a run, against a whole server in memory; where the pushes go is looked at by test/push/.
import type { PushPublish, PushPublishResult } from 'sockudo';
import { beforeEach, describe, expect, it } from 'vitest';
import { FatalRunError } from './errors.ts';
import { collapseKeyOfRun, type NotifyAwayOptions, notifyAway } from './notify.ts';
import { pieces } from './testing/sources.ts';
import { channel, ended, errors, fresh, runOf, say, setUpWorkers, work } from './testing/worker-world.ts';
import type { RunHandler } from './work.ts';

setUpWorkers();

let pushes: PushPublish[];
let failures: unknown[];
let told: PromiseWithResolvers<PushPublish>;

beforeEach(() => {
  fresh();
  pushes = [];
  failures = [];
  told = Promise.withResolvers();
});

const RESULT: PushPublishResult = {
  publishId: 'p',
  status: 'accepted',
  expectedRecipients: 1,
  fanoutRegime: 'fastPath',
  renderedPayloads: [],
};

const notifying = (handle: RunHandler, more: Partial<NotifyAwayOptions> = {}): RunHandler =>
  notifyAway(handle, {
    sockudo: {
      async publishPush(push) {
        pushes.push(push);
        told.resolve(push);
        return RESULT;
      },
    },
    url: ({ runId }) => `https://chat.example/${runId}`,
    onError: (error) => failures.push(error),
    ...more,
  });

describe('the owner of a run', () => {
  it('is told once that it is complete, with how the answer begins', async () => {
    work(notifying(async (run) => ({ text: (await run.pipe(pieces('a {{ b }} c'))).text })));
    await say('r1', 'one');
    expect(await ended('r1')).toMatchObject({ 'run-reason': 'complete' });
    expect(await told.promise).toMatchObject({
      recipients: [{ type: 'client', clientId: 'ann' }],
      away: { afterMs: 20_000 },
      payload: {
        title: 'Your answer is ready',
        body: 'a { { b }} c',
        collapseKey: 'r1',
        templateData: { url: 'https://chat.example/r1', runId: 'r1', channel },
      },
    });
    expect(pushes).toHaveLength(1);
    expect(errors).toEqual([]);
  });

  it('is told of an error that ends it', async () => {
    work(
      notifying(() => {
        throw new FatalRunError('refused', 'no');
      }),
    );
    await say('r1', 'one');
    expect(await ended('r1')).toMatchObject({ 'run-reason': 'error' });
    expect((await told.promise).payload.title).toBe('Your answer could not be finished');
  });

  it('is told once although an attempt failed before', async () => {
    work(
      notifying((_run, { attempt }) => {
        if (attempt === 1) throw new Error('once more');
        return { text: 'done' };
      }),
    );
    await say('r1', 'one');
    expect(await ended('r1')).toMatchObject({ 'run-reason': 'complete' });
    await told.promise;
    expect(pushes.map(({ payload }) => payload.body)).toEqual(['done']);
  });

  it('is asked with buttons where the run waits for them', async () => {
    const call = { toolCallId: 'c1', toolName: 'pay', arguments: '{"amount":3}' };
    work(
      notifying((run) => run.suspend(), {
        waiting: () => [call],
        answerUrl: ({ runId, toolCallId, arguments: text, userId }, decision) => ({
          url: '/answer',
          token: [runId, toolCallId, text, userId, decision].join(' '),
        }),
      }),
    );
    await say('r1', 'one');
    const { payload } = await told.promise;
    expect(payload).toMatchObject({ title: 'May I use pay?', body: '{"amount":3}' });
    expect(payload.templateData?.actions).toEqual([
      { action: 'approve', title: 'Approve', url: '/answer', token: 'r1 c1 {"amount":3} ann approve' },
      { action: 'deny', title: 'Deny', url: '/answer', token: 'r1 c1 {"amount":3} ann deny' },
    ]);
    expect(await runOf('r1')).toMatchObject({ status: 'suspended' });
  });

  it('gets no buttons for what they cannot read whole', async () => {
    const call = { toolCallId: 'c1', toolName: 'pay', arguments: 'x'.repeat(301) };
    work(
      notifying((run) => run.suspend(), { waiting: () => [call], answerUrl: () => 'https://chat.example' }),
    );
    await say('r1', 'one');
    expect((await told.promise).payload.templateData).not.toHaveProperty('actions');
  });
});

describe('a run', () => {
  it('is complete although nobody could be told', async () => {
    const failure = new Error('no push');
    work(notifying(() => {}, { sockudo: { publishPush: () => Promise.reject(failure) } }));
    await say('r1', 'one');
    expect(await ended('r1')).toMatchObject({ 'run-reason': 'complete' });
    await expect.poll(() => failures).toEqual([failure]);
    expect(errors).toEqual([]);
  });

  it('has a key that push services take', () => {
    expect(collapseKeyOfRun('run_1-a')).toBe('run_1-a');
    for (const id of ['a'.repeat(33), 'ü', 'a b']) expect(collapseKeyOfRun(id)).toMatch(/^[\w-]{32}$/);
  });
});
