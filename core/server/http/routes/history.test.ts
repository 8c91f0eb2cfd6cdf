// The routes of a channel's history over a real port, and what makes pages a history: put together they are the log.
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ApiCaller, durableApp, startApi } from '../../messages/testing/api-caller.ts';

const PATH = '/channels/room/history';
const confirmation = { confirm_channel: 'room', reason: 'test' };

let api: ApiCaller;

beforeEach(async () => {
  api = await startApi({ pageSize: 10 });
});
afterEach(() => api.close());

async function publish(count: number, channel = 'room'): Promise<string[]> {
  const serials: string[] = [];
  for (let i = 1; i <= count; i += 1) serials.push(await api.create(api.app, channel, 'ev', `m${i}`));
  return serials;
}

const serialsOf = (items: readonly { serial: number }[]): number[] => items.map(({ serial }) => serial);

describe('GET history', () => {
  it('is a page with what stands around it', async () => {
    const [first = ''] = await publish(2);
    await api.post(`/channels/room/messages/${first}/append`, { data: '+' });
    const { status, body } = await api.get(PATH, { direction: 'oldest_first' });
    expect(status).toBe(200);
    expect(body.items[0]).toMatchObject({
      serial: 1,
      event_name: 'sockudo:message.append',
      operation_kind: 'message.append',
      message: { data: 'm1+', name: 'ev', serial: 3, history_serial: 1, action: 'append' },
    });
    expect(body.items[0]?.message).not.toHaveProperty('stream_id');
    expect(body.items[0]?.payload_size_bytes).toBe(JSON.stringify(body.items[0]?.message).length);
    expect(body).toMatchObject({
      direction: 'oldest_first',
      limit: 10,
      has_more: false,
      next_cursor: null,
      bounds: { start_serial: null, end_serial: null, start_time_ms: null, end_time_ms: null },
      continuity: {
        oldest_available_serial: 1,
        newest_available_serial: 2,
        retained_messages: 2,
        complete: true,
        truncated_by_retention: false,
      },
      stream_state: { durable_state: 'healthy', recovery_allowed: true, authoritative_source: 'in_memory' },
    });
  });

  it('shows every change at once, also where the same page was asked for before', async () => {
    const [first = ''] = await publish(2);
    const shown = async () => {
      const { items, continuity } = (await api.get(PATH)).body;
      return [items.map(({ message }) => message.data), continuity.retained_messages];
    };
    expect(await shown()).toEqual([['m2', 'm1'], 2]);
    expect(await shown()).toEqual([['m2', 'm1'], 2]);
    await api.post(`/channels/room/messages/${first}/append`, { data: '+' });
    expect(await shown()).toEqual([['m2', 'm1+'], 2]);
    await publish(1);
    expect(await shown()).toEqual([['m1', 'm2', 'm1+'], 3]);
    const purge = { ...confirmation, confirm_operation: 'purge', mode: 'before_serial', before_serial: 2 };
    await api.post(`${PATH}/purge`, purge);
    expect(await shown()).toEqual([['m1', 'm2'], 2]);
  });

  it('shows messages without versions as they were published', async () => {
    await api.close();
    api = await startApi({ app: durableApp({ versionsEnabled: false }), versionsEnabled: false });
    await api.create(api.app, 'room', 'ev', 'text', { message_id: 'm-1', tags: { t: '1' } });
    const { body } = await api.get(PATH);
    expect(body.items[0]).toMatchObject({ event_name: 'ev', operation_kind: 'append', message_id: 'm-1' });
    const { stream_id } = body.continuity;
    expect(body.items[0]?.message).toEqual({
      event: 'ev',
      channel: 'room',
      data: 'text',
      message_id: 'm-1',
      stream_id,
      serial: 1,
      tags: { t: '1' },
    });
  });

  it('says where the beginning is missing', async () => {
    await publish(4);
    await api.post(`${PATH}/purge`, {
      ...confirmation,
      confirm_operation: 'purge',
      mode: 'before_serial',
      before_serial: 3,
    });
    const flags = async (query: Record<string, string>) => {
      const { complete, truncated_by_retention } = (await api.get(PATH, query)).body.continuity;
      return [complete, truncated_by_retention];
    };
    expect(await flags({})).toEqual([false, true]);
    expect(await flags({ start_serial: '3' })).toEqual([true, false]);
    expect(await flags({ start_serial: '2' })).toEqual([false, true]);
    expect(await flags({ start_time_ms: '1' })).toEqual([false, true]);
    expect(await flags({ start_serial: '3', limit: '1' })).toEqual([false, false]);
  });

  it('refuses a cursor that was overtaken', async () => {
    await publish(5);
    const { body } = await api.get(PATH, { limit: '2' });
    const go = () => api.get(PATH, { limit: '2', cursor: body.next_cursor ?? '' });
    expect((await go()).status).toBe(200);
    const purge = { ...confirmation, confirm_operation: 'purge', mode: 'before_serial', before_serial: 5 };
    await api.post(`${PATH}/purge`, purge);
    expect(await go()).toMatchObject({
      status: 400,
      body: { error: 'History cursor is older than the retained history' },
    });
    await api.post(`${PATH}/reset`, { ...confirmation, confirm_operation: 'reset' });
    expect(await go()).toMatchObject({
      status: 400,
      body: { error: 'History cursor belongs to a stream that was reset' },
    });
  });

  it('is refused where history is off, on every route', async () => {
    await api.close();
    api = await startApi({
      app: durableApp({ history: { enabled: false, rewindEnabled: false, retention: {} } }),
    });
    const refusal = {
      status: 422,
      body: {
        error: "Durable history is disabled by policy for channel 'room'",
        code: 'feature_disabled',
        status: 422,
      },
    };
    expect(await api.get(PATH, { limit: '0' })).toEqual(refusal);
    expect(await api.get(`${PATH}/state`)).toEqual(refusal);
    expect(await api.post(`${PATH}/purge`, {})).toEqual(refusal);
    expect(await api.post(`${PATH}/reset`, {})).toEqual(refusal);
    expect((await api.get('/channels/no%20channel/history')).status).toBe(400);
  });
});

