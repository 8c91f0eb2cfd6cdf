// @sockudo/ai-transport 3.0.0 as published, on this repository's client, against this server: what a conversation does. Where the
// package itself is at fault, the test's name begins with `expected`.
import type { VercelOutput } from 'upstream-ai-transport/vercel';
import { describe, expect, it } from 'vitest';
import { Inbox } from '../support/inbox.ts';
import { sharedTestServer } from '../support/shared-test-server.ts';
import {
  type AgentRun,
  answerOf,
  endpoint,
  finished,
  shown,
  startAiServer,
  started,
  streamOf,
  textOf,
  type UserRun,
  userMessage,
  userSession,
} from '../support/upstream-ai-transport.ts';

const server = sharedTestServer(startAiServer);

type Session = Awaited<ReturnType<typeof userSession>>;

/** Answers every input with `answer N`. */
function answering(prefix = 'answer') {
  let count = 0;
  return endpoint(server, async (run) => {
    await run.start();
    count += 1;
    const { reason } = await run.streamResponse(answerOf(`t${count}`, [`${prefix}`, ` ${count}`]));
    await run.end(reason);
  });
}

/** Sends, and waits until it is answered. */
async function asked(session: Session, sent: Promise<unknown>): Promise<UserRun> {
  const run = await started(sent);
  await finished(session, run.runId);
  return run;
}

/** Waits until the session's view shows this. */
async function shows(session: Session, expected: readonly string[]): Promise<void> {
  const changes = new Inbox<string[]>();
  const look = () => changes.push(shown(session.view.getMessages()));
  session.tree.on('update', look);
  session.tree.on('turn', look);
  session.on('message', look);
  look();
  await changes.next((list) => JSON.stringify(list) === JSON.stringify(expected));
}

describe('a session', () => {
  it('sends a message, streams the answer, and shows both', async () => {
    const app = endpoint(server, async (run) => {
      await run.start();
      const { reason } = await run.streamResponse(answerOf('t1', ['Mon', 'day: gym', '. ', '5', ' times']));
      await run.end(reason);
    });
    const session = await userSession(server, 'private-ai-week', { fetch: app.fetch });
    const run = await started(session.view.send(userMessage('u1', 'Plan my week')));
    expect(await textOf(run.stream)).toBe('Monday: gym. 5 times');
    await finished(session, run.runId);
    expect(shown(session.view.getMessages())).toEqual([
      'user: Plan my week',
      'assistant: Monday: gym. 5 times',
    ]);
    expect(session.tree.getRunNode(run.runId)).toMatchObject({ status: 'complete', clientId: 'alice' });
    expect(app.failures).toEqual([]);
  });

  it('takes turns', async () => {
    const app = answering();
    const session = await userSession(server, 'private-ai-turns', { fetch: app.fetch });
    await asked(session, session.view.send(userMessage('u1', 'one')));
    await asked(session, session.view.send(userMessage('u2', 'two')));
    expect(shown(session.view.getMessages())).toEqual([
      'user: one',
      'assistant: answer 1',
      'user: two',
      'assistant: answer 2',
    ]);
  });

  it('keeps numbers, words of JSON and whole objects that are streamed as text', async () => {
    const fragments = ['42', 'true', 'null', '{"a":1}'];
    const app = endpoint(server, async (run) => {
      await run.start();
      await run.streamResponse(answerOf('t1', fragments));
      await run.end('complete');
    });
    const session = await userSession(server, 'private-ai-text', { fetch: app.fetch });
    const run = await started(session.view.send(userMessage('u1', 'numbers')));
    expect(await textOf(run.stream)).toBe(fragments.join(''));
  });

  it('shows tool calls with their input and output', async () => {
    const app = endpoint(server, async (run) => {
      await run.start();
      await run.streamResponse(
        streamOf([
          { type: 'start' },
          { type: 'tool-input-start', toolCallId: 'c1', toolName: 'book', dynamic: true },
          { type: 'tool-input-delta', toolCallId: 'c1', inputTextDelta: '{"day":' },
          { type: 'tool-input-delta', toolCallId: 'c1', inputTextDelta: '"Mon"}' },
          { type: 'tool-input-available', toolCallId: 'c1', toolName: 'book', input: { day: 'Mon' } },
          { type: 'tool-output-available', toolCallId: 'c1', output: { ok: true, seats: [1, 2] } },
          { type: 'finish', finishReason: 'stop' },
        ]),
      );
      await run.end('complete');
    });
    const session = await userSession(server, 'private-ai-tools', { fetch: app.fetch });
    await asked(session, session.view.send(userMessage('u1', 'book')));
    expect(session.view.getMessages()[1]?.parts).toMatchObject([
      {
        type: 'dynamic-tool',
        toolName: 'book',
        state: 'output-available',
        input: { day: 'Mon' },
        output: { ok: true, seats: [1, 2] },
      },
    ]);
  });

  it('is told when the server refuses, and takes the message back', async () => {
    const app = answering();
    const session = await userSession(server, 'private-ai-forged', { fetch: app.fetch, clientId: 'mallory' });
    await expect(session.view.send(userMessage('u1', 'hi'))).rejects.toMatchObject({ name: 'ErrorInfo' });
    expect(session.view.getMessages()).toEqual([]);
    expect(app.pokes).toEqual([]);
  });
});

