// A channel as it happens, over one request that stays open (docs/server-sent-events.md). Reads until the server or the caller ends
// it; coming back with the last id is the caller's decision.
import type { Configuration } from './configuration.ts';
import { SockudoRequestError } from './errors.ts';
import { channelPath } from './names.ts';
import { addressOf, libraryHeaders, readBody, statusError } from './transport.ts';

export interface ChannelEventsParams {
  /** `id` of the last event that was read: what was missed comes first. */
  readonly lastEventId?: string | undefined;
  /** As in a subscribe: `{ events, tags, expression }`. */
  readonly filter?: Readonly<Record<string, unknown>> | undefined;
  /** Ends the reading. */
  readonly signal?: AbortSignal | undefined;
}

export interface ChannelEvent {
  /** The event's name; `sockudo_internal:subscription_succeeded` once what follows is live. */
  readonly event: string;
  /** JSON text of the whole frame. */
  readonly data: string;
  /** For `lastEventId`; empty where the event has no place. */
  readonly id: string;
}

/** The server speaks every 15 seconds. */
const SILENCE_MS = 40_000;
/** Longest event, in UTF-16 units. */
const MAX_EVENT_LENGTH = 16 * 1024 * 1024;

/** Ends when the server ends the stream. @throws SockudoRequestError; the signal's reason once it is aborted */
export async function* readChannelEvents(
  config: Configuration,
  channel: string,
  { lastEventId, filter, signal }: ChannelEventsParams,
): AsyncGenerator<ChannelEvent, void> {
  const params = { filter: filter === undefined ? undefined : JSON.stringify(filter) };
  const address = addressOf(config, { method: 'GET', path: `${channelPath(channel)}/events`, params });
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(), SILENCE_MS);
  const headers = libraryHeaders({
    accept: 'text/event-stream',
    ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
  });
  const signals = signal === undefined ? [silence.signal] : [signal, silence.signal];
  try {
    const response = await config.fetch(address.address, {
      headers,
      redirect: 'manual',
      signal: AbortSignal.any(signals),
    });
    if (!response.ok) {
      throw statusError(response, await readBody(response), address.shownAddress, address.signature);
    }
    yield* eventsIn(response, () => timer.refresh());
  } catch (error) {
    if (error instanceof SockudoRequestError) throw error;
    signal?.throwIfAborted();
    const text = silence.signal.aborted ? 'The server was silent' : 'Request failed with an error';
    const cause = error instanceof Error ? error : new Error(String(error));
    throw new SockudoRequestError(text, { url: address.shownAddress, cause, isRetryable: true });
  } finally {
    clearTimeout(timer);
  }
}

async function* eventsIn(response: Response, heard: () => void): AsyncGenerator<ChannelEvent, void> {
  if (response.body === null) return;
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of response.body) {
    heard();
    const blocks = (rest + decoder.decode(chunk, { stream: true })).split('\n\n');
    rest = blocks.pop() ?? '';
    if (rest.length > MAX_EVENT_LENGTH) throw new Error('An event is too long');
    for (const block of blocks) {
      const event = eventOf(block);
      if (event !== null) yield event;
    }
  }
}

/** Null for what is no event: a sign of life, the time to come back after. */
function eventOf(block: string): ChannelEvent | null {
  const fields = new Map<string, string>();
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1).replace(/^ /, ''));
  }
  const data = fields.get('data');
  return data === undefined ? null : { event: fields.get('event') ?? '', data, id: fields.get('id') ?? '' };
}
