// The key by which push services know this chat (VAPID): made at the first start and kept beside the development app, for its owner's
// eyes only. With another one every browser has to subscribe again.
import { createECDH, generateKeyPairSync } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const FILE = 'chat-vapid-key';
const KEY_BYTES = 32;

/** Variables for server and backend. One that is given in `VAPID_PRIVATE_KEY` counts. @throws Error where the key is none */
export async function vapidKey(cwd: string, env: NodeJS.ProcessEnv): Promise<Record<string, string>> {
  const privateKey = env.VAPID_PRIVATE_KEY ?? (await keptKey(join(cwd, '.sockudo')));
  const curve = createECDH('prime256v1');
  const bytes = Buffer.from(privateKey, 'base64url');
  try {
    if (bytes.length !== KEY_BYTES) throw new RangeError('not of P-256');
    curve.setPrivateKey(bytes);
  } catch {
    throw new Error(`VAPID_PRIVATE_KEY, or the file .sockudo/${FILE}, holds no key`);
  }
  return { VAPID_PRIVATE_KEY: privateKey, VAPID_PUBLIC_KEY: curve.getPublicKey('base64url') };
}

async function keptKey(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, FILE);
  const { d = '' } = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });
  // Of two that start at once one wins; both read what it wrote.
  await writeFile(path, d, { mode: 0o600, flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  return (await readFile(path, 'utf8')).trim();
}
