// Hands every request on to a real provider and its answer back as it comes, and keeps both on a tape. Keys go to the provider and nowhere
// else.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { breakOff, write } from '../answering.ts';
import { RequestError } from '../formats/format.ts';
import { type Exchange, MAX_ANSWER_LENGTH, RecordingError, requestKey, Tape } from './tape.ts';

export interface RecordOptions {
  /** Where the recording is written; goes on with one that is there. */
  readonly file: string;
  /** The provider: `https://api.openai.com/v1`, `https://api.anthropic.com`. */
  readonly upstream: string;
  /** Told when an answer was handed on but not kept. */
  readonly onProblem?: ((text: string) => void) | undefined;
}

/** Not handed on: they are about this connection, or about the stand-in. */
const OWN_HEADERS = new Set(
  'host connection content-length transfer-encoding accept-encoding keep-alive upgrade expect te trailer x-local-model'.split(
    ' ',
  ),
);
const SECRET_HEADERS = ['authorization', 'x-api-key', 'api-key', 'x-goog-api-key', 'cookie'];
/** Kept of an answer, and handed back. */
const KEPT_HEADERS = ['content-type', 'retry-after', 'retry-after-ms'];
/** So short a value is no key, and would be found everywhere. */
const MIN_SECRET_LENGTH = 8;

/** @throws RecordingError when the address cannot be one of a provider */
export function addRecording(
  app: FastifyInstance,
  { file, upstream, onProblem = () => {} }: RecordOptions,
): void {
  const base = providerAt(upstream);
  let tape: Tape | null = null;
  app.addHook('onReady', async () => {
    tape = await Tape.open(file);
  });
  const underWay = new Set<Promise<void>>();
  const stop = new AbortController();
  // What was handed back whole is on the tape before the server is gone.
  app.addHook('onClose', async () => {
    stop.abort();
    await Promise.allSettled(underWay);
  });
  const exchange = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort());
    const signal = AbortSignal.any([gone.signal, stop.signal]);
    const response = await handOn(request, addressAt(base, request.url), signal);
    const kept = await handBack(request, reply, response, signal);
    if (kept === null) return;
    const isKept = typeof kept === 'object' && (await tape?.add(kept).catch(() => false));
    if (isKept !== true)
      onProblem(`An answer of ${response.status} is not recorded: too long, or no room for it`);
  };
  app.all('/v1/*', async (request, reply) => {
    const done = exchange(request, reply);
    underWay.add(done);
    await done.finally(() => underWay.delete(done));
    return reply;
  });
}

function providerAt(upstream: string): URL {
  const url = URL.canParse(upstream) ? new URL(upstream) : null;
  const isFit = url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '';
  if (isFit) return url;
  throw new RecordingError(
    'upstream must be an address such as https://api.openai.com/v1, without a password',
  );
}

/** An address with a path of its own has it in place of `/v1`. */
function addressAt(base: URL, url: string): URL {
  const path = base.pathname.replace(/\/+$/, '');
  // Only what stands behind the host: a request may name another one.
  const { pathname, search } = new URL(url, base.origin);
  return new URL(`${path === '' ? pathname : path + pathname.replace(/^\/v1/, '')}${search}`, base.origin);
}

async function handOn(request: FastifyRequest, address: URL, signal: AbortSignal): Promise<Response> {
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) {
    if (typeof value === 'string' && !OWN_HEADERS.has(name)) headers.set(name, value);
  }
  const body = request.body === undefined || request.body === null ? null : JSON.stringify(request.body);
  try {
    // A redirect would carry the key to somebody else.
    return await fetch(address, {
      method: request.method,
      headers,
      body,
      redirect: 'error',
      signal,
    });
  } catch {
    throw new RequestError(502, `The provider at ${address.origin} does not answer.`);
  }
}

/** Null: the client went, and nobody knows what would have come. `too-long`: it is not kept. */
async function handBack(
  request: FastifyRequest,
  reply: FastifyReply,
  response: Response,
  signal: AbortSignal,
): Promise<Exchange | 'too-long' | null> {
  const started = performance.now();
  const headers = keptHeaders(response);
  reply.hijack();
  reply.raw.writeHead(response.status, headers);
  const chunks: [number, string][] = [];
  let length = 0;
  let end: 'complete' | 'cut' = 'complete';
  try {
    for await (const text of textsOf(response)) {
      length += text.length;
      if (length <= MAX_ANSWER_LENGTH) chunks.push([Math.round(performance.now() - started), text]);
      await write(reply.raw, text, signal);
    }
    reply.raw.end();
  } catch {
    if (signal.aborted) return null;
    end = 'cut';
    breakOff(reply.raw);
  }
  if (length > MAX_ANSWER_LENGTH) return 'too-long';
  const key = requestKey(request.method, request.url, request.body);
  return {
    request: key,
    response: { status: response.status, headers, chunks: withoutSecrets(chunks, request), end },
  };
}

const keptHeaders = ({ headers }: Response): Record<string, string> =>
  Object.fromEntries(
    KEPT_HEADERS.flatMap((name) => {
      const value = headers.get(name);
      return value === null ? [] : [[name, value] as const];
    }),
  );

/** What comes, without splitting characters. */
async function* textsOf(response: Response): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  for await (const bytes of response.body ?? []) {
    const text = decoder.decode(bytes, { stream: true });
    if (text !== '') yield text;
  }
}

/** Some providers repeat a wrong key in their errors. */
function withoutSecrets(
  chunks: readonly [number, string][],
  { headers }: FastifyRequest,
): [number, string][] {
  const secrets = SECRET_HEADERS.flatMap((name) => {
    const value = headers[name];
    return typeof value === 'string' ? [value.replace(/^(?:bearer|basic)\s+/i, '')] : [];
  }).filter(({ length }) => length >= MIN_SECRET_LENGTH);
  const all = chunks.map(([, text]) => text).join('');
  if (!secrets.some((secret) => all.includes(secret))) return [...chunks];
  const clean = secrets.reduce((text, secret) => text.replaceAll(secret, '[removed]'), all);
  return [[chunks.at(-1)?.[0] ?? 0, clean]];
}
