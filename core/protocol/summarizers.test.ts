import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SUMMARIZERS, type Summarizer } from './annotation.ts';
import { type SummarizedEvent, summarize, summaryOf } from './summarizers.ts';

const create = (name?: string, clientId?: string, count?: number): SummarizedEvent => ({
  action: 'annotation.create',
  ...(name !== undefined && { name }),
  ...(clientId !== undefined && { clientId }),
  ...(count !== undefined && { count }),
});
const remove = (event: SummarizedEvent): SummarizedEvent => ({ ...event, action: 'annotation.delete' });

function stateAfter(summarizer: Summarizer, events: readonly SummarizedEvent[]): string | null {
  let state: string | null = null;
  for (const event of events) state = summarize(summarizer, state, event);
  return state;
}
const after = (summarizer: Summarizer, ...events: SummarizedEvent[]): unknown =>
  JSON.parse(summaryOf(summarizer, stateAfter(summarizer, events)));

describe('the worked examples of the sheet', () => {
  const like1 = create('like', 'u1');
  const vote = create('vote', 'u1', 2);
  const anonymous = create('vote', undefined, 4);

  it('total counts annotations, whatever their count', () => {
    const first = create(undefined, undefined, 5);
    expect(after('total', first, create(), remove(first))).toEqual({ total: 1 });
  });

  it('flag counts clients', () => {
    const seen = create(undefined, 'u1');
    expect(after('flag', seen, seen, create(undefined, 'u2'), remove(seen))).toEqual({
      total: 1,
      clientIds: ['u2'],
      clipped: false,
    });
  });

  it('distinct counts clients under each name', () => {
    expect(after('distinct', like1, create('laugh', 'u1'), create('like', 'u2'))).toEqual({
      laugh: { total: 1, clientIds: ['u1'], clipped: false },
      like: { total: 2, clientIds: ['u1', 'u2'], clipped: false },
    });
  });

  it('unique leaves a client under its last name, until any delete of it', () => {
    const events = [like1, create('laugh', 'u1')];
    expect(after('unique', ...events)).toEqual({ laugh: { total: 1, clientIds: ['u1'], clipped: false } });
    expect(after('unique', ...events, remove(like1))).toEqual({});
  });

  it('multiple adds up counts, and drops all of a client at once', () => {
    const events = [vote, create('vote', 'u1', 3), anonymous];
    expect(after('multiple', ...events)).toEqual({
      vote: { total: 9, clientCounts: { u1: 5 }, totalUnidentified: 4, clipped: false, totalClientIds: 1 },
    });
    const left = { total: 4, clientCounts: {}, totalUnidentified: 4, clipped: false, totalClientIds: 0 };
    expect(after('multiple', ...events, remove(vote))).toEqual({ vote: left });
    expect(after('multiple', ...events, remove(vote), remove(anonymous))).toEqual({ vote: left });
    expect(after('multiple', vote, remove(vote))).toMatchObject({ vote: { total: 0 } });
  });
});

describe('a summary', () => {
  it('is sorted by the bytes of names and clients, also of those that look like numbers or like members of objects', () => {
    const names = ['10', '9', '__proto__', '\uffff', '👍', 'constructor'];
    const state = stateAfter(
      'distinct',
      names.map((name) => create(name, 'u')),
    );
    const order = [...summaryOf('distinct', state).matchAll(/"((?:[^"])*)":\{/g)].map(([, name]) => name);
    expect(order).toEqual(['10', '9', '__proto__', 'constructor', '\uffff', '👍']);
    const counts = stateAfter(
      'multiple',
      ['10', '9', '__proto__'].map((client) => create('n', client)),
    );
    expect(summaryOf('multiple', counts)).toContain('{"10":1,"9":1,"__proto__":1}');
  });

  it('is cut to so many clients, with exact totals', () => {
    const events = ['c', 'a', 'b'].map((client) => create('n', client, 2));
    const cut = (summarizer: Summarizer, most: number): unknown =>
      JSON.parse(summaryOf(summarizer, stateAfter(summarizer, events), most));
    expect(cut('distinct', 2)).toEqual({ n: { total: 3, clientIds: ['a', 'b'], clipped: true } });
    expect(cut('distinct', 3)).toEqual({ n: { total: 3, clientIds: ['a', 'b', 'c'], clipped: false } });
    expect(cut('flag', 0)).toEqual({ total: 3, clientIds: [], clipped: true });
    expect(cut('multiple', 1)).toEqual({
      n: { total: 6, clientCounts: { a: 2 }, totalUnidentified: 0, clipped: true, totalClientIds: 3 },
    });
  });
});

