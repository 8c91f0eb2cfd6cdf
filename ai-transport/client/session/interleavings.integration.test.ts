// Two screens of a conversation that are closed, reloaded, cut off and brought back at random while an agent answers and somebody says stop:
// in the end all of them, and somebody who only comes then, see the same, and every question was one run.
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import {
  type Agent,
  isLive,
  type SessionServer,
  startSessionServer,
  until,
} from '../testing/session-server.ts';
import type { Session, Sockudo } from '../testing/session-under-test.ts';

let server: SessionServer;
beforeAll(async () => {
  server = await startSessionServer();
});
afterAll(() => server.close());

const happening = fc.record({
  what: fc.constantFrom(
    'send',
    'send',
    'refresh',
    'reload',
    'away',
    'cut',
    'stop',
    'again',
    'edit',
    'word',
    'word',
    'word',
    'end',
  ),
  screen: fc.nat(1),
  pick: fc.nat(5),
});
type Happening = typeof happening extends fc.Arbitrary<infer Value> ? Value : never;

/** A tab: a client of its own, and the session in it. */
class Tab {
  readonly channel: string;
  readonly sockets: WebSocket[] = [];
  readonly #recovers: boolean;
  client: Sockudo;
  session: Session;

  constructor(channel: string, recovers: boolean) {
    this.channel = channel;
    this.#recovers = recovers;
    this.client = this.#connect();
    this.session = server.session('ann', { client: this.client, channel });
  }

  /** The page goes and comes again. */
  reload(keepsSnapshot: boolean): void {
    const snapshot = JSON.parse(JSON.stringify(this.session.snapshot()));
    this.session.close();
    this.client.disconnect();
    this.client = this.#connect();
    this.session = server.session('ann', {
      client: this.client,
      channel: this.channel,
      ...(keepsSnapshot && { snapshot }),
    });
  }

  /** The network is gone without a word, and back. */
  async cut(): Promise<void> {
    const { connection } = this.client;
    if (connection.state !== 'connected') return;
    const lost = new Promise<void>((resolve) => {
      const changed = () => {
        connection.unbind('state_change', changed);
        resolve();
      };
      connection.bind('state_change', changed);
    });
    this.sockets.at(-1)?.terminate();
    await lost;
    this.client.connect();
  }

  #connect(): Sockudo {
    const { sockets } = this;
    return server.client('ann', {
      connectionRecovery: this.#recovers,
      WebSocket: class extends WebSocket {
        constructor(url: string) {
          super(url);
          sockets.push(this);
        }
      },
    });
  }
}

/** An agent that works at every run for as long as nobody stops it. */
class Worker {
  readonly #agent: Agent;
  readonly #open: { run: string; id: string; serial: string }[] = [];
  readonly #seen = new Set<string>();

  constructor(agent: Agent) {
    this.#agent = agent;
  }

  async begin(run: string, place: Readonly<Record<string, string>>): Promise<void> {
    if (this.#seen.has(run)) return;
    this.#seen.add(run);
    await this.#agent.start(run, place);
    const id = `a-${run}`;
    this.#open.push({ run, id, serial: await this.#agent.open(run, id, place) });
  }

  async word(pick: number): Promise<void> {
    const stream = this.#open[pick % (this.#open.length || 1)];
    if (stream !== undefined) await this.#agent.append(stream.serial, ` ${pick}`);
  }

  async end(pick: number): Promise<void> {
    const [stream] = this.#open.splice(pick % (this.#open.length || 1), 1);
    if (stream === undefined) return;
    await this.#agent.close(stream.serial, stream.run, stream.id);
    await this.#agent.end(stream.run);
  }

  async endAll(): Promise<void> {
    while (this.#open.length > 0) await this.end(0);
  }
}

/** Everything that is to be the same on all screens; what each of them chose to show is its own. */
const shown = (session: Session): unknown => ({
  line: session.view('nothing chosen').messages,
  runs: session.runs.map(({ queuedAtMs: _, ...run }) => run),
});

async function play(channel: string, recovers: boolean, happenings: readonly Happening[]): Promise<void> {
  const tabs = [new Tab(channel, recovers), new Tab(channel, !recovers)];
  const worker = new Worker(server.agentOn(channel));
  const asked: { published: Promise<unknown>; runId: string; place: Record<string, string> }[] = [];
  const answered = async () => {
    for (const { published, runId, place } of asked) {
      await published;
      await worker.begin(runId, place);
    }
  };
  for (const { what, screen, pick } of happenings) {
    const tab = tabs[screen] ?? tabs[0];
    if (tab === undefined) throw new Error('there are two tabs');
    const { session } = tab;
    const messages = session.view().messages;
    const message = messages[pick % (messages.length || 1)];
    if (what === 'send') {
      const parent = messages.at(-1)?.id;
      asked.push({ ...session.send(`Say ${pick}`), place: parent === undefined ? {} : { parent } });
      // Unsent messages go with their page; whoever reloads waits for what was said.
      await asked.at(-1)?.published;
      if (pick > 1) await answered();
    }
    if (what === 'again' && message?.role === 'assistant') {
      const sent = session.regenerate(message.id);
      asked.push({ ...sent, place: { 'msg-regenerate': message.id } });
      await sent.published;
    }
    if (what === 'edit' && message?.role === 'user') {
      const sent = session.edit(message.id, `Rather ${pick}`);
      asked.push({ ...sent, place: { 'fork-of': message.id } });
      await sent.published;
    }
    if (what === 'refresh' || what === 'reload') tab.reload(what === 'refresh');
    if (what === 'away') {
      tab.client.disconnect();
      tab.client.connect();
    }
    if (what === 'cut') await tab.cut();
    const run = session.runs[pick % (session.runs.length || 1)];
    if (what === 'stop' && run !== undefined && session.status !== 'closed') await session.cancel(run.id);
    if (what === 'word') await worker.word(pick);
    if (what === 'end') await worker.end(pick);
  }
  await answered();
  await worker.endAll();
  await check(channel, tabs, asked.length);
}

async function check(channel: string, tabs: readonly Tab[], count: number): Promise<void> {
  const late = server.session('bob', { channel });
  await until(late, isLive);
  const last = late.send('The end');
  await last.published;
  const sessions = [...tabs.map(({ session }) => session), late];
  for (const session of sessions)
    await until(session, (each) => isLive(each) && each.message(last.messageId)?.status === 'complete');
  const known = (await server.get(`/channels/${channel}/runs`, { limit: '100' })).body.runs;
  expect(known).toHaveLength(count + 1);
  for (const session of sessions) {
    expect(shown(session)).toEqual(shown(late));
    const byServer = new Map(
      known.map((run: { run_id: string; status: string }) => [run.run_id, run.status]),
    );
    for (const run of session.runs) expect([run.id, run.status]).toEqual([run.id, byServer.get(run.id)]);
  }
  for (const { session, client } of tabs) {
    session.close();
    client.disconnect();
  }
  late.close();
}

it('100 random stories end the same on every screen', { timeout: 120_000 }, async () => {
  let number = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(happening, { minLength: 3, maxLength: 14 }),
      fc.boolean(),
      (happenings, recovers) => {
        number += 1;
        return play(`private-ai-story-${number}`, recovers, happenings);
      },
    ),
    { numRuns: 100, endOnFailure: true },
  );
});
