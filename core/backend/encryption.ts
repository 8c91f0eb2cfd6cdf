// End-to-end encryption of `private-encrypted-` channels: NaCl secretbox under a key derived from the channel's name and
// the master key. The server relays the envelope without being able to read it.
import { createHash } from 'node:crypto';
import { channelKind } from '@sockudo/protocol';
import nacl from 'tweetnacl';

/** True for every channel whose events are encrypted, the cache variant included. */
export function isEncryptedChannel(channel: string): boolean {
  return channelKind(channel).kind === 'encrypted';
}

/** SHA-256 of the channel name's UTF-8 bytes followed by the 32 bytes of the master key. */
export function sharedSecret(channel: string, masterKey: Buffer | null): Buffer {
  if (masterKey === null) {
    throw new Error('encryptionMasterKeyBase64 must be set to use encrypted channels');
  }
  return createHash('sha256').update(channel, 'utf8').update(masterKey).digest();
}

/** The `data` text of an encrypted event: `{"nonce","ciphertext"}` in base64 around the JSON text of `data`. */
export function encryptData(channel: string, data: unknown, masterKey: Buffer | null): string {
  const plaintext = Buffer.from(JSON.stringify(data) ?? 'null', 'utf8');
  const nonce = nacl.randomBytes(nacl.secretbox.nonceLength);
  const ciphertext = nacl.secretbox(
    new Uint8Array(plaintext),
    nonce,
    new Uint8Array(sharedSecret(channel, masterKey)),
  );
  return JSON.stringify({ nonce: base64(nonce), ciphertext: base64(ciphertext) });
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
