// Which channels are AI channels: those whose name begins with a configured prefix.

export class AiChannels {
  readonly #prefixes: readonly string[];

  constructor(prefixes: readonly string[]) {
    this.#prefixes = prefixes;
  }

  has(channel: string): boolean {
    for (const prefix of this.#prefixes) if (channel.startsWith(prefix)) return true;
    return false;
  }
}
