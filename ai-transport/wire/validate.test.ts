import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_HEADER_LIMITS } from './limits.ts';
import { headerDomain, TRANSPORT_KEYS, type WireHeaders } from './transport-headers.ts';
import { aiExtrasError, aiMessageIdError, reservedHeaderError } from './validate.ts';

const keys = (count: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, 'v']));
const long = (bytes: number): string => 'x'.repeat(bytes);
const text = (transport: Record<string, string>, codec?: Record<string, string>) =>
  aiExtrasError({ transport, ...(codec && { codec }) })?.text ?? null;

describe('aiExtrasError', () => {
  // Texts as recorded from Sockudo 5.0.1 (test/conformance, ai-header-*), and their neighbours.
  it.each([
    [{ bogus: 'x' }, 400, 104000, "unknown extras.ai.transport key 'bogus'"],
    [{ constructor: 'x' }, 400, 104000, "unknown extras.ai.transport key 'constructor'"],
    [{ 'Run-Id': 'x' }, 400, 104000, "extras.ai.transport key 'Run-Id' must match [a-z0-9-]+"],
    [{ 'run-id\n': 'x' }, 400, 104000, "extras.ai.transport key 'run-id\n' must match [a-z0-9-]+"],
    [{ '': 'x' }, 400, 104000, 'extras.ai.transport key must not be empty'],
    [{ 'run-id': '' }, 400, 104000, 'extras.ai.transport.run-id must not be empty'],
    [{ model: '' }, 400, 104000, 'extras.ai.transport.model must not be empty'],
    [{ status: 'done' }, 400, 104000, 'extras.ai.transport.status has invalid value'],
    [{ role: 'robot' }, 400, 104000, 'extras.ai.transport.role has invalid value'],
    [{ stream: 'yes' }, 400, 104000, 'extras.ai.transport.stream must be true or false'],
    [{ 'run-reason': 'suspended' }, 400, 104000, 'extras.ai.transport.run-reason has invalid value'],
    [{ 'step-reason': 'error' }, 400, 104000, 'extras.ai.transport.step-reason has invalid value'],
    [{ [long(65)]: 'x' }, 413, 104001, 'extras.ai.transport key exceeds 64 bytes'],
    [{ 'run-id': long(257) }, 413, 104001, 'extras.ai.transport.run-id exceeds 256 bytes'],
    [{ 'run-id': 'é'.repeat(129) }, 413, 104001, 'extras.ai.transport.run-id exceeds 256 bytes'],
    [
      { 'steer-codec-message-ids': long(2049) },
      413,
      104001,
      'extras.ai.transport.steer-codec-message-ids exceeds 2048 bytes',
    ],
    [keys(33), 413, 104001, 'extras.ai.transport exceeds 32 keys'],
  ])('refuses transport %o', (transport, status, aiCode, message) => {
    expect(aiExtrasError({ transport })).toMatchObject({ status, aiCode, text: message });
  });

  it.each([
    [{ note: long(257) }, 413, 104001, 'extras.ai.codec.note exceeds 256 bytes'],
    [{ providerMetadata: long(8193) }, 413, 104001, 'extras.ai.codec.providerMetadata exceeds 8192 bytes'],
    [{ providermetadata: long(257) }, 413, 104001, 'extras.ai.codec.providermetadata exceeds 256 bytes'],
    [keys(33), 413, 104001, 'extras.ai.codec exceeds 32 keys'],
    [{ 'bad key': 'x' }, 400, 104000, "extras.ai.codec key 'bad key' must match [A-Za-z0-9_-]+"],
  ])('refuses codec %o', (codec, status, aiCode, message) => {
    expect(aiExtrasError({ transport: {}, codec })).toMatchObject({ status, aiCode, text: message });
  });

  it('accepts what is just within the bounds, and any codec key', () => {
    expect(text({ 'run-id': long(256), 'steer-codec-message-ids': long(2048) })).toBeNull();
    expect(text({ 'run-id': 'é'.repeat(128) })).toBeNull();
    expect(text({}, { ...keys(30), [`A_${long(62)}`]: '', providerMetadata: long(8192) })).toBe(null);
    expect(text({ 'run-client-id': '', 'step-client-id': '', 'error-message': '' })).toBeNull();
    expect(aiExtrasError({})).toBeNull();
  });

  it('raises the two ceilings an operator may raise, and no other', () => {
    const limits = { transportValueBytes: 300, steerIdsBytes: 4000 };
    const transport = { 'run-id': long(300), 'steer-codec-message-ids': long(4000) };
    expect(aiExtrasError({ transport }, limits)).toBeNull();
    expect(aiExtrasError({ transport: { 'run-id': long(301) } }, limits)?.text).toContain(
      'exceeds 300 bytes',
    );
    expect(aiExtrasError({ codec: { a: long(300) } }, limits)?.key).toBe('a');
  });

  it('answers in the documented order', () => {
    const late = { codec: { 'bad key': 'x' } };
    expect(aiExtrasError({ transport: { ...keys(32), '': '' }, ...late })?.text).toContain('exceeds 32 keys');
    // Bounds of every entry before the value of any.
    expect(aiExtrasError({ transport: { bogus: 'x', 'run-id': long(257) }, ...late })?.key).toBe('run-id');
    expect(aiExtrasError({ transport: { [`É${long(64)}`]: long(300) } })?.text).toContain('key exceeds');
    expect(aiExtrasError({ transport: { 'Run-Id': long(300) } })?.text).toContain('must match');
    expect(aiExtrasError({ transport: { bogus: 'x' }, ...late })?.key).toBe('bogus');
  });

  it('accepts every map of known keys with values of their domains', () => {
    const value = (key: string): fc.Arbitrary<string> => {
      const domain = headerDomain(key);
      if (domain === 'flag') return fc.constantFrom('true', 'false');
      if (domain === 'text') return fc.string({ maxLength: 64, unit: 'binary' });
      if (domain === 'filled') return fc.string({ minLength: 1, maxLength: 64, unit: 'binary' });
      return fc.constantFrom(...(domain ?? []));
    };
    const maps = fc.record(Object.fromEntries(TRANSPORT_KEYS.map((key) => [key, value(key)])), {
      requiredKeys: [],
    });
    expect(TRANSPORT_KEYS).toHaveLength(30);
    fc.assert(
      fc.property(maps, (transport) => aiExtrasError({ transport: transport as WireHeaders }) === null),
    );
  });

  it('never throws, and blames a key that is there', () => {
    const map = fc.dictionary(fc.string({ maxLength: 80 }), fc.string({ maxLength: 400 }), { maxKeys: 40 });
    fc.assert(
      fc.property(map, map, (transport, codec) => {
        const refusal = aiExtrasError({ transport, codec }, DEFAULT_HEADER_LIMITS);
        if (refusal === null) return Object.keys(transport).every((key) => headerDomain(key) !== null);
        const whole = refusal.key.startsWith('extras.ai.');
        return whole || Object.hasOwn(transport, refusal.key) || Object.hasOwn(codec, refusal.key);
      }),
    );
  });
});

describe('aiMessageIdError', () => {
  it('wants 1 to 64 bytes; both refusals are 400', () => {
    expect(aiMessageIdError('')).toMatchObject({
      aiCode: 104000,
      status: 400,
      text: 'message_id must not be empty',
    });
    expect(aiMessageIdError(long(65))).toMatchObject({
      aiCode: 104001,
      status: 400,
      text: 'message_id exceeds 64 bytes',
    });
    expect(aiMessageIdError('é'.repeat(33))).not.toBeNull();
    expect(aiMessageIdError(long(64))).toBeNull();
  });
});

describe('reservedHeaderError', () => {
  it('refuses the headers that the server writes', () => {
    expect(reservedHeaderError({ locale: 'en', sockudo_action: 'message.update' })).toEqual({
      aiCode: 104000,
      status: 400,
      key: 'sockudo_action',
      text: "extras.headers key 'sockudo_action' is reserved",
    });
    expect(reservedHeaderError({ locale: 'en', sockudo: 1 })).toBeNull();
    expect(reservedHeaderError(undefined)).toBeNull();
  });
});
