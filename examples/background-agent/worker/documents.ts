// The files that a job reads: texts below one folder, and nothing outside of it, whatever a visitor or a model asks for.
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import type { PlannedDocument } from '../shared/job.ts';

const ENDINGS = ['.md', '.txt'];
const MAX_BYTES = 1024 * 1024;

/** What was asked for is not to be had; `message` is for people. */
export class DocumentsError extends Error {
  override readonly name = 'DocumentsError';
  readonly code: 'unknown_folder' | 'empty_folder' | 'unknown_document' | 'document_too_large';

  constructor(code: DocumentsError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

export class Documents {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  /** The first documents of a folder by name. @throws DocumentsError */
  async list(folder: string, limit: number): Promise<PlannedDocument[]> {
    const path = await this.#inside(folder);
    const entries = path === null ? null : await readdir(path, { withFileTypes: true }).catch(() => null);
    if (path === null || entries === null) {
      throw new DocumentsError('unknown_folder', `There is no folder “${folder}”.`);
    }
    const names = entries
      .filter((entry) => entry.isFile() && ENDINGS.some((ending) => entry.name.endsWith(ending)))
      .map(({ name }) => name)
      .sort((a, b) => a.localeCompare(b, 'en'));
    if (names.length === 0) {
      throw new DocumentsError(
        'empty_folder',
        `There is no document in “${folder}” (${ENDINGS.join(', ')}).`,
      );
    }
    const root = await realpath(this.#root);
    return Promise.all(
      names.slice(0, limit).map(async (name) => ({
        path: relative(root, join(path, name)).split(sep).join('/'),
        bytes: (await stat(join(path, name))).size,
      })),
    );
  }

  /** @throws DocumentsError */
  async read(path: string): Promise<string> {
    const file = ENDINGS.some((ending) => path.endsWith(ending)) ? await this.#inside(path) : null;
    const facts = file === null ? null : await stat(file);
    if (file === null || facts?.isFile() !== true) {
      throw new DocumentsError('unknown_document', `There is no document “${path}”.`);
    }
    if (facts.size > MAX_BYTES) throw new DocumentsError('document_too_large', `“${path}” is too large.`);
    return readFile(file, 'utf8');
  }

  /** Where it really is; null: nowhere, or outside. */
  async #inside(path: string): Promise<string | null> {
    if (path.includes('\0') || isAbsolute(path)) return null;
    const root = await realpath(this.#root);
    const real = await realpath(resolve(root, path)).catch(() => null);
    if (real === null) return null;
    const way = relative(root, real);
    return way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way) ? null : real;
  }
}
