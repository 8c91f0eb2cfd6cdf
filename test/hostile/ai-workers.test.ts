// Workers that are hostile or broken, and run ids that nobody would choose: each refusal has its documented code, nothing that one
// run, channel or app does keeps another from being worked on.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type RunsServer, startRunsServer } from '../../ai-transport/server/runs/testing/runs-server.ts';
import { OTHER_APP, otherApp } from '../support/ai-hostile.ts';
import { signedPath, TEST_APP } from '../support/credentials.ts';
import { expectServing } from '../support/wire-client.ts';

let server: RunsServer;
beforeAll(async () => {
  server = await startRunsServer({ moreApps: [otherApp] });
});
afterEach(() => expectServing(server));
afterAll(async () => {
  await server.close();
  expect(server.complaints).toEqual([]);
});

const claim = (channelPrefix: string, more = {}) =>
  server.post('/runs/claim', { channel_prefix: channelPrefix, worker_id: 'w', ...more });

const pathOf = (channel: string, runId: string, action: string): string =>
  `/channels/${channel}/runs/${encodeURIComponent(runId)}${action}`;

const refused = (status: number, code: string) => ({ status, body: { code } });

describe('run ids', () => {
  it.each([
    '__proto__',
    'constructor',
    'a:b:3',
    'a/b/../c',
    '%2F%00%zz',
    'лр ☃ 🦊',
    'a\u0000b\nc',
    'x'.repeat(256),
    '\u0001'.repeat(256),
  ])('%j is worked on from its input to its end', async (runId) => {
    const channel = `private-ai-id-${Buffer.from(runId).toString('hex').slice(0, 40)}`;
    await server.say('ai-input', runId, { channel });
    const [taken] = (await claim(channel)).body.claims;
    expect(taken.run.run_id).toBe(runId);
    const { fence } = taken;
    expect((await server.post(pathOf(channel, runId, '/heartbeat'), { fence })).status).toBe(200);
    expect((await server.say('ai-run-start', runId, { channel, fence })).status).toBe(200);
    const transport = { 'run-reason': 'complete' };
    expect((await server.say('ai-run-end', runId, { channel, fence, transport })).status).toBe(200);
    expect((await server.get(pathOf(channel, runId, ''))).body.run).toMatchObject({ status: 'complete' });
  });

  it('of half a character are refused: no store would find them again', async () => {
    const channel = 'private-ai-half';
    const answer = await server.say('ai-input', 'bad\ud800', { channel });
    expect(answer).toMatchObject({ status: 400, body: { ai_code: 104000 } });
    expect((await server.get(`/channels/${channel}/runs`)).body.runs).toEqual([]);
  });

  it('that no claim could be kept for are refused, long ones are worked on', async () => {
    const path = (runId: string, action: string) => pathOf('private-ai-long', runId, action);
    for (const runId of ['\u0001'.repeat(2048), 'x'.repeat(2049)]) {
      const answer = await server.post(path(runId, '/claim'), { worker_id: 'w' });
      expect(answer).toMatchObject(refused(400, 'invalid_input'));
    }
    const runId = 'x'.repeat(2048);
    const { fence } = (await server.post(path(runId, '/claim'), { worker_id: 'w' })).body;
    expect((await server.post(path(runId, '/heartbeat'), { fence })).status).toBe(200);
    const note = { name: 'note', channels: ['private-ai-long'], data: 'x', fence };
    expect((await server.post('/events', note)).status).toBe(200);
  });

  it('that are no text in a path are refused', async () => {
    for (const id of ['%', '%zz', '%ff', '%ed%a0%80']) {
      const path = `/apps/${TEST_APP.id}/channels/private-ai-x/runs/${id}`;
      const answer = await fetch(`http://${server.host}:${server.port}${path}`);
      expect(answer.status).toBe(400);
      expect(await answer.json()).toMatchObject({ code: 'invalid_input' });
    }
  });

  it('and headers at their longest leave room for the run to end', async () => {
    const channel = 'private-ai-full';
    const long = (name: string) => name.padEnd(256, 'x');
    const transport = (index: number) => ({
      'run-client-id': long('ann'),
      'input-client-id': long('ann'),
      'event-id': long(`e${index}`),
      'codec-message-id': long(`m${index}`),
      'invocation-id': long('i'),
      parent: long('p'),
      'fork-of': long('f'),
    });
    for (let index = 0; index < 40; index += 1) {
      const said = await server.say('ai-input', long('r'), { channel, transport: transport(index) });
      expect(said.status).toBe(200);
    }
    const { run } = (await server.get(pathOf(channel, long('r'), ''))).body;
    expect(Buffer.byteLength(JSON.stringify(run))).toBeLessThanOrEqual(8192);
    await server.say('ai-run-start', long('r'), { channel, transport: transport(0) });
    const end = { 'run-reason': 'error', 'error-code': long('c'), 'error-message': long('m') };
    await server.say('ai-run-end', long('r'), { channel, transport: end });
    expect((await server.get(pathOf(channel, long('r'), ''))).body.run.status).toBe('error');
  });
});

