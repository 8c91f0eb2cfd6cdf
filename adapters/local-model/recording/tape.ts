// A recording: requests and answers of a provider with their times, a line of JSON for each. No header of a request is in it, and of those
// of an answer only what a replay needs. All bounds of recordings are here.
import { createHash } from 'node:crypto';
import { appendFile, readFile, stat } from 'node:fs/promises';
import { z } from 'zod';

export const MAX_TAPE_BYTES = 64 * 1024 * 1024;
/** Answers longer than this are handed on but not kept. */
export const MAX_ANSWER_LENGTH = 8 * 1024 * 1024;
const HEADER = { recording: 'sockudo-local-model', version: 1 } as const;
/** Members of a query that say what is asked for; others might be keys. */
const QUERY = ['stream', 'starting_after', 'after', 'limit'];

const exchange = z.object({
  request: z.object({ method: z.string(), path: z.string(), body: z.string() }),
  response: z.object({
    status: z.int().min(100).max(599),
    headers: z.record(z.string(), z.string()),
    /** Milliseconds since the request, and what came. */
    chunks: z.array(z.tuple([z.number().min(0), z.string()])),
    end: z.enum(['complete', 'cut']),
  }),
});

/** `request.path`: with what matters of the query. `request.body`: the SHA-256 of what it says. */
export type Exchange = z.infer<typeof exchange>;

/** The recording cannot be used; `message` names the file. */
export class RecordingError extends Error {
  override readonly name = 'RecordingError';
}

/** @throws RecordingError: it is missing, too large, or no recording */
export async function readTape(file: string): Promise<Exchange[]> {
  const size = await sizeOf(file);
  if (size === null) throw new RecordingError(`There is no recording ${file}`);
  if (size > MAX_TAPE_BYTES) throw new RecordingError(`${file} is larger than ${MAX_TAPE_BYTES} bytes`);
  const [first = '', ...lines] = (await readFile(file, 'utf8')).split('\n');
  if (first !== JSON.stringify(HEADER)) throw new RecordingError(`${file} is no recording of this version`);
  return lines.flatMap((line, index) => {
    if (line === '') return [];
    const parsed = exchange.safeParse(jsonOf(line));
    if (!parsed.success) throw new RecordingError(`${file}: line ${index + 2} is not as it was written`);
    return [parsed.data];
  });
}

/** Appends to a file, one exchange after the other. */
export class Tape {
  readonly #file: string;
  #bytes: number;
  #written: Promise<void> = Promise.resolve();

  private constructor(file: string, bytes: number) {
    this.#file = file;
    this.#bytes = bytes;
  }

  /** Makes the file, readable only by its owner, or goes on with it. @throws RecordingError */
  static async open(file: string): Promise<Tape> {
    const isNew = ((await sizeOf(file)) ?? 0) === 0;
    if (!isNew) await readTape(file);
    const tape = new Tape(file, (await sizeOf(file)) ?? 0);
    if (isNew) await tape.#append(`${JSON.stringify(HEADER)}\n`);
    return tape;
  }

  /** False: there is no room for it. Rejects when the disk does. */
  async add(one: Exchange): Promise<boolean> {
    const line = `${JSON.stringify(one)}\n`;
    const bytes = Buffer.byteLength(line);
    if (this.#bytes + bytes > MAX_TAPE_BYTES) return false;
    this.#bytes += bytes;
    await this.#append(line);
    return true;
  }

  #append(line: string): Promise<void> {
    const written = this.#written.then(() => appendFile(this.#file, line, { mode: 0o600 }));
    this.#written = written.catch(() => {});
    return written;
  }
}

/** What a request is found again by. */
export function requestKey(method: string, url: string, body: unknown): Exchange['request'] {
  const { pathname, searchParams } = new URL(url, 'http://localhost');
  const query = QUERY.flatMap((name) => {
    const value = searchParams.get(name);
    return value === null ? [] : [`${name}=${encodeURIComponent(value)}`];
  });
  const path = query.length === 0 ? pathname : `${pathname}?${query.join('&')}`;
  return { method, path, body: createHash('sha256').update(sorted(body)).digest('hex') };
}

/** The same for the same JSON, whatever the order of its members. */
const sorted = (value: unknown): string =>
  JSON.stringify(value ?? null, (_key, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

const sizeOf = async (file: string): Promise<number | null> =>
  (await stat(file).catch(() => null))?.size ?? null;
