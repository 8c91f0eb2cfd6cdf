// What publishes and mutations have to be like on AI channels, and who may say `extras.ai` at all (ai-transport-wire.md sections 4.3
// and 7; divergence D62). Clients have checks of their own in front of these (client-events.ts).
import {
  aiExtrasError,
  aiMessageIdError,
  type HeaderLimits,
  isAiEvent,
  spoofError,
} from '@sockudo/ai-transport/wire';
import type { AnyMutationRequest } from '@sockudo/protocol';
import type { AiTransportSettings, App, Connection, Plugin, PublishFacts } from '@sockudo/server/plugins';
import type { AiChannels } from './channels.ts';
import { headersIn } from './extras-text.ts';
import type { AiMetrics } from './metrics.ts';
import { anonymousClient, CONFLICT, noAiChannel, refusalOf } from './refusals.ts';

export const headerLimitsOf = (settings: AiTransportSettings): HeaderLimits => ({
  transportValueBytes: settings.maxTransportValueBytes,
  steerIdsBytes: settings.maxSteerListBytes,
});

export class Validation implements Plugin {
  readonly name = 'ai_transport validation';
  readonly #channels: AiChannels;
  readonly #limits: HeaderLimits;
  readonly #metrics: AiMetrics;

  constructor(channels: AiChannels, limits: HeaderLimits, metrics: AiMetrics) {
    this.#channels = channels;
    this.#limits = limits;
    this.#metrics = metrics;
  }

  checkPublish(app: App, channel: string, facts: PublishFacts): void {
    const isAi = isAiEvent(facts.event);
    const isAiChannel = this.#channels.has(channel);
    if (!isAiChannel && !isAi && facts.extras?.ai === undefined) return;
    this.#metrics.judge(app, isAi ? facts.event : null, () => {
      if (!isAiChannel) throw noAiChannel();
      this.#requireForm(facts);
    });
  }

  /** Headers are checked wherever they are, so that nothing which a publish could not say gets in by a change. */
  checkMutation(app: App, _channel: string, { extras }: AnyMutationRequest): void {
    const { ai } = headersIn(extras);
    if (ai === undefined) return;
    this.#metrics.judge(app, null, () => {
      const refusal = aiExtrasError(ai, this.#limits);
      if (refusal !== null) throw refusalOf(refusal);
    });
  }

  /** A client gives a message no author that it could not have published it under (ai-transport-wire.md section 5). */
  checkClientMutation({ app, userId }: Connection, _channel: string, { extras }: AnyMutationRequest): void {
    const { ai } = headersIn(extras);
    if (ai === undefined) return;
    this.#metrics.judge(app, null, () => {
      if (userId === null) throw anonymousClient();
      const refusal = spoofError(ai.transport, userId);
      if (refusal !== null) throw refusalOf(refusal);
    });
  }

  conflictCode(channel: string): number | undefined {
    return this.#channels.has(channel) ? CONFLICT : undefined;
  }

  acknowledges(event: string): boolean {
    return isAiEvent(event);
  }

  #requireForm({ messageId, extras }: PublishFacts): void {
    const refusal =
      (messageId === undefined ? null : aiMessageIdError(messageId)) ??
      (extras?.ai === undefined ? null : aiExtrasError(extras.ai, this.#limits));
    if (refusal !== null) throw refusalOf(refusal);
  }
}
