/** Agents that are there, as members of a presence channel, and what they say they do (`user_info.status`). */
import type { PresenceChannel, Sockudo } from '@sockudo/client';
import { isJsonObject, stringMember } from '@sockudo/protocol';
import { acquireChannel } from './channel-use.ts';

export interface Agent {
  readonly id: string;
  /** `idle`, `thinking`, `streaming`, or what else the agent says; null where it says nothing. */
  readonly status: string | null;
  readonly info: unknown;
}

const EVENTS = [
  'sockudo:subscription_succeeded',
  'sockudo:member_added',
  'sockudo:member_removed',
  'sockudo_internal:presence_update',
] as const;

export class Agents {
  readonly #use: { readonly channel: PresenceChannel; readonly release: () => void };
  readonly #changed: () => void;
  #list: readonly Agent[] | null = null;

  constructor(client: Sockudo, channel: `presence-${string}`, changed: () => void) {
    const { release } = acquireChannel(client, channel);
    this.#use = { channel: client.subscribe(channel), release };
    this.#changed = changed;
    for (const event of EVENTS) this.#use.channel.bind(event, this.#update);
  }

  /** The same list until somebody comes, goes or changes. */
  get list(): readonly Agent[] {
    this.#list ??= agentsOf(this.#use.channel);
    return this.#list;
  }

  close(): void {
    for (const event of EVENTS) this.#use.channel.unbind(event, this.#update);
    this.#use.release();
  }

  readonly #update = (): void => {
    this.#list = null;
    this.#changed();
  };
}

function agentsOf({ members }: PresenceChannel): Agent[] {
  const agents: Agent[] = [];
  members.each(({ id, info }) => {
    const status = isJsonObject(info) ? stringMember(info, 'status') : undefined;
    agents.push({ id, status: status ?? null, info });
  });
  return agents.sort((a, b) => (a.id < b.id ? -1 : 1));
}
