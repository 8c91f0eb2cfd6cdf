import { expect, it } from 'vitest';
import { EventSocket } from './event-source-socket.ts';
import { FakeRuntime, settled } from './testing/fake-runtime.ts';

const ACKNOWLEDGED = 'sockudo_internal:subscription_succeeded';

const eventText = (event: string, id: string, data = '{}') =>
  `event: ${event}\ndata: ${JSON.stringify({ event, channel: 'room', data })}\nid: ${id}\n\n`;

it('resumes from where it was asked to, whatever comes on the stream meanwhile', async () => {
  const streams: { url: URL; push: (text: string) => void }[] = [];
  class StreamRuntime extends FakeRuntime {
    override async fetch(url: string): Promise<Response> {
      if (url.endsWith('/ticket')) return Response.json({ socket_id: '1.1', ticket: 't' });
      let push = (_text: string) => {};
      const body = new ReadableStream({
        start: (controller) => {
          push = (text) => controller.enqueue(new TextEncoder().encode(text));
        },
      });
      streams.push({ url: new URL(url), push });
      return new Response(body);
    }
  }
  const runtime = new StreamRuntime();
  const socket = new EventSocket('ws://localhost/app/key?protocol=2', runtime);
  const heard: string[] = [];
  const established = Promise.withResolvers<void>();
  const resumed = Promise.withResolvers<void>();
  const say = (event: string, data: object) => socket.send(JSON.stringify({ event, data }));
  socket.onmessage = ({ data }: { data: string }) => {
    const { event } = JSON.parse(data);
    heard.push(event);
    if (event === 'sockudo:connection_established') established.resolve();
    if (event !== ACKNOWLEDGED) return;
    say('sockudo:resume', { channel_positions: { room: { stream_id: 's', serial: 5 } } });
    resumed.resolve();
  };
  await established.promise;
  say('sockudo:subscribe', { channel: 'room', auth: '' });
  runtime.advance(20);
  await settled();
  streams[0]?.push(eventText(ACKNOWLEDGED, 's:10') + eventText('tick', 's:11'));
  await resumed.promise;
  await settled();
  runtime.advance(20);
  await settled();
  expect(streams[1]?.url.searchParams.get('last_event_id')).toBe('s:5');
  expect(heard).toEqual(['sockudo:connection_established', ACKNOWLEDGED]);
  socket.close();
});
