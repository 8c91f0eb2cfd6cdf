// The single checks of `sockudo doctor`. Each looks at one thing, changes nothing that lasts, and says what it found.
import { closeSync, existsSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { reachableHost, urlOf } from './server-url.ts';
import { reasonOf } from './signed-request.ts';

export interface Finding {
  readonly status: 'ok' | 'warning' | 'failure';
  readonly text: string;
}

export interface Check extends Finding {
  readonly name: string;
}

const NODE_MAJOR = 24;
const REQUEST_TIMEOUT_MS = 3000;
const FSYNC_ROUNDS = 20;
/** A disk slower than this makes every durable publish feel slow. */
const SLOW_FSYNC_MS = 20;
/** Signed requests are refused beyond ten minutes; half of it is worth a word, a tenth is not. */
const CLOCK_SKEW_WARNING_SECONDS = 60;
const CLOCK_SKEW_FAILURE_SECONDS = 600;

/** @param version such as `24.1.0` */
export function checkNode(version: string): Finding {
  const major = Number(version.split('.')[0]);
  if (major >= NODE_MAJOR) return { status: 'ok', text: version };
  return { status: 'failure', text: `${version} is too old: the server needs ${NODE_MAJOR} or newer` };
}

function tryListen(host: string, port: number): Promise<NodeJS.ErrnoException | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', resolve);
    server.listen(port, host, () => server.close(() => resolve(null)));
  });
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly date: string | null;
}

async function get(url: string): Promise<Answer | Error> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) });
    return { status: response.status, text: await response.text(), date: response.headers.get('date') };
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** A port in use is fine where it is our own server that uses it. */
export async function checkPort(host: string, port: number, isTls: boolean): Promise<Finding> {
  if (port === 0) return { status: 'ok', text: 'any free one' };
  const error = await tryListen(host, port);
  const place = `${host}:${port}`;
  if (error === null) return { status: 'ok', text: `${place} is free` };
  if (error.code !== 'EADDRINUSE')
    return { status: 'failure', text: `${place} cannot be used: ${error.code ?? error.message}` };
  const live = await get(`${urlOf(reachableHost(host), port, isTls)}/live`);
  if (!(live instanceof Error) && live.status === 200)
    return { status: 'ok', text: `${place} is in use by a running server` };
  return {
    status: 'failure',
    text: `${place} is in use by another program: choose one with --port or the setting port`,
  };
}

/** Half of all syncs took at most this long, in ms. */
function medianSyncMs(directory: string): number {
  const descriptor = openSync(join(directory, 'probe'), 'w');
  try {
    const times = Array.from({ length: FSYNC_ROUNDS }, () => {
      writeSync(descriptor, Buffer.alloc(4096), 0, 4096, 0);
      const startedAt = performance.now();
      fdatasyncSync(descriptor);
      return performance.now() - startedAt;
    });
    return times.sort((left, right) => left - right)[FSYNC_ROUNDS / 2] ?? 0;
  } finally {
    closeSync(descriptor);
  }
}

/** Writes beside the database file (or where its directory would be made), never into it. */
export function checkDatabase(path: string): Finding {
  let directory = dirname(path);
  while (!existsSync(directory) && dirname(directory) !== directory) directory = dirname(directory);
  let probe: string | null = null;
  try {
    probe = mkdtempSync(join(directory, '.sockudo-doctor-'));
    const ms = medianSyncMs(probe);
    const text = `${path} can be written; a sync takes ${ms.toFixed(1)} ms`;
    return ms > SLOW_FSYNC_MS
      ? { status: 'warning', text: `${text}, which is slow` }
      : { status: 'ok', text };
  } catch (error) {
    return { status: 'failure', text: `${path} cannot be written: ${reasonOf(error)}` };
  } finally {
    if (probe !== null) rmSync(probe, { recursive: true, force: true });
  }
}

function checkClock(date: string | null): Finding {
  const theirs = Date.parse(date ?? '');
  if (Number.isNaN(theirs)) return { status: 'warning', text: 'the server does not say what time it is' };
  const seconds = Math.round(Math.abs(Date.now() - theirs) / 1000);
  const text = `${seconds} s from the server's`;
  if (seconds > CLOCK_SKEW_FAILURE_SECONDS)
    return { status: 'failure', text: `${text}: signed requests are refused` };
  return { status: seconds > CLOCK_SKEW_WARNING_SECONDS ? 'warning' : 'ok', text };
}

/** Asks a server whether it is ready, and what time it has. Without one only a server that was named is missed. */
export async function checkServer(url: string, isNamed: boolean): Promise<Check[]> {
  const base = url.replace(/\/$/, '');
  const up = await get(`${base}/up`);
  if (up instanceof Error) {
    const text = `${base} does not answer: ${reasonOf(up)}`;
    return [{ name: 'server', status: isNamed ? 'failure' : 'warning', text }];
  }
  const isReady = up.status === 200;
  const status = isReady ? (up.text === 'OK' ? 'ok' : 'warning') : 'failure';
  return [
    { name: 'server', status, text: `${base} says ${up.text.slice(0, 80) || up.status}` },
    { name: 'clock', ...checkClock(up.date) },
  ];
}
