import type { MessageVersion } from '@sockudo/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventNames } from './event-names.ts';
import { decodeFrame } from './frame.ts';
import {
  type MessageAction,
  type MessageFrame,
  messageSerialOf,
  messageState,
  nextMessageState,
} from './message-state.ts';

const MESSAGE = '00000000001770000000:n1:00000000000000000001';
const serialOf = (version: number) => `00000000001770000000:n1:${String(version).padStart(20, '0')}`;

/** A version as the log keeps it: what the change was, and what the message is after it. */
interface Stored {
  readonly version: number;
  readonly action: MessageAction;
  readonly change: string | undefined;
  readonly data: string | undefined;
  readonly name: string | undefined;
}

function frameOf({ version, action, change, data, name }: Stored, mode: 'delta' | 'full'): MessageFrame {
  const text = action === 'append' && mode === 'delta' ? change : data;
  return {
    event: action === 'create' ? (name ?? '') : `sockudo:message.${action}`,
    data: text,
    ...(action !== 'create' && name !== undefined && { name }),
    extras: {
      headers: {
        sockudo_action: `message.${action}`,
        sockudo_message_serial: MESSAGE,
        sockudo_version_serial: serialOf(version),
      },
    },
  };
}

/** As a rewind shows it: an append as an update with the whole text (divergence D37). */
const rewound = (stored: Stored, mode: 'delta' | 'full'): MessageFrame =>
  frameOf(stored.action === 'append' ? { ...stored, action: 'update' } : stored, mode);

const versionOf = ({ version, action, data, name }: Stored): MessageVersion => ({
  event: `sockudo:message.${action}`,
  channel: 'room',
  ...(data !== undefined && { data }),
  ...(name !== undefined && { name }),
  serial: version,
  action,
  message_serial: MESSAGE,
  history_serial: 1,
  delivery_serial: version,
  version: { serial: serialOf(version), timestamp_ms: 1 },
});

type Step = { readonly action: Exclude<MessageAction, 'create'>; readonly text: string | undefined };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ action: fc.constant('append' as const), text: fc.string({ maxLength: 4 }) }),
  fc.record({
    action: fc.constantFrom('update' as const, 'delete' as const),
    text: fc.option(fc.string({ maxLength: 4 }), { nil: undefined }),
  }),
);

/** The log: a create and what followed. An append finds text, or is refused. */
function logOf(first: string, steps: readonly Step[]): Stored[] {
  const log: Stored[] = [{ version: 1, action: 'create', change: first, data: first, name: 'chat' }];
  let data: string | undefined = first;
  for (const { action, text } of steps) {
    if (action === 'append' && data === undefined) continue;
    data = action === 'append' ? `${data}${text}` : text;
    log.push({ version: log.length + 1, action, change: text, data, name: 'chat' });
  }
  return log;
}

/** What reaches a client at one moment: the next frame; what came before once more; or the message as it stands. */
const delivery = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ kind: 'live' as const, back: 0 }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('replay' as const), back: fc.nat(6) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom('rewind' as const, 'read' as const), back: fc.nat(3) }),
  },
);
type Delivery = typeof delivery extends fc.Arbitrary<infer Value> ? Value : never;

/** Frames in the order in which a client gets them, ending with the log's last. */
function deliver(log: readonly Stored[], plan: readonly Delivery[], mode: 'delta' | 'full') {
  const frames: (MessageFrame | MessageVersion)[] = [];
  let next = 0;
  for (const { kind, back } of plan) {
    const from = Math.max(0, next - back);
    const shown = log[Math.max(0, next - 1 - back)];
    if (kind === 'live') {
      frames.push(...log.slice(next, next + 1).map((stored) => frameOf(stored, mode)));
      next = Math.min(log.length, next + 1);
    } else if (kind === 'replay')
      frames.push(...log.slice(from, next).map((stored) => frameOf(stored, mode)));
    else if (shown !== undefined && next > 0)
      frames.push(kind === 'rewind' ? rewound(shown, mode) : versionOf(shown));
  }
  return [...frames, ...log.slice(next).map((stored) => frameOf(stored, mode))];
}

describe('messageState', () => {
  it.each(['delta', 'full'] as const)('is what the log has, whatever is delivered again (%s)', (mode) => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.array(step, { maxLength: 12 }),
        fc.array(delivery, { maxLength: 20 }),
        (first, steps, plan) => {
          const log = logOf(first, steps);
          const last = log.at(-1);
          const state = messageState(deliver(log, plan, mode), { appendMode: mode });
          expect(state).toMatchObject({
            messageSerial: MESSAGE,
            versionSerial: serialOf(log.length),
            name: 'chat',
          });
          expect(state?.data).toBe(last?.data);
        },
      ),
      { numRuns: 10_000 },
    );
  });

  it('begins with a message that was rewound or read, at any version', () => {
    const log = logOf('a', [
      { action: 'append', text: 'b' },
      { action: 'append', text: 'c' },
    ]);
    const [, second, third] = log;
    if (second === undefined || third === undefined) throw new Error('the log is short');
    for (const begin of [rewound(second, 'delta'), versionOf(second)]) {
      const live = frameOf(third, 'delta');
      expect(messageState([begin, frameOf(second, 'delta'), live, live])?.data).toBe('abc');
    }
  });

  it('does not make a message of appends whose beginning is unknown', () => {
    const [create, append] = logOf('a', [{ action: 'append', text: 'b' }]);
    if (create === undefined || append === undefined) throw new Error('the log is short');
    expect(messageState([frameOf(append, 'delta')])).toBeUndefined();
    expect(messageState([frameOf(append, 'full')], { appendMode: 'full' })?.data).toBe('ab');
    expect(messageState([frameOf(append, 'delta'), frameOf(create, 'delta')])?.data).toBe('a');
  });

  it('leaves alone what is no version, and other messages', () => {
    const plain: MessageFrame = { event: 'chat', data: 'x' };
    expect(messageSerialOf(plain)).toBeUndefined();
    expect(nextMessageState(undefined, plain)).toBeUndefined();
    const [create] = logOf('a', []);
    if (create === undefined) throw new Error('the log is empty');
    const state = nextMessageState(undefined, frameOf(create, 'delta'));
    expect(nextMessageState(state, plain)).toBe(state);
    const other = JSON.parse(
      JSON.stringify(frameOf({ ...create, version: 9 }, 'delta')).replace(MESSAGE, 'other'),
    );
    expect(nextMessageState(state, other)).toBe(state);
    expect(messageState([plain, frameOf(create, 'delta'), other])).toEqual(state);
  });

  it('appends to the text of a create whose data was parsed', () => {
    const [create, append] = logOf('{"n": 1.0', [{ action: 'append', text: '}' }]);
    if (create === undefined || append === undefined) throw new Error('the log is short');
    const wire = JSON.stringify({ ...frameOf({ ...create, data: '5.0' }, 'delta'), channel: 'room' });
    const frame = decodeFrame(wire, eventNames(2));
    expect(frame).toMatchObject({ data: 5, rawData: '5.0' });
    expect(messageState([frame, frameOf(append, 'delta')])?.data).toBe('5.0}');
  });
});
