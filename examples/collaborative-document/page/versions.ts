// Everything a paragraph ever said, oldest first.
import type { Channel, MessageVersion } from '@sockudo/client';
import { nameOf } from '../shared/document.ts';

export interface TextVersion {
  readonly serial: string;
  readonly action: MessageVersion['action'];
  readonly text: string;
  readonly who: string;
  readonly atMs: number;
}

export async function versionsOf(channel: Channel, serial: string): Promise<TextVersion[]> {
  const versions: TextVersion[] = [];
  let text = '';
  const page = await channel.getMessageVersions(serial, { direction: 'oldest_first', limit: 100 });
  for await (const { action, data, version, extras } of page) {
    const given = typeof data === 'string' ? data : '';
    text = action === 'append' ? text + given : given;
    const who = nameOf(version.client_id ?? authorOf(extras));
    versions.push({ serial: version.serial, action, text, who, atMs: version.timestamp_ms });
  }
  return versions;
}

/** Whoever wrote a paragraph first: the backend puts it into a header of the message. */
export function authorOf(extras: MessageVersion['extras']): string | undefined {
  const headers = extras?.headers;
  const author =
    typeof headers === 'object' && headers !== null && 'author' in headers ? headers.author : undefined;
  return typeof author === 'string' ? author : undefined;
}
