import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { aiExtrasError } from '../wire/index.ts';
import { createAgent } from './agent.ts';
import type { Run } from './run.ts';
import { FakeServer } from './testing/fake-server.ts';
import { heldSource, pieces } from './testing/sources.ts';

let server: FakeServer;
let run: Run;

beforeEach(async () => {
  server = await FakeServer.start();
  run = newRun();
});
afterEach(() => server.close());

function newRun(more = {}): Run {
  const session = createAgent({ sockudo: server.sdk() }).session('private-ai-1');
  return session.run({ runId: 'run_1', clientId: 'ann', invocationId: 'inv_1', ...more });
}

const code = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error) => error.code);

describe('a run', () => {
  it('is start, one message and end, with headers that the server takes', async () => {
    await run.start();
    const result = await run.pipe(pieces('Hel', 'lo ', '', 'you'), { codecMessageId: 'msg_1' });
    await run.end();
    expect(result).toEqual({
      text: 'Hello you',
      status: 'complete',
      codecMessageId: 'msg_1',
      messageSerial: 'm2',
    });
    expect(server.story[0]).toBe('ai-run-start');
    expect(server.story[1]).toBe('ai-output streaming');
    expect(server.story.slice(-2)).toEqual(['update complete', 'ai-run-end complete']);
    expect(server.messages.get('m2')).toMatchObject({
      data: 'Hello you',
      extras: {
        ai: {
          transport: {
            'run-id': 'run_1',
            'invocation-id': 'inv_1',
            'codec-message-id': 'msg_1',
            stream: 'true',
            status: 'complete',
            role: 'assistant',
          },
          codec: { type: 'text-end', 'message-id': 'msg_1' },
        },
      },
    });
    for (const { transport, codec } of server.operations)
      expect(aiExtrasError({ transport, codec })).toBeNull();
    const ids = server.operations.filter(({ transport }) => transport.stream === 'true');
    expect(new Set(ids.map(({ transport }) => transport['stream-id'])).size).toBe(1);
  });

  it('publishes nothing for a stream without text', async () => {
    await run.start();
    const { text, messageSerial } = await run.pipe(pieces());
    expect([text, messageSerial, server.story]).toEqual(['', null, ['ai-run-start']]);
  });

  it('ends once, whatever is called', async () => {
    await run.start();
    await Promise.all([run.end('complete'), run.end('cancelled'), run.end('error', { code: 'x' })]);
    await run.end();
    expect(server.story).toEqual(['ai-run-start', 'ai-run-end complete']);
    expect(await code(run.output('note', {}))).toBe('not_running');
    expect(await code(run.suspend())).toBe('not_running');
  });

  it('may be ended again where the end did not get through, and is ended once', async () => {
    await run.start();
    let cuts = 3;
    server.fault = ({ name }) => (name === 'ai-run-end' && cuts-- > 0 ? 'cut' : null);
    expect(await code(run.end('error', { code: 'oops', message: 'sorry' }))).toBe('publish_failed');
    await run.end();
    expect(server.stored.filter(({ name }) => name === 'ai-run-end')).toMatchObject([
      { transport: { 'run-reason': 'error', 'error-code': 'oops', 'error-message': 'sorry' } },
    ]);
  });

  it('closes what is being piped before it ends', async () => {
    await run.start();
    const source = heldSource('so far');
    const piped = run.pipe(source.iterable);
    await server.until(({ name }) => name === 'ai-output');
    await run.end();
    expect(await piped).toMatchObject({ text: 'so far', status: 'cancelled' });
    expect(source.released()).toBe(true);
    expect(server.story.slice(-2)).toEqual(['update cancelled', 'ai-run-end complete']);
  });

  it('suspends and goes on with another invocation', async () => {
    await run.start();
    await run.suspend();
    expect(await code(run.output('note', {}))).toBe('not_running');
    await run.resume('inv_2');
    await run.pipe(pieces('more'));
    await run.end();
    expect(server.story.filter((line) => line.startsWith('ai-run'))).toEqual([
      'ai-run-start',
      'ai-run-suspend',
      'ai-run-resume',
      'ai-run-end complete',
    ]);
    expect(server.stored.at(-1)?.transport['invocation-id']).toBe('inv_2');
  });

  it('carries what it answers, forks and regenerates', async () => {
    run = newRun({ parent: 'msg_0', forkOf: 'msg_x', regenerates: 'msg_y', inputCodecMessageId: 'msg_u' });
    await run.start();
    await run.output('source-url', 'https://example.com', { codec: { 'source-id': 's1' } });
    const [start, output] = server.stored;
    expect(start?.transport).toMatchObject({
      parent: 'msg_0',
      'fork-of': 'msg_x',
      'msg-regenerate': 'msg_y',
      'input-codec-message-id': 'msg_u',
    });
    expect(output).toMatchObject({
      data: 'https://example.com',
      transport: { parent: 'msg_0', discrete: 'true' },
      codec: { type: 'source-url', 'source-id': 's1' },
    });
  });

  it('names the steers that were taken on the next output, and no other', async () => {
    await run.start();
    const heard: string[] = [];
    run.onSteer(({ codecMessageId }) => heard.push(codecMessageId));
    run.addSteer({ codecMessageId: 's2', data: 'b', serial: 9 });
    run.addSteer({ codecMessageId: 's1', data: 'a', serial: 8 });
    run.addSteer({ codecMessageId: 's1', data: 'again', serial: 10 });
    await run.output('note', 1);
    expect(run.steers().map(({ data }) => data)).toEqual(['a', 'b']);
    expect(run.steers()).toEqual([]);
    await run.output('note', 2);
    expect(heard).toEqual(['s2', 's1']);
    expect(server.stored.slice(1).map(({ transport }) => transport['steer-codec-message-ids'])).toEqual([
      undefined,
      '["s1","s2"]',
    ]);
  });
});

describe('a step', () => {
  it('marks what is written in it with its start', async () => {
    await run.start();
    const answer = await run.step('search', async () => {
      await run.output('tool', 'x');
      return 7;
    });
    await run.output('tool', 'y');
    expect(answer).toBe(7);
    expect(server.story).toEqual([
      'ai-run-start',
      'ai-step-start search',
      'ai-output search',
      'ai-step-end search complete',
      'ai-output',
    ]);
    expect(server.stored[2]?.transport['step-start-serial']).toBe('2');
    expect(server.stored[3]?.transport['step-start-serial']).toBe('2');
  });

  it('ends as failed, or as cancelled, and passes the error on', async () => {
    await run.start();
    const failed = run.step('a', () => {
      throw new Error('no');
    });
    await expect(failed).rejects.toThrow('no');
    const cancelled = run.step('b', async () => {
      run.cancel();
      run.signal.throwIfAborted();
    });
    expect(await code(cancelled)).toBe('cancelled');
    expect(await code(run.step('c', () => {}))).toBe('cancelled');
    expect(server.story.filter((line) => line.startsWith('ai-step-end'))).toEqual([
      'ai-step-end a failed',
      'ai-step-end b cancelled',
    ]);
  });

  it('does not overlap with another', async () => {
    await run.start();
    await run.step('a', () => expect(run.step('b', () => {})).rejects.toThrow(TypeError));
  });
});
