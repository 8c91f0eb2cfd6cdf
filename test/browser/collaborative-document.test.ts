// The collaborative document in real Chromium: several windows, offline for half a minute, the server killed.
import type { Locator, Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { startExample } from '../../examples/collaborative-document/start.ts';
import { screenshot, type Window, type WindowOptions } from './browser.ts';
import { exampleInBrowser, PHONE, withoutNetworkErrors } from './example-windows.ts';

const OFFLINE_MS = 30_000;

describe('collaborative document', () => {
  const shared = exampleInBrowser(startExample);

  const open = async (name: string | null, options?: WindowOptions): Promise<Window> => {
    const window = await shared.open(options);
    await connected(window.page);
    if (name !== null) {
      await window.page.getByLabel('What is your name?').fill(name);
      await window.page.getByRole('button', { name: 'Start writing' }).click();
      await window.page.getByText(`You write as ${name}`).waitFor();
    }
    return window;
  };

  const unexpected = (): string[] => withoutNetworkErrors(shared.windows.flatMap(({ errors }) => errors));

  it('shows the text to everybody, and lets nobody write without a name', async () => {
    const { page, errors } = await open(null);
    await paragraphs(page).nth(2).waitFor();
    expect(await textOf(page, 0)).toContain('Every paragraph of this page is one message');
    expect(await page.getByRole('button', { name: 'Add paragraph' }).isVisible()).toBe(false);
    expect(errors).toEqual([]);
  });

  it('brings what one writes to the others, and keeps it over a reload', async () => {
    const [ada, ben] = [await open('Ada'), await open('Ben', { size: PHONE })];
    const paragraph = await add(ada.page, 'A first thought');
    await has(ben.page, paragraph, 'A first thought');
    await area(ada.page, paragraph).press('End');
    await area(ada.page, paragraph).pressSequentially(', and <b>another</b>.');
    await has(ben.page, paragraph, 'A first thought, and <b>another</b>.');
    await ben.page.locator(`[data-serial="${paragraph}"]`).getByText('Ada ·').waitFor();
    await area(ben.page, paragraph).fill('Ben says otherwise.');
    await has(ada.page, paragraph, 'Ben says otherwise.');
    await stored(ben.page);
    await ada.page.reload();
    await has(ada.page, paragraph, 'Ben says otherwise.');
    await ada.page.getByText('You write as Ada').waitFor();
    expect(unexpected()).toEqual([]);
  });

  it('counts reactions, also for those who come later', async () => {
    const [ada, ben] = [await open('Ada'), await open('Ben')];
    const paragraph = await add(ada.page, 'React to me');
    await has(ben.page, paragraph, 'React to me');
    await reaction(ada.page, paragraph, 'agree').click();
    await pressed(ada.page, paragraph, 'agree, 1');
    await reaction(ben.page, paragraph, 'agree').click();
    await pressed(ben.page, paragraph, 'agree, 2');
    await reaction(ben.page, paragraph, 'great').click();
    const late = await open(null);
    await labelled(late.page, paragraph, 'agree, 2');
    await labelled(late.page, paragraph, 'great, 1');
    await reaction(ada.page, paragraph, 'agree').click();
    await labelled(late.page, paragraph, 'agree, 1');
    await late.page.reload();
    await labelled(late.page, paragraph, 'agree, 1');
    await screenshot(ada, 'document-reactions');
    expect(unexpected()).toEqual([]);
  });

  it('goes through the versions with a slider and back to one', async () => {
    const [ada, phone] = [await open('Ada'), await open('Cleo', { size: PHONE, colorScheme: 'dark' })];
    const paragraph = await add(ada.page, 'The quick fox');
    for (const text of ['The quick brown fox', 'The quick brown fox jumps', 'Something else']) {
      await area(ada.page, paragraph).fill(text);
      await has(phone.page, paragraph, text);
      await stored(ada.page);
    }
    for (const { page } of [ada, phone]) {
      await page.locator(`[data-serial="${paragraph}"]`).getByRole('button', { name: 'Versions' }).click();
      await page.getByText('Version 4 of 4').waitFor();
    }
    const slider = ada.page.getByRole('slider', { name: 'Version' });
    await slider.press('ArrowLeft');
    await slider.press('ArrowLeft');
    await ada.page.getByText('Version 2 of 4').waitFor();
    expect(await ada.page.locator('#version-text').textContent()).toBe('The quick brown fox');
    expect(await ada.page.locator('#version-text mark').textContent()).toBe('brown ');
    await screenshot(ada, 'document-versions');
    await screenshot(phone, 'document-versions-phone-dark');
    await ada.page.getByRole('button', { name: 'Go back to this version' }).click();
    await has(phone.page, paragraph, 'The quick brown fox');
    await phone.page.getByText('Version 5 of 5').waitFor();
    await ada.page.locator(`[data-serial="${paragraph}"]`).getByRole('button', { name: 'Remove' }).click();
    await phone.page.getByText('Ada removed a paragraph').waitFor();
    await phone.page.locator(`[data-serial="${paragraph}"]`).getByRole('button', { name: 'Restore' }).click();
    await has(ada.page, paragraph, 'The quick brown fox');
    expect(unexpected()).toEqual([]);
  });

  it('keeps what is written offline, also over half a minute, and brings both sides together', async () => {
    const [ada, ben] = [await open('Ada'), await open('Ben', { size: PHONE })];
    const [mine, theirs] = [await add(ada.page, 'Mine'), await add(ada.page, 'Theirs')];
    await has(ben.page, theirs, 'Theirs');
    await stored(ben.page);
    await ben.page.context().setOffline(true);
    const offlineSinceMs = Date.now();
    await ben.page.locator('#banner').waitFor();
    await area(ben.page, mine).fill('Written without a network');
    await ben.page.getByText('1 change to store').waitFor();
    await ben.page.getByText('what you write is kept here').waitFor();
    await screenshot(ben, 'document-offline-phone');
    for (let n = 1; n <= 5; n += 1) {
      await area(ada.page, theirs).fill(`Theirs, ${n}`);
      await stored(ada.page);
    }
    const late = await add(ada.page, 'Meanwhile');
    // Long enough for every retry and every hot buffer to have had its turn.
    await ada.page.waitForFunction((untilMs) => Date.now() >= untilMs, offlineSinceMs + OFFLINE_MS, {
      timeout: OFFLINE_MS + 5000,
    });
    expect(await area(ben.page, theirs).inputValue()).toBe('Theirs');
    await ben.page.context().setOffline(false);
    await connected(ben.page);
    await has(ben.page, theirs, 'Theirs, 5');
    await has(ben.page, late, 'Meanwhile');
    await has(ada.page, mine, 'Written without a network');
    await stored(ben.page);
    await ben.page.locator('#banner').waitFor({ state: 'hidden' });
    expect(unexpected()).toEqual([]);
  });

  it('loses nothing when the server is killed', async () => {
    const [ada, ben] = [await open('Ada'), await open('Ben')];
    const paragraph = await add(ada.page, 'Before');
    await reaction(ada.page, paragraph, 'great').click();
    await labelled(ben.page, paragraph, 'great, 1');
    const killed = shared.example.server.pid;
    if (killed === undefined) throw new Error('the server is not running');
    process.kill(killed, 'SIGKILL');
    await ada.page.getByText('Connection lost.').waitFor();
    await area(ada.page, paragraph).fill('Written while it was down');
    await screenshot(ada, 'document-server-down');
    await connected(ada.page);
    await connected(ben.page);
    await has(ben.page, paragraph, 'Written while it was down');
    await stored(ada.page);
    const fresh = await open(null);
    await has(fresh.page, paragraph, 'Written while it was down');
    await labelled(fresh.page, paragraph, 'great, 1');
    expect(shared.example.server.pid).not.toBe(killed);
    expect(unexpected()).toEqual([]);
  });

  it('keeps an unsent text over a reload', async () => {
    const { page } = await open('Ada');
    const paragraph = await add(page, 'Draft');
    await page.route('**/backend/paragraphs/change', (route) => route.abort());
    await area(page, paragraph).fill('Draft, not sent');
    await page.getByText('1 change to store').waitFor();
    await page.reload();
    await has(page, paragraph, 'Draft, not sent');
    await page.unroute('**/backend/paragraphs/change');
    await stored(page);
    const other = await open(null);
    await has(other.page, paragraph, 'Draft, not sent');
  });
});

const paragraphs = (page: Page): Locator => page.locator('.paragraph');
const area = (page: Page, serial: string): Locator => page.locator(`[data-serial="${serial}"] textarea`);
const textOf = (page: Page, index: number): Promise<string> =>
  paragraphs(page).nth(index).locator('textarea').inputValue();

async function connected(page: Page): Promise<void> {
  await page.locator('#connection[data-state=connected]').waitFor();
  await page.locator('#paragraphs[aria-busy=false]').waitFor({ state: 'attached' });
}

/** Everything that was written here has been taken by the server. */
const stored = (page: Page): Promise<void> => page.getByText('All stored').waitFor();

/** Waits until a paragraph has this text. */
async function has(page: Page, serial: string, text: string): Promise<void> {
  await page.waitForFunction(
    ([id, expected]) =>
      document.querySelector<HTMLTextAreaElement>(`[data-serial="${id}"] textarea`)?.value === expected,
    [serial, text] as const,
  );
}

/** Adds a paragraph and answers its serial. */
async function add(page: Page, text: string): Promise<string> {
  await page.getByLabel('New paragraph').fill(text);
  await page.getByRole('button', { name: 'Add paragraph' }).click();
  const found = await page.waitForFunction(
    (expected) =>
      [...document.querySelectorAll<HTMLElement>('.paragraph')].find(
        (element) => element.querySelector('textarea')?.value === expected,
      )?.dataset.serial,
    text,
  );
  return String(await found.jsonValue());
}

const reaction = (page: Page, serial: string, name: string): Locator =>
  page.locator(`[data-serial="${serial}"]`).getByRole('button', { name });

const labelled = (page: Page, serial: string, label: string): Promise<void> =>
  page.locator(`[data-serial="${serial}"] [aria-label="${label}"]`).waitFor();

const pressed = (page: Page, serial: string, label: string): Promise<void> =>
  page.locator(`[data-serial="${serial}"] [aria-label="${label}"][aria-pressed=true]`).waitFor();
