import type { Extras } from '@sockudo/protocol';
import type { App } from '@sockudo/server/plugins';
import { describe, expect, it } from 'vitest';
import { AiChannels } from './channels.ts';
import { AiMetrics } from './metrics.ts';
import { Validation } from './validation.ts';

// CAST: the checks ask nothing else of an app.
const app = { id: 'app' } as App;
const CHANNEL = 'private-ai-s';

function setUp() {
  const metrics = new AiMetrics();
  const limits = { transportValueBytes: 256, steerIdsBytes: 2048 };
  return { metrics, validation: new Validation(new AiChannels(['private-ai-', 'ai-']), limits, metrics) };
}

const transport = (headers: Record<string, string>): Extras => ({ ai: { transport: headers } });

describe('a publish', () => {
  const refusalOf = (channel: string, event: string, more: { messageId?: string; extras?: Extras } = {}) => {
    try {
      setUp().validation.checkPublish(app, channel, { event, data: '""', ...more });
      return null;
    } catch (error) {
      return error;
    }
  };

  it('has nothing to do with this where neither channel nor event nor extras are of AI Transport', () => {
    expect(refusalOf('private-room', 'ev', { messageId: '', extras: {} })).toBeNull();
  });

  it.each([
    ['an AI event', 'ai-run-end', {}],
    ['AI headers', 'ev', { extras: transport({ 'run-id': 'r' }) }],
    ['an empty extras.ai', 'ev', { extras: { ai: {} } }],
  ])('needs an AI channel for %s', (_, event, more) => {
    const refusal = { code: 'ai_event_not_permitted', aiCode: 104003, httpStatus: 403 };
    expect(refusalOf('private-room', event, more)).toMatchObject(refusal);
    expect(refusalOf('ai-room', event, more)).toBeNull();
  });

  it('is refused for the first rule that it breaks: id, then headers', () => {
    const extras = transport({ bogus: 'x' });
    expect(refusalOf(CHANNEL, 'ev', { messageId: '', extras })).toMatchObject({
      code: 'ai_invalid_transport_header',
      detail: 'message_id must not be empty',
    });
    expect(refusalOf(CHANNEL, 'ev', { messageId: 'm'.repeat(65), extras })).toMatchObject({
      code: 'ai_header_too_large',
      httpStatus: 400,
    });
    expect(refusalOf(CHANNEL, 'ev', { messageId: 'm', extras })).toMatchObject({
      code: 'ai_invalid_transport_header',
      httpStatus: 400,
    });
    expect(refusalOf(CHANNEL, 'ev', { extras: transport({ 'run-id': 'x'.repeat(257) }) })).toMatchObject({
      code: 'ai_header_too_large',
      httpStatus: 413,
    });
  });

  it('counts as what it came to', () => {
    const { metrics, validation } = setUp();
    validation.checkPublish(app, CHANNEL, { event: 'ai-output', data: '""' });
    validation.checkPublish(app, CHANNEL, { event: 'ev', data: '""' });
    expect(() => validation.checkPublish(app, 'room', { event: 'ai-output', data: '""' })).toThrow();
    const { validated, rejected } = metrics.of(app);
    expect([...validated.byLabel]).toEqual([['ai-output', 1]]);
    expect([...rejected.byLabel]).toEqual([['104003', 1]]);
  });
});

describe('a mutation (divergence D62)', () => {
  const check = (extras: string | undefined, channel = CHANNEL) =>
    setUp().validation.checkMutation(app, channel, {
      kind: 'append',
      data: '"x"',
      ...(extras !== undefined && { extras }),
    });

  it('is held to the rules of publishes', () => {
    const text = JSON.stringify(transport({ status: 'done' }));
    expect(() => check(text)).toThrow('extras.ai.transport.status has invalid value');
    expect(() => check(text, 'private-room')).toThrow('extras.ai.transport.status has invalid value');
    const long = JSON.stringify({ ai: { codec: { note: 'x'.repeat(257) } } });
    expect(() => check(long)).toThrow('extras.ai.codec.note exceeds 256 bytes');
  });

  it('may say nothing, or what is right', () => {
    check(undefined);
    check('{"headers":{"a":1}}');
    check(JSON.stringify(transport({ status: 'complete' })));
  });
});
