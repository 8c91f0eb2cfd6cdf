// The four routes of presence histories over a real port, with the texts and shapes that Sockudo's clients know.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CHANNEL, createFixture, type Fixture } from '../../presence-history/testing/history-fixture.ts';
import { fakeApp, fakeDeps, signedQuery } from '../fake-deps.ts';
import { createHttpFront, type HttpFront } from '../front.ts';

const off = fakeApp({ id: 'off', key: 'k-off' });
const PATH = '/apps/4242/channels/presence-room/presence/history';

let fixture: Fixture;
let front: HttpFront;
let origin: string;

beforeEach(async () => {
  fixture = createFixture();
  const { app, history } = fixture;
  front = await createHttpFront(fakeDeps({ apps: [app, off], deps: { presenceHistory: history } }));
  origin = `http://127.0.0.1:${(await front.listen()).port}`;
});
afterEach(() => front.close());

interface Reply {
  readonly status: number;
  // CAST: bodies are asserted on by shape; a wrong one fails there.
  readonly body: Record<string, unknown> & { readonly items: readonly { serial: number }[] };
}

async function send(
  method: 'GET' | 'POST',
  path: string,
  query: Record<string, string>,
  body: unknown = null,
): Promise<Reply> {
  const text = body === null ? null : JSON.stringify(body);
  const signed = signedQuery(method, path, text, { query, app: path.includes('/off/') ? off : fixture.app });
  const response = await fetch(`${origin}${path}?${signed}`, {
    method,
    ...(text !== null && { body: text, headers: { 'content-type': 'application/json' } }),
  });
  // CAST: see Reply.
  return { status: response.status, body: (await response.json()) as Reply['body'] };
}

const get = (path: string, query: Record<string, string> = {}): Promise<Reply> => send('GET', path, query);
const post = (body: unknown): Promise<Reply> => send('POST', `${PATH}/reset`, {}, body);
const refused = (error: string, status = 400, code = 'invalid_input') => ({
  status,
  body: { error, code, status },
});

function story(): void {
  fixture.record('member_added', 'ann');
  fixture.record('member_added', 'bob', { connectionId: '2.2' });
  fixture.record('member_removed', 'bob', { connectionId: '2.2' });
}

const time = expect.any(Number);
const stream = expect.stringMatching(/^[0-9a-f-]{36}$/);
const healthy = {
  stream_id: stream,
  durable_state: 'healthy',
  continuity_proven: true,
  reset_required: false,
  reason: null,
  node_id: null,
  last_transition_at_ms: null,
  authoritative_source: 'in_memory',
  observed_source: 'in_memory',
};

describe('GET …/presence/history', () => {
  it('shows transitions with all their members, newest first', async () => {
    story();
    const { status, body } = await get(PATH, { limit: '1' });
    const presenceEvent = {
      published_at_ms: time,
      event: 'member_removed',
      cause: 'disconnect',
      user_id: 'bob',
      connection_id: '2.2',
      user_info: null,
      dead_node_id: null,
      dedupe_key: expect.stringMatching(/^member_removed:bob:2\.2:/),
    };
    expect(status).toBe(200);
    expect(body).toEqual({
      items: [
        {
          stream_id: stream,
          serial: 3,
          published_at_ms: time,
          event: 'member_removed',
          cause: 'disconnect',
          user_id: 'bob',
          connection_id: '2.2',
          dead_node_id: null,
          payload_size_bytes: time,
          presence_event: presenceEvent,
        },
      ],
      direction: 'newest_first',
      limit: 1,
      has_more: true,
      next_cursor: expect.stringMatching(/^[\w-]+$/),
      bounds: { start_serial: null, end_serial: null, start_time_ms: null, end_time_ms: null },
      continuity: {
        stream_id: stream,
        oldest_available_serial: 1,
        newest_available_serial: 3,
        oldest_available_published_at_ms: time,
        newest_available_published_at_ms: time,
        retained_events: 3,
        retained_bytes: time,
        degraded: false,
        complete: false,
        truncated_by_retention: false,
      },
      stream_state: healthy,
    });
  });

  it('pages in both directions with other limits on the way', async () => {
    story();
    const serials = async (direction: string): Promise<number[]> => {
      const first = await get(PATH, { direction, limit: '2' });
      const cursor = String(first.body.next_cursor);
      const second = await get(PATH, { direction, limit: '50', cursor });
      expect(second.body).toMatchObject({
        has_more: false,
        next_cursor: null,
        continuity: { complete: true },
      });
      return [...first.body.items, ...second.body.items].map(({ serial }) => serial);
    };
    expect(await serials('forwards')).toEqual([1, 2, 3]);
    expect(await serials('Reverse')).toEqual([3, 2, 1]);
  });

  it('keeps to bounds, and cuts the limit to what a page may hold', async () => {
    story();
    const { body } = await get(PATH, { start_serial: '2', end_serial: '2', limit: '5000' });
    expect(body.items.map(({ serial }) => serial)).toEqual([2]);
    expect(body.limit).toBe(1_000);
    expect((await get(PATH, { end: '1' })).body.items).toEqual([]);
    expect((await get(PATH, { start: '1', end_time_ms: '9999999999999' })).body.items).toHaveLength(3);
  });

  it('of a channel that nobody joined is empty and complete', async () => {
    const { body } = await get(PATH);
    expect(body).toMatchObject({
      items: [],
      has_more: false,
      continuity: { oldest_available_serial: null, retained_events: 0, retained_bytes: 0, complete: true },
    });
  });

  it('is refused for other channels, without the policy, and for bad parameters', async () => {
    const elsewhere = (channel: string, id = '4242') =>
      get(PATH.replace('presence-room', channel).replace('4242', id));
    expect(await elsewhere('room')).toEqual(refused('Only presence channels support this endpoint'));
    expect(await elsewhere('presence-x', 'off')).toEqual(
      refused("Presence history is disabled by policy for channel 'presence-x'", 422, 'feature_disabled'),
    );
    expect((await elsewhere('presence-a%20b')).status).toBe(400);
    expect(await get(PATH, { limit: '0' })).toEqual(refused('Presence history limit must be greater than 0'));
    for (const query of [
      { limit: '' },
      { limit: '-1' },
      { start_serial: 'x' },
      { cursor: 'bm90LWEtY3Vyc29y' },
    ]) {
      expect(await get(PATH, query)).toMatchObject({ status: 400, body: { code: 'invalid_input' } });
    }
  });

  it('refuses a cursor of another channel, and every cursor after a reset', async () => {
    story();
    const cursor = String((await get(PATH, { limit: '1' })).body.next_cursor);
    expect(await get(PATH.replace('room', 'hall'), { cursor })).toEqual(
      refused('Presence history cursor channel does not match the request'),
    );
    await fixture.history.reset(fixture.app, CHANNEL);
    expect(await get(PATH, { cursor })).toMatchObject({
      status: 400,
      body: { error: expect.stringMatching(/^Expired presence history cursor: /) },
    });
  });
});

