// `sockudo push keys`: the pair of keys that a server shows push services and browsers who it is with (VAPID).
import type { Command } from 'commander';
import { CliFailure, type CliIo, EXIT, type ExitCode, outJson } from './io.ts';
import type { Act } from './program.ts';

interface KeysOptions {
  readonly json?: boolean;
}

/** What the package of push offers here; it is loaded by name, as its plug-in is. */
interface PushPackage {
  generateVapidKeys(): { readonly publicKey: string; readonly privateKey: string };
}

const PACKAGE = '@sockudo/push';

async function loadPush(): Promise<PushPackage> {
  try {
    // CAST: the package exports what PushPackage says; the test of this command holds it to it.
    return (await import(PACKAGE)) as PushPackage;
  } catch {
    throw new CliFailure(`needs the package ${PACKAGE}`);
  }
}

async function keys({ json }: KeysOptions, io: CliIo): Promise<ExitCode> {
  const { generateVapidKeys } = await loadPush();
  const pair = generateVapidKeys();
  if (json === true) {
    outJson(io, pair);
    return EXIT.ok;
  }
  io.out(`VAPID_PUBLIC_KEY=${pair.publicKey}`);
  io.out(`VAPID_PRIVATE_KEY=${pair.privateKey}`);
  io.err(
    'The private key belongs into the environment of the server and nowhere else; pages get the public one.',
  );
  io.err('Keep both: with other keys every browser has to subscribe again.');
  return EXIT.ok;
}

export function addPush(program: Command, io: CliIo, act: Act): void {
  const push = program.command('push').description('Tools for push notifications');
  push
    .command('keys')
    .description('Make a pair of VAPID keys for Web Push')
    .option('--json', 'write one JSON object')
    .action(act(async (options: KeysOptions) => keys(options, io)));
}
