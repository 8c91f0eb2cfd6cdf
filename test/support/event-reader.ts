// Reads Server-Sent Events as a browser does (HTML standard, event stream interpretation), with every field in sight.
import { request } from 'node:http';

export interface SeenEvent {
  readonly id: string;
  readonly event: string;
  readonly data: string;
}

export interface EventReader {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  /** Body of an answer that is no stream. */
  text(): Promise<string>;
  /** The next event; null at the end of the stream. */
  next(): Promise<SeenEvent | null>;
  /** The next event of this name; those before it are lost. */
  until(event: string): Promise<SeenEvent>;
  /** Id of the last event that was read. */
  lastEventId(): string;
  pause(): void;
  resume(): void;
  close(): void;
}

export function readEvents(url: string, headers: Record<string, string> = {}): Promise<EventReader> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { headers }, (response) => {
      response.on('error', () => {});
      const blocks: (SeenEvent | null)[] = [];
      let wake = (): void => {};
      let rest = '';
      let id = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        const parts = (rest + chunk).split('\n\n');
        rest = parts.pop() ?? '';
        for (const part of parts) {
          const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(part)?.[1];
          const data = field('data');
          if (data !== undefined) blocks.push({ id: field('id') ?? '', event: field('event') ?? '', data });
        }
        wake();
      });
      response.on('close', () => {
        blocks.push(null);
        wake();
      });
      const next = async (): Promise<SeenEvent | null> => {
        while (blocks.length === 0) {
          await new Promise<void>((ready) => {
            wake = ready;
          });
        }
        const block = blocks[0] ?? null;
        if (block !== null) {
          blocks.shift();
          id = block.id;
        }
        return block;
      };
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        next,
        async until(event) {
          let last = `status ${response.statusCode} ${rest}`;
          for (;;) {
            const seen = await next();
            if (seen === null) throw new Error(`the stream ended before ${event}, after ${last}`);
            if (seen.event === event) return seen;
            last = seen.data;
          }
        },
        async text() {
          while (blocks.length === 0)
            await new Promise<void>((ready) => {
              wake = ready;
            });
          return rest;
        },
        lastEventId: () => id,
        pause: () => void response.pause(),
        resume: () => void response.resume(),
        close: () => void sent.destroy(),
      });
    });
    sent.on('error', reject);
    sent.end();
  });
}
