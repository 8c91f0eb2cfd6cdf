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
  VersionEntry,
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
    if (result.kind === 'committed') this.#created(app, result.entry);
    return result;
  }

  /** The same for many changes of one message in one step (`mutateInOrder`). */
  async versions(
    app: App,
    log: MessageLog,
    drafts: readonly MutationDraft[],
  ): Promise<readonly MutationResult[]> {
    const results = await log.mutateInOrder(drafts);
    for (const result of results) {
      if (result.kind === 'committed') this.#created(app, result.entry);
    }
    return results;
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

  #created(app: App, entry: VersionEntry): void {
    this.#deliver(app, messageOfVersion(entry));
    this.#afterEffects.versionCreated(app, entry);
  }

  #deliver(app: App, message: Message): void {
    this.#fanout.publish({ key: { appId: app.id, channel: message.channel }, message });
  }
}
