// The SQL of this package: one operation a file in sql/, read once, with the name of the schema filled in.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What `{order}` and `{beyond}` stand for in the two forms of a statement that pages in both directions. */
const DIRECTIONS = {
  'oldest-first': { order: 'ASC', beyond: '>' },
  'newest-first': { order: 'DESC', beyond: '<' },
} as const;

export type Direction = keyof typeof DIRECTIONS;

export interface Statement {
  /** Under this name a connection keeps it prepared. */
  readonly name: string;
  readonly text: string;
}

export interface Statements {
  /** Statement of the file sql/‹name›.sql. */
  get(name: string, direction?: Direction): Statement;
}

/** @param schema checked by `quoted` */
export function readStatements(schema: string): Statements {
  const statements = new Map<string, Statement>();
  const folder = fileURLToPath(new URL('./sql/', import.meta.url));
  for (const file of readdirSync(folder)) {
    const name = file.replace(/\.sql$/, '');
    const text = inSchema(readFileSync(`${folder}${file}`, 'utf8'), schema);
    if (!text.includes('{order}')) {
      statements.set(name, { name, text });
      continue;
    }
    for (const [direction, { order, beyond }] of Object.entries(DIRECTIONS)) {
      const directed = text.replaceAll('{order}', order).replaceAll('{beyond}', beyond);
      statements.set(`${name} ${direction}`, { name: `${name} ${direction}`, text: directed });
    }
  }
  return {
    get: (name, direction) => {
      const statement = statements.get(direction === undefined ? name : `${name} ${direction}`);
      if (statement === undefined) throw new Error(`there is no statement ${name}`);
      return statement;
    },
  };
}

/** The migrations in their order: the first makes version 1. */
export function readMigrations(schema: string): readonly string[] {
  const folder = fileURLToPath(new URL('./migrations/', import.meta.url));
  const files = readdirSync(folder).filter((file) => file.endsWith('.sql'));
  return files.sort().map((file) => inSchema(readFileSync(`${folder}${file}`, 'utf8'), schema));
}

/** @throws Error for what can't be the name of a schema. */
export function quoted(schema: string): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,62}$/.test(schema)) {
    throw new Error(`the schema name '${schema}' must be a letter or _, then up to 62 letters, digits or _`);
  }
  return `"${schema}"`;
}

const inSchema = (text: string, schema: string): string => text.replaceAll('{schema}', quoted(schema));
