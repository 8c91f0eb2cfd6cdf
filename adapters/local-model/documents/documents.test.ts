// From files to what is found in them.
import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Library } from './library.ts';
import { MAX_DOCUMENT_BYTES, readDocuments } from './read-documents.ts';
import { sectionsOf } from './sections.ts';
import { termsOf } from './terms.ts';

describe('sectionsOf', () => {
  it('knows headings, and keeps code, lists and tables whole', () => {
    const text = [
      'Before.',
      '# One `code`',
      '## Two #',
      '- a',
      '',
      '- b',
      '',
      '  goes on',
      '',
      'End.',
      '```sh',
      '# no heading',
      '',
      'x',
      '```',
      '# Three',
      '',
    ].join('\n');
    expect(sectionsOf('f.md', text)).toEqual([
      { source: 'f.md', headings: [], blocks: ['Before.'] },
      {
        source: 'f.md',
        headings: ['One code', 'Two'],
        blocks: ['- a\n\n- b\n\n  goes on', 'End.\n```sh\n# no heading\n\nx\n```'],
      },
    ]);
  });

  it('takes away links that lead nowhere from a chat, and nothing of code', () => {
    const text =
      'See [here](other.md#x), [there](https://example.org) ![shot](a.png).\n\n```md\n[x](y.md)\n```';
    expect(sectionsOf('f.md', text)[0]?.blocks).toEqual([
      'See here, [there](https://example.org) .',
      '```md\n[x](y.md)\n```',
    ]);
  });
});

describe('termsOf', () => {
  it('makes forms of a word meet, and leaves out what says nothing', () => {
    const [first, ...others] = ['cancel', 'cancels', 'cancelled', 'cancelling'].map(
      (word) => termsOf(word)[0],
    );
    for (const other of others) expect(other).toBe(first);
    expect(termsOf('How do I use it?')).toEqual([]);
    expect(termsOf('createWorker')).toEqual([...termsOf('createworker'), ...termsOf('create worker')]);
  });
});

describe('Library', () => {
  const library = new Library([
    { source: 'a.md', text: '# Boats\n\nSails are red.\n\n## Oars\n\nOars are made of wood.' },
    {
      source: 'b.md',
      text: '# Tea\n\nTea is made in pots, of clay or glass.\n\n# Table\n\n| clay | 1 |\n|---|---|',
    },
  ]);
  const places = (text: string, context?: string) =>
    library.search({ text, context }, 9).map(({ section }) => section.headings.at(-1));

  it('finds the section that says most', () => {
    expect(places('red sail')[0]).toBe('Boats');
    expect(places('What are oars made of?')[0]).toBe('Oars');
    expect(places('clay')[0]).toBe('Tea');
  });

  it('finds misspelt words where there is nothing better', () => {
    expect(places('sials')).toEqual([]);
    expect(places('saills')[0]).toBe('Boats');
  });

  it('lets what was talked about before decide between equals', () => {
    expect(places('made of', 'tea')[0]).toBe('Tea');
    expect(places('made of', 'oars')[0]).toBe('Oars');
  });

  it('finds nothing rather than something else', () => {
    expect(places('capital of France')).toEqual([]);
    expect(places('red capital')).toEqual([]);
    expect(places('')).toEqual([]);
  });
});

describe('readDocuments', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sockudo-documents-'));
    for (const name of ['deep', '.hidden', 'node_modules', 'empty']) await mkdir(join(folder, name));
    for (const path of ['b.md', 'a.txt', 'code.ts', 'deep/C.MD', '.hidden/x.md', 'node_modules/x.md'])
      await writeFile(join(folder, path), `text of ${path}`);
    await symlink(join(folder, 'b.md'), join(folder, 'link.md'));
    await writeFile(join(folder, 'large.md'), '');
    await truncate(join(folder, 'large.md'), MAX_DOCUMENT_BYTES + 1);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('reads texts of a folder and its folders, or of one file', async () => {
    expect((await readDocuments(folder)).map(({ source }) => source)).toEqual(['a.txt', 'b.md', 'deep/C.MD']);
    expect(await readDocuments(join(folder, 'b.md'))).toEqual([{ source: 'b.md', text: 'text of b.md' }]);
  });

  it('says when there is nothing to read', async () => {
    await expect(readDocuments(join(folder, 'missing'))).rejects.toThrow('There is no folder');
    await expect(readDocuments(join(folder, 'empty'))).rejects.toThrow('There is no document');
  });

  it('refuses too many documents', async () => {
    const many = join(folder, '.many');
    await mkdir(many);
    await Promise.all(Array.from({ length: 2001 }, (_, index) => writeFile(join(many, `${index}.md`), 'x')));
    await expect(readDocuments(many)).rejects.toThrow('at most 2000');
  });
});
