// `sockudo channels`: what is occupied, through the signed HTTP API.
import type { Command } from 'commander';
import { CliFailure, type CliIo, EXIT, type ExitCode, outJson } from './io.ts';
import type { Act } from './program.ts';
import { type ApiRequest, callApi } from './signed-request.ts';
import { resolveTarget, type TargetOptions, withTargetOptions } from './target.ts';

interface ChannelsOptions extends TargetOptions {
  /** `true` when given without attributes. */
  readonly info?: string | true;
  readonly prefix?: string;
}

function requestOf(channel: string | undefined, options: ChannelsOptions): ApiRequest {
  const attributes = options.info === true ? 'subscription_count' : options.info;
  const info = attributes === undefined ? {} : { info: attributes };
  if (channel !== undefined)
    return { method: 'GET', path: `/channels/${encodeURIComponent(channel)}`, query: info };
  const prefix = options.prefix === undefined ? {} : { filter_by_prefix: options.prefix };
  return { method: 'GET', path: '/channels', query: { ...prefix, ...info } };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function line(name: string, attributes: unknown): string {
  const pairs = isRecord(attributes)
    ? Object.entries(attributes).map(([key, value]) => `  ${key} ${String(value)}`)
    : [];
  return `${name}${pairs.join('')}`;
}

async function channels(channel: string | undefined, options: ChannelsOptions, io: CliIo): Promise<ExitCode> {
  const target = resolveTarget(options, io);
  const answer = await callApi(target, requestOf(channel, options));
  if (options.json === true) outJson(io, answer);
  else if (channel !== undefined) io.out(line(channel, answer));
  else {
    const list = isRecord(answer) ? answer.channels : undefined;
    if (!isRecord(list)) throw new CliFailure(`${target.url} answered without a list of channels`);
    const names = Object.keys(list).sort();
    if (names.length === 0) io.out('No channel is occupied.');
    for (const name of names) io.out(line(name, list[name]));
  }
  return EXIT.ok;
}

export function addChannels(program: Command, io: CliIo, act: Act): void {
  withTargetOptions(program.command('channels'))
    .description('List occupied channels, or show one')
    .argument('[channel]', 'show this channel')
    .option('--info [attributes]', 'also show attributes, such as user_count,subscription_count')
    .option('--prefix <prefix>', 'only channels that begin so')
    .action(
      act(async (channel: string | undefined, options: ChannelsOptions) => channels(channel, options, io)),
    );
}
