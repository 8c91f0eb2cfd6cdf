import type { ContentPart } from '@ag-ui/core';
import { ContentPartSchema } from '@ag-ui/core/schemas';
import { type Content, contentOf } from '@sockudo/ai-transport/model';
import { describe, expect, it } from 'vitest';
import { contentOfUser, sayingOf } from './user-content.ts';

/** What a session has of it, read back. */
const readBack = (content: string | ContentPart[]): readonly Content[] => {
  const saying = sayingOf(content);
  const text = typeof saying === 'string' ? saying : JSON.stringify(saying);
  return contentOf({ parts: [{ codec: {}, text, isInput: true }] });
};

const text: ContentPart = { type: 'text', text: 'Look: ' };

describe('what a user says', () => {
  it('is a text where it is nothing else', () => {
    expect(sayingOf('Hi')).toBe('Hi');
    expect(sayingOf([text, { type: 'text', text: 'there' }])).toBe('Look: there');
    expect(contentOfUser([{ type: 'text', text: 'Hi' }])).toBe('Hi');
  });

  it.each<ContentPart>([
    { type: 'image', source: { type: 'url', value: 'https://a.example/b.png', mimeType: 'image/png' } },
    { type: 'image', source: { type: 'data', value: 'iVBO', mimeType: 'image/png' } },
    { type: 'audio', source: { type: 'data', value: 'AAAA', mimeType: 'audio/wav' } },
    { type: 'video', source: { type: 'url', value: 'https://a.example/b.mp4', mimeType: 'video/mp4' } },
    {
      type: 'document',
      source: { type: 'data', value: 'JVBE', mimeType: 'application/pdf' },
      metadata: { filename: 'report.pdf' },
    },
  ])('goes there and back with $type of $source.type', (part) => {
    const pieces = readBack([text, part]);
    expect(pieces.map(({ type }) => type)).toEqual(['text', 'file']);
    const back = contentOfUser(pieces);
    expect(back).toEqual([text, part]);
    for (const each of back as ContentPart[]) expect(ContentPartSchema.safeParse(each).success).toBe(true);
  });

  it('names a kind where it has none of its own, and leaves out what only its provider has', () => {
    const image: ContentPart = { type: 'image', source: { type: 'url', value: 'https://a.example/b' } };
    const file: ContentPart = { type: 'document', source: { type: 'file', value: 'file_1' } };
    expect(readBack([text, image, file])).toEqual([
      { type: 'text', text: 'Look: ' },
      { type: 'file', url: 'https://a.example/b', mediaType: 'image/*' },
    ]);
  });
});