// What the sheet says of each summarizer, from the whole list of events and without states.
const models: { readonly [S in Summarizer]: (events: readonly SummarizedEvent[]) => unknown } = {
  total: (events) => {
    let total = 0;
    for (const { action } of events)
      total = action === 'annotation.create' ? total + 1 : Math.max(0, total - 1);
    return { total };
  },
  flag: (events) => clients(lastOf(events, ({ clientId }) => clientId)),
  distinct: (events) => {
    const pairs = lastOf(events, ({ name, clientId }) => JSON.stringify([name, clientId]));
    return named([...pairs].map((pair) => JSON.parse(pair)));
  },
  unique: (events) => {
    const names = new Map<string, string>();
    for (const { action, name, clientId } of events) {
      if (action === 'annotation.create') names.set(clientId ?? '', name ?? '');
      else names.delete(clientId ?? '');
    }
    return named([...names].map(([client, name]) => [name, client]));
  },
  multiple: (events) => {
    const summary: Record<string, unknown> = {};
    for (const name of new Set(events.filter(isCreate).map((event) => event.name ?? ''))) {
      const counts: Record<string, number> = {};
      let unidentified = 0;
      for (const { action, clientId, count = 1 } of events.filter((event) => event.name === name)) {
        if (clientId === undefined) unidentified += action === 'annotation.create' ? count : 0;
        else if (action === 'annotation.create') counts[clientId] = (counts[clientId] ?? 0) + count;
        else delete counts[clientId];
      }
      summary[name] = {
        total: unidentified + Object.values(counts).reduce((sum, count) => sum + count, 0),
        clientCounts: counts,
        totalUnidentified: unidentified,
        clipped: false,
        totalClientIds: Object.keys(counts).length,
      };
    }
    return summary;
  },
};

const isCreate = ({ action }: SummarizedEvent): boolean => action === 'annotation.create';

function lastOf(
  events: readonly SummarizedEvent[],
  key: (event: SummarizedEvent) => string | undefined,
): Set<string> {
  const present = new Set<string>();
  for (const event of events) {
    if (isCreate(event)) present.add(key(event) ?? '');
    else present.delete(key(event) ?? '');
  }
  return present;
}

const clients = (present: Iterable<string>) => {
  const clientIds = [...present].sort();
  return { total: clientIds.length, clientIds, clipped: false };
};

function named(pairs: readonly [string, string][]): unknown {
  const names = Map.groupBy(pairs, ([name]) => name);
  return Object.fromEntries(
    [...names].map(([name, group]) => [name, clients(group.map(([, client]) => client))]),
  );
}

describe('any sequence of annotations adds up as the rules say', () => {
  // A delete always follows its create, as in the log.
  const steps = fc.array(
    fc.record({
      name: fc.constantFrom('a', 'b', 'c'),
      clientId: fc.constantFrom('u1', 'u2', 'u3'),
      isAnonymous: fc.boolean(),
      count: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }),
      removes: fc.option(fc.nat(), { nil: undefined }),
    }),
    { maxLength: 40 },
  );

  it.each(SUMMARIZERS)('%s', (summarizer) => {
    fc.assert(
      fc.property(steps, (given) => {
        const open: SummarizedEvent[] = [];
        const events = given.map(({ name, clientId, isAnonymous, count, removes }) => {
          if (removes !== undefined && open.length > 0) {
            const [target] = open.splice(removes % open.length, 1);
            if (target !== undefined) return remove(target);
          }
          const mayBeAnonymous = summarizer === 'multiple' || summarizer === 'total';
          const event = create(name, isAnonymous && mayBeAnonymous ? undefined : clientId, count);
          open.push(event);
          return event;
        });
        expect(after(summarizer, ...events)).toEqual(models[summarizer](events));
      }),
      { numRuns: 500 },
    );
  });
});
