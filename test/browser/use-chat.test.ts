// `useChat` on a session in real Chromium, under StrictMode: several windows, reloads in the middle of an answer, stops from anywhere.
import { tool } from 'ai';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  type ChatWorld,
  finish,
  startChatWorld,
  text,
  toolCall,
} from '../../adapters/ai-sdk/testing/chat-world.ts';
import { launchBrowser, openWindow, type Window } from './browser.ts';
import { withoutNetworkErrors } from './example-windows.ts';
import { type ChatHost, startChatHost } from './use-chat-host.fixture.ts';

const WORDS = 'One two three four five six seven eight nine ten eleven twelve.'.split(/(?<= )/);

describe('useChat on a session', () => {
  let world: ChatWorld;
  let host: ChatHost;
  let browser: Browser;
  let windows: Window[] = [];
  let channels = 0;
  let channel = '';

  beforeAll(async () => {
    world = await startChatWorld();
    host = await startChatHost(world.server);
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    host?.close();
    await world?.close();
  });
  afterEach(async () => {
    const errors = withoutNetworkErrors(windows.flatMap((window) => window.errors));
    await Promise.all(windows.map((window) => window.close()));
    windows = [];
    channel = '';
    world.model.prompts.length = 0;
    for (const name of Object.keys(world.model.tools)) delete world.model.tools[name];
    expect(errors).toEqual([]);
    expect(world.errors.splice(0)).toEqual([]);
  });

  const open = async (kind?: string): Promise<Page> => {
    if (channel === '') {
      channels += 1;
      channel = `private-ai-s1-chat-${channels}`;
    }
    const window = await openWindow(browser, host.url(channel, kind));
    windows.push(window);
    await statusIs(window.page, 'ready', 'streaming', 'submitted');
    return window.page;
  };

  it('streams, and a second window follows live without having asked', async () => {
    const [first, second] = [await open(), await open()];
    const answer = world.model.holds({ type: 'text-start', id: '0' });
    await say(first, 'Count');
    for (const word of WORDS) {
      answer.push({ type: 'text-delta', id: '0', delta: word });
      for (const page of [first, second]) await page.getByText(word.trim()).waitFor();
    }
    for (const page of [first, second]) await statusIs(page, 'streaming');
    answer.end({ type: 'text-end', id: '0' }, finish());
    for (const page of [first, second]) {
      await statusIs(page, 'ready');
      expect(await messages(page)).toEqual(['Count', WORDS.join('')]);
      await neverShrank(page);
    }
    expect(world.model.prompts).toHaveLength(1);
  });

  it('goes on over many reloads in the middle of an answer, each without a flicker', async () => {
    const page = await open();
    const answer = world.model.holds({ type: 'text-start', id: '0' });
    await say(page, 'Count');
    for (const word of WORDS) {
      answer.push({ type: 'text-delta', id: '0', delta: word });
      await page.getByText(word.trim()).waitFor();
      await neverShrank(page);
      await page.reload();
      await statusIs(page, 'streaming');
      await page.getByText(word.trim()).waitFor();
      expect(await messages(page)).toHaveLength(2);
    }
    answer.end({ type: 'text-end', id: '0' }, finish());
    await statusIs(page, 'ready');
    expect(await messages(page)).toEqual(['Count', WORDS.join('')]);
    await neverShrank(page);
    expect(world.model.prompts).toHaveLength(1);
  });

  it.each(['the same window, reloaded', 'another window'])('is stopped from %s', async (from) => {
    const page = await open();
    world.model.holds({ type: 'text-start', id: '0' }, { type: 'text-delta', id: '0', delta: 'For ever' });
    await say(page, 'Go on');
    await page.getByText('For ever').waitFor();
    const other = from === 'another window' ? await open() : page;
    if (other === page) await page.reload();
    await other.getByText('For ever').waitFor();
    await statusIs(other, 'streaming');
    await other.getByRole('button', { name: 'Stop' }).click();
    for (const one of [page, other]) {
      await statusIs(one, 'ready');
      await one.locator('.text[data-state=done]').waitFor();
      expect(await messages(one)).toEqual(['Go on', 'For ever']);
    }
    expect(await runStates()).toEqual(['cancelled']);
  });

  it.each(['durable', 'plain'])('leaves a run alone when its component goes (%s)', async (kind) => {
    const page = await open(kind);
    const answer = world.model.holds(
      { type: 'text-start', id: '0' },
      { type: 'text-delta', id: '0', delta: 'Still ' },
    );
    await say(page, 'Go on');
    await page.getByText('Still').waitFor();
    await page.getByRole('button', { name: 'Leave or come back' }).click();
    await page.locator('#status').waitFor({ state: 'detached' });
    answer.push({ type: 'text-delta', id: '0', delta: 'here' });
    await page.getByRole('button', { name: 'Leave or come back' }).click();
    await page.getByText('Still here').waitFor();
    await statusIs(page, 'streaming');
    expect(await runStates()).toEqual(['running']);
    await page.getByRole('button', { name: 'Stop' }).click();
    await statusIs(page, 'ready');
    await expect.poll(runStates).toEqual(['cancelled']);
    expect(world.model.prompts).toHaveLength(1);
  });

  it('regenerates in both windows', async () => {
    const [first, second] = [await open(), await open()];
    world.model.says(...text('A first answer'), finish());
    await say(first, 'Say');
    for (const page of [first, second]) await page.getByText('A first answer').waitFor();
    await statusIs(second, 'ready');
    world.model.says(...text('A second one'), finish());
    await second.getByRole('button', { name: 'Regenerate' }).click();
    for (const page of [first, second]) {
      await page.getByText('A second one').waitFor();
      await statusIs(page, 'ready');
      expect(await messages(page)).toEqual(['Say', 'A second one']);
    }
    expect(world.model.prompts).toHaveLength(2);
  });

  it('waits for an approval over a reload, and goes on with it in both windows', async () => {
    let executed = 0;
    world.model.tools.book = tool({
      inputSchema: z.object({ day: z.string() }),
      needsApproval: true,
      execute: ({ day }) => {
        executed += 1;
        return { booked: day };
      },
    });
    const [first, second] = [await open(), await open()];
    world.model.says(...toolCall('call_1', 'book', { day: 'Monday' }), finish('tool-calls'));
    await say(first, 'Book it');
    await second.getByRole('button', { name: 'Approve' }).waitFor();
    await first.reload();
    world.model.says(...text('Booked for Monday.'), finish());
    await first.getByRole('button', { name: 'Approve' }).click();
    for (const page of [first, second]) {
      await page.getByText('Booked for Monday.').waitFor();
      await statusIs(page, 'ready');
      expect(await messages(page)).toEqual(['Book it', '{"booked":"Monday"}Booked for Monday.']);
    }
    expect([executed, world.model.prompts.length]).toEqual([1, 2]);
  });

  it('executes a tool of the page in the window that asked, and nowhere else', async () => {
    world.model.tools.locate = tool({ inputSchema: z.object({}) });
    const [first, second] = [await open(), await open()];
    world.model.says(...toolCall('call_1', 'locate', {}), finish('tool-calls'));
    world.model.says(...text('You are in Bern.'), finish());
    await say(first, 'Where am I?');
    for (const page of [first, second]) {
      await page.getByText('You are in Bern.').waitFor();
      await statusIs(page, 'ready');
      expect(await messages(page)).toEqual(['Where am I?', '{"city":"Bern"}You are in Bern.']);
    }
    expect(await first.evaluate('globalThis.executed')).toEqual(['locate']);
    expect(await second.evaluate('globalThis.executed')).toEqual([]);
    await second.reload();
    await second.getByText('You are in Bern.').waitFor();
    expect(await second.evaluate('globalThis.executed')).toEqual([]);
    expect(world.model.prompts).toHaveLength(2);
  });

  it('calls the model once where a message is sent by what is mounted twice', async () => {
    world.model.says(...text('Welcome'), finish());
    const page = await open('greeting');
    await page.getByText('Welcome').waitFor();
    await statusIs(page, 'ready');
    await page.reload();
    await page.getByText('Welcome').waitFor();
    expect(await messages(page)).toEqual(['Hello', 'Welcome']);
    expect(world.model.prompts).toHaveLength(1);
  });

  it('misses nothing while it is offline', async () => {
    const page = await open();
    const answer = world.model.holds({ type: 'text-start', id: '0' });
    await say(page, 'Count');
    answer.push({ type: 'text-delta', id: '0', delta: 'before ' });
    await page.getByText('before').waitFor();
    await page.context().setOffline(true);
    answer.push({ type: 'text-delta', id: '0', delta: 'meanwhile ' });
    const watching = await open();
    await watching.getByText('meanwhile').waitFor();
    await page.context().setOffline(false);
    await page.getByText('meanwhile').waitFor();
    answer.end({ type: 'text-delta', id: '0', delta: 'after' }, { type: 'text-end', id: '0' }, finish());
    for (const one of [page, watching]) {
      await statusIs(one, 'ready');
      expect(await messages(one)).toEqual(['Count', 'before meanwhile after']);
    }
    await neverShrank(page);
    expect(world.model.prompts).toHaveLength(1);
  });

  it('answers ten messages whose tab was killed right after each was sent', async () => {
    for (let turn = 1; turn <= 10; turn += 1) {
      world.model.says(...text(`Answer ${turn}.`), finish());
      const page = await open();
      await say(page, `Question ${turn}`);
      await expect.poll(async () => (await runStates()).length).toBe(turn);
      await page.close();
    }
    const page = await open();
    await page.getByText('Answer 10.').waitFor();
    await statusIs(page, 'ready');
    const turns = Array.from({ length: 10 }, (_, index) => index + 1);
    expect(await messages(page)).toEqual(turns.flatMap((turn) => [`Question ${turn}`, `Answer ${turn}.`]));
    expect(world.model.prompts).toHaveLength(10);
  });

  const runStates = async (): Promise<string[]> => {
    const { body } = await world.server.get(`/channels/${channel}/runs`);
    return body.runs.map(({ status }: { status: string }) => status);
  };
});

const statusIs = async (page: Page, ...statuses: readonly string[]): Promise<void> => {
  const exact = new RegExp(`^(${statuses.join('|')})$`);
  await page.locator('#status').filter({ hasText: exact }).waitFor();
};

const say = async (page: Page, message: string): Promise<void> => {
  await page.getByLabel('Message').fill(message);
  await page.getByRole('button', { name: 'Send' }).click();
};

const messages = (page: Page): Promise<string[]> => page.locator('#messages li').allTextContents();

/** No change of the page ever took back what it had shown. */
async function neverShrank(page: Page): Promise<void> {
  const seen = (await page.evaluate('globalThis.seen')) as string[][];
  expect(seen.length).toBeGreaterThan(0);
  for (const [index, now] of seen.entries())
    for (const [place, before] of (seen[index - 1] ?? []).entries())
      expect(now[place] ?? '').toContain(before);
}
