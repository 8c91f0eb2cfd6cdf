/** The entry: what an agent has of its server, and its sessions. */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { Sockudo, type SockudoOptions } from 'sockudo';
import type { RunRecord } from '../wire/index.ts';
import { Claims } from './claims.ts';
import { Conversation, type ConversationEnd, type ConversationMessage } from './history.ts';
import { KeptResults } from './kept-results.ts';
import { catchUp } from './news.ts';
import { Run, type RunParts } from './run.ts';
import { Session } from './session.ts';
import { Watches } from './watches.ts';

/** What people are told of an error. */
export type DescribeError = (error: unknown) => { code: string; message?: string | undefined };

export type AgentOptions = (
  | {
      /** The backend SDK, where the program has it already. */
      readonly sockudo: Sockudo;
    }
  | SockudoOptions
) & {
  /**
   * What people are told of an error that ends a run. Default: the error's `code` and no text, since texts of providers may hold what is
   * not for them.
   */
  readonly describeError?: DescribeError | undefined;
};

export class Agent {
  readonly sockudo: Sockudo;
  readonly claims: Claims;
  /** Names this process to the server. */
  readonly processId = `${hostname().slice(0, 64)}:${process.pid}:${randomBytes(6).toString('hex')}`;
  readonly describe: DescribeError;
  readonly #watches: Watches;

  constructor(options: AgentOptions) {
    this.sockudo = 'sockudo' in options ? options.sockudo : new Sockudo(options);
    this.claims = new Claims(this.sockudo);
    this.#watches = new Watches(this.sockudo);
    this.describe = options.describeError ?? describeError;
  }

  /** The conversation of a channel. */
  session(channel: string): Session {
    return new Session(channel, this);
  }

  /**
   * A run that hears of what happens in its channel until it is over.
   * @param refresh asks the server what may have been missed; must not throw
   */
  open(
    channel: string,
    parts: Pick<RunParts, 'options' | 'scope' | 'coversAll' | 'fence' | 'kept'>,
    refresh: () => void,
  ): Run {
    const { sockudo, describe } = this;
    const onOver = (): void => this.#watches.remove(run);
    const run: Run = new Run({ ...parts, sockudo, describe, channel, onOver });
    this.#watches.add(run, refresh);
    return run;
  }

  catchUp(run: Run, record: RunRecord): Promise<void> {
    return catchUp(run, record, this.sockudo);
  }

  /** What leads to the input of a run. */
  conversation(
    channel: string,
    { runId, input, parent, forkOf, regenerates }: RunRecord,
  ): Promise<readonly ConversationMessage[]> {
    const end = { runId, inputSerial: input?.serial, parent, replaces: regenerates ?? forkOf };
    return this.read(channel, end);
  }

  /** What earlier attempts at the run's input kept of their steps. */
  async kept(channel: string, { runId, input, startedSerial }: RunRecord): Promise<KeptResults> {
    const bounds = { direction: 'oldest_first', start_serial: input?.serial ?? startedSerial } as const;
    const results = new KeptResults(runId);
    for await (const item of await this.sockudo.channelHistory(channel, bounds)) results.add(item);
    return results;
  }

  async read(channel: string, end?: ConversationEnd): Promise<readonly ConversationMessage[]> {
    const conversation = new Conversation();
    // To its end: what was asked before may have been answered after the input.
    const page = await this.sockudo.channelHistory(channel, { direction: 'oldest_first' });
    for await (const item of page) conversation.add(item);
    return conversation.messages(end);
  }
}

/** An agent for the app that the options name. */
export const createAgent = (options: AgentOptions): Agent => new Agent(options);

const CODE = /^[a-z0-9_]{1,64}$/;

function describeError(error: unknown): { code: string } {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return { code: typeof code === 'string' && CODE.test(code) ? code : 'agent_error' };
}
