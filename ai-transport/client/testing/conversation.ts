/** What agents and users publish, in few words, for tests. */
import type { TransportHeaders, WireHeaders } from '../../wire/index.ts';
import { FakeChannel } from './fake-channel.ts';

type Headers = TransportHeaders & WireHeaders;

export class Conversation extends FakeChannel {
  /** The user says something. */
  ask(run: string, id: string, more: Headers = {}, data = `question ${id}`): string {
    return this.publish(
      'ai-input',
      { role: 'user', 'run-id': run, 'codec-message-id': id, 'event-id': `e-${id}`, ...more },
      { data, messageId: `e-${id}` },
    );
  }

  start(run: string, more: Headers = {}): void {
    this.publish('ai-run-start', { 'run-id': run, role: 'assistant', ...more });
  }

  /** A whole streamed answer, ended. */
  answer(run: string, id: string, words: readonly string[], more: Headers = {}): string {
    const key = this.open(run, id, more);
    for (const word of words) this.append(key, word);
    this.close(key, run, id, more);
    return key;
  }

  open(run: string, id: string, more: Headers = {}): string {
    return this.publish('ai-output', this.#stream(run, id, more, 'streaming'), { data: '' });
  }

  close(
    key: string,
    run: string,
    id: string,
    more: Headers = {},
    status: 'complete' | 'cancelled' = 'complete',
  ): void {
    this.append(key, '', this.#stream(run, id, more, status));
  }

  end(run: string, reason: 'complete' | 'cancelled' | 'error' = 'complete', more: Headers = {}): void {
    this.publish('ai-run-end', { 'run-id': run, 'run-reason': reason, role: 'assistant', ...more });
  }

  /** Question, answer, end. */
  turn(run: string, question: string, reply: string, more: Headers = {}): void {
    this.ask(run, question, more);
    this.start(run, more);
    this.answer(run, reply, ['answer ', reply], more);
    this.end(run);
  }

  regenerate(run: string, target: string, parent: string, reply: string): void {
    const place: Headers = { parent, 'msg-regenerate': target };
    this.publish(
      'ai-input',
      { role: 'user', 'run-id': run, 'event-id': `e-${run}`, ...place },
      { data: '{}' },
    );
    this.start(run, place);
    this.answer(run, reply, ['again ', reply], place);
    this.end(run);
  }

  #stream(run: string, id: string, more: Headers, status: 'streaming' | 'complete' | 'cancelled'): Headers {
    return {
      role: 'assistant',
      'run-id': run,
      'codec-message-id': id,
      stream: 'true',
      'stream-id': `text:${id}`,
      status,
      ...more,
    };
  }
}