describe('pages put together', () => {
  it('are the same list in both directions, at any page size, within any bounds, whatever was mutated', async () => {
    const story = fc.array(fc.constantFrom('create', 'append', 'update', 'delete'), {
      minLength: 1,
      maxLength: 25,
    });
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(
        story,
        fc.integer({ min: 1, max: 7 }),
        fc.option(fc.integer({ min: 0, max: 30 }), { nil: null }),
        fc.option(fc.integer({ min: 0, max: 30 }), { nil: null }),
        async (steps, limit, a, b) => {
          runs += 1;
          const channel = `run-${runs}`;
          const expected = await tell(channel, steps);
          const [start, end] = a !== null && b !== null && a > b ? [b, a] : [a, b];
          const bounds = {
            ...(start !== null && { start_serial: String(start) }),
            ...(end !== null && { end_serial: String(end) }),
          };
          const query = { limit: String(limit), ...bounds };
          const within = expected.filter(
            ({ serial }) => serial >= (start ?? 0) && serial <= (end ?? Number.POSITIVE_INFINITY),
          );
          expect(await allPages(channel, { ...query, direction: 'oldest_first' })).toEqual(within);
          expect((await allPages(channel, { ...query, direction: 'newest_first' })).reverse()).toEqual(
            within,
          );
        },
      ),
      { numRuns: 60 },
    );
  }, 60_000);

  /** Plays the steps and answers what each row should show, by a plain model. */
  async function tell(
    channel: string,
    steps: readonly string[],
  ): Promise<{ serial: number; data?: string }[]> {
    const rows: { serial: number; data?: string }[] = [];
    const messages: string[] = [];
    let serial = 0;
    for (const [index, step] of steps.entries()) {
      const target = index % Math.max(1, messages.length);
      const row = rows[target];
      if (step === 'create' || row === undefined) {
        messages.push(await api.create(api.app, channel, 'ev', `m${index}`));
        rows.push({ serial: ++serial, data: `m${index}` });
        continue;
      }
      const path = `/channels/${channel}/messages/${messages[target]}`;
      if (step === 'delete') {
        await api.post(`${path}/delete`, { data: 'gone' });
        row.data = 'gone';
      } else if (step === 'append') {
        await api.post(`${path}/append`, { data: '+' });
        row.data += '+';
      } else {
        await api.post(`${path}/update`, { data: `u${index}` });
        row.data = `u${index}`;
      }
      serial += 1;
    }
    return rows;
  }

  async function allPages(channel: string, query: Record<string, string>): Promise<unknown[]> {
    const rows: unknown[] = [];
    for (let cursor: string | null = null; ; ) {
      const { body } = await api.get(`/channels/${channel}/history`, {
        ...query,
        ...(cursor !== null && { cursor }),
      });
      expect(body.items.length).toBeLessThanOrEqual(Number(query.limit));
      expect(body.has_more).toBe(body.next_cursor !== null);
      for (const { serial, message } of body.items) rows.push({ serial, data: message.data });
      cursor = body.next_cursor;
      if (cursor === null) return rows;
    }
  }
});

