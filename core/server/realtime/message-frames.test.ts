import { decodeBinaryFrame } from '@sockudo/protocol';
import { describe, expect, it } from 'vitest';
import type { Message } from '../ports/message.ts';
import { MessageFrames } from './message-frames.ts';
import { payloadsOf } from './testing/fake-socket.ts';
import { frameClassOf, V1_TEXT, V2_MESSAGEPACK, V2_PROTOBUF, V2_TEXT } from './wire-format.ts';

const append: Message = {
  channel: 'room',
  event: 'sockudo:message.append',
  name: 'chat',
  data: '" two"',
  publishedAtMs: 5,
  messageId: 'v2',
  position: { streamId: 's', serial: 2 },
  version: {
    action: 'append',
    messageSerial: 'm',
    versionSerial: 'v2',
    timestampMs: 5,
    historySerial: 1,
    createMessageId: 'create',
  },
};

const textOf = (frame: Buffer): string => frame.toString('utf8').replace(/^[^{]*/, '');

describe('the frames of a message', () => {
  it('are one for each format, whatever the append mode, where the mode makes no difference', () => {
    const frames = new MessageFrames({ ...append, event: 'chat' }, { tagsInFrames: true });
    for (const deliveryClass of [V2_TEXT, V2_MESSAGEPACK] as const) {
      expect(frames.of(frameClassOf(deliveryClass, 'full'))).toBe(frames.of(deliveryClass));
    }
    expect(frameClassOf(V1_TEXT, 'full')).toBe(V1_TEXT);
  });

  it('differ for append_mode=full where the message says so, and that form is made once', () => {
    let made = 0;
    const message: Message = {
      ...append,
      forFullMode: () => {
        made += 1;
        return { ...append, data: '"one two"' };
      },
    };
    const frames = new MessageFrames(message, { tagsInFrames: true });
    const full = frameClassOf(V2_TEXT, 'full');
    expect(textOf(frames.of(V2_TEXT))).toContain('"data":" two","name":"chat"');
    expect(made).toBe(0);
    expect(textOf(frames.of(full))).toContain('"data":"one two"');
    expect(frames.of(full)).toBe(frames.of(full));
    expect(made).toBe(1);
  });

  it('say the same in the binary formats', () => {
    const message: Message = { ...append, forFullMode: () => ({ ...append, data: '"one two"' }) };
    const frames = new MessageFrames(message, { tagsInFrames: true });
    for (const [deliveryClass, format] of [
      [V2_MESSAGEPACK, 'msgpack'],
      [V2_PROTOBUF, 'protobuf'],
    ] as const) {
      const textIn = (frame: Buffer) => decodeBinaryFrame(format, payloadsOf([frame])[0] ?? Buffer.of());
      const shown = textIn(frames.of(deliveryClass));
      expect(shown).toMatchObject({ name: 'chat', data: ' two', message_id: 'v2', serial: 2 });
      expect(shown).toMatchObject({ extras: { headers: { sockudo_create_message_id: 'create' } } });
      expect(textIn(frames.of(frameClassOf(deliveryClass, 'full')))).toMatchObject({ data: 'one two' });
    }
  });

  it('name the create of the message, and leave out the data that was cleared and the tags that are not the frame’s', () => {
    const { data: _, ...cleared } = append;
    const text = textOf(
      new MessageFrames({ ...cleared, hiddenTags: { a: '1' } }, { tagsInFrames: true }).of(V2_TEXT),
    );
    expect(JSON.parse(text)).toEqual({
      event: 'sockudo:message.append',
      channel: 'room',
      name: 'chat',
      message_id: 'v2',
      stream_id: 's',
      serial: 2,
      extras: {
        headers: {
          sockudo_action: 'message.append',
          sockudo_message_serial: 'm',
          sockudo_version_serial: 'v2',
          sockudo_version_timestamp_ms: 5,
          sockudo_history_serial: 1,
          sockudo_create_message_id: 'create',
        },
      },
    });
  });
});
