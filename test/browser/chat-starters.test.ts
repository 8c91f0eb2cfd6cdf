// The starters beside the chat, as their README has them started.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser, openWindow } from './browser.ts';

const STARTERS = fileURLToPath(new URL('../../examples/chat/starters/', import.meta.url));

describe('starters of the chat', () => {
  let browser: Browser;
  let folder: string;
  let starter: ChildProcess | null = null;
  let url: string;
  let server: string;

  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());
  afterEach(async () => {
    if (starter !== null) {
      starter.kill();
      if (starter.exitCode === null && starter.signalCode === null) await once(starter, 'exit');
    }
    await rm(folder, { recursive: true, force: true });
  });

  const start = async (name: string): Promise<void> => {
    folder = await mkdtemp(join(tmpdir(), 'sockudo-starter-'));
    const [SOCKUDO_PORT, PAGE_PORT, PORT, MODEL_PORT] = await freePorts(4);
    url = `http://localhost:${PAGE_PORT}/`;
    server = `http://app-key:app-secret@127.0.0.1:${SOCKUDO_PORT}/apps/app-id`;
    const ports = { SOCKUDO_PORT, PAGE_PORT, PORT, MODEL_PORT, BACKEND: `http://127.0.0.1:${PORT}` };
    // Vite paints its lines where CI is set.
    const env: NodeJS.ProcessEnv = { ...process.env, ...ports, NO_COLOR: '1' };
    delete env.OPENAI_BASE_URL;
    delete env.OPENAI_API_KEY;
    env.OPENAI_MODEL = 'local-model:speed=80';
    starter = spawn(process.execPath, [join(STARTERS, 'start.ts'), name], {
      cwd: folder,
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    for (let text = ''; !text.includes('Local:'); ) {
      const [chunk] = await once(starter.stdout ?? starter, 'data');
      text += String(chunk);
    }
  };

  it.each(['use-chat', 'plain-openai'])('%s answers, and its answer survives a reload', async (name) => {
    await start(name);
    const window = await openWindow(browser, url);
    const { page } = window;
    await page.getByLabel('Message').fill('How does recovery work?');
    await page.getByRole('button', { name: 'Send' }).click();
    const answer = page.locator('[data-role="assistant"]');
    await answer.getByText('no language model').waitFor();
    await page.reload();
    await answer.getByText('docs/recovery.md').waitFor();
    await page.getByRole('button', { name: 'Stop' }).waitFor({ state: 'hidden' });
    expect(await answer.count()).toBe(1);
    expect(window.errors).toEqual([]);
    await window.close();
  });

  it('curl asks and prints the answer', async () => {
    await start('plain-openai');
    const { stdout } = await promisify(execFile)(
      join(STARTERS, 'curl/ask.sh'),
      ['What is "recovery"?\nIn short.'],
      {
        env: { ...process.env, SOCKUDO_URL: server },
      },
    );
    expect(stdout).toMatch(/no language model/);
    expect(stdout).toMatch(/\n\n[\s\S]*\*Source: docs\/recovery\.md[^\n]*\*\n$/);
    const window = await openWindow(browser, url);
    const said = window.page.locator('li');
    await said.nth(1).getByText('docs/recovery.md').waitFor();
    expect(await said.first().textContent()).toBe('What is "recovery"?\nIn short.');
    expect(plain(await said.nth(1).textContent())).toBe(plain(stdout));
    await window.close();
  });
});

const plain = (text: string | null): string => (text ?? '').replaceAll(/\s+/g, ' ').trim();

/** Of ports that nobody listens on. */
async function freePorts(count: number): Promise<string[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports: string[] = [];
  for (const each of servers) {
    each.listen(0, '127.0.0.1');
    await once(each, 'listening');
    const address = each.address();
    ports.push(String(typeof address === 'object' ? address?.port : ''));
  }
  for (const each of servers) each.close();
  return ports;
}
