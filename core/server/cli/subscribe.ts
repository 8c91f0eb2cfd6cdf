// `sockudo subscribe`: listens to channels and prints what arrives. Private and presence channels are authorised here, with
// the app's secret. The connection itself is feed.ts.
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type Feed, type FeedEnd, type FeedFrame, openFeed } from './feed.ts';
import { CliFailure, type CliIo, EXIT, type ExitCode } from './io.ts';
import type { Act } from './program.ts';
import { signalWaiter } from './signals.ts';
import { resolveTarget, type TargetOptions, withTargetOptions } from './target.ts';

interface SubscribeOptions extends TargetOptions {
  readonly protocol: '1' | '2';
  readonly count?: number;
  readonly userId: string;
  readonly userInfo?: unknown;
}

function countArgument(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || count < 1) throw new InvalidArgumentError('It must be a number of at least 1.');
  return count;
}

function jsonArgument(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new InvalidArgumentError('It must be JSON.');
  }
}

function printed(frame: FeedFrame): string {
  const data =
    frame.data === undefined
      ? ''
      : ` ${typeof frame.data === 'string' ? frame.data : JSON.stringify(frame.data)}`;
  return `${frame.channel === undefined ? '' : `${frame.channel} `}${frame.event}${data}`;
}

function failureOf(end: FeedEnd): CliFailure {
  const reason = end.reason === '' ? '' : ` ${end.reason}`;
  return new CliFailure(
    end.kind === 'closed' ? `The server closed the connection: ${end.code}${reason}` : end.reason,
  );
}

async function subscribe(
  channels: readonly string[],
  options: SubscribeOptions,
  io: CliIo,
): Promise<ExitCode> {
  const target = resolveTarget(options, io);
  const signals = signalWaiter();
  let left = options.count ?? Number.POSITIVE_INFINITY;
  const feed: Feed = openFeed({
    target,
    channels,
    protocol: options.protocol === '1' ? 1 : 2,
    member: { user_id: options.userId, user_info: options.userInfo },
    onFrame(frame) {
      io.out(options.json === true ? frame.text : printed(frame));
      if (!frame.isProtocol) left -= 1;
      if (left === 0) feed.close();
    },
  });
  try {
    const end = await Promise.race([feed.end, signals.first.then(() => null)]);
    if (end === null || end.kind === 'left') return EXIT.ok;
    throw failureOf(end);
  } finally {
    signals.close();
    feed.close();
  }
}

export function addSubscribe(program: Command, io: CliIo, act: Act): void {
  withTargetOptions(program.command('subscribe'))
    .description('Subscribe to channels and print what arrives')
    .argument('<channel...>', 'channels to subscribe to')
    .addOption(new Option('--protocol <version>', 'protocol to speak').choices(['1', '2']).default('2'))
    .option('--count <n>', 'stop after this many events', countArgument)
    .option('--user-id <id>', 'who to be on presence channels', 'sockudo-cli')
    .option('--user-info <json>', 'what the other members see', jsonArgument)
    .action(act(async (channels: string[], options: SubscribeOptions) => subscribe(channels, options, io)));
}
