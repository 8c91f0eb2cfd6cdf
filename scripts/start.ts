// `npm start [-- --open]`: the server and the chat, in one process tree; `npm run example:NAME` the same with another example.
// Prints the address of the page; Ctrl-C stops everything.
import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';
import type { RunningExample } from '@sockudo/example-kit';
import { startExample as startBackgroundAgent } from '../examples/background-agent/start.ts';
import { startExample as startChat } from '../examples/chat/start.ts';
import { startExample as startCollaborativeDocument } from '../examples/collaborative-document/start.ts';
import { startExample as startMarketFeed } from '../examples/market-feed/start.ts';

const EXAMPLES = new Map([
  ['market-feed', startMarketFeed],
  ['collaborative-document', startCollaborativeDocument],
  ['background-agent', startBackgroundAgent],
  ['chat', startChat],
]);

const { values, positionals } = parseArgs({
  options: { open: { type: 'boolean' }, port: { type: 'string' } },
  allowPositionals: true,
});
const [name = 'chat'] = positionals;
const title = name.replaceAll('-', ' ');
const startExample = EXAMPLES.get(name);
if (startExample === undefined) {
  console.error(`There is no example '${name}'. There are: ${[...EXAMPLES.keys()].join(', ')}`);
  process.exit(1);
}

let example: RunningExample | undefined;
let isStopping = false;

async function stop(exitCode: number): Promise<void> {
  // The second signal does not wait: children end when this process is gone.
  if (isStopping) process.exit(1);
  isStopping = true;
  await example?.close();
  process.exit(exitCode);
}

process.on('SIGINT', () => void stop(0));
process.on('SIGTERM', () => void stop(0));

try {
  example = await startExample({
    cwd: process.cwd(),
    env: values.port === undefined ? process.env : { ...process.env, PORT: values.port },
    onGivenUp: (error) => {
      console.error(`${title}: ${error.message} too often; stopping`);
      void stop(1);
    },
  });
} catch (error) {
  console.error(`${title}: ${error instanceof Error ? error.message : error}`);
  process.exit(1);
}
console.log(`\n  The ${title} is running. Open  ${example.url}\n\n  Ctrl-C stops it.\n`);
if (values.open === true) openBrowser(example.url);

/** On a machine without a desktop there is nothing to open with; the address has been printed. */
function openBrowser(url: string): void {
  const [command, ...args] =
    process.platform === 'darwin'
      ? ['open', url]
      : process.platform === 'win32'
        ? ['cmd', '/c', 'start', '', url]
        : ['xdg-open', url];
  if (command === undefined) return;
  const browser = spawn(command, args, { stdio: 'ignore', detached: true });
  browser.on('error', () => console.log('  No browser could be opened from here.\n'));
  browser.unref();
}
