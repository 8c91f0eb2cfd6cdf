// `sockudo model` in a process of its own, and what it says to wrong options.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Child, run, temporaryDirectory } from './cli-fixture.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

describe('sockudo model', () => {
  const folder = temporaryDirectory();
  beforeAll(() => writeFileSync(join(folder.path, 'boats.md'), '# Boats\n\nA sail is made of cloth.\n'));
  afterAll(() => folder.remove());

  const ask = async (url: string, content: string): Promise<string> => {
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'local-model', messages: [{ role: 'user', content }] }),
    });
    return response.text();
  };

  it('answers from a folder until it is told to stop', async () => {
    const options = ['--port', '0', '--documents', folder.path, '--speed', 'max', '--settings', 'note=off'];
    const child = new Child(['model', ...options, '--json'], { cwd: folder.path });
    const ready = JSON.parse(await child.line('"ready"'));
    expect(ready).toMatchObject({ event: 'ready', model: 'local-model', pid: child.process.pid });
    expect(JSON.parse(await ask(ready.url, 'sails')).choices[0].message.content).toMatch(
      /^A sail is made of cloth/,
    );
    child.process.kill('SIGTERM');
    expect(await child.ended).toEqual({ code: 0, signal: null });
    expect(child.lines.slice(1).map((line) => JSON.parse(line))).toEqual([
      { event: 'stopping', signal: 'SIGTERM' },
      { event: 'stopped' },
    ]);
  });

  it('tells people where it is, answers from the documentation, and replays what it recorded', async () => {
    const provider = new Child(['model', '--port', '0', '--speed', 'max'], { cwd: folder.path });
    const url = (await provider.line('ready at')).replace(/^.*ready at /, '');
    expect(provider.lines).toContain(
      `  OPENAI_BASE_URL=${url}/v1 OPENAI_API_KEY=none OPENAI_MODEL=local-model`,
    );
    const recorder = new Child(['model', '--port', '0', '--json', '--record', 'tape', '--upstream', url], {
      cwd: folder.path,
    });
    const recorded = await ask(JSON.parse(await recorder.line('"ready"')).url, 'How does recovery work?');
    expect(recorded).toContain('docs/recovery.md');
    recorder.process.kill('SIGTERM');
    await recorder.ended;
    await provider.kill();
    const player = new Child(['model', '--port', '0', '--json', '--replay', 'tape'], { cwd: folder.path });
    expect(await ask(JSON.parse(await player.line('"ready"')).url, 'How does recovery work?')).toBe(recorded);
    await player.kill();
  });

  it.each([
    [['--record', 'x'], 2, '--record and --upstream belong together'],
    [['--upstream', 'http://x'], 2, '--record and --upstream belong together'],
    [
      ['--record', 'x', '--upstream', 'http://x', '--replay', 'y'],
      2,
      '--record and --replay exclude each other',
    ],
    [['--port', 'x'], 2, 'It must be a number from 0 to 65535.'],
    [['--speed', 'fast'], 1, 'The model did not start. speed: must be a number'],
    [['--settings', 'sped=1'], 1, "there is no setting 'sped'"],
    [['--documents', '/nowhere'], 1, 'There is no folder /nowhere'],
    [['--replay', '/nowhere'], 1, 'There is no recording /nowhere'],
    [['--record', '/nowhere/x', '--upstream', 'nowhere'], 1, 'upstream must be an address'],
  ])('%j is wrong', async (argv, code, text) => {
    expect(await run(['model', '--port', '0', ...argv])).toMatchObject({
      code,
      err: expect.stringContaining(text),
    });
  });
});
