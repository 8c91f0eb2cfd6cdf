// `sockudo publish`: one event on one channel, through the signed HTTP API.
import type { Command } from 'commander';
import { type CliIo, EXIT, type ExitCode, outJson } from './io.ts';
import type { Act } from './program.ts';
import { callApi } from './signed-request.ts';
import { resolveTarget, type TargetOptions, withTargetOptions } from './target.ts';

interface PublishOptions extends TargetOptions {
  readonly socketId?: string;
  readonly idempotencyKey?: string;
}

async function publish(
  channel: string,
  event: string,
  data: string | undefined,
  options: PublishOptions,
  io: CliIo,
): Promise<ExitCode> {
  const target = resolveTarget(options, io);
  const text = data === '-' ? await io.readInput() : (data ?? '{}');
  const body = {
    name: event,
    channels: [channel],
    data: text,
    ...(options.socketId === undefined ? {} : { socket_id: options.socketId }),
    ...(options.idempotencyKey === undefined ? {} : { idempotency_key: options.idempotencyKey }),
  };
  const answer = await callApi(target, { method: 'POST', path: '/events', body });
  if (options.json === true) outJson(io, answer);
  else io.out(`Published ${event} on ${channel}.`);
  return EXIT.ok;
}

export function addPublish(program: Command, io: CliIo, act: Act): void {
  withTargetOptions(program.command('publish'))
    .description('Publish an event')
    .argument('<channel>', 'channel to publish on')
    .argument('<event>', 'name of the event')
    .argument('[data]', 'data, sent as it is; `-` reads it from standard input (default: {})')
    .option('--socket-id <id>', 'connection that is not to receive it')
    .option('--idempotency-key <key>', 'publish once, however often this is repeated')
    .action(
      act(async (channel: string, event: string, data: string | undefined, options: PublishOptions) =>
        publish(channel, event, data, options, io),
      ),
    );
}
