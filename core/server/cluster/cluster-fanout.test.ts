import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { createMemoryChannelLog } from '../memory/channel-log.ts';
import { messageOfEntry } from '../messages/log-message.ts';
import { fanoutContract } from '../ports/fanout.contract.ts';
import type { Fanout } from '../ports/fanout.ts';
import type { DurableLog, LogEntry } from '../ports/index.ts';
import { createClusterFanout } from './cluster-fanout.ts';
import { createMemoryBusNet, type MemoryBusEnd } from './testing/memory-bus.ts';

const KEY = { appId: 'app', channel: 'room' };

fanoutContract('cluster on a bus in memory', async () => {
  const net = createMemoryBusNet();
  const open = (nodeId: string) =>
    createClusterFanout({ bus: net.end(), nodeId, logOf: () => null, onError: () => {} });
  return { nodes: [open('one'), open('two')], close: async () => {} };
});

interface Node {
  readonly fanout: Fanout;
  readonly bus: MemoryBusEnd;
  readonly serials: number[];
}

function twoNodes(log: DurableLog): [Node, Node] {
  const net = createMemoryBusNet();
  const open = (nodeId: string): Node => {
    const bus = net.end();
    const serials: number[] = [];
    const fanout = createClusterFanout({
      bus,
      nodeId,
      logOf: () => log,
      onError: () => {},
      checkIntervalMs: 60_000,
    });
    fanout.listen({
      onEnvelope: ({ message }) => serials.push(message.position?.serial ?? 0),
      onControl: () => {},
    });
    return { fanout, bus, serials };
  };
  return [open('one'), open('two')];
}

async function commit(log: DurableLog, event = 'e'): Promise<LogEntry> {
  const draft = { key: KEY, event, data: '1', publishedAtMs: 1, retention: {} };
  const result = await log.commit({ entries: [draft], receipts: [] });
  const entry = result.kind === 'committed' ? result.entries[0] : undefined;
  if (entry === undefined) throw new Error('not committed');
  return entry;
}

const send = ({ fanout }: Node, entry: LogEntry) =>
  fanout.publish({ key: KEY, message: messageOfEntry(entry) });
const upTo = (serial: number) => Array.from({ length: serial }, (_, index) => index + 1);

describe('a fan-out of several nodes', () => {
  it('delivers in the order of the log, also on the node that publishes', async () => {
    const log = createMemoryChannelLog();
    const [near, far] = twoNodes(log);
    await near.fanout.join(KEY);
    await far.fanout.join(KEY);
    const [first, second] = [await commit(log), await commit(log)];
    send(near, second);
    expect(near.serials).toEqual([]);
    send(far, first);
    expect(near.serials).toEqual([1, 2]);
    await vi.waitFor(() => expect(far.serials).toEqual([1, 2]));
    await near.fanout.close();
    await far.fanout.close();
  });

  it('fills what the bus lost when it is back, or when the publisher says so', async () => {
    const log = createMemoryChannelLog();
    const [near, far] = twoNodes(log);
    await far.fanout.join(KEY);
    far.bus.setState('down');
    send(near, await commit(log));
    far.bus.setState('up');
    await vi.waitFor(() => expect(far.serials).toEqual([1]));
    near.bus.setState('down');
    send(near, await commit(log));
    near.bus.setState('up');
    await vi.waitFor(() => expect(far.serials).toEqual([1, 2]));
    await near.fanout.close();
    await far.fanout.close();
  });

  it('finds what a publisher committed and never sent', async () => {
    const log = createMemoryChannelLog();
    const net = createMemoryBusNet();
    const fanout = createClusterFanout({
      bus: net.end(),
      nodeId: 'one',
      logOf: () => log,
      onError: () => {},
      checkIntervalMs: 5,
    });
    const serials: (number | undefined)[] = [];
    fanout.listen({
      onEnvelope: ({ message }) => serials.push(message.position?.serial),
      onControl: () => {},
    });
    await fanout.join(KEY);
    await commit(log);
    await vi.waitFor(() => expect(serials).toEqual([1]));
    await fanout.close();
  });

  it('goes on with the new stream after a reset', async () => {
    const log = createMemoryChannelLog();
    const [near, far] = twoNodes(log);
    await far.fanout.join(KEY);
    send(near, await commit(log));
    await log.reset(KEY);
    send(near, await commit(log));
    await vi.waitFor(() => expect(far.serials).toEqual([1, 1]));
    send(near, await commit(log));
    expect(far.serials).toEqual([1, 1, 2]);
    await near.fanout.close();
    await far.fanout.close();
  });

  it('delivers every entry once and in order, whatever the bus swaps and loses', async () => {
    const step = fc.record({ isLost: fc.boolean(), place: fc.nat(5), fromNear: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
        const log = createMemoryChannelLog();
        const [near, far] = twoNodes(log);
        await Promise.all([near.fanout.join(KEY), far.fanout.join(KEY)]);
        near.bus.held = [];
        far.bus.held = [];
        for (const { isLost, place, fromNear } of steps) {
          send(fromNear ? near : far, await commit(log));
          for (const { bus } of [near, far]) {
            if (bus.held === null || bus.held.length === 0) continue;
            if (isLost) bus.held.splice(place % bus.held.length, 1);
            else bus.take(place % bus.held.length);
          }
        }
        for (const { bus } of [near, far]) {
          while (bus.held !== null && bus.held.length > 0) bus.take(bus.held.length - 1);
          bus.held = null;
          bus.setState('down');
          bus.setState('up');
        }
        const all = upTo(steps.length);
        await vi.waitFor(() => expect([near.serials, far.serials]).toEqual([all, all]), { interval: 2 });
        await near.fanout.close();
        await far.fanout.close();
      }),
      { numRuns: 60 },
    );
  });
});
