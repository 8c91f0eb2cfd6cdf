/**
 * Tokens with which a button of a push answers what a run asks: whether a tool may be called. Each is bound to the run, the call and
 * the SHA-256 of its exact arguments, to the user and to one answer; it ends, and of all tokens of a question one counts, once. Must
 * not know: how a push is sent, what the answer leads to.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';

/** What is asked. */
export interface AnswerQuestion {
  readonly channel: string;
  readonly runId: string;
  readonly toolCallId: string;
  /** The text of the arguments, to the byte: what the user sees is what is called. */
  readonly arguments: string;
  /** Who may answer. */
  readonly userId: string;
}

/** What a token says. */
export interface AnswerClaims extends Omit<AnswerQuestion, 'arguments'> {
  readonly answer: string;
  /** Of the question, the same for all its tokens: a good `message_id` for what the answer leads to. */
  readonly questionId: string;
  readonly expiresAtMs: number;
}

export type AnswerTokenErrorCode =
  /** No token, or not signed with a secret of ours. */
  | 'invalid'
  | 'expired'
  /** The call is not waiting any more. */
  | 'not_pending'
  /** The call has other arguments than the user saw. */
  | 'changed'
  /** The question has another answer already. */
  | 'answered'
  /** Too many answers are remembered; try again later. */
  | 'busy';

export class AnswerTokenError extends Error {
  override readonly name = 'AnswerTokenError';
  readonly code: AnswerTokenErrorCode;

