// Reads the texts below a folder. All bounds of what the stand-in keeps in memory are here. Must not know: searching.
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';

const ENDINGS = ['.md', '.markdown', '.mdx', '.txt'];
/** Larger files are left out. */
export const MAX_DOCUMENT_BYTES = 1024 * 1024;
export const MAX_DOCUMENTS = 2000;
export const MAX_TOTAL_BYTES = 32 * 1024 * 1024;
/** Folders below the first that are looked into. */
const MAX_DEPTH = 12;
/** Files of any kind that are passed on the way. */
const MAX_ENTRIES = 100_000;

export interface Document {
  /** Relative to where reading began, with `/`. */
  readonly source: string;
  readonly text: string;
}

/** The documents cannot be had; `message` names the path and is for people. */
export class DocumentsError extends Error {
  override readonly name = 'DocumentsError';
}

/**
 * The Markdown and plain texts (`.md`, `.markdown`, `.mdx`, `.txt`) of a file or of a folder and its folders, by name. Hidden folders,
 * `node_modules`, links and files above 1 MiB are passed over.
 * @throws DocumentsError when there is none, more than 2000, or more than 32 MiB of them
 */
export async function readDocuments(path: string): Promise<Document[]> {
  const facts = await stat(path).catch(() => null);
  if (facts === null) throw new DocumentsError(`There is no folder ${path}`);
  const root = facts.isFile() ? dirname(resolve(path)) : resolve(path);
  const files = facts.isFile() ? [resolve(path)] : await filesBelow(root);
  const documents: Document[] = [];
  let bytes = 0;
  for (const file of files) {
    const { size } = await stat(file);
    if (size > MAX_DOCUMENT_BYTES) continue;
    bytes += size;
    if (documents.length === MAX_DOCUMENTS || bytes > MAX_TOTAL_BYTES) {
      throw new DocumentsError(
        `Too many documents in ${path}: at most ${MAX_DOCUMENTS} of ${MAX_TOTAL_BYTES} bytes in all are read`,
      );
    }
    documents.push({ source: relative(root, file).split(sep).join('/'), text: await readFile(file, 'utf8') });
  }
  if (documents.length === 0)
    throw new DocumentsError(`There is no document in ${path} (${ENDINGS.join(', ')})`);
  return documents;
}

async function filesBelow(root: string): Promise<string[]> {
  const files: string[] = [];
  const folders = [{ path: root, depth: 0 }];
  let seen = 0;
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of await readdir(folder.path, { withFileTypes: true })) {
      seen += 1;
      if (seen > MAX_ENTRIES) throw new DocumentsError(`${root} has more than ${MAX_ENTRIES} files`);
      const path = join(folder.path, entry.name);
      if (entry.isDirectory() && isVisible(entry.name) && folder.depth < MAX_DEPTH)
        folders.push({ path, depth: folder.depth + 1 });
      if (entry.isFile() && ENDINGS.some((ending) => entry.name.toLowerCase().endsWith(ending)))
        files.push(path);
    }
  }
  return files.sort();
}

const isVisible = (name: string): boolean => !basename(name).startsWith('.') && name !== 'node_modules';
