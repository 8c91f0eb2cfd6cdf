import { describe, expect, it } from 'vitest';
import { Documents } from './search.ts';

const documents = new Documents([
  {
    source: 'boats.md',
    text: '# Boats\n\nA boat floats on the water.\n\n## Sails\n\nSails of a boat are red.\n',
  },
  { source: 'tea.md', text: '# Tea\n\nTea is made of water and leaves. The water must not boil.\n' },
]);
const found = (query: string): string[] =>
  documents.search(query).map(({ source, heading }) => `${source} ${heading}`);

describe('search', () => {
  it('finds sections, those first that have the rarer words, and more of them', () => {
    expect(found('Which tea?')).toEqual(['tea.md Tea']);
    expect(found('boiling water')).toEqual(['tea.md Tea', 'boats.md Boats']);
    expect(found('the sail of a boat')[0]).toBe('boats.md Sails');
  });

  it('finds nothing where no word occurs', () => {
    expect(found('quantum')).toEqual([]);
    expect(found('')).toEqual([]);
  });
});
