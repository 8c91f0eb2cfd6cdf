// docs/presence-history.md does what it says: its settings load, its snippet runs against a server.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sockudo from 'sockudo';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readConfigFile } from '../../core/server/config/config-file.ts';
import { startTestServer } from '../support/test-server.ts';
import { WireClient } from '../support/wire-client.ts';

const page = readFileSync(new URL('../../docs/presence-history.md', import.meta.url), 'utf8');

function snippet(language: string): string {
  const text = new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 's').exec(page)?.[1];
  if (text === undefined) throw new Error(`the page has no ${language}`);
  return text;
}

/** The page's settings, read as the server reads its file. */
function settings(): Record<string, unknown> {
  const folder = mkdtempSync(join(tmpdir(), 'sockudo-docs-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'config.toml');
  writeFileSync(path, snippet('toml'));
  const file = readConfigFile(path, {}, folder);
  if (file.kind !== 'read') throw new Error('the settings cannot be read');
  return file.data;
}

interface Shown {
  readonly changes: readonly { readonly user_id: string; readonly event: string }[];
  readonly members: readonly { readonly user_id: string }[];
}

/** Runs the snippet with a backend SDK, and hands out what it ends up with. */
async function run(sockudo: Sockudo): Promise<Shown> {
  const body = `return (async () => {\n${snippet('js')}\nreturn { changes, members };\n})();`;
  // CAST: the snippet is plain JavaScript that names these two.
  return (await new Function('sockudo', body)(sockudo)) as Shown;
}

describe('docs/presence-history.md', () => {
  it('shows settings and a snippet that work', async () => {
    const server = await startTestServer({ config: settings() });
    onTestFinished(() => server.close());
    const { host, port, app } = server;
    const ann = await WireClient.connect(server);
    await ann.join('presence-room', 'ann');
    for (let visit = 0; visit < 15; visit += 1) {
      const bob = await WireClient.connect(server);
      await bob.join('presence-room', 'bob');
      await bob.close();
      await ann.next('member_removed');
    }
    const sockudo = new Sockudo({ appId: app.id, key: app.key, secret: app.secret, host, port });
    const { changes, members } = await run(sockudo);
    expect(changes).toHaveLength(31);
    expect(changes.at(-1)).toMatchObject({ user_id: 'ann', event: 'member_added' });
    expect(members.map(({ user_id }) => user_id)).toEqual(['ann']);
  });
});
