// A stream of 400 appends that is cut wherever it can be: after each frame that a client gets, and in the middle of what the
// producer sends. The text is the same every time.
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { signedPath } from '../../bench/load/signed-path.ts';
import { TEST_APP } from '../support/credentials.ts';
import { startTestServer, type TestServer } from '../support/test-server.ts';
import { WireClient, type WireFrame } from '../support/wire-client.ts';

const FRAGMENTS = Array.from({ length: 400 }, (_, i) => `${i} `);
const TEXT = FRAGMENTS.join('');
const BODY = FRAGMENTS.map((data, i) => `${JSON.stringify({ op_id: `op-${i}`, data })}\n`).join('');
const PRODUCER_CUTS = 50;
const APP = {
  policy: { history: { enabled: true }, connection_recovery: { max_buffer_size: 1000 } },
};

async function startServer(): Promise<TestServer> {
  const server = await startTestServer({ app: APP });
  onTestFinished(() => server.close());
  return server;
}

async function create(server: TestServer, channel: string): Promise<string> {
  const body = { name: 'answer', channel, data: '', info: 'message_serial' };
  const { text } = await server.request('POST', '/events', { body });
  return JSON.parse(text).channels[channel].message_serial;
}

async function textOf(server: TestServer, channel: string, serial: string): Promise<string> {
  const path = `/channels/${channel}/messages/${encodeURIComponent(serial)}`;
  return JSON.parse((await server.request('GET', path)).text).item.data;
}

/** The whole request of the producer, as it goes over the wire. */
function requestOf(channel: string, serial: string): string {
  const path = `/apps/${TEST_APP.id}/channels/${channel}/messages/${encodeURIComponent(serial)}/appends`;
  return (
    `POST ${signedPath(TEST_APP, path, '')} HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n` +
    `Connection: close\r\n\r\n${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`
  );
}

/** Sends the bytes, and hangs up after them if they are to be all; resolves with the answer once the server has hung up. */
async function send(port: number, bytes: string, isCut = false): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  let answer = '';
  socket.on('data', (chunk) => {
    answer += chunk.toString('latin1');
  });
  if (isCut) socket.end(bytes);
  else socket.write(bytes);
  await once(socket, 'close');
  return answer;
}

/** Follows the message: the fragments that it got, and where it stands. */
class Follower {
  text = '';
  count = 0;
  #position: { readonly stream_id: string; readonly serial: number };
  readonly #cutAfter: number;
  readonly #server: TestServer;
  readonly #all = Promise.withResolvers<void>();

  constructor(server: TestServer, cutAfter: number, head: WireFrame) {
    this.#server = server;
    this.#cutAfter = cutAfter;
    this.#position = { stream_id: head.stream_id ?? '', serial: head.serial ?? 0 };
  }

  static async start(server: TestServer, cutAfter: number): Promise<Follower> {
    const client = await WireClient.connect(server, { protocol: 2 });
    const follower = new Follower(server, cutAfter, await client.subscribe('room'));
    follower.#follow(client, () => {
      client.webSocket.terminate();
      follower.#comeBack().catch(follower.#all.reject);
    });
    return follower;
  }

  /** Resolves when it has as many fragments as there are. */
  get done(): Promise<void> {
    return this.#all.promise;
  }

  async #comeBack(): Promise<void> {
    const client = await WireClient.connect(this.#server, { protocol: 2 });
    this.#follow(client, null);
    client.request('resume', { channel_positions: { room: this.#position } });
    await client.subscribe('room');
    await client.next('resume_success');
    await this.done;
    client.webSocket.terminate();
  }

  /** Takes the frames of one connection, up to the cut. */
  #follow({ webSocket }: WireClient, cut: (() => void) | null): void {
    let isCut = false;
    webSocket.on('message', (bytes: Buffer) => {
      // CAST: the server's frames.
      const frame = JSON.parse(bytes.toString()) as WireFrame;
      if (isCut || frame.event !== 'sockudo:message.append') return;
      this.#take(frame);
      isCut = cut !== null && this.count === this.#cutAfter;
      if (isCut) cut?.();
      if (this.count >= FRAGMENTS.length) this.#all.resolve();
    });
  }

  #take({ stream_id = '', serial = 0, data }: WireFrame): void {
    this.#position = { stream_id, serial };
    this.text += String(data);
    this.count += 1;
  }
}

describe('a stream of 400 appends', () => {
  it('shows the same text to clients that lose their connection after each of its frames', async () => {
    const server = await startServer();
    const serial = await create(server, 'room');
    const cuts = FRAGMENTS.map((_, index) => index + 1);
    const followers = await Promise.all(cuts.map((cut) => Follower.start(server, cut)));
    await send(server.port, requestOf('room', serial));
    await Promise.all(followers.map(({ done }) => done));
    for (const [index, follower] of followers.entries()) {
      expect([cuts[index], follower.text]).toEqual([cuts[index], TEXT]);
    }
    expect(server.complaints).toEqual([]);
  });

  it(`is the same text when the producer is cut at any of ${PRODUCER_CUTS} bytes and begins again`, async () => {
    const server = await startServer();
    await Promise.all(
      Array.from({ length: PRODUCER_CUTS }, async (_, index) => {
        const channel = `cut-${index}`;
        const serial = await create(server, channel);
        const request = requestOf(channel, serial);
        const cut = randomInt(1, request.length);
        await send(server.port, request.slice(0, cut), true);
        const written = await textOf(server, channel, serial);
        expect([cut, TEXT.startsWith(written)]).toEqual([cut, true]);
        const answer = await send(server.port, request);
        expect([cut, answer.match(/"status":"(applied|duplicate)"/g)?.length]).toEqual([cut, 400]);
        expect([cut, await textOf(server, channel, serial)]).toEqual([cut, TEXT]);
      }),
    );
    expect(server.complaints).toEqual([]);
  });
});
