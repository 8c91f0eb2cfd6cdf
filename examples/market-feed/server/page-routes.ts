// Bundles the page once, at start, and serves its three files. The app key is all the page has to be told.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { OpenRoute } from '@sockudo/server';
import { build } from 'esbuild';

const PAGE = fileURLToPath(new URL('../page/', import.meta.url));

const HEADERS = [
  ['cache-control', 'no-cache'],
  ['x-content-type-options', 'nosniff'],
  [
    'content-security-policy',
    "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'",
  ],
] as const;

export async function pageRoutes(appKey: string): Promise<OpenRoute[]> {
  const html = await readFile(`${PAGE}index.html`, 'utf8');
  const css = await readFile(`${PAGE}page.css`, 'utf8');
  return [
    fileRoute('/', 'text/html; charset=utf-8', html.replaceAll('%APP_KEY%', escaped(appKey))),
    fileRoute('/page.css', 'text/css; charset=utf-8', css),
    fileRoute('/page.js', 'text/javascript; charset=utf-8', await bundle()),
  ];
}

function fileRoute(path: string, contentType: string, body: string): OpenRoute {
  return {
    kind: 'open',
    path,
    methods: { GET: async () => ({ status: 200, contentType, body, headers: HEADERS }) },
  };
}

async function bundle(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [`${PAGE}main.ts`],
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
