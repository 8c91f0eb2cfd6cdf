/**
 * What a channel needs from its client.
 */
import type { AskApplication } from './application-endpoint.ts';
import type { AskServer } from './channel-publishing.ts';
import type { EventNames, ProtocolVersion } from './event-names.ts';
import type { HistoryPage, HistoryParams } from './history.ts';
import type { Logger } from './logger.ts';
import type { AuthorizedChannel, ChannelAuthorizationData } from './options.ts';
import type { Runtime } from './runtime.ts';

export interface ChannelHost {
  readonly names: EventNames;
  readonly protocolVersion: ProtocolVersion;
  readonly logger: Logger;
  readonly runtime: Runtime;
  /** Sends an event; false when not connected. */
  send(event: string, data: unknown, channel?: string): boolean;
  /** Asks the application's backend. */
  authorize(channel: AuthorizedChannel): Promise<ChannelAuthorizationData>;
  /** Id of the signed-in user once a sign-in under way is settled; null without one. */
  signedInUser(): Promise<string | null>;
  /** True when a resume will follow the acknowledgement. */
  willResume(channel: string): boolean;
  rewindSent(channel: string): void;
  /** Rejects with a HistoryError; on protocol 7 with UnsupportedFeature. */
  readHistory(channel: string, params: HistoryParams): Promise<HistoryPage>;
  /** Asks the server. Rejects with a RequestError; on protocol 7 with UnsupportedFeature. */
  readonly ask: AskServer;
  /** Asks the application's backend about messages. */
  readonly askAboutMessages: AskApplication;
  /** Asks the application's backend about presence. */
  readonly askAboutPresence: AskApplication;
  socketId(): string | undefined;
  /** Takes the channel off the list for good. */
  drop(channel: string): void;
}
