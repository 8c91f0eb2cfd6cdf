// The documentation of this project, which is answered from when nothing else is given: in the repository where it stands, in the published
// package beside the code (scripts/build.ts puts it there).
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Document, DocumentsError, readDocuments } from './read-documents.ts';

const PLACES = ['../manual/', '../../../'].map((path) => fileURLToPath(new URL(path, import.meta.url)));

/** @throws DocumentsError when it is not there */
export async function readManual(): Promise<Document[]> {
  const place = PLACES.find((path) => existsSync(`${path}docs`) && existsSync(`${path}README.md`));
  if (place === undefined) {
    throw new DocumentsError('The documentation of Sockudo is not here: name another folder of documents');
  }
  const docs = await readDocuments(`${place}docs`);
  return [
    ...(await readDocuments(`${place}README.md`)),
    ...docs.map(({ source, text }) => ({ source: `docs/${source}`, text })),
  ];
}
