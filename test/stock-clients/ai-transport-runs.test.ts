// @sockudo/ai-transport 3.0.0 as published: runs that pause, are tried again, and are of somebody else; a tab in the middle of an
// answer. Where the package itself is at fault, the test's name begins with `expected`.
import type { VercelOutput } from 'upstream-ai-transport/vercel';
import { describe, expect, it } from 'vitest';
import { Inbox } from '../support/inbox.ts';
import { sharedTestServer } from '../support/shared-test-server.ts';
import {
  answerOf,
  endpoint,
  finished,
  shown,
  startAiServer,
  started,
  streamOf,
  textOf,
  userMessage,
  userSession,
} from '../support/upstream-ai-transport.ts';

const server = sharedTestServer(startAiServer);

describe('a run', () => {
  it('is suspended for an approval and goes on in another invocation', async () => {
    const app = endpoint(server, async (run, { trigger }) => {
      await run.start();
      if (trigger !== 'approval') {
        await run.streamResponse(
          streamOf([
            { type: 'start' },
            { type: 'tool-input-available', toolCallId: 'c1', toolName: 'book', input: 1, dynamic: true },
            { type: 'tool-approval-request', toolCallId: 'c1', approvalId: 'p1' },
          ]),
        );
        await run.end('suspended');
        return;
      }
      await run.streamResponse(answerOf('t1', ['booked']));
      await run.end('complete');
    });
    const session = await userSession(server, 'private-ai-approval', { fetch: app.fetch });
    const suspended = new Inbox<string>();
    session.tree.on('turn', ({ status }) => suspended.push(status));
    const run = await started(session.view.send(userMessage('u1', 'book')));
    await suspended.next((status) => status === 'suspended');
    const answer = {
      type: 'tool-approval-response' as const,
      toolCallId: 'c1',
      approvalId: 'p1',
      approved: true,
    };
    const done = session.waitForRun({ runId: run.runId });
    await session.view.sendInput(answer, { runId: run.runId, trigger: 'approval' });
    await done;
    expect(session.tree.getRunNode(run.runId)).toMatchObject({ status: 'complete' });
    expect(app.pokes.map(({ runId }) => runId)).toEqual([run.runId, run.runId]);
    expect(app.failures).toEqual([]);
  });

  it('expected: upstream drops what is said in a step, since it compares two kinds of serials', async () => {
    const app = endpoint(server, async (run) => {
      await run.start();
      const step = run.createStep({ stepId: 'step-1' });
      await step.start();
      await step.streamResponse(answerOf('t1', ['said in a step']));
      await step.end('complete');
      await run.end('complete');
    });
    const session = await userSession(server, 'private-ai-step', { fetch: app.fetch });
    const run = await started(session.view.send(userMessage('u1', 'go')));
    expect(await textOf(run.stream)).toBe('said in a step');
    await finished(session, run.runId);
    expect(session.tree.getRunNode(run.runId)).toMatchObject({
      status: 'complete',
      steps: [{ stepId: 'step-1', status: 'active' }],
    });
    expect(shown(session.view.getMessages())).toEqual(['user: go']);
    expect(app.failures).toEqual([]);
  });
});

describe('a tab that opens in the middle of an answer', () => {
  it('shows in the end what was said', async () => {
    const goOn = new Inbox<string>();
    const app = endpoint(server, async (run) => {
      await run.start();
      await run.streamResponse(
        new ReadableStream<VercelOutput>({
          async start(controller) {
            controller.enqueue({ type: 'text-start', id: 't1' });
            controller.enqueue({ type: 'text-delta', id: 't1', delta: 'before,' });
            await goOn.next();
            controller.enqueue({ type: 'text-delta', id: 't1', delta: 'after' });
            controller.enqueue({ type: 'text-end', id: 't1' });
            controller.close();
          },
        }),
      );
      await run.end('complete');
    });
    const first = await userSession(server, 'private-ai-middle', { fetch: app.fetch });
    const run = await started(first.view.send(userMessage('u1', 'go')));
    const reader = run.stream.getReader();
    for (let chunk = await reader.read(); chunk.value?.type !== 'text-delta'; chunk = await reader.read());

    const second = await userSession(server, 'private-ai-middle');
    second.on('message', () => {});
    await second.view.loadOlder();
    expect(second.tree.getRunNode(run.runId)).toMatchObject({ status: 'active' });
    const done = second.waitForRun({ runId: run.runId });
    goOn.push('now');
    await done;
    expect(shown(second.view.getMessages()).join()).toMatch(/before,after$/);
  });
});
