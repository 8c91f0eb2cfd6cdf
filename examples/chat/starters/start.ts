// `node examples/chat/starters/start.ts plain-openai` (or use-chat): all that a starter needs, started in one go; Ctrl-C stops it. By hand
// it is the commands of README.md, one in each terminal.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const STARTERS = ['use-chat', 'plain-openai'];
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const bin = (name: string): string => here(`../../../node_modules/.bin/${name}`);
const [name = ''] = process.argv.slice(2);
if (!STARTERS.includes(name)) {
  console.error(`Which one? ${STARTERS.join(', ')}`);
  process.exit(1);
}

const children: ChildProcess[] = [];
function start(command: string, ...args: string[]): ChildProcess {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  // What ends by itself takes the rest along.
  child.once('exit', stop);
  children.push(child);
  return child;
}

function stop(): void {
  for (const child of children) child.kill();
  process.exitCode = 0;
}
process.once('SIGINT', stop);
process.once('SIGTERM', stop);

const { SOCKUDO_PORT = '6001', MODEL_PORT = '4001', PAGE_PORT = '5173' } = process.env;
const { OPENAI_BASE_URL, OPENAI_API_KEY } = process.env;
process.env.SOCKUDO_URL ??= `http://app-key:app-secret@127.0.0.1:${SOCKUDO_PORT}/apps/app-id`;
const server = start(bin('sockudo'), 'serve', '--config', here('./sockudo.toml'), '--port', SOCKUDO_PORT);
const isReady = [readyLine(server)];
if (OPENAI_BASE_URL === undefined && OPENAI_API_KEY === undefined) {
  process.env.OPENAI_BASE_URL = `http://127.0.0.1:${MODEL_PORT}/v1`;
  isReady.push(readyLine(start(bin('sockudo'), 'model', '--port', MODEL_PORT)));
}
await Promise.all(isReady);
start(process.execPath, here(`./${name}/server.ts`));
const page = start(
  bin('vite'),
  here(`./${name}/`),
  '--port',
  PAGE_PORT,
  '--strictPort',
  '--clearScreen',
  'false',
);
page.stdout?.pipe(process.stdout);

/** Both say so in a line when they can be used. */
async function readyLine(child: ChildProcess): Promise<void> {
  for (let text = ''; !/ is ready at /.test(text); ) {
    const [chunk] = await once(child.stdout ?? child, 'data');
    text += String(chunk);
  }
}
