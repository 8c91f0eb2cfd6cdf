#!/usr/bin/env node
// The `sockudo` command: connects the command line (program.ts) to this process.
import { text } from 'node:stream/consumers';
import { runCli } from './program.ts';

// A reader that went away (`sockudo channels | head -1`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

const code = await runCli(process.argv.slice(2), {
  env: process.env,
  cwd: process.cwd(),
  out: (line) => process.stdout.write(`${line}\n`),
  err: (line) => process.stderr.write(`${line}\n`),
  readInput: () => text(process.stdin),
});

// What was written may still be on its way through a pipe.
process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
