// The spine of what happens to a message after its create: commit -> deliver -> after-effects. As in append.ts, one step of the
// log is followed by the delivery at once, so that the frames of a channel keep the order of its number line.
import type { App } from '../apps/app.ts';
import { messageOfAnnotation, messageOfVersion } from '../messages/log-message.ts';
import type { Fanout } from '../ports/fanout.ts';
import type { Message } from '../ports/message.ts';
import type {
  AnnotationDraft,
  AnnotationResult,
  MessageLog,
  MutationDraft,
  MutationResult,
} from '../ports/message-log.ts';
import type { AfterEffects } from './after-effects.ts';

export class Mutate {
  readonly #fanout: Fanout;
  readonly #afterEffects: AfterEffects;

  constructor(fanout: Fanout, afterEffects: AfterEffects) {
    this.#fanout = fanout;
    this.#afterEffects = afterEffects;
  }

  /** Rejects when the store failed: then nothing was stored and nothing is delivered. */
  async version(app: App, log: MessageLog, draft: MutationDraft): Promise<MutationResult> {
    const result = await log.mutate(draft);
    if (result.kind !== 'committed') return result;
    const { entry } = result;
    this.#deliver(app, messageOfVersion(entry));
    this.#afterEffects.versionCreated(app, entry);
    return result;
  }

  /** `summary` makes what every subscriber is told of the new projection; it comes before the annotation itself. */
  async annotation(
    app: App,
    log: MessageLog,
    draft: AnnotationDraft,
    summary: (type: string, projection: string) => Message,
  ): Promise<AnnotationResult> {
    const result = await log.annotate(draft);
    if (result.kind !== 'committed') return result;
    const { entry, projection } = result;
    this.#deliver(app, summary(entry.record.type, projection));
    this.#deliver(app, messageOfAnnotation(entry));
    this.#afterEffects.annotated(app, entry);
    return result;
  }

  #deliver(app: App, message: Message): void {
    this.#fanout.publish({ key: { appId: app.id, channel: message.channel }, message });
  }
}