describe('GET …/presence/history/state', () => {
  it('shows what is retained', async () => {
    story();
    expect((await get(`${PATH}/state`)).body).toEqual({
      channel: 'presence-room',
      stream: {
        stream_id: stream,
        next_serial: 4,
        retained: {
          stream_id: stream,
          retained_events: 3,
          retained_bytes: time,
          oldest_available_serial: 1,
          newest_available_serial: 3,
          oldest_available_published_at_ms: time,
          newest_available_published_at_ms: time,
        },
        state: healthy,
      },
    });
  });
});

describe('GET …/presence/history/snapshot', () => {
  it('shows who was there, at the end or at a serial or time', async () => {
    story();
    const { body } = await get(`${PATH}/snapshot`, { at_serial: '2' });
    expect(body).toEqual({
      channel: 'presence-room',
      members: [
        { user_id: 'ann', last_event: 'member_added', last_event_serial: 1, last_event_at_ms: time },
        { user_id: 'bob', last_event: 'member_added', last_event_serial: 2, last_event_at_ms: time },
      ],
      member_count: 2,
      events_replayed: 2,
      snapshot_serial: 2,
      snapshot_time_ms: time,
      continuity: {
        stream_id: stream,
        oldest_available_serial: 1,
        newest_available_serial: 3,
        oldest_available_published_at_ms: time,
        newest_available_published_at_ms: time,
        retained_events: 3,
        retained_bytes: time,
        complete: true,
        truncated_by_retention: false,
      },
    });
    expect((await get(`${PATH}/snapshot`)).body).toMatchObject({ member_count: 1, snapshot_serial: 3 });
    expect((await get(`${PATH}/snapshot`, { at: '1' })).body).toMatchObject({
      member_count: 0,
      events_replayed: 0,
      snapshot_serial: null,
      snapshot_time_ms: null,
    });
    expect((await get(`${PATH}/snapshot`, { at: '1', at_time_ms: '9999999999999' })).body).toMatchObject({
      member_count: 1,
    });
  });

  it('is refused for what is no number, and where the history contradicts itself', async () => {
    for (const query of [{ at: 'now' }, { at_time_ms: '' }, { at_serial: '-1' }]) {
      expect(await get(`${PATH}/snapshot`, query)).toMatchObject({ status: 400 });
    }
    fixture.record('member_removed', 'ann');
    expect(await get(`${PATH}/snapshot`)).toEqual(
      refused('Presence snapshot is not available: serial 1 is about a user who had not joined'),
    );
  });
});

describe('POST …/presence/history/reset', () => {
  const good = { confirm_channel: 'presence-room', confirm_operation: 'reset', reason: 'drill' };

  it('starts a new stream', async () => {
    story();
    const before = (await get(`${PATH}/state`)).body;
    const { status, body } = await post({ ...good, requested_by: 'ops' });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      ok: true,
      operation: 'reset',
      channel: 'presence-room',
      reason: 'drill',
      requested_by: 'ops',
      purged_events: 3,
      purged_bytes: time,
      stream: { stream_id: body.new_stream_id, next_serial: 1, retained: { retained_events: 0 } },
    });
    expect(body.previous_stream_id).not.toBe(body.new_stream_id);
    expect(before).toMatchObject({ stream: { stream_id: body.previous_stream_id } });
    expect((await get(PATH)).body).toMatchObject({
      items: [],
      continuity: { stream_id: body.new_stream_id },
    });
    expect((await post(good)).body.requested_by).toBeNull();
  });

  it('is guarded', async () => {
    story();
    const refusals = [
      [{ ...good, confirm_channel: 'other' }, refused('confirm_channel must exactly match the channel path')],
      [{ ...good, confirm_operation: 'purge' }, refused("confirm_operation must be 'reset'")],
      [{ ...good, reason: ' ' }, refused('reason must not be empty')],
      [{ ...good, reason: undefined }, refused("'reason' is required and must be a string", 422)],
      [{ ...good, requested_by: 7 }, refused("'requested_by' must be a string", 422)],
      [['reset'], refused('Request body must be a JSON object', 422)],
    ] as const;
    for (const [body, answer] of refusals) expect(await post(body)).toEqual(answer);
    expect((await get(PATH)).body.items).toHaveLength(3);
  });
});
