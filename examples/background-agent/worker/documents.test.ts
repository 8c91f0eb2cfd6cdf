import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Documents } from './documents.ts';

describe('documents', () => {
  let folder: string;
  let documents: Documents;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sockudo-documents-'));
    await mkdir(join(folder, 'open/texts/deeper'), { recursive: true });
    await mkdir(join(folder, 'open/nothing'));
    await mkdir(join(folder, 'open-not'));
    for (const name of ['b.md', 'a.txt', 'c.md', 'd.ts']) {
      await writeFile(join(folder, 'open/texts', name), `text of ${name}`);
    }
    await writeFile(join(folder, 'open-not/secret.md'), 'secret');
    await writeFile(join(folder, 'secret.md'), 'secret');
    await symlink(join(folder, 'secret.md'), join(folder, 'open/link.md'));
    await symlink(join(folder, 'open-not'), join(folder, 'open/away'));
    documents = new Documents(join(folder, 'open'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('lists the first texts of a folder by name', async () => {
    expect(await documents.list('texts', 2)).toEqual([
      { path: 'texts/a.txt', bytes: 13 },
      { path: 'texts/b.md', bytes: 12 },
    ]);
    expect(await documents.list('./texts/', 9)).toHaveLength(3);
    expect(await documents.read('texts/b.md')).toBe('text of b.md');
  });

  it('says when there is none', async () => {
    await expect(documents.list('nothing', 2)).rejects.toMatchObject({ code: 'empty_folder' });
    await expect(documents.list('texts/a.txt', 2)).rejects.toMatchObject({ code: 'unknown_folder' });
  });

  it.each(['', '.', '..', '../open-not', 'away', '/etc', 'texts/../..', 'a\0b', 'missing'])(
    'lists nothing outside: %j',
    async (path) => {
      const outcome = await documents.list(path, 9).catch((error) => error.code);
      expect(['unknown_folder', 'empty_folder']).toContain(outcome);
    },
  );

  it.each(['../secret.md', 'link.md', 'away/secret.md', '/etc/passwd', 'texts/d.ts', 'texts', 'missing.md'])(
    'reads nothing but texts inside: %j',
    async (path) => {
      await expect(documents.read(path)).rejects.toMatchObject({ code: 'unknown_document' });
    },
  );
});
