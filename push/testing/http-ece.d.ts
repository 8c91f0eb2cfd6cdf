// The part of http_ece that the fakes use; the package brings no types.
declare module 'http_ece' {
  import type { ECDH } from 'node:crypto';

  export function decrypt(
    body: Uint8Array,
    options: {
      readonly version: 'aes128gcm';
      readonly privateKey: ECDH;
      /** Base64url. */
      readonly authSecret: string;
    },
  ): Buffer;
}
