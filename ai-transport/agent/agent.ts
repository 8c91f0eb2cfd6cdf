/** The entry: what an agent needs of its server, and its sessions. */
import { Sockudo, type SockudoOptions } from 'sockudo';
import { type DescribeError, Session } from './session.ts';

export type AgentOptions = (
  | {
      /** The backend SDK, where the program has it already. */
      readonly sockudo: Sockudo;
    }
  | SockudoOptions
) & {
  /**
   * What people are told of an error that ends a run. Default: a code and no text, since texts of providers may hold what is not for
   * them.
   */
  readonly describeError?: DescribeError | undefined;
};

export class Agent {
  readonly sockudo: Sockudo;
  readonly #describe: DescribeError;

  constructor(options: AgentOptions) {
    this.sockudo = 'sockudo' in options ? options.sockudo : new Sockudo(options);
    this.#describe = options.describeError ?? describeError;
  }

  /** The conversation of a channel. */
  session(channel: string): Session {
    return new Session(channel, { sockudo: this.sockudo, describe: this.#describe });
  }
}

/** An agent for the app that the options name. */
export const createAgent = (options: AgentOptions): Agent => new Agent(options);

const CODE = /^[a-z0-9_]{1,64}$/;

function describeError(error: unknown): { code: string } {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return { code: typeof code === 'string' && CODE.test(code) ? code : 'agent_error' };
}
