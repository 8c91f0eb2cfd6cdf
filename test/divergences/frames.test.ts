// D7 and D8: what frames look like in the negotiated format, whole numbers included.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BinaryClient } from '../support/binary-client.ts';
import { startTestServer, type TestServer } from '../support/test-server.ts';
import { WireClient } from '../support/wire-client.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(async () => {
  await server.close();
  expect(server.complaints).toEqual([]);
});

describe.each(['msgpack', 'protobuf'] as const)('D7: on a %s connection', (format) => {
  it('every kind of frame comes in that format', async () => {
    const client = await BinaryClient.connect(server, format);
    const other = await WireClient.connect(server, { protocol: 2 });
    const channel = `presence-${format}`;
    const channelData = '{"user_id":"binary"}';
    expect(await client.subscribe(channel, channelData)).toMatchObject({ serial: 0 });
    await other.join(channel, 'text');
    expect((await client.next('sockudo_internal:member_added')).data).toBe(
      '{"user_id":"text","user_info":{}}',
    );

    other.send({ event: 'client-hi', channel, data: { n: 1 } });
    expect(await client.next('client-hi')).toMatchObject({ data: { n: 1 }, user_id: 'text', serial: 1 });
    other.request('presence_update', { channel, data: { mood: 'fine' } });
    await client.next('sockudo_internal:presence_update');

    await server.publish(channel, 'plain', 'x', { extras: { headers: { a: 4, b: 'x', c: true } } });
    expect(await client.next('plain')).toMatchObject({ data: 'x', serial: 2 });
    await server.publish(channel, 'whole', 'x', { delta: false });
    await client.next('whole');

    client.send({ event: 'sockudo:subscribe', data: { channel: 'cache-binary', auth: '' } });
    await client.next('sockudo:cache_miss');
    client.send({ event: 'sockudo:subscribe', data: { channel: 'not allowed' } });
    expect((await client.next('sockudo:error')).data).toMatchObject({ code: 4300 });
    client.send({ event: 'sockudo:ping' });
    expect(await client.next('sockudo:pong')).toEqual({ event: 'sockudo:pong' });

    await other.close();
    expect((await client.next('sockudo_internal:member_removed')).data).toBe('{"user_id":"text"}');
    client.close();
  });

  it('extras arrive with what the format carries of them', async () => {
    const client = await BinaryClient.connect(server, format);
    await client.subscribe('private-binary-extras');
    await server.publish('private-binary-extras', 'e', 'x', {
      extras: { headers: { number: 4, text: 'x', flag: true }, echo: false },
    });
    const frame = await client.next('e');
    expect(frame.extras).toMatchObject({ headers: { number: 4, text: 'x', flag: true } });
    client.close();
  });
});

it('D8: whole numbers in headers are written without a fraction', async () => {
  const client = await WireClient.connect(server, { protocol: 2 });
  await client.subscribe('numbers');
  let text = '';
  client.webSocket.on('message', (bytes: Buffer) => {
    text += bytes.toString('utf8');
  });
  await server.publish('numbers', 'e', 'x', { extras: { headers: { whole: 4, half: 4.5 } } });
  await client.next('e');
  expect(text).toContain('"whole":4,');
  expect(text).toContain('"half":4.5');
  await client.close();
});
