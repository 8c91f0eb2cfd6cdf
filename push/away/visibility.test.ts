import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { createMemoryKeyedStore } from '../../core/server/memory/keyed-store.ts';
import { Visibility } from './visibility.ts';

let store: ReturnType<typeof createMemoryKeyedStore>;
let nowMs: number;

beforeEach(() => {
  nowMs = 1_000_000;
  store = createMemoryKeyedStore({ now: () => nowMs });
});

function nodeOf(nodeId: string, isAlone = false): Visibility {
  const onError = (error: unknown): never => {
    throw error;
  };
  const node = new Visibility({ store, nodeId, isAlone, onError, now: () => nowMs });
  onTestFinished(() => node.close());
  return node;
}

const connection = (userId: string | null, appId = 'shop') => ({ app: { id: appId }, userId });

const seenBy = async (node: Visibility, appId = 'shop'): Promise<string[]> =>
  [...(await node.seenOf(appId, ['ann', 'ben']))].toSorted();

describe('who is seen', () => {
  it('is known on every node while one of their connections is visible', async () => {
    const [one, two] = [nodeOf('one'), nodeOf('two')];
    const [tab, other] = [connection('ann'), connection('ann')];
    one.report(tab, true);
    one.report(other, true);
    for (const node of [one, two]) expect(await seenBy(node)).toEqual(['ann']);
    one.report(tab, false);
    for (const node of [one, two]) expect(await seenBy(node)).toEqual(['ann']);
    one.forget(other);
    for (const node of [one, two]) expect(await seenBy(node)).toEqual([]);
  });

  it('is so in one app only', async () => {
    const [one, two] = [nodeOf('one'), nodeOf('two')];
    one.report(connection('ann', 'forum'), true);
    for (const node of [one, two]) {
      expect(await seenBy(node)).toEqual([]);
      expect(await seenBy(node, 'forum')).toEqual(['ann']);
    }
  });

  it('ends by itself where the node died, and not while it lives', async () => {
    const [one, two] = [nodeOf('one'), nodeOf('two')];
    one.report(connection('ann'), true);
    nowMs += 60_000;
    await one.renew();
    nowMs += 60_000;
    expect(await seenBy(two)).toEqual(['ann']);
    nowMs += 31_000;
    expect(await seenBy(two)).toEqual([]);
  });

  it('ends with the node that stops', async () => {
    const [one, two] = [nodeOf('one'), nodeOf('two')];
    one.report(connection('ann'), true);
    await one.close();
    expect(await seenBy(two)).toEqual([]);
  });

  it('is learnt when a connection gets its user later', async () => {
    const node = nodeOf('one');
    const tab = connection(null);
    node.report(tab, true);
    expect(await seenBy(node)).toEqual([]);
    tab.userId = 'ann';
    await node.renew();
    expect(await seenBy(node)).toEqual(['ann']);
    tab.userId = 'ben';
    node.report(tab, true);
    expect(await seenBy(node)).toEqual(['ben']);
  });

  it('is written nowhere by those who say nothing, hide, or are alone', async () => {
    nodeOf('one').report(connection('ann'), false);
    nodeOf('two').report(connection(null), true);
    nodeOf('three', true).report(connection('ann'), true);
    expect((await store.scan({ prefix: '', limit: 10 })).entries).toEqual([]);
  });
});