describe('purge and reset', () => {
  it('purge up to a serial, with everything that hangs on the messages', async () => {
    const [first = '', second = ''] = await publish(3);
    await api.post(`/channels/room/messages/${first}/append`, { data: '+' });
    await api.post(`/channels/room/messages/${first}/annotations`, { type: 'r:total.v1' });
    const body = {
      ...confirmation,
      confirm_operation: 'purge',
      mode: 'before_serial',
      before_serial: 2,
      requested_by: 'ops',
    };
    const answer = await api.post(`${PATH}/purge`, body);
    expect(answer.body).toMatchObject({
      ok: true,
      operation: 'purge',
      channel: 'room',
      mode: 'before_serial',
      before_serial: 2,
      before_time_ms: null,
      requested_by: 'ops',
      purged_messages: 1,
      stream: { next_serial: 6, retained: { retained_messages: 2, oldest_available_serial: 2 } },
    });
    expect((await api.get(`/channels/room/messages/${first}`)).status).toBe(404);
    expect((await api.get(`/channels/room/messages/${first}/versions`)).status).toBe(404);
    expect((await api.post(`/channels/room/messages/${first}/update`, { data: 'x' })).status).toBe(404);
    expect((await api.get(`/channels/room/messages/${first}/annotations`)).body.items).toEqual([]);
    expect((await api.get(`/channels/room/messages/${second}`)).status).toBe(200);
    expect(api.signals).toEqual([
      {
        kind: 'channel-cut',
        appId: api.app.id,
        channel: 'room',
        head: expect.objectContaining({ serial: 5 }),
      },
    ]);
  });

  it('purge by time or wholly, and numbering goes on', async () => {
    await publish(2);
    const purge = (rest: object) =>
      api.post(`${PATH}/purge`, { ...confirmation, confirm_operation: 'purge', ...rest });
    expect((await purge({ mode: 'before_time_ms', before_time_ms: 1 })).body.purged_messages).toBe(0);
    expect((await purge({ mode: 'all' })).body.purged_messages).toBe(2);
    await publish(1);
    expect(serialsOf((await api.get(PATH)).body.items)).toEqual([3]);
  });

  it('reset begins a new stream at 1', async () => {
    const [first = ''] = await publish(2);
    const before = (await api.get(`${PATH}/state`)).body.stream.stream_id;
    const { body } = await api.post(`${PATH}/reset`, { ...confirmation, confirm_operation: 'reset' });
    expect(body).toMatchObject({
      previous_stream_id: before,
      purged_messages: 2,
      stream: { next_serial: 1 },
    });
    expect(body.new_stream_id).not.toBe(before);
    expect((await api.get(`/channels/room/messages/${first}`)).status).toBe(404);
    await publish(1);
    expect((await api.get(PATH)).body.items[0]).toMatchObject({ serial: 1, stream_id: body.new_stream_id });
  });

  it('change nothing unless they are confirmed', async () => {
    await publish(1);
    expect((await api.post(`${PATH}/reset`, { ...confirmation, confirm_operation: 'purge' })).status).toBe(
      400,
    );
    expect((await api.post(`${PATH}/purge`, { mode: 'all' })).status).toBe(422);
    expect((await api.get(PATH)).body.items).toHaveLength(1);
  });
});
