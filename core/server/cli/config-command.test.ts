import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'smol-toml';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run, temporaryDirectory } from './cli-fixture.ts';

let directory: ReturnType<typeof temporaryDirectory>;
beforeEach(() => {
  directory = temporaryDirectory();
});
afterEach(() => directory.remove());

function write(name: string, text: string): void {
  mkdirSync(join(directory.path, 'config'), { recursive: true });
  writeFileSync(join(directory.path, name), text);
}

const at = () => ({ cwd: directory.path });
const VALID = '[[app_manager.array.apps]]\nid = "a"\nkey = "k"\nsecret = "sesame"\nenabled = true\n';

describe('config check', () => {
  it('accepts a valid file and tells its warnings', async () => {
    write('config/config.toml', `mode = "staging"\n${VALID}`);
    expect(await run(['config', 'check'], at())).toEqual({
      code: 0,
      out: 'warning: mode: `staging` counts as production\nconfig/config.toml is valid.',
      err: '',
    });
  });

  it('accepts that there is none, without making anything', async () => {
    expect(await run(['config', 'check'], at())).toMatchObject({
      code: 0,
      out: 'The development configuration is valid.',
    });
    expect(existsSync(join(directory.path, '.sockudo'))).toBe(false);
  });

  it('lists every problem and fails', async () => {
    write('bad.toml', 'prot = 1\nport = "x"\n');
    expect(await run(['config', 'check', '--config', 'bad.toml'], at())).toEqual({
      code: 1,
      out: '',
      err: [
        '2 problems in the configuration:',
        '  prot: is not a setting; did you mean `port`? (bad.toml)',
        '  port: must be an integer from 0 to 65535, not "x" (bad.toml)',
      ].join('\n'),
    });
  });

  it('answers machines in JSON', async () => {
    write('bad.toml', 'prot = 1\n');
    const bad = await run(['config', 'check', '--config', 'bad.toml', '--json'], at());
    expect(bad).toMatchObject({ code: 1, err: '' });
    expect(JSON.parse(bad.out)).toMatchObject({
      ok: false,
      problems: [{ path: 'prot', suggestion: 'port' }],
    });
    write('good.toml', VALID);
    const good = await run(['config', 'check', '--config', 'good.toml', '--json'], at());
    expect(JSON.parse(good.out)).toEqual({ ok: true, file: 'good.toml', problems: [], warnings: [] });
  });
});

describe('config print', () => {
  it('prints what counts, as TOML or JSON, without secrets', async () => {
    write('config/config.toml', `port = 7001\n${VALID}`);
    const place = { ...at(), env: { PORT: '7002' } };
    const toml = await run(['config', 'print'], place);
    const json = await run(['config', 'print', '--json'], place);
    expect(toml).toMatchObject({ code: 0, err: '' });
    expect(toml.out + json.out).not.toContain('sesame');
    const expected = {
      port: 7002,
      host: '0.0.0.0',
      history: { backend: 'sqlite' },
      app_manager: { array: { apps: [{ id: 'a', secret: '[redacted]' }] } },
    };
    expect(JSON.parse(json.out)).toMatchObject(expected);
    expect(parse(toml.out)).toMatchObject(expected);
  });

  it('fails where the configuration does, with the problems for machines', async () => {
    const result = await run(['config', 'print', '--config', 'none.toml', '--json'], at());
    expect(result.code).toBe(1);
    expect(JSON.parse(result.out)).toMatchObject({
      ok: false,
      problems: [{ path: 'none.toml', message: 'does not exist' }],
    });
  });
});

describe('config schema', () => {
  it('prints the JSON Schema', async () => {
    const { code, out } = await run(['config', 'schema'], at());
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      properties: { port: { type: 'integer', default: 6001 }, history: { type: 'object' } },
    });
  });
});
