import { expect, it } from 'vitest';
import { type AnswerClaims, AnswerTokens } from './answer-tokens.ts';

const SECRET = 'x'.repeat(32);
const QUESTION = {
  channel: 'session-1',
  runId: 'run-1',
  toolCallId: 'call-1',
  arguments: '{"amount":100}',
  userId: 'ann',
};

function desk(current: string | null = QUESTION.arguments) {
  const clock = { ms: 1_000_000 };
  const applied: AnswerClaims[] = [];
  const tokens = new AnswerTokens({ secrets: [SECRET], now: () => clock.ms });
  const redeem = (token: string) =>
    tokens.redeem(token, { currentArguments: () => current, apply: (claims) => applied.push(claims) });
  return { clock, applied, tokens, redeem };
}

it('does what a token answers once, and says so when it comes again', async () => {
  const { tokens, redeem, applied } = desk();
  const token = tokens.make(QUESTION, 'approve');
  expect(token.length).toBeLessThan(400);
  const results = await Promise.all([redeem(token), redeem(token)]);
  expect(results.map(({ isRepeat }) => isRepeat)).toEqual([false, true]);
  expect(applied).toMatchObject([{ runId: 'run-1', toolCallId: 'call-1', userId: 'ann', answer: 'approve' }]);
});

it('counts one answer of a question, also of tokens that were made again', async () => {
  const { clock, tokens, redeem, applied } = desk();
  const approve = tokens.make(QUESTION, 'approve');
  clock.ms += 1000;
  await redeem(tokens.make(QUESTION, 'deny'));
  await expect(redeem(approve)).rejects.toMatchObject({ code: 'answered' });
  await expect(redeem(tokens.make(QUESTION, 'approve'))).rejects.toMatchObject({ code: 'answered' });
  expect(applied).toHaveLength(1);
});

it('refuses what was altered, is foreign, has ended, or is about other arguments', async () => {
  const { clock, tokens, redeem, applied } = desk();
  const token = tokens.make(QUESTION, 'deny', 1000);
  const [version, body = '', signature] = token.split('.');
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString());
  const forged = Buffer.from(JSON.stringify({ ...claims, a: 'approve' })).toString('base64url');
  const foreign = new AnswerTokens({ secrets: ['y'.repeat(32)], now: () => clock.ms }).make(QUESTION, 'deny');
  for (const wrong of [
    '',
    'a1..',
    `${version}.${forged}.${signature}`,
    `${token}.x`,
    foreign,
    'a'.repeat(9999),
  ]) {
    await expect(redeem(wrong)).rejects.toMatchObject({ code: 'invalid' });
  }
  clock.ms += 1000;
  await expect(redeem(token)).rejects.toMatchObject({ code: 'expired' });
  const changed = desk('{"amount":1000}');
  await expect(changed.redeem(tokens.make(QUESTION, 'approve'))).rejects.toMatchObject({ code: 'changed' });
  const gone = desk(null);
  await expect(gone.redeem(tokens.make(QUESTION, 'approve'))).rejects.toMatchObject({ code: 'not_pending' });
  expect([...applied, ...changed.applied, ...gone.applied]).toEqual([]);
});

it('leaves a question open where doing it failed, and takes tokens of an older secret', async () => {
  const older = new AnswerTokens({ secrets: [SECRET] });
  const token = older.make(QUESTION, 'approve');
  const tokens = new AnswerTokens({ secrets: ['y'.repeat(32), SECRET] });
  const currentArguments = (): string => QUESTION.arguments;
  const failing = () => Promise.reject(new Error('down'));
  await expect(tokens.redeem(token, { currentArguments, apply: failing })).rejects.toThrow('down');
  const { isRepeat } = await tokens.redeem(token, { currentArguments, apply: () => {} });
  expect(isRepeat).toBe(false);
  expect(() => new AnswerTokens({ secrets: ['short'] })).toThrow(TypeError);
});
