import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { vapidKey } from './vapid-key.ts';

describe('the key for push services', () => {
  let cwd: string;
  beforeEach(async () => {
    cwd = await mkdtemp(join(tmpdir(), 'sockudo-chat-'));
  });
  afterEach(() => rm(cwd, { recursive: true }));
  const file = () => join(cwd, '.sockudo', 'chat-vapid-key');

  it('is made once, also by two that start at once, and only its owner reads it', async () => {
    const [one, two] = await Promise.all([vapidKey(cwd, {}), vapidKey(cwd, {})]);
    expect(one).toEqual(two);
    expect(await vapidKey(cwd, {})).toEqual(one);
    expect(Buffer.from(one.VAPID_PRIVATE_KEY ?? '', 'base64url')).toHaveLength(32);
    expect(Buffer.from(one.VAPID_PUBLIC_KEY ?? '', 'base64url')).toHaveLength(65);
    expect((await stat(file())).mode & 0o077).toBe(0);
  });

  it('is the one that is given', async () => {
    const other = await mkdtemp(join(tmpdir(), 'sockudo-chat-'));
    const given = await vapidKey(other, {});
    await rm(other, { recursive: true });
    expect(await vapidKey(cwd, given)).toEqual(given);
    await expect(stat(file())).rejects.toThrow('ENOENT');
  });

  it('refuses what is none', async () => {
    await vapidKey(cwd, {});
    await writeFile(file(), 'none');
    await expect(vapidKey(cwd, {})).rejects.toThrow('holds no key');
  });
});
