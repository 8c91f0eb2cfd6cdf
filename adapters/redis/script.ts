// A Lua script of the folder lua/: one operation a file. Sent whole only where the server does not know it.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';

export class Script {
  readonly #text: string;
  readonly #sha: string;

  /** @param name of the file in lua/, without its ending */
  constructor(name: string) {
    this.#text = readFileSync(new URL(`./lua/${name}.lua`, import.meta.url), 'utf8');
    this.#sha = createHash('sha1').update(this.#text).digest('hex');
  }

  /** Makes the server know the script, so that no later call has to send it whole. */
  async load(client: Redis): Promise<void> {
    await client.script('LOAD', this.#text);
  }

  /**
   * What the script answers, as its header says; rejects with the client's error. `args` is asked again where the script has to be
   * sent whole, which is later than calls that came after this one.
   */
  async run(
    client: Redis,
    keys: readonly string[],
    args: () => readonly (string | number)[],
  ): Promise<unknown> {
    try {
      return await client.evalsha(this.#sha, keys.length, ...keys, ...args());
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return client.eval(this.#text, keys.length, ...keys, ...args());
    }
  }
}
