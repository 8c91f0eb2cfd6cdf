// For tests: somebody who watches one message of a channel grow, puts its text together from the frames, and may lose the connection on the
// way. It notes what a reader must never see: a serial that goes back, a whole text that does not go on from the one before.
import { dataOf, WireClient, type WireFrame } from '../support/wire-client.ts';

type Address = ConstructorParameters<typeof WireClient>[0];

export interface WatcherOptions {
  readonly server: Address;
  readonly channel: string;
  readonly mode: 'delta' | 'full';
  /** Loses its connection once the text is so long, and comes back with what it knows. */
  readonly cutAt?: number;
}

export interface Position {
  readonly streamId: string;
  readonly serial: number;
}

export class Watcher {
  readonly faults: string[] = [];
  /** Resolves with the text when the message says that it is complete. */
  readonly complete: Promise<string>;
  /** Resolves when the connection was lost; at once for who keeps it. */
  readonly wasCut: Promise<void>;
  readonly #options: WatcherOptions;
  #client: WireClient | null = null;
  #text = '';
  #position: Position = { streamId: '', serial: 0 };
  #comesBack: boolean;
  #completed: (text: string) => void = () => {};
  #cut: () => void = () => {};
  #failed: (error: unknown) => void = () => {};

  constructor(options: WatcherOptions) {
    this.#options = options;
    this.#comesBack = options.cutAt !== undefined;
    this.complete = new Promise((resolve, reject) => {
      this.#completed = resolve;
      this.#failed = reject;
    });
    // Whoever waits for it is told; a test that failed before that has said why already.
    this.complete.catch(() => {});
    this.wasCut = this.#comesBack
      ? new Promise((resolve) => {
          this.#cut = resolve;
        })
      : Promise.resolve();
  }

  /** Subscribes; answers where the channel was. */
  async watch(): Promise<Position> {
    const client = await this.#connect();
    const { stream_id: streamId = '', serial = 0 } = await client.subscribe(this.#options.channel);
    this.#position = { streamId, serial };
    this.#follow(client);
    return this.#position;
  }

  /** Subscribes and asks for what comes after `position`; `text` is what it has by then. */
  async resume(position: Position, text: string): Promise<void> {
    this.#position = position;
    this.#text = text;
    const client = await this.#connect();
    const { channel } = this.#options;
    const { streamId, serial } = position;
    client.request('resume', { channel_positions: { [channel]: { stream_id: streamId, serial } } });
    client.askToSubscribe(channel);
    const { failed } = dataOf(await client.next('resume_success'));
    if (Array.isArray(failed) && failed.length > 0) throw new Error(JSON.stringify(failed));
    this.#follow(client);
  }

  close(): void {
    this.#client?.cut();
  }

  async #connect(): Promise<WireClient> {
    const { server, mode } = this.#options;
    const client = await WireClient.connect(server, { protocol: 2, query: { append_mode: mode } });
    this.#client = client;
    return client;
  }

  /** Reads what has come, and from then on what comes. */
  #follow(client: WireClient): void {
    const read = async () => {
      while (client === this.#client) this.#read(await client.frames.next());
    };
    read().catch((error: unknown) => {
      if (client === this.#client) this.#failed(error);
    });
  }

  #read({ event, serial, data, extras }: WireFrame): void {
    if (serial === undefined || (event !== 'ai-output' && event !== 'sockudo:message.append')) return;
    if (serial <= this.#position.serial) this.faults.push(`${serial} came after ${this.#position.serial}`);
    this.#position = { ...this.#position, serial };
    const isFragment = event !== 'ai-output' && this.#options.mode === 'delta';
    const text = isFragment ? this.#text + String(data) : String(data);
    if (!text.startsWith(this.#text)) this.faults.push(`'${text}' does not go on from '${this.#text}'`);
    this.#text = text;
    // CAST: every message of these channels has them.
    const { ai } = extras as { ai: { transport: { status: string } } };
    if (ai.transport.status === 'complete') this.#completed(text);
    else if (this.#comesBack && text.length >= (this.#options.cutAt ?? 0)) this.#loseConnection();
  }

  #loseConnection(): void {
    this.#comesBack = false;
    this.#client?.cut();
    this.#client = null;
    this.#cut();
    this.resume(this.#position, this.#text).catch(this.#failed);
  }
}
