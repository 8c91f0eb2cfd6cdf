// The chat in real Chromium, as a person uses it: a phone and a desktop of one user, an agent that asks before it acts, versions, the list
// of conversations. Pictures of it are kept in test-results/.
import type { Page } from 'playwright-core';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { startExample } from '../../examples/chat/start.ts';
import { screenshot, type Window } from './browser.ts';
import { ChatModel, plain } from './chat-model.ts';
import { answers, composer, linkOf, openListed, questions, say, settled, shownText } from './chat-page.ts';
import { exampleInBrowser, withoutNetworkErrors } from './example-windows.ts';

const DESKTOP = { width: 1280, height: 800 };
const SMALL_PHONE = { width: 375, height: 812 };
const EMAIL = 'Send an email to ann@example.com, subject: "Lunch", body: "Friday at noon?"';

describe('the chat', () => {
  const model = new ChatModel();
  // Before the example, so that it is closed after it.
  afterAll(() => model.close());
  const chat = exampleInBrowser(startExample, () => model.listen('speed=max'));
  let desktop: Window;
  let phone: Window;
  let page: Page;
  const unexpected = (): string[] => chat.windows.flatMap(({ errors }) => withoutNetworkErrors(errors));

  beforeEach(async () => {
    model.reset();
    desktop = await chat.open({ size: DESKTOP });
    page = desktop.page;
    await composer(page).waitFor();
    phone = await chat.open({ size: SMALL_PHONE, colorScheme: 'dark', url: await linkOf(page) });
    await composer(phone.page).waitFor();
  });

  it('answers on every device of its user, and nobody else sees it', async () => {
    const stranger = await chat.open({ size: SMALL_PHONE });
    await page.getByText('Assistant is here').waitFor();
    await page.getByText(/1\s+other window of yours/).waitFor();
    await screenshot(desktop, 'chat-empty');
    await screenshot(phone, 'chat-empty-phone-dark');
    await say(page, 'Tell me about the river.');
    await settled(page, 1);
    await openListed(phone.page, 'Tell me about the river.');
    await settled(phone.page, 1);
    for (const window of [page, phone.page])
      expect(await shownText(answers(window).first())).toBe(plain(model.calls[0]?.text ?? ''));
    await stranger.page.getByText('What would you like to know?').waitFor();
    await stranger.page.getByRole('button', { name: 'Conversations' }).click();
    await stranger.page.getByText('Your conversations will be listed here').waitFor();
    await stranger.page.goto(page.url());
    await composer(stranger.page).waitFor();
    expect(await answers(stranger.page).count()).toBe(0);
    await screenshot(desktop, 'chat-answer');
    await page.emulateMedia({ colorScheme: 'dark' });
    await screenshot(desktop, 'chat-answer-dark');
    await screenshot(phone, 'chat-answer-phone-dark');
    await phone.page.emulateMedia({ colorScheme: 'light' });
    await screenshot(phone, 'chat-answer-phone');
    await phone.page.getByRole('button', { name: 'Use on another device' }).click();
    await phone.page.getByRole('button', { name: 'Copy link' }).waitFor();
    await screenshot(phone, 'chat-link-phone');
    expect(unexpected()).toEqual([]);
  });

  it('does what has consequences after a yes from any device, and not after a no', async () => {
    await say(page, EMAIL);
    const approve = page.getByRole('button', { name: 'Approve' });
    await approve.waitFor();
    const tool = page.getByRole('region', { name: 'Tool send_email' });
    expect(await tool.locator('dt').allInnerTexts()).toEqual(['to', 'subject', 'body']);
    expect(await tool.locator('dd').allInnerTexts()).toEqual(['ann@example.com', 'Lunch', 'Friday at noon?']);
    await openListed(phone.page, /^Send an email/);
    await phone.page.getByRole('button', { name: 'Approve' }).waitFor();
    await screenshot(desktop, 'chat-approval');
    await screenshot(phone, 'chat-approval-phone-dark');
    await phone.page.reload();
    await phone.page.getByRole('button', { name: 'Approve' }).click();
    for (const window of [page, phone.page]) {
      await settled(window, 1);
      await window.getByText('done', { exact: true }).waitFor();
      await window.getByText('status: sent').waitFor();
    }
    await say(page, EMAIL);
    await page.getByRole('button', { name: 'Deny' }).click();
    for (const window of [page, phone.page]) {
      await settled(window, 2);
      await window.getByText('denied', { exact: true }).waitFor();
    }
    // A call, its result told; once more with a no.
    expect(model.calls).toHaveLength(4);
    expect(unexpected()).toEqual([]);
  });

  it('keeps every version of a question and of an answer, with what followed', async () => {
    await say(page, 'Tell me about the river.');
    await settled(page, 1);
    await say(page, 'And the boats?');
    await settled(page, 2);
    await answers(page).nth(1).getByRole('button', { name: 'Regenerate' }).click();
    await answers(page).nth(1).getByText('2/2').waitFor();
    await settled(page, 2);
    await questions(page).first().hover();
    await questions(page).first().getByRole('button', { name: 'Edit' }).click();
    await page.getByRole('textbox', { name: 'Your message' }).fill('Tell me about tea.');
    await page.getByRole('form', { name: 'Edit your message' }).getByRole('button', { name: 'Send' }).click();
    await page.getByText('Tell me about tea.').first().waitFor();
    await settled(page, 1);
    await screenshot(desktop, 'chat-versions');
    await questions(page).first().getByRole('button', { name: 'Version before' }).click();
    await settled(page, 2);
    expect(await questions(page).locator('.said').allInnerTexts()).toEqual([
      'Tell me about the river.',
      'And the boats?',
    ]);
    await answers(page).nth(1).getByRole('button', { name: 'Version before' }).click();
    await answers(page).nth(1).getByText('1/2').waitFor();
    expect(model.calls.map(({ question }) => question)).toEqual([
      ...['Tell me about the river.', 'And the boats?', 'And the boats?', 'Tell me about tea.'],
    ]);
    // Each was asked with what led to it, and nothing else.
    expect(model.calls.map(({ roles }) => roles.join(' '))).toEqual([
      'system user',
      'system user assistant user',
      'system user assistant user',
      'system user',
    ]);
    expect(unexpected()).toEqual([]);
  });

  it('has follow-ups wait for their turn, in the order that the user wants', async () => {
    const hold = model.holdAt(5);
    await say(page, 'Tell me about the river.');
    await hold.reached;
    for (const text of ['About boats.', 'About tea.', 'About letters.']) await say(page, text);
    const waiting = page.getByRole('region', { name: 'Waiting for their turn' });
    await waiting.getByText('About letters.').waitFor();
    await openListed(phone.page, 'Tell me about the river.');
    await phone.page.getByRole('button', { name: 'Do not answer: About tea.' }).click();
    await waiting.getByText('About tea.').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Answer sooner: About letters.' }).click();
    await waiting.getByRole('listitem').first().getByText('About letters.').waitFor();
    await screenshot(desktop, 'chat-queue');
    await screenshot(phone, 'chat-queue-phone-dark');
    hold.release();
    await settled(page, 3);
    expect(model.calls.map(({ question }) => question)).toEqual([
      ...['Tell me about the river.', 'About letters.', 'About boats.'],
    ]);
    expect(unexpected()).toEqual([]);
  });

  it('lists, renames and deletes conversations on every device', async () => {
    await say(page, 'Tell me about the river.');
    await settled(page, 1);
    await page.getByRole('button', { name: 'New conversation' }).click();
    await say(page, 'A second one.');
    await settled(page, 1);
    await phone.page.getByRole('button', { name: 'Conversations' }).click();
    const listed = phone.page.getByRole('navigation').locator('.title');
    await phone.page.waitForFunction(() => document.querySelectorAll('.drawer .title').length === 2);
    expect(await listed.allInnerTexts()).toEqual(['A second one.', 'Tell me about the river.']);
    await phone.page.getByRole('button', { name: 'Rename: Tell me about the river.' }).click();
    await phone.page.getByRole('textbox', { name: 'Title' }).fill('Rivers');
    await screenshot(phone, 'chat-list-phone-dark');
    await phone.page.keyboard.press('Enter');
    await openListed(page, 'Rivers');
    await settled(page, 1);
    await page.getByRole('heading', { name: 'Rivers' }).waitFor();
    await phone.page.getByRole('button', { name: 'Delete: Rivers' }).click();
    await phone.page.getByRole('button', { name: 'Delete', exact: true }).click();
    // Whoever has it open sees a new one.
    await page.getByText('What would you like to know?').waitFor();
    expect(await page.getByRole('navigation').locator('.title').allInnerTexts()).toEqual(['A second one.']);
    await page.goBack();
    await composer(page).waitFor();
    expect(await answers(page).count()).toBe(0);
    expect(unexpected()).toEqual([]);
  });

  it('says what went wrong, and tries again', async () => {
    model.onPiece = async ({ text }) => {
      if (text !== '') throw new Error('cut');
    };
    await say(page, 'Tell me about the river.');
    await page.getByRole('alert').getByText('The model cannot be reached.').waitFor();
    await screenshot(desktop, 'chat-failed');
    expect(await answers(page).locator('[aria-busy="true"], .dots').count()).toBe(0);
    model.onPiece = async () => {};
    await page.getByRole('button', { name: 'Retry' }).click();
    await settled(page, 1);
    expect(await shownText(answers(page).first())).toBe(plain(model.calls.at(-1)?.text ?? ''));
    await say(page, '/tool nothing {"a":1}');
    await settled(page, 2);
    await page.getByText('failed', { exact: true }).waitFor();
    expect(unexpected()).toEqual([]);
  });

  it('can be used with the keyboard alone', async () => {
    expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe('Message');
    await page.keyboard.type('Tell me');
    await page.keyboard.press('Shift+Enter');
    await page.keyboard.type('about the river.');
    await page.keyboard.press('Enter');
    await settled(page, 1);
    expect(await questions(page).locator('.said').textContent()).toBe('Tell me\nabout the river.');
    expect(await page.locator('[aria-live="polite"]').textContent()).toMatch(/^Answer: /);
    for (let tabs = 0; tabs < 30; tabs += 1) {
      await page.keyboard.press('Shift+Tab');
      if ((await page.evaluate(() => document.activeElement?.textContent)) === 'Edit') break;
    }
    await page.keyboard.press('Enter');
    await page.keyboard.press('ControlOrMeta+A');
    await page.keyboard.type('Now about tea.');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await questions(page).getByText('2/2').waitFor();
    await settled(page, 1);
    // Whatever can be pressed says what it does.
    const nameless = await page
      .locator('button')
      .evaluateAll(
        (all) => all.filter((one) => !one.getAttribute('aria-label') && !one.textContent?.trim()).length,
      );
    expect(nameless).toBe(0);
    expect(unexpected()).toEqual([]);
  });

  it('fits a phone of 375 px', async () => {
    await say(phone.page, `A ${'very'.repeat(60)} long word`);
    await settled(phone.page, 1);
    const tooWide = await phone.page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
    expect(tooWide).toBe(false);
    const box = await composer(phone.page).boundingBox();
    expect((box?.y ?? 0) + (box?.height ?? 0)).toBeLessThanOrEqual(SMALL_PHONE.height);
    // A keyboard takes the lower half away.
    await phone.page.setViewportSize({ width: 375, height: 430 });
    const above = await composer(phone.page).boundingBox();
    expect((above?.y ?? 0) + (above?.height ?? 0)).toBeLessThanOrEqual(430);
    expect(unexpected()).toEqual([]);
  });
});