describe('a run', () => {
  /** Streams until it is aborted. */
  const endless = (begun: () => void) =>
    endpoint(server, async (run) => {
      await run.start();
      const { reason } = await run.streamResponse(untilAborted(run, begun));
      await run.end(reason);
    });

  function untilAborted(run: AgentRun, begun: () => void): ReadableStream<VercelOutput> {
    return new ReadableStream<VercelOutput>({
      start(controller) {
        controller.enqueue({ type: 'text-start', id: 't1' });
        controller.enqueue({ type: 'text-delta', id: 't1', delta: 'so far' });
        begun();
        run.abortSignal.addEventListener('abort', () =>
          controller.enqueue({ type: 'text-delta', id: 't1', delta: '' }),
        );
      },
    });
  }

  it('is cancelled by its user, keeps what was said, and closes its stream', async () => {
    const app = endless(() => {});
    const session = await userSession(server, 'private-ai-cancel', { fetch: app.fetch });
    const run = await started(session.view.send(userMessage('u1', 'talk')));
    const reader = run.stream.getReader();
    await reader.read();
    const done = session.waitForRun({ runId: run.runId });
    await run.cancel();
    await done;
    expect(session.tree.getRunNode(run.runId)).toMatchObject({ status: 'cancelled' });
    await shows(session, ['user: talk', 'assistant: so far']);
    expect(app.failures).toEqual([]);
  });

  it('is cancelled with every other of the user', async () => {
    const app = endless(() => {});
    const session = await userSession(server, 'private-ai-cancel-own', { fetch: app.fetch });
    const run = await started(session.view.send(userMessage('u1', 'talk')));
    const done = session.waitForRun({ runId: run.runId });
    await session.cancel();
    await done;
    expect(session.tree.getRunNode(run.runId)).toMatchObject({ status: 'cancelled' });
  });

  it('takes more input while it works', async () => {
    const inputs = new Inbox<string>();
    const work = async (run: AgentRun) => {
      await run.start();
      await inputs.next((id) => id !== 'u1');
      run.hasInput();
      await run.streamResponse(answerOf('t1', ['with that']));
      await run.end('complete');
    };
    const app = endpoint(server, work, { onSteer: (id) => inputs.push(id) });
    const session = await userSession(server, 'private-ai-steer', { fetch: app.fetch });
    const run = await started(session.view.send(userMessage('u1', 'go')));
    const { published, outcome } = run.steer({ message: userMessage('s1', 'left') });
    expect(await published).toEqual({ serial: expect.any(Number) });
    expect(await outcome).toMatchObject({ consumed: true });
    expect(app.failures).toEqual([]);
  });
});

describe('branches', () => {
  it('regenerates an answer, and keeps the other', async () => {
    const app = answering();
    const session = await userSession(server, 'private-ai-again', { fetch: app.fetch });
    await asked(session, session.view.send(userMessage('u1', 'one')));
    const first = session.view.getMessages()[1]?.id ?? '';
    await asked(session, session.view.regenerate(first, 'u1'));
    await shows(session, ['user: one', 'assistant: answer 2']);
    expect(session.view.getMessageSiblings(first)).toHaveLength(2);
    expect(app.failures).toEqual([]);
  });

  it('regenerates the same answer again', async () => {
    const app = answering();
    const session = await userSession(server, 'private-ai-thrice', { fetch: app.fetch });
    await asked(session, session.view.send(userMessage('u1', 'one')));
    const first = session.view.getMessages()[1]?.id ?? '';
    await asked(session, session.view.regenerate(first, 'u1'));
    await asked(session, session.view.regenerate(first, 'u1'));
    await shows(session, ['user: one', 'assistant: answer 3']);
  });

  it('edits a message, and switches between the two', async () => {
    const app = answering();
    const session = await userSession(server, 'private-ai-edit', { fetch: app.fetch });
    await asked(session, session.view.send(userMessage('u1', 'one')));
    await asked(session, session.view.edit('u1', userMessage('u2', 'uno')));
    await shows(session, ['user: uno', 'assistant: answer 2']);
    const run = session.tree.getNode('u2');
    expect(session.view.getSiblings(run?.runId ?? '')).toHaveLength(2);
    session.view.select(run?.runId ?? '', 0);
    expect(shown(session.view.getMessages())).toEqual(['user: one', 'assistant: answer 1']);
  });
});

describe('other devices', () => {
  it('follow live what others send and what is answered', async () => {
    const channel = 'private-ai-shared';
    const app = answering();
    const [alice, bob] = [
      await userSession(server, channel, { fetch: app.fetch }),
      await userSession(server, channel, { user: 'bob' }),
    ];
    bob.on('message', () => {});
    const seen = shows(bob, ['user: one', 'assistant: answer 1']);
    await asked(alice, alice.view.send(userMessage('u1', 'one')));
    await seen;
  });

  it('read a conversation that is over, in order and complete', async () => {
    const channel = 'private-ai-late';
    const app = answering();
    const alice = await userSession(server, channel, { fetch: app.fetch });
    await asked(alice, alice.view.send(userMessage('u1', 'one')));
    await asked(alice, alice.view.send(userMessage('u2', 'two')));
    const late = await userSession(server, channel);
    await late.view.loadOlder();
    expect(late.view.loadError).toBeUndefined();
    expect(late.view.hasOlder()).toBe(false);
    // expected: upstream keeps the space that every text begins with on the wire.
    expect(shown(late.view.getMessages())).toEqual([
      'user: one',
      'assistant:  answer 1',
      'user: two',
      'assistant:  answer 2',
    ]);
    expect(late.tree.getRunNodes().map(({ status }) => status)).toEqual(['complete', 'complete']);
  });
});
