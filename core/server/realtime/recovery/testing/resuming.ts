// For tests: a realtime context with what tests of recovery do to it, and the outcome of a resume as a value.
import { parsePublish } from '@sockudo/protocol';
import type { Position } from '../../../ports/channel-log.ts';
import type { Frame, TestClient, TestClientOptions } from '../../testing/test-client.ts';
import { type TestRealtime, type TestRealtimeOptions, testRealtime } from '../../testing/test-realtime.ts';

export interface Resumed {
  /** Frames of channels, in order; `resume_failed` and `resume_success` are not among them. */
  readonly messages: readonly Frame[];
  readonly recovered: readonly Record<string, unknown>[];
  readonly failed: readonly Record<string, unknown>[];
  /** Names of all frames in order. */
  readonly order: readonly string[];
}

export class RecoveryBench {
  readonly realtime: TestRealtime;

  constructor(options: TestRealtimeOptions = {}) {
    this.realtime = testRealtime(options);
  }

  client(options: TestClientOptions = { protocol: 2 }): TestClient {
    return this.realtime.client(options);
  }

  /** Publishes over HTTP, with further members of the body. */
  async publish(channel: string, data: string, more: Record<string, unknown> = {}): Promise<void> {
    const body = { name: 'tick', channels: [channel], data, ...more };
    await this.realtime.context.publisher.publishEvent(this.realtime.app, parsePublish(body));
  }

  /** Identity of the message that this frame brought. */
  messageSerialOf(frame: Frame | undefined): string {
    // CAST: frames of versioned messages carry these headers.
    const extras = frame?.extras as { headers?: Record<string, string> } | undefined;
    return extras?.headers?.sockudo_message_serial ?? '';
  }

  async publishMany(channel: string, count: number): Promise<void> {
    for (let i = 1; i <= count; i += 1) await this.publish(channel, `${i}`);
  }

  async head(channel: string): Promise<Position> {
    const head = await this.realtime.context.logs.head(this.realtime.app, channel);
    if (head === null) throw new Error('the app keeps nothing');
    return head;
  }

  /** As after a restart: nothing is in memory but the log. */
  async forget(channel: string): Promise<void> {
    this.realtime.context.recovery.cut({ appId: this.realtime.app.id, channel }, await this.head(channel));
  }

  /** Resumes and takes what comes of it. */
  async resume(client: TestClient, positions: Record<string, unknown>): Promise<Resumed> {
    await client.answers();
    client.request('resume', { channel_positions: positions });
    return resumed(await client.answers());
  }

  async close(): Promise<void> {
    this.realtime.context.recovery.close();
    await this.realtime.close();
  }
}

export function resumed(frames: readonly Frame[]): Resumed {
  const success = frames.find(({ event }) => /:resume_success$/.test(event));
  const { recovered = [], failed = [] } = success === undefined ? {} : JSON.parse(String(success.data));
  return {
    messages: frames.filter(({ event, channel }) => channel !== undefined && !event.includes('resume_')),
    recovered,
    failed,
    order: frames.map(({ event }) => event.replace(/^(sockudo|pusher)(_internal)?:/, '')),
  };
}

export const position = ({ streamId, serial }: Position, more: object = {}): Record<string, unknown> => ({
  stream_id: streamId,
  serial,
  ...more,
});

export const serialsOf = (frames: readonly Frame[]): unknown[] => frames.map(({ serial }) => serial);
