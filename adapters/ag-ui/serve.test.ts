// An HttpAgent, which knows nothing of sessions, against a server that holds one.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { HttpAgent } from '@ag-ui/client';
import type { Event } from '@ag-ui/core';
import type { Session } from '@sockudo/ai-transport';
import { afterEach, beforeEach, expect, it, onTestFinished } from 'vitest';
import { until } from '../../ai-transport/client/testing/session-server.ts';
import { serveRun } from './serve.ts';
import { expectNoComplaints, expectValid } from './testing/reader.ts';
import { lineOf, saying, startWorld, type World, words } from './testing/world.ts';

let world: World;
beforeEach(async () => {
  expectNoComplaints();
  world = await startWorld();
});
afterEach(() => world.close());

/** A server of AG-UI in front of a session. */
async function served(session: Session): Promise<{ readonly url: string; readonly gone: Promise<void> }> {
  const gone = Promise.withResolvers<void>();
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await new Response(Readable.toWeb(request) as ReadableStream).json();
    const { status, headers, body: events } = serveRun(session, body);
    response.writeHead(status, Object.fromEntries(headers));
    // CAST: Node's own type of the same stream.
    await pipeline(Readable.fromWeb(events as Parameters<typeof Readable.fromWeb>[0]), response).catch(
      () => {},
    );
    gone.resolve();
  };
  const server = createServer((request, response) => void answer(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  // CAST: it listens on a TCP port.
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, gone: gone.promise };
}

it('tells runs over HTTP, one after the other', async () => {
  world.handle = async (run, context) => {
    const asked = (await context.history()).at(-1)?.text ?? '';
    await saying(...words('t', `You said ${asked}`))(run, context);
  };
  const agent = new HttpAgent({ url: (await served(world.server.session('ann'))).url });
  const events: Event[] = [];
  // CAST: checked below.
  agent.subscribe({ onEvent: ({ event }) => void events.push(event as Event) });
  for (const question of ['one', 'two']) {
    agent.addMessage({ id: question, role: 'user', content: question });
    await agent.runAgent();
  }
  expectValid(events);
  expect(lineOf(agent.messages)).toEqual([
    ['user', 'one'],
    ['assistant', 'You said one'],
    ['user', 'two'],
    ['assistant', 'You said two'],
  ]);
});

it('refuses what is no input', async () => {
  const { url } = await served(world.server.session('ann'));
  const response = await fetch(url, { method: 'POST', body: '{"threadId":"t"}' });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({
    error: 'invalid_input',
    message: expect.stringContaining('runId'),
  });
});

it('stops nothing when its reader goes', async () => {
  const more = Promise.withResolvers<void>();
  world.handle = saying(...words('t', 'One ').slice(0, 2), more.promise, ...words('t', 'two').slice(1));
  const session = world.server.session('ann');
  const { url, gone } = await served(session);
  const agent = new HttpAgent({ url });
  const started = Promise.withResolvers<void>();
  agent.subscribe({ onTextMessageContentEvent: () => started.resolve() });
  agent.addMessage({ id: 'q1', role: 'user', content: 'Hi' });
  const run = agent.runAgent();
  await started.promise;
  agent.abortRun();
  await run;
  await gone;
  more.resolve();
  await until(session, ({ runs }) => runs[0]?.status === 'complete');
});
