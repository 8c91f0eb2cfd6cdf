import { describe, expect, it } from 'vitest';
import { run } from './cli-fixture.ts';

describe('usage', () => {
  it.each([
    [['--help'], 'Usage: sockudo'],
    [['serve', '--help'], 'sockudo serve'],
    [['config', 'check', '--help'], 'sockudo config check'],
    [['--version'], '0.1.0'],
  ])('%j prints to standard output and succeeds', async (argv, text) => {
    expect(await run(argv)).toMatchObject({ code: 0, err: '', out: expect.stringContaining(text) });
  });

  it.each([
    [[], 'Usage: sockudo'],
    [['srve'], '(Did you mean serve?)'],
    [['serve', '--prot', '1'], '(Did you mean --port?)'],
    [['serve', '--port', 'abc'], 'It must be a number from 0 to 65535.'],
    [['serve', '--port', '65536'], 'It must be a number from 0 to 65535.'],
    [['publish', 'room'], "missing required argument 'event'"],
    [['subscribe'], "missing required argument 'channel'"],
    [['subscribe', 'room', '--protocol', '7'], 'Allowed choices are 1, 2.'],
    [['subscribe', 'room', '--count', '0'], 'It must be a number of at least 1.'],
    [['subscribe', 'room', '--user-info', '{'], 'It must be JSON.'],
    [['config'], 'Usage: sockudo config'],
    [['channels', '--url', 'ftp://x'], '--url must be an address such as http://127.0.0.1:6001'],
  ])('%j is wrong: text on standard error, exit code 2', async (argv, text) => {
    expect(await run(argv)).toMatchObject({ code: 2, out: '', err: expect.stringContaining(text) });
  });
});
