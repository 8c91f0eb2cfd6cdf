import type { ModelEvent } from '@sockudo/ai-transport/model';
import { describe, expect, it } from 'vitest';
import { ChatTranslator } from './chat-translator.ts';

function translated(...chunks: readonly object[]): readonly ModelEvent[] {
  const translator = new ChatTranslator('p');
  return [...chunks.flatMap((chunk) => [...translator.next(chunk)]), ...translator.end()];
}

const delta = (fields: object, finish: string | null = null): object => ({
  choices: [{ index: 0, delta: fields, finish_reason: finish }],
});
const calls = (events: readonly ModelEvent[]) =>
  events.flatMap((event) =>
    event.type === 'tool-input-end' ? [[event.toolCallId, event.toolName, event.inputText]] : [],
  );
const piece = (fields: object): object => delta({ tool_calls: [fields] });
const END = delta({}, 'stop');

describe('the accents of compatible servers', () => {
  it('understands calls whose index is always the same', () => {
    const events = translated(
      piece({ index: 0, id: 'a', function: { name: 'x', arguments: '{}' } }),
      piece({ index: 0, id: 'b', function: { name: 'y', arguments: '{"n":' } }),
      piece({ index: 0, function: { arguments: '1}' } }),
      END,
    );
    expect(calls(events)).toEqual([
      ['a', 'x', '{}'],
      ['b', 'y', '{"n":1}'],
    ]);
    expect(events.at(-1)).toMatchObject({ type: 'finish', reason: 'tool-calls', rawReason: 'stop' });
  });

  it('understands calls without an index, and makes ids where there are none', () => {
    const events = translated(
      piece({ function: { name: 'x', arguments: { n: 1 } } }),
      piece({ function: { name: 'y', arguments: '{' } }),
      piece({ function: { arguments: '}' } }),
      piece({ id: 'c', function: { name: 'z' } }),
      END,
    );
    const found = calls(events);
    expect(found.map(([, name, input]) => [name, input])).toEqual([
      ['x', '{"n":1}'],
      ['y', '{}'],
      ['z', ''],
    ]);
    const ids = found.map(([id]) => id);
    expect(ids[2]).toBe('c');
    expect(new Set(ids).size).toBe(3);
  });

  it('keeps what else belongs to a call, to be given back', () => {
    const google = { google: { thought_signature: 's' } };
    const events = translated(
      piece({ index: 0, id: 'a', extra_content: google, function: { name: 'x' } }),
      END,
    );
    expect(events).toContainEqual({
      type: 'tool-input-end',
      toolCallId: 'a',
      toolName: 'x',
      inputText: '',
      metadata: { openai: { fields: { extra_content: google } } },
    });
  });

  it('understands content that comes as a list, and lists of all that was cited so far', () => {
    const events = translated(
      delta({ content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'Hm' }] }] }),
      { ...delta({ content: [{ type: 'text', text: 'Yes' }] }), citations: ['https://a.example'] },
      { ...END, citations: ['https://a.example', 'https://b.example'] },
    );
    expect(events.filter(({ type }) => type !== 'finish')).toEqual([
      { type: 'reasoning-start', id: '0' },
      { type: 'reasoning-delta', id: '0', text: 'Hm' },
      { type: 'reasoning-end', id: '0' },
      { type: 'text-start', id: '1' },
      { type: 'text-delta', id: '1', text: 'Yes' },
      { type: 'source', sourceId: 's0', kind: 'url', url: 'https://a.example' },
      { type: 'source', sourceId: 's1', kind: 'url', url: 'https://b.example' },
      { type: 'text-end', id: '1' },
    ]);
  });

  it('gives pictures as files', () => {
    const url = 'data:image/png;base64,AA==';
    expect(translated(delta({ images: [{ type: 'image_url', image_url: { url } }] }), END)).toContainEqual({
      type: 'file',
      mediaType: 'image/png',
      url,
    });
  });

  it('is bounded', () => {
    const many = Array.from({ length: 200 }, (_, index) =>
      piece({ index, id: `c${index}`, function: { name: 'x' } }),
    );
    expect(calls(translated(...many, END))).toHaveLength(128);
  });
});
