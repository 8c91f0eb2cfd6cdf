// Who somebody is: whoever knows a secret is the user of that secret. A browser makes one up and keeps it; a link that holds it opens the
// same user on another device. Put your own sign-in in the place of this file.
import { createHash } from 'node:crypto';

const SECRET = /^[A-Za-z0-9_-]{32,64}$/;

/** Id of the user of an `Authorization: Bearer SECRET` header; null: there is none. Other users can see the id, and gain nothing. */
export function userOf(authorization: string | undefined): string | null {
  const secret = authorization?.replace(/^Bearer /, '') ?? '';
  if (!SECRET.test(secret)) return null;
  return createHash('sha256').update(`chat-user:${secret}`).digest('hex').slice(0, 24);
}
