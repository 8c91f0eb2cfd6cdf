// What a reader is told when a worker begins anew, and of messages that are over before they are whole.
import { describe, expect, it } from 'vitest';
import { messageOf } from './builder.ts';
import type { AnyChunk } from './chunk.ts';
import { ChunkFeed, chunksOf } from './chunks.ts';
import type { Piece } from './piece.ts';
import { tracksOf } from './tracks.ts';

let keys = 0;
const piece = (
  type: string,
  text = '',
  more: Partial<Piece> & { readonly headers?: Record<string, string> } = {},
): Piece => {
  const { headers, ...rest } = more;
  keys += 1;
  return { key: `k${keys}`, codec: { type, ...headers }, text, isInput: false, ...rest };
};
const step = (): Piece => piece('start-step', '{"type":"start-step"}');
const written = (text: string, status: Piece['status'] = 'streaming'): Piece =>
  piece(status === 'streaming' ? 'text-start' : 'text-end', text, { status, headers: { id: '0' } });
const output = (toolCallId: string, value: unknown): Piece =>
  piece('tool-output-available', JSON.stringify(value), { headers: { 'tool-call-id': toolCallId } });
const call = (toolCallId: string, status: Piece['status'] = 'complete', text = '{}'): Piece =>
  piece(status === 'complete' ? 'tool-input-available' : 'tool-input-start', text, {
    status,
    headers: { 'tool-call-id': toolCallId, 'tool-name': 'book' },
  });

/** What a chat shows that was told of one state after the other. */
function told(...states: readonly (readonly Piece[])[]): unknown {
  const feed = new ChunkFeed();
  const chunks: AnyChunk[] = [];
  for (const state of states) {
    const more = feed.take(tracksOf(state, null));
    if (more === null) return 'begun anew';
    chunks.push(...more);
  }
  return messageOf('m', chunks).parts;
}
const stands = (state: readonly Piece[]): unknown =>
  messageOf('m', chunksOf(tracksOf(state, null), { over: null })).parts;

describe('an answer that is begun anew', () => {
  it('is told from its only step on', () => {
    const again = [step(), written('Better', 'complete')];
    expect(told([step(), written('Wor')], [], again.slice(0, 1), again)).toEqual(stands(again));
  });

  it('is told from its last step on, where that is all that was taken back', () => {
    const [first, done] = [step(), written('First', 'complete')];
    const again = [first, done, step(), written('Second', 'complete')];
    expect(told([first, done, step(), written('Sec')], [first, done], again)).toEqual(stands(again));
  });

  it('is told where there are no steps', () => {
    const again = [written('Better', 'complete')];
    expect(told([written('Wor')], [], again)).toEqual(stands(again));
  });

  it('cannot be told where several steps were taken back', () => {
    const before = [step(), written('First', 'complete'), step(), written('Sec')];
    expect(told(before, [step(), written('Other')])).toBe('begun anew');
  });

  it('is told where a text became another one', () => {
    const one = written('The quick fox');
    const other = { ...one, text: 'A slow fox' };
    expect(told([one], [other])).toEqual(stands([other]));
  });

  it('has the outputs of calls in earlier steps still', () => {
    const [first, made] = [step(), call('c1')];
    const again = [first, made, step(), written('Done', 'complete'), output('c1', 1)];
    expect(told([first, made, step(), written('Do')], [first, made], again)).toEqual(stands(again));
    expect(JSON.stringify(stands(again))).toContain('output-available');
  });
});

describe('what cannot be', () => {
  it.each([
    ['an output of a call that is not there', [output('c9', 1)]],
    ['an approval of nothing', [piece('tool-approval-response', '{"approvalId":"x","approved":true}')]],
    ['a chunk that is none', [piece('data-ui-chunk', 'nonsense')]],
    ['a word that nobody knows', [piece('somersault', '{}')]],
    ['an output without a call', [piece('tool-output-available', '1')]],
  ])('is left out: %s', (_, pieces) => {
    expect(stands(pieces)).toEqual([]);
  });

  it('counts the first of two answers to a call', () => {
    const answer = (value: number): Piece =>
      piece('tool-result', JSON.stringify({ toolCallId: 'c1', output: value }), { isInput: true });
    expect(stands([call('c1'), answer(1), answer(2)])).toMatchObject([{ output: 1 }]);
  });
});

describe('a message that is over', () => {
  const over = (pieces: readonly Piece[], how: 'cancelled' | 'error'): unknown =>
    messageOf('m', chunksOf(tracksOf(pieces, how), { over: how, error: { code: 'lost' } })).parts;
  const request = piece(
    'tool-approval-request',
    '{"type":"tool-approval-request","toolCallId":"c1","approvalId":"a1"}',
    {
      headers: { 'tool-call-id': 'c1' },
    },
  );

  it('has no text that is still written', () => {
    expect(over([written('Half')], 'cancelled')).toMatchObject([{ text: 'Half', state: 'done' }]);
  });

  it('has no call that still waits', () => {
    expect(over([call('c1')], 'cancelled')).toMatchObject([{ state: 'output-error' }]);
    expect(over([call('c1'), request], 'cancelled')).toMatchObject([{ state: 'output-denied' }]);
    expect(over([call('c1', 'cancelled', '{"da')], 'cancelled')).toMatchObject([
      { state: 'output-error', errorText: 'The call was cut off.', input: '{"da' },
    ]);
  });

  it('says what was wrong', () => {
    expect(over([written('Half')], 'error')).toMatchObject([
      { text: 'Half' },
      { type: 'data-error', data: { code: 'lost' } },
    ]);
  });
});
