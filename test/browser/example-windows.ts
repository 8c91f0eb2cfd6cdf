// An example as a newcomer starts it, in a folder of its own, and windows on it in one browser.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExampleOptions, RunningExample } from '@sockudo/example-kit';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { launchBrowser, openWindow, type Window, type WindowOptions } from './browser.ts';

export const PHONE = { width: 390, height: 844 };
/** The browser itself writes these to the console when the server says no, or is away; no page can prevent it. */
const NETWORK_ERROR = /^Failed to load resource|^WebSocket connection to/;

export const withoutNetworkErrors = (errors: readonly string[]): string[] =>
  errors.filter((error) => !NETWORK_ERROR.test(error));

export interface ExampleWindows<E extends RunningExample> {
  /** There is one from `beforeAll` on. */
  readonly example: E;
  /** Windows that the running test has opened. They are closed after it. */
  readonly windows: readonly Window[];
  /** `url`: another page of the example than its first. */
  open(options?: WindowOptions & { readonly url?: string }): Promise<Window>;
}

/**
 * Call it where tests are collected: starts the example and a browser before them, and ends both after them.
 *
 * @param prepare lays out the folder before the example starts there; answers variables of the environment that it adds
 */
export function exampleInBrowser<E extends RunningExample>(
  start: (options: ExampleOptions) => Promise<E>,
  prepare: (folder: string) => Promise<Readonly<Record<string, string>>> = async () => ({}),
): ExampleWindows<E> {
  let folder: string;
  let example: E;
  let browser: Browser;
  let windows: Window[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sockudo-example-'));
    const added = await prepare(folder);
    example = await start({ cwd: folder, env: { ...process.env, HOST: '127.0.0.1', PORT: '0', ...added } });
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await example?.close();
    await rm(folder, { recursive: true, force: true });
  });
  afterEach(async () => {
    await Promise.all(windows.map((window) => window.close()));
    windows = [];
  });

  return {
    get example(): E {
      return example;
    },
    get windows(): readonly Window[] {
      return windows;
    },
    open: async (options) => {
      const window = await openWindow(browser, options?.url ?? example.url, options);
      windows.push(window);
      return window;
    },
  };
}
