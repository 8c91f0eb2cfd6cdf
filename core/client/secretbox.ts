/**
 * Opening of end-to-end encrypted payloads: XSalsa20-Poly1305 (NaCl secretbox) by tweetnacl. Pure.
 * Source: Pusher, encrypted channels: data is `{nonce, ciphertext}` in base64, the key comes from the auth endpoint.
 */
import { isJsonObject, stringMember } from '@sockudo/protocol';
import nacl from 'tweetnacl';
import { parseText } from './frame.ts';

export type Opened =
  | { readonly kind: 'opened'; readonly text: string }
  /** No `{nonce, ciphertext}` of the right sizes: nothing a key could change. */
  | { readonly kind: 'malformed' }
  /** Not made with this key. */
  | { readonly kind: 'wrong-key' };

const MALFORMED: Opened = { kind: 'malformed' };

/** Bytes of standard base64; null when it is none. */
export function base64Decode(text: string): Uint8Array | null {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    // Safe: the caller reports what it was reading.
    return null;
  }
}

/** The key in an auth answer's `shared_secret`. @throws when it is no base64 of 32 bytes */
export function secretboxKey(sharedSecret: string): Uint8Array {
  const key = base64Decode(sharedSecret);
  if (key === null || key.length !== nacl.secretbox.keyLength) {
    throw new Error(`shared_secret must be base64 of ${nacl.secretbox.keyLength} bytes`);
  }
  return key;
}

/** Opens an event's data, an object or its JSON text. */
export function openSecretbox(data: unknown, key: Uint8Array): Opened {
  const box = typeof data === 'string' ? parseText(data) : data;
  if (!isJsonObject(box)) return MALFORMED;
  const nonce = base64Decode(stringMember(box, 'nonce') ?? '');
  const ciphertext = base64Decode(stringMember(box, 'ciphertext') ?? '');
  if (nonce === null || nonce.length !== nacl.secretbox.nonceLength) return MALFORMED;
  if (ciphertext === null || ciphertext.length < nacl.secretbox.overheadLength) return MALFORMED;
  const plain = nacl.secretbox.open(ciphertext, nonce, key);
  return plain === null ? { kind: 'wrong-key' } : { kind: 'opened', text: new TextDecoder().decode(plain) };
}
