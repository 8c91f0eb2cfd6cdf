// Secrets at rest: AES-256-GCM under a key made from the operator's passphrase. The form is Sockudo's (push.md section 3.4), so that
// stored credentials can be carried over.
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

const PREFIX = 'envelope:v1:aes256gcm:';
const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** The text cannot be opened: another key, or it was changed. */
export class UnreadableEnvelope extends Error {
  override readonly name = 'UnreadableEnvelope';
}

export class Envelope {
  readonly #key: Buffer;

  /** @param passphrase `push.credential_encryption_key`, trimmed */
  constructor(passphrase: string) {
    this.#key = createHash('sha256').update(passphrase).digest();
  }

  /** `envelope:v1:aes256gcm:` and base64url of nonce, ciphertext and tag. */
  seal(text: string): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, this.#key, nonce);
    const sealed = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return PREFIX + sealed.toString('base64url');
  }

  /** @throws UnreadableEnvelope */
  open(envelope: string): string {
    const sealed = Buffer.from(envelope.slice(PREFIX.length), 'base64url');
    if (!envelope.startsWith(PREFIX) || sealed.length < NONCE_BYTES + TAG_BYTES)
      throw new UnreadableEnvelope();
    const decipher = createDecipheriv(CIPHER, this.#key, sealed.subarray(0, NONCE_BYTES));
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
    try {
      const text = decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES));
      return Buffer.concat([text, decipher.final()]).toString('utf8');
    } catch {
      throw new UnreadableEnvelope();
    }
  }
}
