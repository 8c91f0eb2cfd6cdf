// The chat in real Chromium, treated badly: reloads, lost networks, dead tabs, a dead server. In the end every window shows what the model
// has said, the model was asked once for each turn, and nothing looks as if it were still being written.
import type { Page } from 'playwright-core';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { startExample } from '../../examples/chat/start.ts';
import type { Window } from './browser.ts';
import { ChatModel, plain } from './chat-model.ts';
import {
  answers,
  composer,
  linkOf,
  openListed,
  questions,
  say,
  settled,
  shownText,
  shows,
  stopButton,
  watchGrowth,
} from './chat-page.ts';
import { exampleInBrowser, PHONE, withoutNetworkErrors } from './example-windows.ts';

const RELOADS = 20;
const SENDS = 50;
const WORDS = 120;
/** Also of what the server holds ready for a lost connection: an absence of five seconds is a long one for it, as 150 s are for the default 120. */
const BUFFER_TTL_SECONDS = 2;

describe('the chat', () => {
  const model = new ChatModel();
  // Before the example, so that it is closed after it.
  afterAll(() => model.close());
  const chat = exampleInBrowser(startExample, async () => ({
    ...(await model.listen(`words=${WORDS}`)),
    CONNECTION_RECOVERY_BUFFER_TTL: String(BUFFER_TTL_SECONDS),
    // React mounts everything twice under StrictMode then.
    CHAT_PAGE_MODE: 'development',
  }));
  beforeEach(() => model.reset());

  const open = async (): Promise<Window> => {
    const window = await chat.open();
    await composer(window.page).waitFor();
    return window;
  };
  /** Another device of the same user, on the same conversation. */
  const openAnother = async (page: Page, title: string | RegExp): Promise<Window> => {
    const window = await chat.open({ size: PHONE, url: await linkOf(page) });
    await composer(window.page).waitFor();
    await openListed(window.page, title);
    return window;
  };
  const unexpected = (): string[] => chat.windows.flatMap(({ errors }) => withoutNetworkErrors(errors));

  /** Every window shows all that was said, and each question was asked once. */
  const isWhole = async (pages: readonly Page[], count: number): Promise<void> => {
    for (const page of pages) {
      await settled(page, count);
      for (let index = 0; index < count; index += 1)
        expect(await shownText(answers(page).nth(index))).toBe(plain(model.calls[index]?.text ?? ''));
    }
    expect(model.calls).toHaveLength(count);
    expect(unexpected()).toEqual([]);
  };

  it('is mounted twice, and says everything once', async () => {
    const { page } = await open();
    const script = await page.locator('script[src]').getAttribute('src');
    const response = await page.request.get(new URL(script ?? '', page.url()).href);
    expect(await response.text()).toContain('Download the React DevTools');
    await page.getByRole('button', { name: /^What happens when a worker dies/ }).click();
    await isWhole([page], 1);
    await page.reload();
    await isWhole([page], 1);
    expect(await page.getByRole('navigation').locator('.title').allTextContents()).toHaveLength(1);
  });

  it('goes on through 20 reloads at random points, and shows at no time less than before', async () => {
    const { page } = await open();
    await say(page, 'Tell me about the river.');
    await settled(page, 1);
    const other = await openAnother(page, /^Tell me about/);
    await settled(other.page, 1);
    const shrunk = await Promise.all([page, other.page].map(watchGrowth));
    const points = randomPoints();
    const held = points.map((words) => ({ words, ...gate() }));
    let next = 0;
    model.onPiece = async ({ text }) => {
      const hold = held[next];
      if (hold === undefined || wordsIn(text) < hold.words) return;
      next += 1;
      hold.reach();
      await hold.released;
    };
    await say(page, 'And about the boats?');
    for (const { reached, release } of held) {
      await reached;
      const reload = page.reload();
      release();
      await reload;
    }
    await isWhole([page, other.page], 2);
    expect(await Promise.all(shrunk.map((seen) => seen()))).toEqual([[], []]);
  });

  it('is stopped from another window after a reload', async () => {
    const { page } = await open();
    const hold = model.holdAt(60);
    await say(page, 'Tell me about the market.');
    await hold.reached;
    const other = await openAnother(page, /^Tell me about/);
    await shows(other.page, model.calls[0]?.text ?? '');
    await other.page.reload();
    await shows(other.page, model.calls[0]?.text ?? '');
    await page.reload();
    await stopButton(other.page).click();
    await other.page.getByText('Stopped.').waitFor();
    await page.getByText('Stopped.').waitFor();
    await isWhole([page, other.page], 1);
    // It stays so, and the next turn is answered.
    model.onPiece = async () => {};
    await page.reload();
    await page.getByText('Stopped.').waitFor();
    await say(page, 'Then about tea.');
    await isWhole([page, other.page], 2);
  });

  it.each([
    ['five seconds', 5],
    ['150 seconds, as the page counts them', 150],
  ])('is offline for %s in the middle of an answer', async (_, seconds) => {
    const { page } = await open();
    const hold = model.holdAt(60);
    await say(page, 'Tell me about the coast.');
    await hold.reached;
    const other = await openAnother(page, /^Tell me about/);
    await shows(page, model.calls[0]?.text ?? '');
    if (seconds > 5) await page.clock.install();
    await page.context().setOffline(true);
    await page.getByText('You are offline.').waitFor();
    const since = Date.now();
    hold.release();
    await say(page, 'And about the winter?');
    await say(page, 'And the boats?');
    await page.getByText('2 messages will be sent').waitFor();
    await settled(other.page, 1);
    if (seconds > 5) await page.clock.runFor(seconds * 1000);
    // Longer than the server holds anything ready for a connection that may come back.
    await other.page.waitForFunction((until) => Date.now() >= until, since + 5000);
    expect(model.calls).toHaveLength(1);
    await page.context().setOffline(false);
    await isWhole([page, other.page], 3);
    expect(await questions(page).allInnerTexts()).toEqual(await questions(other.page).allInnerTexts());
  });

  it('has what is taken back while offline never said, and what follows said with everything before it', async () => {
    const { page } = await open();
    await say(page, 'Tell me about the town.');
    await settled(page, 1);
    await page.context().setOffline(true);
    await page.getByText('You are offline.').waitFor();
    for (const text of ['About its doors.', 'About its gates.', 'About its walls.']) await say(page, text);
    await page.getByRole('button', { name: 'Do not answer: About its gates.' }).click();
    await page.getByText('2 messages will be sent').waitFor();
    await page.context().setOffline(false);
    await isWhole([page], 3);
    expect(model.calls.map(({ question }) => question)).toEqual([
      ...['Tell me about the town.', 'About its doors.', 'About its walls.'],
    ]);
    expect(model.calls.at(-1)?.roles.join(' ')).toBe('system user assistant user assistant user');
  });

  it('takes 50 messages, and the tab is killed and opened again', async () => {
    const { page } = await open();
    const hold = model.holdAt(1);
    const address = page.url();
    const texts = Array.from({ length: SENDS }, (_, n) => `Question number ${n + 1}`);
    for (const text of texts) await say(page, text);
    // Without a word to the page, as a phone ends what it has no room for.
    const context = page.context();
    await page.close({ runBeforeUnload: false });
    const again = await context.newPage();
    await again.goto(address);
    hold.release();
    await settled(again, SENDS, 60_000);
    await again.reload();
    for (let older = again.getByRole('button', { name: 'Earlier messages' }); ; ) {
      await again.waitForFunction(() => document.querySelector('.answer') !== null);
      if (!(await older.isVisible())) break;
      await older.click();
      older = again.getByRole('button', { name: 'Earlier messages' });
    }
    expect(model.calls.map(({ question }) => question)).toEqual(texts);
    // Each was answered with everything before it in mind.
    expect(model.calls.at(-1)?.roles.filter((role) => role === 'user')).toHaveLength(SENDS);
    expect(model.calls.at(-1)?.roles.filter((role) => role === 'assistant')).toHaveLength(SENDS - 1);
    await isWhole([again], SENDS);
  });

  it('is complete after the server was killed in the middle of an answer', async () => {
    const { page } = await open();
    const hold = model.holdAt(60);
    await say(page, 'Tell me about the harbour.');
    await hold.reached;
    await shows(page, model.calls[0]?.text ?? '');
    const killed = chat.example.server.pid;
    if (killed === undefined) throw new Error('there is no server');
    process.kill(killed, 'SIGKILL');
    await page.getByText('Connecting again…').waitFor();
    hold.release();
    await isWhole([page], 1);
    expect(chat.example.server.pid).not.toBe(killed);
  });
});

const wordsIn = (text: string): number => (text.match(/\s/g) ?? []).length;

function gate() {
  const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  return { reached, reach, released, release };
}

/** Numbers of words, ascending. */
function randomPoints(): number[] {
  const points = Array.from({ length: RELOADS }, () => 1 + Math.floor(Math.random() * (WORDS - 10)));
  return points.toSorted((a, b) => a - b);
}
