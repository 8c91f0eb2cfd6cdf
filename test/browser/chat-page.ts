// The page of the chat as a person uses it, for its tests.
import type { Locator, Page } from 'playwright-core';
import { plain } from './chat-model.ts';

export const composer = (page: Page): Locator => page.getByRole('textbox', { name: 'Message', exact: true });
export const answers = (page: Page): Locator => page.getByRole('article', { name: 'Assistant' });
export const questions = (page: Page): Locator => page.getByRole('article', { name: 'You' });
export const stopButton = (page: Page): Locator => page.getByRole('button', { name: 'Stop', exact: true });

export async function say(page: Page, text: string): Promise<void> {
  await composer(page).fill(text);
  await composer(page).press('Enter');
}

/** Every answer is over: nothing is being written, and nothing waits. */
export async function settled(page: Page, count: number, timeout = 20_000): Promise<void> {
  await page.waitForFunction(
    (wanted) =>
      document.querySelectorAll('.answer').length === wanted &&
      document.querySelector('[aria-busy="true"], .dots, .up-next, .pending, .round.stop, .banner') === null,
    count,
    { timeout },
  );
}

/** What is shown of an answer, without marks. */
export async function shownText(answer: Locator): Promise<string> {
  return plain((await answer.locator('.markdown').allInnerTexts()).join(' '));
}

/** Waits until an answer shows at least these words, from its beginning. */
export async function shows(page: Page, words: string): Promise<void> {
  await page.waitForFunction((wanted) => {
    const text = document.querySelector('.answer:last-of-type')?.textContent ?? '';
    return text
      .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
      .trim()
      .startsWith(wanted);
  }, plain(words));
}

/** The address with which another device has the same user and conversation. */
export async function linkOf(page: Page): Promise<string> {
  return page.evaluate(() => `${location.origin}/#user=${localStorage.getItem('chat-user')}`);
}

/** Opens the conversation of the list that is called so. */
export async function openListed(page: Page, title: string | RegExp): Promise<void> {
  const menu = page.getByRole('button', { name: 'Conversations' });
  if (await menu.isVisible()) await menu.click();
  await page.getByRole('navigation').getByRole('button', { name: title }).first().click();
}

/**
 * From now on, also over reloads: tells how often the newest answer became shorter than it had been shown before. An answer that only
 * grows never flickers.
 */
export async function watchGrowth(page: Page): Promise<() => Promise<string[]>> {
  const watch = (): void => {
    const look = (): void => {
      const all = document.querySelectorAll('.answer');
      const text = all[all.length - 1]?.querySelector('.markdown')?.textContent ?? '';
      const [count, longest] = JSON.parse(sessionStorage.getItem('test-growth') ?? '[0,0]');
      // Nothing is shown at all for a moment after a reload.
      if (all.length < count) return;
      if (all.length === count && text.length < longest) {
        const seen = JSON.parse(sessionStorage.getItem('test-shrunk') ?? '[]');
        sessionStorage.setItem('test-shrunk', JSON.stringify([...seen, `${longest} to ${text.length}`]));
      }
      const most = all.length === count ? Math.max(longest, text.length) : text.length;
      sessionStorage.setItem('test-growth', JSON.stringify([all.length, most]));
    };
    new MutationObserver(look).observe(document, { childList: true, subtree: true, characterData: true });
  };
  await page.addInitScript(watch);
  await page.evaluate(watch);
  return () => page.evaluate(() => JSON.parse(sessionStorage.getItem('test-shrunk') ?? '[]'));
}
