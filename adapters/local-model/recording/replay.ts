// Serves a recording: each request gets what the provider answered to it, at the provider's pace, breaking off where it broke off.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { breakOff, write } from '../answering.ts';
import { RequestError } from '../formats/format.ts';
import { readSettings, type Settings, SettingsError } from '../settings.ts';
import { type Pace, waiter } from '../stream/perform.ts';
import { type Exchange, readTape, requestKey } from './tape.ts';

export function addReplay(
  app: FastifyInstance,
  file: string,
  settings: Settings,
  pace: Pace | undefined,
): void {
  let player = new Player([]);
  app.addHook('onReady', async () => {
    player = new Player(await readTape(file));
  });
  app.all('/v1/*', async (request, reply) => {
    const { speed } = settingsOf(request, settings);
    const { response } = player.next(requestKey(request.method, request.url, request.body));
    await play(reply, response, speed === Infinity, pace);
    return reply;
  });
}

/** Finds the answer to a request. The same request again gets the next answer to it, and after the last the first. */
export class Player {
  readonly #exchanges: readonly Exchange[];
  readonly #played = new Map<Exchange, number>();

  constructor(exchanges: readonly Exchange[]) {
    this.#exchanges = exchanges;
  }

  /** Where no body is the same: the next one of the path that was not played yet. @throws RequestError */
  next({ method, path, body }: Exchange['request']): Exchange {
    const there = this.#exchanges.filter(({ request }) => request.method === method && request.path === path);
    const same = there.filter(({ request }) => request.body === body);
    const count = (one: Exchange): number => this.#played.get(one) ?? 0;
    const found =
      same.length > 0
        ? same.reduce((a, b) => (count(b) < count(a) ? b : a))
        : there.find((one) => count(one) === 0);
    if (found === undefined)
      throw new RequestError(404, `The recording has no answer to this ${method} ${path}`);
    this.#played.set(found, count(found) + 1);
    return found;
  }
}

function settingsOf(request: FastifyRequest, base: Settings): Settings {
  const header = request.headers['x-local-model'];
  try {
    return readSettings(typeof header === 'string' ? header : '', base);
  } catch (error) {
    if (error instanceof SettingsError) throw new RequestError(400, error.message);
    throw error;
  }
}

async function play(
  reply: FastifyReply,
  { status, headers, chunks, end }: Exchange['response'],
  isFast: boolean,
  pace: Pace | undefined,
): Promise<void> {
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort());
  const wait = waiter(pace, gone.signal);
  reply.hijack();
  reply.raw.writeHead(status, headers);
  try {
    let before = 0;
    for (const [ms, text] of chunks) {
      await wait(text, isFast ? 0 : Math.max(0, ms - before));
      before = ms;
      await write(reply.raw, text, gone.signal);
    }
  } catch {
    return breakOff(reply.raw);
  }
  if (end === 'cut') breakOff(reply.raw);
  else reply.raw.end();
}
