// The background agent in real Chromium: a phone and a desktop follow one run while its worker is killed, frozen, or told to stop.
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createLocalModel, LOCAL_MODEL } from '@sockudo/local-model';
import type { Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { summaryOf } from '../../adapters/local-model/answer/summary.ts';
import { startExample } from '../../examples/background-agent/start.ts';
import { screenshot, type Window, type WindowOptions } from './browser.ts';
import { exampleInBrowser, PHONE } from './example-windows.ts';

const DESKTOP = { width: 1280, height: 800 };
/** Short, so that nobody waits long for what a dead worker has. */
const LEASE_MS = 2000;
const DOCS = fileURLToPath(new URL('../../docs/', import.meta.url));
const REAL_DOCUMENTS = ['annotations.md', 'architecture.md'];

const TEXTS = {
  'boats.md':
    '# Boats\n\nThe boat has a red sail and two small oars. Nobody sails when the wind is too strong.',
  'tea.md': '# Tea\n\nTea is best when the water is not quite boiling. A pot of tea wants four minutes.',
  'towns.md':
    '# Towns\n\nThe old town stands on a hill above the river. Every street of it leads to the market.',
};
const BOATS = TEXTS['boats.md'].replace('# Boats\n\n', '');
const TEA = TEXTS['tea.md'].replace('# Tea\n\n', '');

/** How fast the model speaks: a little, and not at all from a word on that a test names. */
class Pace {
  #word: string | null = null;
  #held = Promise.withResolvers<void>();

  /** Each request that gets to this word waits before it. */
  holdAt(word: string): void {
    this.#word = word;
  }

  release(): void {
    this.#word = null;
    this.#held.resolve();
    this.#held = Promise.withResolvers();
  }

  async before(piece: string): Promise<void> {
    if (piece.trim() === this.#word) await this.#held.promise;
    else await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe('background agent', () => {
  const pace = new Pace();
  const model = createLocalModel({
    documents: [],
    settings: 'note=off',
    pace: (piece) => pace.before(piece),
  });
  // Before the example, so that it is closed after it.
  afterAll(() => model.close());
  const agent = exampleInBrowser(startExample, async (folder) => {
    for (const name of ['texts', 'docs', 'empty']) await mkdir(join(folder, name));
    for (const [name, text] of Object.entries(TEXTS)) await writeFile(join(folder, 'texts', name), text);
    for (const name of REAL_DOCUMENTS) await copyFile(join(DOCS, name), join(folder, 'docs', name));
    return {
      DOCUMENTS_ROOT: folder,
      OPENAI_BASE_URL: `${await model.listen({ host: '127.0.0.1', port: 0 })}/v1`,
      OPENAI_API_KEY: 'none',
      OPENAI_MODEL: LOCAL_MODEL,
      WORKER_LEASE_MS: String(LEASE_MS),
    };
  });
  let desktop: Window;
  let phone: Window;
  const frozen = new Set<number>();

  beforeEach(async () => {
    desktop = await open({ size: DESKTOP });
    phone = await open({ size: PHONE, colorScheme: 'dark' });
  });
  afterEach(async () => {
    for (const pid of frozen) thaw(pid);
    pace.release();
    // What a failed test left behind must not stand in the way of the next one.
    await desktop.page
      .locator('#cancel:enabled')
      .click({ timeout: 100 })
      .catch(() => {});
  });

  const open = async (options: WindowOptions): Promise<Window> => {
    const window = await agent.open(options);
    await window.page.locator('#connection[data-state=connected]').waitFor();
    return window;
  };
  const both = (): Page[] => [desktop.page, phone.page];
  const unexpected = (): string[] => [...desktop.errors, ...phone.errors];

  const thaw = (pid: number): void => {
    process.kill(pid, 'SIGCONT');
    frozen.delete(pid);
  };
  const freeze = (pid: number): void => {
    frozen.add(pid);
    process.kill(pid, 'SIGSTOP');
  };

  /** Starts a job in one window and has the other one show it. Answers the id of the run. */
  const start = async (from: Page, name: string, count = '4'): Promise<string> => {
    await from.getByLabel('Folder of documents').fill(name);
    await from.getByLabel('At most').selectOption(count);
    const before = await shownRun(from);
    await from.getByRole('button', { name: 'Summarise' }).click();
    await from.waitForFunction((id) => document.getElementById('run')?.dataset.run !== id, before);
    const runId = await shownRun(from);
    for (const page of both()) await page.locator(`.runs [data-run="${runId}"]`).click();
    return runId;
  };

  it('is followed by a phone and a desktop, from the queue to the end', async () => {
    pace.holdAt('leaves.');
    await start(desktop.page, 'docs', '2');
    pace.release();
    const expected = await Promise.all(
      REAL_DOCUMENTS.map(async (name) => summaryOf(await readFile(join(DOCS, name), 'utf8'))),
    );
    for (const page of both()) {
      await stateIs(page, 'complete');
      expect(await summaries(page).allTextContents()).toEqual([...expected, expect.any(String)]);
      expect(await page.locator('.tool').allTextContents()).toEqual([
        expect.stringMatching(/^read_file\("docs\/annotations.md"\) → [\d,]+ characters$/),
        expect.stringMatching(/^read_file\("docs\/architecture.md"\) → [\d,]+ characters$/),
        '',
      ]);
      expect(await page.locator('#cancel').isVisible()).toBe(false);
      await page.getByText('3 of 3 steps').waitFor();
    }
    expect(await summaries(phone.page).allTextContents()).toEqual(
      await summaries(desktop.page).allTextContents(),
    );
    await screenshot(desktop, 'agent-done');
    await screenshot(phone, 'agent-done-phone-dark');
    expect(unexpected()).toEqual([]);
  });

  it('is taken over when its worker is killed, and each document is summarised once', async () => {
    pace.holdAt('boiling.');
    await start(phone.page, 'texts');
    for (const page of both()) await summary(page, 'document-2').getByText('not quite').waitFor();
    const [first, pid] = await workerOf(desktop.page);
    await screenshot(desktop, 'agent-running');
    await screenshot(phone, 'agent-running-phone-dark');
    process.kill(pid, 'SIGKILL');
    for (const page of both()) {
      await page.getByText(`${first} is gone.`).waitFor();
      await page.getByText(/as generation 2 and began “texts\/tea.md” again/).waitFor();
    }
    expect((await workerOf(desktop.page))[0]).not.toBe(first);
    await screenshot(desktop, 'agent-taken-over');
    pace.release();
    for (const page of both()) {
      await stateIs(page, 'complete');
      await isWhole(page);
      expect(await page.locator('[data-step="document-2"] .again').textContent()).toBe('attempt 2');
      expect(await page.locator('[data-step="document-1"] .again').isVisible()).toBe(false);
    }
    await screenshot(phone, 'agent-taken-over-phone-dark');
    await phone.page.reload();
    await stateIs(phone.page, 'complete');
    await isWhole(phone.page);
    await phone.page.getByText(`${first} is gone.`).waitFor();
    expect(unexpected()).toEqual([]);
  });

  it('has its worker killed by a button, too', async () => {
    await desktop.page.emulateMedia({ colorScheme: 'dark' });
    await phone.page.emulateMedia({ colorScheme: 'light' });
    pace.holdAt('oars.');
    await start(desktop.page, 'texts');
    await summary(phone.page, 'document-1').getByText('two small').waitFor();
    const [first] = await workerOf(phone.page);
    await phone.page.getByRole('button', { name: 'Kill its worker' }).click();
    for (const page of both()) await page.getByText(/began “texts\/boats.md” again/).waitFor();
    await screenshot(desktop, 'agent-taken-over-dark');
    await screenshot(phone, 'agent-taken-over-phone');
    pace.release();
    for (const page of both()) {
      await stateIs(page, 'complete');
      await isWhole(page);
      await page.getByText(`${first} is gone.`).waitFor();
    }
    expect(unexpected()).toEqual([]);
  });

  it('does not seem to run while nobody works on it, and a worker that wakes up late does no harm', async () => {
    pace.holdAt('boiling.');
    await start(desktop.page, 'texts');
    await summary(phone.page, 'document-2').getByText('not quite').waitFor();
    const [, pid] = await workerOf(desktop.page);
    const pids = agent.example.workers.flatMap((worker) => worker.pid ?? []);
    expect(pids).toContain(pid);
    for (const one of pids) freeze(one);
    for (const page of both()) {
      await stateIs(page, 'queued');
      await page.getByText('Waiting for another worker').first().waitFor();
      expect(await page.locator('.writing, .run .state[data-state=running]').count()).toBe(0);
    }
    await screenshot(phone, 'agent-nobody-phone-dark');
    pace.release();
    for (const one of pids) thaw(one);
    for (const page of both()) {
      await stateIs(page, 'complete');
      await isWhole(page);
    }
    expect(unexpected()).toEqual([]);
  });

  it('is cancelled from one window, and the other one sees it', async () => {
    pace.holdAt('oars.');
    await start(desktop.page, 'texts');
    for (const page of both()) await summary(page, 'document-1').getByText('two small').waitFor();
    await phone.page.locator('#cancel').click();
    for (const page of both()) {
      await stateIs(page, 'cancelled');
      expect(await page.locator('#cancel').isVisible()).toBe(false);
      expect(await page.locator('.writing').count()).toBe(0);
      expect(await summary(page, 'document-1').textContent()).toBe('The boat has a red sail and two small ');
    }
    await screenshot(desktop, 'agent-cancelled');
    expect(unexpected()).toEqual([]);
  });

  it('waits for its turn, and is cancelled there, too', async () => {
    pace.holdAt('oars.');
    const first = await start(desktop.page, 'texts');
    await summary(desktop.page, 'document-1').getByText('two small').waitFor();
    const second = await start(phone.page, 'texts');
    for (const page of both()) await stateIs(page, 'queued');
    await desktop.page.locator('#cancel').click();
    for (const page of both()) {
      await stateIs(page, 'cancelled');
      await page.locator(`.runs [data-run="${first}"]`).click();
      await stateIs(page, 'running');
    }
    pace.release();
    for (const page of both()) await stateIs(page, 'complete');
    expect(second).not.toBe(first);
    expect(unexpected()).toEqual([]);
  });

  it('goes on over a reload', async () => {
    pace.holdAt('boiling.');
    await start(desktop.page, 'texts');
    await summary(desktop.page, 'document-2').getByText('not quite').waitFor();
    await desktop.page.reload();
    await stateIs(desktop.page, 'running');
    await summary(desktop.page, 'document-2').getByText('not quite').waitFor();
    expect(await summary(desktop.page, 'document-1').textContent()).toBe(BOATS);
    pace.release();
    for (const page of both()) {
      await stateIs(page, 'complete');
      await isWhole(page);
    }
    expect(unexpected()).toEqual([]);
  });

  it.each([
    ['empty', 'There is no document in “empty” (.md, .txt).'],
    ['missing', 'There is no folder “missing”.'],
    ['../..', 'There is no folder “../..”.'],
  ])('says what is wrong with the folder %s', async (name, text) => {
    await start(phone.page, name);
    for (const page of both()) {
      await stateIs(page, 'error');
      await page.getByText(`The run ended with an error: ${text}`).waitFor();
    }
    expect(unexpected()).toEqual([]);
  });

  it('says so when the model is not there', async () => {
    await model.close();
    await start(desktop.page, 'texts');
    for (const page of both()) {
      await stateIs(page, 'error');
      await page.getByText('The run ended with an error: The model’s server does not answer.').waitFor();
    }
    await screenshot(desktop, 'agent-no-model');
    await screenshot(phone, 'agent-no-model-phone-dark');
    expect(unexpected()).toEqual([]);
  });
});

const shownRun = async (page: Page): Promise<string> =>
  (await page.locator('#run').getAttribute('data-run')) ?? '';

const stateIs = (page: Page, state: string): Promise<void> =>
  page.locator(`#run-state[data-state="${state}"]`).waitFor();

const summaries = (page: Page): Locator => page.locator('.step .summary');
const summary = (page: Page, step: string): Locator => page.locator(`[data-step="${step}"] .summary`);

/** Worker of the shown run: its id, and its process. */
async function workerOf(page: Page): Promise<[id: string, pid: number]> {
  const [id = '', pid = ''] =
    /worker-\d:(\d+)/.exec((await page.locator('#run-facts').textContent()) ?? '') ?? [];
  return [id, Number(pid)];
}

/** Every text of the folder, each once, and the conclusion. */
async function isWhole(page: Page): Promise<void> {
  const texts = await summaries(page).allTextContents();
  expect(texts).toHaveLength(4);
  expect(texts.slice(0, 2)).toEqual([BOATS, TEA]);
  expect(texts[3]).not.toBe('');
}
