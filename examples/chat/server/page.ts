// The built page as routes: every file of the folder that Vite wrote, read once.
import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { HttpAnswer, OpenRoute } from '@sockudo/example-kit/server';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};
const SECURITY = [
  ['x-content-type-options', 'nosniff'],
  ['referrer-policy', 'no-referrer'],
  // No script, picture or frame of anybody else: whatever a model writes, the browser loads nothing for it.
  [
    'content-security-policy',
    "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  ],
] as const;

/** @param folder that holds `index.html` and `assets/` */
export async function pageRoutes(folder: string): Promise<OpenRoute[]> {
  const names = await readdir(folder, { recursive: true });
  const files = names.map((name) => name.replaceAll('\\', '/')).filter((name) => extname(name) in TYPES);
  return Promise.all(files.map((name) => fileRoute(folder, name)));
}

async function fileRoute(folder: string, name: string): Promise<OpenRoute> {
  const body = await readFile(join(folder, name));
  // Names of assets have a hash of their content.
  const caching = name.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'no-cache';
  const headers = [['cache-control', caching] as const, ...SECURITY];
  const answer = { status: 200, contentType: TYPES[extname(name)] ?? null, body, headers };
  const get = async (): Promise<HttpAnswer> => answer;
  return { kind: 'open', path: name === 'index.html' ? '/' : `/${name}`, methods: { GET: get } };
}
