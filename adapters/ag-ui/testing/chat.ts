/** A conversation as a channel holds it, in few words, for tests; also one that changes at random. */

import { entryOfRow } from '../../../ai-transport/client/log/entry.ts';
import { MessageLog } from '../../../ai-transport/client/log/message-log.ts';
import { Conversation } from '../../../ai-transport/client/testing/conversation.ts';
import { type Shown, shown } from '../../../ai-transport/client/testing/shown.ts';
import type { WireHeaders } from '../../../ai-transport/wire/index.ts';
import type { Draft, Projector } from '../projection.ts';

export class Chat extends Conversation {
  /** Headers of streams, by their message serial. */
  readonly #streams = new Map<string, WireHeaders>();

  /** Begins a stream of a kind: `text`, `reasoning`, or a call. */
  stream(run: string, id: string, kind: string, data = '', codec: WireHeaders = {}): string {
    const transport = { role: 'assistant', 'run-id': run, 'codec-message-id': id, stream: 'true' } as const;
    const name = { 'stream-id': `${kind}:${this.head}` };
    const key = this.publish(
      'ai-output',
      { ...transport, ...name, status: 'streaming' },
      { data, codec: { type: `${kind}-start`, ...codec } },
    );
    this.#streams.set(key, { ...transport, ...name });
    return key;
  }

  call(run: string, id: string, toolCallId: string, data = '', more: WireHeaders = {}): string {
    return this.stream(run, id, 'tool-input', data, {
      'tool-call-id': toolCallId,
      'tool-name': `tool_${toolCallId}`,
      ...more,
    });
  }

  finish(key: string, status: 'complete' | 'cancelled' = 'complete'): void {
    this.append(key, '', { ...this.#streams.get(key), status });
  }

  /** Something that is complete at once. */
  say(run: string, id: string, type: string, data: unknown, codec: WireHeaders = {}): string {
    return this.publish(
      'ai-output',
      { role: 'assistant', 'run-id': run, 'codec-message-id': id },
      { data: typeof data === 'string' ? data : JSON.stringify(data), codec: { type, ...codec } },
    );
  }

  /** As somebody saw it who read it at that moment. */
  at(head = this.head): Shown {
    const log = new MessageLog();
    log.foldAll(this.rows({ at: head }).flatMap((row) => entryOfRow(row) ?? []));
    return shown(log);
  }
}

export function draftsOf(projector: Projector, { messages, runs }: Shown): readonly Draft[] {
  const running = new Set(runs.filter(({ status }) => status === 'running').map(({ id }) => id));
  return projector.project(messages, (id) => running.has(id));
}
