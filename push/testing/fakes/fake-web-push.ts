// A Web Push service and the browsers behind it: checks the VAPID signature as a service does, decrypts as a browser does, and
// replaces by topic what a browser has not fetched.
import { createECDH, type ECDH, randomBytes } from 'node:crypto';
import { decrypt } from 'http_ece';
import { importJWK, jwtVerify } from 'jose';
import { type FakeAnswer, type FakeRequest, type FakeServer, Script, serveFake } from './fake-service.ts';

export interface FakeSubscription {
  readonly transportType: 'web';
  readonly endpoint: string;
  readonly p256dh: string;
  readonly auth: string;
}

/** A push as the browser has it after decrypting. */
export interface ReceivedPush {
  /** Of the subscription, the last part of its endpoint. */
  readonly id: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into what was sent, whatever its shape.
  readonly message: any;
  readonly topic: string | undefined;
  readonly urgency: string | undefined;
  readonly ttl: number;
  /** `aud` and `sub` of the VAPID token. */
  readonly audience: string;
  readonly contact: string;
}

interface Browser {
  readonly keys: ECDH;
  readonly auth: string;
}

export class FakeWebPush {
  readonly script = new Script();
  /** Every push that was taken, in the order of arrival. */
  readonly received: ReceivedPush[] = [];
  /** By subscription and topic: what a browser that comes online finds. */
  readonly waiting = new Map<string, ReceivedPush>();
  /** Called after each push that was taken. */
  onPush: ((push: ReceivedPush) => void) | null = null;
  readonly #browsers = new Map<string, Browser>();
  #server: FakeServer | null = null;

  static async start(): Promise<FakeWebPush> {
    const fake = new FakeWebPush();
    fake.#server = await serveFake((request) => fake.#answer(request));
    return fake;
  }

  get origin(): string {
    return this.#server?.origin ?? '';
  }

  get connections(): number {
    return this.#server?.connections() ?? 0;
  }

  /** What a browser gives its page. */
  subscribe(id: string = randomBytes(8).toString('hex')): FakeSubscription {
    const keys = createECDH('prime256v1');
    keys.generateKeys();
    const auth = randomBytes(16).toString('base64url');
    this.#browsers.set(id, { keys, auth });
    return {
      transportType: 'web',
      endpoint: `${this.origin}/push/${id}`,
      p256dh: keys.getPublicKey('base64url'),
      auth,
    };
  }

  /** From now on its endpoint answers 410. */
  unsubscribe(id: string): void {
    this.#browsers.delete(id);
  }

  async close(): Promise<void> {
    await this.#server?.close();
  }

  async #answer(request: FakeRequest): Promise<FakeAnswer> {
    const scripted = await this.script.answer(request);
    if (scripted !== null) return scripted;
    const id = request.path.split('/').at(-1) ?? '';
    const browser = this.#browsers.get(id);
    if (browser === undefined) return { status: 410 };
    const token = await vapidOf(request.headers.authorization);
    if (token === null || token.audience !== this.origin) return { status: 403 };
    if (request.body.length > 4096) return { status: 413 };
    const { topic, urgency, ttl } = request.headers;
    if (ttl === undefined || request.headers['content-encoding'] !== 'aes128gcm') return { status: 400 };
    const plain = decrypt(request.body, {
      version: 'aes128gcm',
      privateKey: browser.keys,
      authSecret: browser.auth,
    });
    this.#take({ id, message: JSON.parse(plain.toString()), topic, urgency, ttl: Number(ttl), ...token });
    return { status: 201, headers: { location: `${this.origin}/message/${this.received.length}` } };
  }

  #take(push: ReceivedPush): void {
    this.received.push(push);
    this.waiting.set(`${push.id} ${push.topic ?? this.received.length}`, push);
    this.onPush?.(push);
  }
}

/** Null: no valid signature. */
async function vapidOf(header: string | undefined): Promise<{ audience: string; contact: string } | null> {
  const match = /^vapid t=([^,]+), k=(.+)$/.exec(header ?? '');
  const point = Buffer.from(match?.[2] ?? '', 'base64url');
  if (match?.[1] === undefined || point.length !== 65) return null;
  const coordinates = {
    x: point.subarray(1, 33).toString('base64url'),
    y: point.subarray(33).toString('base64url'),
  };
  try {
    const key = await importJWK({ kty: 'EC', crv: 'P-256', ...coordinates }, 'ES256');
    const { payload } = await jwtVerify(match[1], key, { requiredClaims: ['aud', 'exp', 'sub'], typ: 'JWT' });
    return { audience: String(payload.aud), contact: String(payload.sub) };
  } catch {
    return null;
  }
}
