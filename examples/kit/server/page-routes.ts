// Bundles a page once, at start, and serves three files: index.html as it is, page.css and main.ts (as page.js) with what they import.
// The app key is all the page has to be told.
import { readFile } from 'node:fs/promises';
import type { OpenRoute } from '@sockudo/server';
import { build } from 'esbuild';

const HEADERS = [
  ['cache-control', 'no-cache'],
  ['x-content-type-options', 'nosniff'],
  [
    'content-security-policy',
    "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'",
  ],
] as const;

/** @param folder of the page, with a slash at its end */
export async function pageRoutes(folder: string, appKey: string): Promise<OpenRoute[]> {
  const html = await readFile(`${folder}index.html`, 'utf8');
  return [
    fileRoute('/', 'text/html; charset=utf-8', html.replaceAll('%APP_KEY%', escaped(appKey))),
    fileRoute('/page.css', 'text/css; charset=utf-8', await bundle(`${folder}page.css`)),
    fileRoute('/page.js', 'text/javascript; charset=utf-8', await bundle(`${folder}main.ts`)),
  ];
}

function fileRoute(path: string, contentType: string, body: string): OpenRoute {
  return {
    kind: 'open',
    path,
    methods: { GET: async () => ({ status: 200, contentType, body, headers: HEADERS }) },
  };
}

async function bundle(file: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [file],
    bundle: true,
    format: 'esm',
    target: 'es2022',
    platform: 'browser',
    write: false,
  });
  return outputFiles[0]?.text ?? '';
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
