// Real Chromium for tests: one browser, windows that share nothing, and what went wrong in them.
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { findChromium } from '../../scripts/chromium.ts';

const RESULTS = fileURLToPath(new URL('../../test-results/', import.meta.url));
const WAIT_MS = 20_000;

export async function launchBrowser(): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === null)
    throw new Error('no Chromium: run `npm test`, which installs it, or set CHROMIUM_PATH');
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

export interface Window {
  readonly page: Page;
  /** Exceptions nobody caught and errors in the console, in order. */
  readonly errors: string[];
  close(): Promise<void>;
}

export interface WindowOptions {
  readonly size?: { readonly width: number; readonly height: number };
  readonly colorScheme?: 'light' | 'dark';
}

/** A window with storage of its own, as another person's browser. */
export async function openWindow(
  browser: Browser,
  url: string,
  { size = { width: 1280, height: 900 }, colorScheme = 'light' }: WindowOptions = {},
): Promise<Window> {
  const context = await browser.newContext({ viewport: size, colorScheme });
  context.setDefaultTimeout(WAIT_MS);
  const page = await context.newPage();
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  await page.goto(url);
  return { page, errors, close: () => context.close() };
}

/** Keeps a picture of the whole page under `test-results/`. */
export async function screenshot({ page }: Window, name: string): Promise<void> {
  await mkdir(RESULTS, { recursive: true });
  await page.screenshot({ path: `${RESULTS}${name}.png`, fullPage: true });
}
