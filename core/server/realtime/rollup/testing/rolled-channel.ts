// For tests: a channel on a log in memory whose appends are rolled up, and a publisher for it.
import type { Drivers } from '../../../compose.ts';
import { PluginStages } from '../../../plugins/stages.ts';
import type { Message } from '../../../ports/message.ts';
import type { TestClient, TestClientOptions } from '../../testing/test-client.ts';
import { type TestRealtime, testRealtime } from '../../testing/test-realtime.ts';

export interface RolledOptions {
  readonly defaultWindowMs?: number;
  readonly maxMessages?: number;
  readonly drivers?: Partial<Drivers>;
}

/** Appends of channels that begin with `ai-` are rolled up, by default for 40 ms. */
export function rolledRealtime(options: RolledOptions = {}): TestRealtime {
  const { defaultWindowMs = 40, maxMessages = 100, drivers } = options;
  const covers = (channel: string): boolean => channel.startsWith('ai-');
  const rollup = { covers, defaultWindowMs, maxMessages };
  const stages = new PluginStages([{ name: 'rollup', rollup }]);
  return testRealtime({ stages, ...(drivers !== undefined && { drivers }) });
}

export const CHANNEL = 'ai-room';

type ReaderOptions = TestClientOptions & { readonly channel?: string; readonly with?: object };

export interface RolledRoom {
  readonly realtime: TestRealtime;
  readonly author: Author;
  /** Subscribed on protocol 2 to CHANNEL or another, `with` these members. */
  reader(options?: ReaderOptions): Promise<TestClient>;
  /** A new message, which these readers have read: from then on they are live on the lanes. */
  message(...readers: TestClient[]): Promise<string>;
}

export function rolledRoom(options: RolledOptions = {}): RolledRoom {
  const realtime = rolledRealtime(options);
  const author = new Author(realtime, CHANNEL);
  return {
    realtime,
    author,
    async reader({ channel = CHANNEL, with: subscribe, ...rest } = {}) {
      const client = realtime.client({ protocol: 2, ...rest });
      await client.subscribe(channel, { ...subscribe });
      return client;
    },
    async message(...readers) {
      const serial = await author.create('');
      for (const client of readers) await client.answers();
      return serial;
    },
  };
}

/** Data and serial of the frames since the last look. */
export async function seen(client: TestClient): Promise<[data: unknown, serial: unknown][]> {
  return (await client.answers()).map(({ data, serial }) => [data, serial]);
}

export class Author {
  readonly #realtime: TestRealtime;
  readonly #channel: string;

  constructor(realtime: TestRealtime, channel: string) {
    this.#realtime = realtime;
    this.#channel = channel;
  }

  /** Answers the message's serial. */
  async create(text: string, more: Partial<Pick<Message, 'tags' | 'extras'>> = {}): Promise<string> {
    const { context, app } = this.#realtime;
    const key = { appId: app.id, channel: this.#channel };
    const data = JSON.stringify(text);
    await context.publisher.publishClientEvent({
      app,
      channel: this.#channel,
      event: 'answer',
      data,
      ...more,
    });
    const page = await context.logs.of(app)?.read(key, { direction: 'newest-first', limit: 1 });
    const entry = page?.kind === 'page' ? page.entries[0] : undefined;
    if (entry?.messageSerial === undefined) throw new Error('the message has no serial');
    return entry.messageSerial;
  }

  /** `extras`: JSON text. */
  async append(messageSerial: string, text: string, extras?: string): Promise<void> {
    const { context, app } = this.#realtime;
    const request = {
      kind: 'append',
      data: JSON.stringify(text),
      ...(extras !== undefined && { extras }),
    } as const;
    await context.mutations.change(app, this.#channel, messageSerial, request);
  }

  async finish(messageSerial: string, text: string): Promise<void> {
    await this.append(messageSerial, text, '{"ai":{"transport":{"status":"complete"}}}');
  }

  async update(messageSerial: string, text: string): Promise<void> {
    const { context, app } = this.#realtime;
    const request = { kind: 'update', data: JSON.stringify(text), clear: new Set<never>() } as const;
    await context.mutations.change(app, this.#channel, messageSerial, request);
  }
}
