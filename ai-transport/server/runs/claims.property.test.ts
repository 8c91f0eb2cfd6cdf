// Whatever workers, clients and nodes do at once: a generation has one holder, whose streams nobody else closes, and a run ends once.
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { CHANNEL, type RunNode, runNode } from './testing/run-nodes.ts';

const RUNS = ['a', 'b', 'c'];
const PATH = `/channels/${CHANNEL}/runs`;
const ENDED = new Set(['complete', 'cancelled', 'error', 'lost']);

/** One thing that somebody does; `who` picks a node and, of the claims that were ever given, one. */
const action = fc.record({
  what: fc.constantFrom(
    'input',
    'claim',
    'claim-one',
    'heartbeat',
    'start',
    'output',
    'append',
    'suspend',
    'end',
    'retry',
    'release',
    'dead',
    'cancel',
  ),
  run: fc.constantFrom(...RUNS),
  who: fc.nat(1000),
});
type Action = typeof action extends fc.Arbitrary<infer Value> ? Value : never;

/** Things done at once, then a pause. */
const turn = fc.record({
  actions: fc.array(action, { minLength: 1, maxLength: 5 }),
  pauseMs: fc.constantFrom(0, 0, 0, 400, 1500),
});

/** A run that was cancelled at work ends with its suspend, and the same worker gives it back in the same moment. */
const RELEASED_TOO_LATE: { actions: Action[]; pauseMs: number }[] = [
  { actions: [{ what: 'input', run: 'b', who: 0 }], pauseMs: 0 },
  {
    actions: [
      { what: 'claim-one', run: 'b', who: 0 },
      { what: 'cancel', run: 'b', who: 0 },
    ],
    pauseMs: 0,
  },
  {
    actions: [
      { what: 'append', run: 'b', who: 0 },
      { what: 'retry', run: 'b', who: 0 },
      { what: 'suspend', run: 'b', who: 0 },
    ],
    pauseMs: 0,
  },
];

class World {
  readonly nodes: readonly RunNode[];
  /** Every claim that was given, with the streams that were opened under it. */
  readonly claims: { readonly fence: string; readonly run: string; readonly streams: string[] }[] = [];
  /** Ends that were reached. */
  readonly ended = new Map<string, unknown>();

  constructor() {
    const first = runNode();
    this.nodes = [first, runNode({ log: first.log })];
  }

  /** Each node knows that workers take the runs of the channel. */
  async open(): Promise<void> {
    const wish = { channel_prefix: CHANNEL, worker_id: 'w' };
    for (const node of this.nodes) await node.ask('POST', '/runs/claim', wish);
  }

  /** Workers ask on every node, so that each knows that there are some. */
  async begin(): Promise<void> {
    for (const node of this.nodes) {
      await node.ask('POST', '/runs/claim', { channel_prefix: CHANNEL, worker_id: 'w' });
    }
  }

  async act({ what, run, who }: Action): Promise<void> {
    const node = this.nodes[who % this.nodes.length];
    if (node === undefined) throw new Error('no node');
    const worker = { worker_id: `w${who % 3}`, lease_ms: 1000 };
    if (what === 'input') await node.say('ai-input', run);
    else if (what === 'cancel') await node.say('ai-cancel', run);
    else if (what === 'claim') {
      const wish = { channel_prefix: CHANNEL, limit: 2, per_channel: 2, ...worker };
      this.#given((await node.ask('POST', '/runs/claim', wish)).body.claims);
    } else if (what === 'claim-one') {
      const { status, body } = await node.ask('POST', `${PATH}/${run}/claim`, worker);
      if (status === 200) this.#given([body]);
    } else await this.#work(node, what, who);
  }

  /** By whoever got one of the claims, in time or not. */
  async #work(node: RunNode, what: string, who: number): Promise<void> {
    const claim = this.claims[who % Math.max(1, this.claims.length)];
    if (claim === undefined) return;
    const { fence, run, streams } = claim;
    const release = (more: object) => node.ask('POST', `${PATH}/${run}/release`, { fence, ...more });
    if (what === 'heartbeat') await node.ask('POST', `${PATH}/${run}/heartbeat`, { fence, lease_ms: 1000 });
    else if (what === 'start') await node.say('ai-run-start', run, { fence });
    else if (what === 'suspend') await node.say('ai-run-suspend', run, { fence });
    else if (what === 'end')
      await node.say('ai-run-end', run, { fence, transport: { 'run-reason': 'complete' } });
    else if (what === 'retry') await release({ outcome: 'retry', error_code: 'busy' });
    else if (what === 'release') await release({ outcome: 'retry' });
    else if (what === 'dead') await release({ outcome: 'dead' });
    else if (what === 'append' && streams[0] !== undefined) {
      // Nobody but its worker closes a stream while the claim is held.
      expect([200, 409]).toContain((await node.append(streams[0], fence)).status);
    } else {
      const transport = { stream: 'true', status: 'streaming' };
      const { status, body } = await node.say('ai-output', run, { fence, transport });
      if (status === 200) streams.push(body.channels[CHANNEL].message_serial);
    }
  }

  #given(claims: readonly { readonly fence: string; readonly run: { readonly run_id: string } }[]): void {
    for (const { fence, run } of claims) {
      expect(this.claims.map((claim) => claim.fence)).not.toContain(fence);
      this.claims.push({ fence, run: run.run_id, streams: [] });
    }
  }

  /** What always holds once everything that was begun is done. */
  async check(): Promise<void> {
    const [node] = this.nodes;
    const { runs } = (await node?.ask('GET', PATH))?.body ?? {};
    const ends = await this.#ends();
    for (const run of runs) {
      const { run_id: id, status, error } = run;
      const before = this.ended.get(id);
      if (before !== undefined) expect({ status, error }).toEqual(before);
      if (!ENDED.has(status)) continue;
      this.ended.set(id, { status, error });
      expect(ends.filter((other) => other === id)).toEqual([id]);
    }
  }

  async #ends(): Promise<readonly string[]> {
    const key = { appId: 'app', channel: CHANNEL };
    const page = await this.nodes[0]?.log.read(key, { direction: 'oldest-first', limit: 1000 });
    if (page?.kind !== 'page') throw new Error('no page');
    return page.entries
      .filter(({ event }) => event === 'ai-run-end')
      .map(({ extras = '' }) => JSON.parse(extras).ai.transport['run-id']);
  }

  async close(): Promise<void> {
    for (const node of this.nodes) {
      expect(node.errors).toEqual([]);
      await node.close();
    }
  }
}

beforeEach(() => {
  vi.useFakeTimers({
    toFake: ['Date', 'setTimeout', 'clearTimeout'],
    now: Date.parse('2026-01-01T00:00:00Z'),
  });
});
afterEach(() => {
  vi.useRealTimers();
});

it('a generation has one holder and a run one end, whatever happens at once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(turn, { minLength: 5, maxLength: 25 }), async (turns) => {
      const world = new World();
      await world.begin();
      await world.open();
      for (const { actions, pauseMs } of turns) {
        await Promise.all(actions.map((one) => world.act(one)));
        await vi.advanceTimersByTimeAsync(pauseMs);
        await world.check();
      }
      await vi.advanceTimersByTimeAsync(20_000);
      await world.check();
      await world.close();
    }),
    { numRuns: 60, examples: [[RELEASED_TOO_LATE]] },
  );
});
