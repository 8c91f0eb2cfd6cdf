// The example as a newcomer sees it: `npm start`, a page in real Chromium, two windows.
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { startExample } from '../../examples/market-feed/start.ts';
import { screenshot } from './browser.ts';
import { exampleInBrowser, PHONE, withoutNetworkErrors } from './example-windows.ts';

describe('market feed', () => {
  const feed = exampleInBrowser(startExample);
  const { open } = feed;

  it('feeds every window, without an error in the console', async () => {
    const [first, second] = [await open(), await open({ colorScheme: 'dark', size: PHONE })];
    for (const { page } of [first, second]) {
      await connected(page);
      await quoteAfter(page, 'AAPL');
      await quoteAfter(page, 'CPU');
      await page.getByText(/^[1-9]\d*\.\d messages\/s$/).waitFor();
    }
    await screenshot(first, 'market-feed-signed-out');
    await screenshot(second, 'market-feed-signed-out-phone-dark');
    expect([...first.errors, ...second.errors]).toEqual([]);
  });

  it('draws what came before at once', async () => {
    const { page } = await open();
    await connected(page);
    const label = await page.locator('[data-symbol=AAPL] svg').getAttribute('aria-label');
    expect(label).toMatch(/^AAPL: the latest \d+ values, from \$[\d.]+ to \$[\d.]+$/);
  });

  it('refuses a wrong password and says so', async () => {
    const { page } = await open();
    await connected(page);
    await signIn(page, 'ada', 'guess');
    await page.getByRole('alert').getByText('Unknown name or wrong password').waitFor();
    expect(await page.locator('#account').isVisible()).toBe(false);
  });

  it('gives each user the own account and refuses anybody else’s', async () => {
    const [ada, ben] = [await open(), await open()];
    await signIn(ada.page, 'ada');
    await signIn(ben.page, 'ben');
    await ada.page.getByRole('cell', { name: '120', exact: true }).waitFor();
    await ben.page.getByRole('cell', { name: '40', exact: true }).waitFor();

    await textAfter(ada.page, '#account-total');

    await ada.page.locator('#peek-user').selectOption('ben');
    await ada.page.getByRole('button', { name: 'Try to read it' }).click();
    await ada.page.getByText('Refused (403): private-account-ben belongs to somebody else.').waitFor();
    expect(await ada.page.getByRole('cell', { name: '40', exact: true }).count()).toBe(0);
    expect(withoutNetworkErrors(ada.errors)).toEqual([]);
  });

  it('does not let anybody in whose session is not real', async () => {
    const { page } = await open();
    await page.evaluate(() =>
      sessionStorage.setItem(
        'market-feed-session',
        JSON.stringify({ token: 'made-up', user: { id: 'ada', name: 'Ada' } }),
      ),
    );
    await page.reload();
    await page.getByText('Your session has ended. Please sign in again.').waitFor();
    expect(await page.locator('#account').isVisible()).toBe(false);
  });

  it('shows who comes, types, talks and goes', async () => {
    const [ada, ben] = [await open(), await open({ size: PHONE })];
    await signIn(ada.page, 'ada');
    await ada.page.getByRole('list', { name: 'Who is here' }).getByText('Ada (you)').waitFor();
    await signIn(ben.page, 'ben');
    await ada.page.getByText('Ben came in.').waitFor();
    await ben.page.getByRole('list', { name: 'Who is here' }).getByText('Ada', { exact: true }).waitFor();

    const message = ben.page.getByLabel('Message to everybody here');
    await message.pressSequentially('Selling <b>everything</b>');
    await ada.page.getByText('Ben is typing…').waitFor();
    await message.press('Enter');
    await ada.page.getByText('Ben: Selling <b>everything</b>').waitFor();
    await ben.page.getByText('You: Selling <b>everything</b>').waitFor();
    expect(await ada.page.locator('#typing').textContent()).toBe('');
    await ben.page.getByRole('cell', { name: '40', exact: true }).waitFor();
    await screenshot(ada, 'market-feed-desktop');
    await screenshot(ben, 'market-feed-phone');

    await ben.page.getByRole('button', { name: 'Sign out' }).click();
    await ada.page.getByText('Ben left.').waitFor();
    expect([...ada.errors, ...ben.errors]).toEqual([]);
  });

  it('stays signed in over a reload', async () => {
    const { page } = await open();
    await signIn(page, 'cleo');
    await page.getByRole('cell', { name: '800', exact: true }).waitFor();
    await page.reload();
    await page.getByRole('cell', { name: '800', exact: true }).waitFor();
  });

  it('says so when what came before cannot be loaded, and tries again', async () => {
    const { page } = await open();
    await connected(page);
    await page.route('**/backend/market', (route) =>
      route.fulfill({ status: 502, body: '{"error":"gone"}' }),
    );
    await page.reload();
    await page.getByText('The backend does not answer').waitFor();
    expect(await page.locator('#connection').textContent()).toBe('Connected');
    await page.unroute('**/backend/market');
    await connected(page);
    await page.locator('#market-note').waitFor({ state: 'hidden' });
  });

  it('goes on when the backend was started again', async () => {
    const { page, errors } = await open();
    await signIn(page, 'ada');
    await page.getByRole('cell', { name: '120', exact: true }).waitFor();
    const killed = feed.example.backend.pid;
    if (killed === undefined) throw new Error('the backend is not running');
    const shown = await valuesShown(page);
    process.kill(killed, 'SIGKILL');
    // The replay begins again with its first price, and so does the line.
    await page.waitForFunction((before) => {
      const label = document.querySelector('[data-symbol=AAPL] svg')?.getAttribute('aria-label') ?? '';
      return Number(/\d+/.exec(label)?.[0]) < before;
    }, shown);
    await quoteAfter(page, 'AAPL');
    await textAfter(page, '#account-total');
    expect(feed.example.backend.pid).not.toBe(killed);
    expect(errors).toEqual([]);
  });

  it('says that the connection is lost and goes on when the server is back', async () => {
    const [ada, ben] = [await open(), await open({ size: PHONE, colorScheme: 'dark' })];
    await signIn(ada.page, 'ada');
    await signIn(ben.page, 'ben');
    await ada.page.getByRole('list', { name: 'Who is here' }).getByText('Ben', { exact: true }).waitFor();
    const killed = feed.example.server.pid;
    if (killed === undefined) throw new Error('the server is not running');
    process.kill(killed, 'SIGKILL');

    await ada.page.getByText('Connection lost.').waitFor();
    await ben.page.getByText('Connection lost.').waitFor();
    await screenshot(ada, 'market-feed-offline');
    await screenshot(ben, 'market-feed-offline-phone-dark');
    for (const { page } of [ada, ben]) {
      await connected(page);
      await page.locator('#banner').waitFor({ state: 'hidden' });
      await quoteAfter(page, 'AAPL');
      await quoteAfter(page, 'CPU');
    }
    await ada.page.getByRole('list', { name: 'Who is here' }).getByText('Ben', { exact: true }).waitFor();
    await ben.page.getByRole('list', { name: 'Who is here' }).getByText('Ada', { exact: true }).waitFor();
    expect(feed.example.server.pid).not.toBe(killed);
    expect(withoutNetworkErrors([...ada.errors, ...ben.errors])).toEqual([]);
  });
});

async function connected(page: Page): Promise<void> {
  await page.locator('#connection[data-state=connected]').waitFor();
  await page.locator('[data-symbol=AAPL] .line').waitFor({ state: 'attached' });
}

/** Waits for a quote newer than what is shown. */
async function quoteAfter(page: Page, symbol: string): Promise<void> {
  const path = `[data-symbol=${symbol}] .line`;
  const before = await page.locator(path).getAttribute('d');
  await page.waitForFunction(
    ([selector, line]) => document.querySelector(selector ?? '')?.getAttribute('d') !== line,
    [path, before] as const,
  );
}

async function valuesShown(page: Page): Promise<number> {
  const label = await page.locator('[data-symbol=AAPL] svg').getAttribute('aria-label');
  return Number(/\d+/.exec(label ?? '')?.[0]);
}

/** Waits for another text than there is. */
async function textAfter(page: Page, selector: string): Promise<void> {
  const before = await page.locator(selector).textContent();
  await page.waitForFunction(([path, text]) => document.querySelector(path)?.textContent !== text, [
    selector,
    before,
  ] as const);
}

async function signIn(page: Page, name: string, password = 'demo'): Promise<void> {
  await page.getByLabel('Name').fill(name);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}