  constructor(code: AnswerTokenErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** Which questions are answered. One for all processes that redeem tokens, or a token counts once in each. */
export interface GivenAnswers {
  /** Remembers the answer unless there is one, until the time; answers with the one that there was, or null. One atomic step. */
  claim(questionId: string, answer: string, untilMs: number): Promise<string | null>;
  /** Forgets it: what the answer leads to failed. */
  release(questionId: string): Promise<void>;
}

export interface AnswerTokensOptions {
  /** At least 32 bytes each. The first signs, all verify. */
  readonly secrets: readonly [string, ...string[]];
  /** Default: this process's memory. */
  readonly given?: GivenAnswers;
  readonly now?: () => number;
}

export interface Redeeming {
  /** Arguments of the call as they stand now; null: it is not waiting for an answer. */
  readonly currentArguments: (claims: AnswerClaims) => string | null | Promise<string | null>;
  /** Does what the answer leads to. Where it throws, the question is open again. */
  readonly apply: (claims: AnswerClaims) => unknown;
}

const VERSION = 'a1';
const MIN_SECRET_BYTES = 32;
const MAX_TOKEN_CHARS = 2048;
const DEFAULT_LIFETIME_MS = 60 * 60 * 1000;

const claimsSchema = z.strictObject({
  c: z.string(),
  r: z.string(),
  t: z.string(),
  /** SHA-256 of the arguments, base64url. */
  h: z.string(),
  u: z.string(),
  a: z.string(),
  x: z.int(),
});
type Signed = z.output<typeof claimsSchema>;

export class AnswerTokens {
  readonly #secrets: readonly [string, ...string[]];
  readonly #given: GivenAnswers;
  readonly #now: () => number;

  /** @throws TypeError for a secret that is too short */
  constructor({ secrets, now = Date.now, given = new GivenAnswersInMemory(now) }: AnswerTokensOptions) {
    if (secrets.some((secret) => Buffer.byteLength(secret) < MIN_SECRET_BYTES)) {
      throw new TypeError(`secrets must have at least ${MIN_SECRET_BYTES} bytes each`);
    }
    this.#secrets = secrets;
    this.#given = given;
    this.#now = now;
  }

  /** A token for one answer, e.g. `approve`. Ends after an hour unless told otherwise, in milliseconds. */
  make(question: AnswerQuestion, answer: string, lifetimeMs: number = DEFAULT_LIFETIME_MS): string {
    const signed: Signed = {
      c: question.channel,
      r: question.runId,
      t: question.toolCallId,
      h: hashOf(question.arguments),
      u: question.userId,
      a: answer,
      x: this.#now() + lifetimeMs,
    };
    const content = `${VERSION}.${Buffer.from(JSON.stringify(signed)).toString('base64url')}`;
    return `${content}.${signatureOf(content, this.#secrets[0])}`;
  }

  /**
   * Does once what a token answers. `isRepeat`: it was done before, with the same answer; whoever posts it again may be told so.
   * @throws AnswerTokenError, or what `apply` throws
   */
  async redeem(
    token: string,
    { currentArguments, apply }: Redeeming,
  ): Promise<{ readonly claims: AnswerClaims; readonly isRepeat: boolean }> {
    const signed = this.#verified(token);
    const claims = claimsOf(signed);
    const { questionId, answer, expiresAtMs } = claims;
    // First of all, so that two presses at the same moment are one.
    const before = await this.#given.claim(questionId, answer, expiresAtMs);
    if (before === answer) return { claims, isRepeat: true };
    if (before !== null) throw new AnswerTokenError('answered', 'The question has another answer already');
    try {
      requireArguments(signed, await currentArguments(claims));
      await apply(claims);
    } catch (error) {
      await this.#given.release(questionId);
      throw error;
    }
    return { claims, isRepeat: false };
  }

  #verified(token: string): Signed {
    const [version, body = '', signature = '', ...more] =
      token.length > MAX_TOKEN_CHARS ? [] : token.split('.');
    const content = `${version}.${body}`;
    const isOurs = this.#secrets.some((secret) => isEqual(signature, signatureOf(content, secret)));
    if (version !== VERSION || more.length > 0 || !isOurs) throw invalidToken();
    const { success, data } = claimsSchema.safeParse(JSON.parse(Buffer.from(body, 'base64url').toString()));
    if (!success) throw invalidToken();
    if (data.x <= this.#now()) throw new AnswerTokenError('expired', 'The token has ended');
    return data;
  }
}

const invalidToken = (): AnswerTokenError => new AnswerTokenError('invalid', 'The token is none of ours');

function requireArguments({ h }: Signed, current: string | null): void {
  if (current === null) throw new AnswerTokenError('not_pending', 'The call is not waiting any more');
  if (!isEqual(h, hashOf(current))) throw new AnswerTokenError('changed', 'The call has other arguments now');
}

function claimsOf({ c, r, t, h, u, a, x }: Signed): AnswerClaims {
  // Not of the user: one answer counts, whoever of them gives it.
  const questionId = hashOf(JSON.stringify([c, r, t, h]));
  return { channel: c, runId: r, toolCallId: t, userId: u, answer: a, questionId, expiresAtMs: x };
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('base64url');

const signatureOf = (content: string, secret: string): string =>
  createHmac('sha256', secret).update(`sockudo answer token\n${content}`).digest('base64url');

function isEqual(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

const MOST_REMEMBERED = 100_000;

/** Answers of one process, until their tokens end. */
export class GivenAnswersInMemory implements GivenAnswers {
  readonly #answers = new Map<string, { readonly answer: string; readonly untilMs: number }>();
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  async claim(questionId: string, answer: string, untilMs: number): Promise<string | null> {
    const before = this.#answers.get(questionId);
    if (before !== undefined && before.untilMs > this.#now()) {
      // A later token of the same question must not find it open again.
      if (untilMs > before.untilMs) this.#answers.set(questionId, { answer: before.answer, untilMs });
      return before.answer;
    }
    if (this.#answers.size >= MOST_REMEMBERED) this.#sweep();
    // Forgetting one that has not ended would let its token count again.
    if (this.#answers.size >= MOST_REMEMBERED) {
      throw new AnswerTokenError('busy', 'Too many answers are remembered');
    }
    this.#answers.set(questionId, { answer, untilMs });
    return null;
  }

  async release(questionId: string): Promise<void> {
    this.#answers.delete(questionId);
  }

  #sweep(): void {
    for (const [id, { untilMs }] of this.#answers) if (untilMs <= this.#now()) this.#answers.delete(id);
  }
}