describe('a queue', () => {
  it('of a channel, however long, keeps no other channel waiting', async () => {
    for (let index = 0; index < 300; index += 1)
      await server.say('ai-input', `r${index}`, { channel: 'private-ai-q-long' });
    await claim('private-ai-q-');
    await server.say('ai-input', 'other', { channel: 'private-ai-q-other' });
    expect((await claim('private-ai-q-')).body.claims).toMatchObject([{ channel: 'private-ai-q-other' }]);
    expect((await claim('private-ai-q-')).body.claims).toEqual([]);
  });

  it('behind hundreds of channels that are busy is found', async () => {
    for (let index = 0; index < 300; index += 1) {
      const channel = `private-ai-m-${index}`;
      await server.say('ai-run-start', 'running', { channel });
      await server.say('ai-input', 'waits', { channel });
    }
    await server.say('ai-input', 'free', { channel: 'private-ai-m-free' });
    expect((await claim('private-ai-m-')).body.claims).toMatchObject([{ channel: 'private-ai-m-free' }]);
  });
});

describe('claims', () => {
  it('for what no name begins with are refused', async () => {
    expect(await claim('x'.repeat(1_000_000))).toMatchObject(refused(400, 'invalid_input'));
    expect(await claim('private-ai-', { limit: 17 })).toMatchObject(refused(400, 'invalid_input'));
    expect(await claim('private-ai-', { wait_ms: 1e9 })).toMatchObject(refused(400, 'invalid_input'));
    expect(await claim('private-ai-', { worker_id: {} })).toMatchObject(refused(422, 'invalid_input'));
  });

  it('give nothing to a fence of another run, a newer one or one of another app', async () => {
    const channel = 'private-ai-foreign';
    await server.say('ai-input', 'mine', { channel });
    const [{ fence }] = (await claim(channel)).body.claims;
    const beat = (body: object) => server.post(pathOf(channel, 'mine', '/heartbeat'), body);
    expect(await beat({ fence: 'other:1' })).toMatchObject(refused(400, 'invalid_input'));
    expect(await beat({ fence: 'mine' })).toMatchObject(refused(400, 'invalid_input'));
    expect(await beat({ fence: 'mine:2' })).toMatchObject(refused(409, 'fenced'));
    expect(await beat({ fence: 'mine:01' })).toMatchObject(refused(400, 'invalid_input'));

    const asOther = async (method: string, path: string, body?: unknown) => {
      const { status, text } = await server.request(method, path, { body, as: OTHER_APP });
      return { status, body: JSON.parse(text) };
    };
    const beaten = await asOther('POST', pathOf(channel, 'mine', '/heartbeat'), { fence });
    expect(beaten).toMatchObject(refused(409, 'fenced'));
    expect(await asOther('GET', pathOf(channel, 'mine', ''))).toMatchObject(refused(404, 'not_found'));
    const wish = { channel_prefix: channel, worker_id: 'w' };
    expect((await asOther('POST', '/runs/claim', wish)).body).toEqual({ claims: [] });
    const said = { name: 'ai-output', channel, data: 'x', fence };
    expect(await asOther('POST', '/events', said)).toMatchObject(refused(409, 'fenced'));
    expect((await beat({ fence })).status).toBe(200);
  });

  it('of hundreds of workers that went away take no run from one that waits', async () => {
    const channel = 'private-ai-gone';
    const body = JSON.stringify({ channel_prefix: channel, worker_id: 'gone', wait_ms: 20_000 });
    const sockets = await Promise.all(Array.from({ length: 200 }, () => ask(body)));
    await server.get(`/channels/${channel}/runs`);
    for (const socket of sockets) socket.resetAndDestroy();
    await expectServing(server);
    const there = claim(channel, { worker_id: 'there', wait_ms: 20_000 });
    await server.get(`/channels/${channel}/runs`);
    await server.say('ai-input', 'r', { channel });
    expect((await there).body.claims).toMatchObject([{ run: { lease: { worker_id: 'there' } } }]);
  });
});

async function ask(body: string): Promise<Socket> {
  const socket = connect(server.port, server.host);
  await once(socket, 'connect');
  socket.write(
    `POST ${signedPath(TEST_APP, 'POST', '/runs/claim', body)} HTTP/1.1\r\nhost: x\r\n` +
      `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  return socket;
}
