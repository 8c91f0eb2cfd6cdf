// Gets a JWKS from the address that the operator configured. Redirects are refused: the address is where trust begins. What is
// said of a failure names the origin at most.
import type { JSONWebKeySet } from 'jose';
import { type Dispatcher, request } from 'undici';
import { BlockedAddress } from '../net/guarded-agent.ts';
import { parseKeySet } from './key-set.ts';

/** Time for the whole exchange. */
const TIMEOUT_MS = 5_000;
const MAX_BYTES = 256 * 1024;

/** Why there is no key set; the text may be logged and shown to nobody else. */
export class KeySetFailure extends Error {
  override readonly name = 'KeySetFailure';
}

/** Rejects with a KeySetFailure. */
export async function fetchKeySet(url: string, dispatcher: Dispatcher): Promise<JSONWebKeySet> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  try {
    const { statusCode, body } = await request(url, {
      headers: { accept: 'application/jwk-set+json, application/json' },
      dispatcher,
      signal,
      // The signal bounds the whole exchange.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    if (statusCode !== 200) {
      await body.dump({ limit: MAX_BYTES, signal }).catch(() => {});
      throw new KeySetFailure(`HTTP ${statusCode}`);
    }
    return keySetIn(await textOf(body));
  } catch (error) {
    throw error instanceof KeySetFailure ? error : new KeySetFailure(describe(error, signal));
  }
}

async function textOf(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    // Leaving the loop ends the connection.
    if (bytes > MAX_BYTES) throw new KeySetFailure(`the answer has more than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function keySetIn(text: string): JSONWebKeySet {
  try {
    return parseKeySet(JSON.parse(text));
  } catch {
    // The parser's text would repeat parts of the answer.
    throw new KeySetFailure('the answer is no JWKS');
  }
}

function describe(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) return `no answer within ${TIMEOUT_MS} ms`;
  if (error instanceof BlockedAddress) return error.message;
  if (error instanceof AggregateError) return describe(error.errors[0], signal);
  const code = error instanceof Error && 'code' in error ? error.code : null;
  if (typeof code === 'string') return code;
  return error instanceof Error ? error.name : 'unknown failure';
}
