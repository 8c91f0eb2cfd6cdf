// Clients that lose their server to kill -9 and come back to another process on the same data: what they missed comes from the
// stored log, as the frames that were sent live before, and a client of ours does not even notice.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Sockudo } from '@sockudo/client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TEST_APP } from '../support/credentials.ts';
import { type ServerProcess, startServerProcess } from '../support/server-process.ts';
import { signedRequest } from '../support/test-server.ts';
import { dataOf, WireClient, type WireFrame } from '../support/wire-client.ts';

let folder: string;
let server: ServerProcess;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sockudo-recovery-'));
  server = await startServerProcess(folder);
});
afterEach(async () => {
  await server.kill();
  await rm(folder, { recursive: true, force: true });
});

async function restart(): Promise<void> {
  await server.kill();
  server = await startServerProcess(folder, { port: server.port });
}

async function post(path: string, body: unknown): Promise<Record<string, unknown>> {
  const origin = `http://${server.host}:${server.port}`;
  const { status, text } = await signedRequest(origin, TEST_APP, 'POST', path, { body });
  if (status !== 200) throw new Error(`${path} was refused: ${status} ${text}`);
  return JSON.parse(text);
}

const publish = (channel: string, data: string) =>
  post('/events', { name: 'tick', channels: [channel], data });

const isMessage = (frame: WireFrame): boolean =>
  frame.serial !== undefined && !frame.event.includes('_internal:');

describe('after kill -9', () => {
  it('the log gives what was missed before, during and after, exactly as it was live', async () => {
    const witness = await WireClient.connect(server, { protocol: 2 });
    const ack = await witness.subscribe('room');
    await publish('room', 'first');
    const created = (await witness.next('tick')).extras as { headers: Record<string, string> };
    const message = created.headers.sockudo_message_serial;
    for (let i = 0; i < 20; i += 1)
      await post(`/channels/room/messages/${message}/append`, { data: ` ${i}` });
    await post(`/channels/room/messages/${message}/update`, { data: 'whole' });
    for (let i = 0; i < 20; i += 1) await publish('room', `${i}`);
    await witness.settled();
    const live = witness.frames.all.filter(isMessage);
    expect(live).toHaveLength(42);
    await restart();
    await publish('room', 'after');

    const back = await WireClient.connect(server, { protocol: 2 });
    const from = { stream_id: ack.stream_id, serial: ack.serial };
    back.request('resume', { channel_positions: { room: from } });
    await back.subscribe('room');
    const success = dataOf(await back.next('resume_success'));
    const replayed = back.frames.all.filter(isMessage);
    expect(replayed.slice(0, -1)).toEqual(live);
    expect(replayed.at(-1)).toMatchObject({ data: 'after', serial: 43, stream_id: ack.stream_id });
    expect(success).toMatchObject({
      recovered: [{ channel: 'room', source: 'cold', replayed: 43, position: { serial: 43 } }],
      failed: [],
    });
    await back.close();
  });

  it('a position of a stream that was reset is refused, not answered with an empty recovery', async () => {
    const client = await WireClient.connect(server, { protocol: 2 });
    const ack = await client.subscribe('room');
    await publish('room', '1');
    const confirm = { confirm_channel: 'room', confirm_operation: 'reset', reason: 'test' };
    await post('/channels/room/history/reset', confirm);
    await restart();
    const back = await WireClient.connect(server, { protocol: 2 });
    await back.subscribe('room');
    back.request('resume', { channel_positions: { room: { stream_id: ack.stream_id, serial: 0 } } });
    expect(dataOf(await back.next('resume_failed'))).toMatchObject({ channel: 'room', code: 'stream_reset' });
    expect(dataOf(await back.next('resume_success'))).toMatchObject({ recovered: [] });
    await back.close();
  });

  it('our client goes on where it was, with every message once and in order', async () => {
    const heard: string[] = [];
    const waiting = new Map<string, () => void>();
    const heardOf = (data: string): Promise<void> =>
      new Promise((resolve) => {
        if (heard.includes(data)) resolve();
        else waiting.set(data, resolve);
      });
    const client = new Sockudo(TEST_APP.key, {
      wsHost: server.host,
      wsPort: server.port,
      forceTLS: false,
      protocolVersion: 2,
      connectionRecovery: true,
    });
    const channel = client.subscribe('room');
    channel.bind('tick', (data: unknown) => {
      heard.push(String(data));
      waiting.get(String(data))?.();
    });
    await new Promise<void>((resolve) => channel.bind('sockudo:subscription_succeeded', () => resolve()));
    const expected: string[] = [];
    for (let round = 0; round < 3; round += 1) {
      await publish('room', `${round} live`);
      await heardOf(`${round} live`);
      await restart();
      // Hurried along while messages are published: some come before it is back, some after.
      client.connect();
      for (let i = 0; i < 5; i += 1) await publish('room', `${round} missed ${i}`);
      await heardOf(`${round} missed 4`);
      expected.push(`${round} live`, ...Array.from({ length: 5 }, (_, i) => `${round} missed ${i}`));
    }
    expect(heard).toEqual(expected);
    client.disconnect();
  });
});
