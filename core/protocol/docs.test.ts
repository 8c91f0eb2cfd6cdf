import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseClientMutation, parseClientPublish, parseClientRequest } from './client-publish.ts';
import { CLOSE_CODES, closeCodePolicy } from './close-codes.ts';
import { ERRORS } from './error-table.ts';
import { parseFilter } from './filter-parse.ts';
import { parseClientFrame } from './frames.ts';
import * as limits from './limits.ts';
import { decodeCursor } from './position.ts';
import { parseSignin, parseSubscribe, parseUnsubscribe } from './requests.ts';
import { encodeBinaryFrame } from './wire-format.ts';

const page = readFileSync(new URL('../../docs/protocol.md', import.meta.url), 'utf8');

/** The text under a heading of the second level. */
function section(title: string): string {
  const part = page.split(/^## /m).find((text) => text.startsWith(`${title}\n`));
  if (part === undefined) throw new Error(`docs/protocol.md has no section ${title}`);
  return part;
}

/** Rows of the last table of a section, cells without back ticks; "–" is an empty cell. */
function rows(title: string): readonly (readonly string[])[] {
  const tables = section(title)
    .split('\n\n')
    .filter((block) => block.trimStart().startsWith('|'));
  const lines = (tables.at(-1) ?? '').trim().split('\n').slice(2);
  return lines.map((line) =>
    line
      .slice(1, -1)
      .split(' | ')
      .map((cell) => cell.replaceAll('`', '').trim().replace(/^–$/, '')),
  );
}

const cell = (value: unknown): string => (value === undefined ? '' : String(value));

describe('docs/protocol.md and the code say the same', () => {
  it('errors', () => {
    const documented = rows('Errors');
    const real = Object.entries(ERRORS).map(([name, row]) => [
      name,
      cell(row.wsCode),
      cell(row.httpStatus),
      row.code,
      cell(row.aiCode),
      row.retryable ? 'yes' : 'no',
      row.prefix === undefined ? cell(row.message) : `${row.prefix}…`,
    ]);
    expect(documented).toEqual(real);
  });

  it('close codes', () => {
    const real = Object.entries(CLOSE_CODES).map(([name, row]) => [
      String(row.code),
      name,
      row.reason,
      row.sent ? 'yes' : 'no',
      closeCodePolicy(row.code),
    ]);
    expect(rows('Close codes')).toEqual(real);
  });

  it('limits', () => {
    const documented = rows('Limits').map(([name, value]) => [name, value]);
    const real = Object.entries(limits).map(([name, value]) => [name, String(value)]);
    expect(documented.sort()).toEqual(real.sort());
  });

  it('every limit has a meaning', () => {
    for (const [name, , meaning] of rows('Limits')) expect(meaning, name).toMatch(/\w/);
  });
});

describe('examples', () => {
  const examples = [...page.matchAll(/```json\n([\s\S]*?)\n```/g)].map((match) => match[1] ?? '');

  it.each(examples)('%s', (text) => {
    const frame = parseClientFrame(text);
    const { data } = frame;
    if (frame.event.endsWith(':subscribe')) parseFilter(parseSubscribe(data));
    if (frame.event.endsWith(':unsubscribe')) expect(parseUnsubscribe(data)).toBe('ships');
    if (frame.event.endsWith(':signin')) parseSignin(data);
    if (frame.event === 'sockudo:publish') parseClientPublish(parseClientRequest(frame.event, data).body, {});
    if (frame.event === 'sockudo:mutate') parseClientMutation(parseClientRequest(frame.event, data).body);
  });

  it('signatures', () => {
    const table = section('Signatures')
      .split('\n')
      .filter((line) => /`118\.42/.test(line) && line.startsWith('|'));
    expect(table).toHaveLength(3);
    for (const line of table) {
      const [, text = '', hmac] = /\| `(.*)` +\| `([0-9a-f]{64})` +\|$/.exec(line) ?? [];
      expect(createHmac('sha256', 'harbour-secret').update(text).digest('hex')).toBe(hmac);
    }
    const [, request = '', hmac] = /```text\n(POST[^`]*)\n```\n\ngives `([0-9a-f]{64})`/.exec(page) ?? [];
    expect(createHmac('sha256', 'harbour-secret').update(request).digest('hex')).toBe(hmac);
  });

  it('the cursor and the bytes', () => {
    const [, cursor = ''] = /```text\n(eyJ[\w-]+)\n```/.exec(page) ?? [];
    expect(decodeCursor(cursor)).toMatchObject({ channel: 'ships', serial: 13, direction: 'newest_first' });
    for (const format of ['msgpack', 'protobuf'] as const) {
      const [, hex = ''] = new RegExp(`^${format} +([0-9a-f]+)$`, 'm').exec(page) ?? [];
      const bytes = encodeBinaryFrame(format, '{"event":"sockudo:subscribe","data":{"channel":"ships"}}');
      expect(Buffer.from(bytes).toString('hex')).toBe(hex);
    }
  });
});
