import { describe, expect, it } from 'vitest';
import type { LogEntry } from '../ports/channel-log.ts';
import type { AnnotationEntry, MessageState, VersionEntry } from '../ports/message-log.ts';
import { messageOfEntry, messageOfRow } from './log-message.ts';
import { encodePlain, encodeVersion, versionBytes, versionEncoder } from './message-json.ts';
import { shownCreate, shownEntry, shownState } from './shown-version.ts';

const key = { appId: 'app', channel: 'room' };
const create: LogEntry = {
  key,
  streamId: 's',
  serial: 4,
  publishedAtMs: 1000,
  event: 'chat',
  data: '"one"',
  messageId: 'create',
  messageSerial: 'm',
  creatorId: 'ann',
  tags: '{"t":"1"}',
  extras: '{"headers":{"h":1},"ref":{"a":[1]}}',
  retention: {},
};
const append: VersionEntry = {
  kind: 'version',
  key,
  streamId: 's',
  serial: 9,
  publishedAtMs: 2000,
  action: 'append',
  messageSerial: 'm',
  versionSerial: 'v',
  historySerial: 4,
  event: 'chat',
  data: '" two"',
  tags: '{"t":"1"}',
  creatorId: 'ann',
  messageId: 'create',
  whole: () => '"one two"',
};
const state: MessageState = {
  messageSerial: 'm',
  versionSerial: 'v',
  historySerial: 4,
  deliverySerial: 9,
  action: 'append',
  event: 'chat',
  tags: '{"t":"1"}',
  messageId: 'create',
  creatorId: 'ann',
  description: 'typo',
  metadata: '{"by":"mod"}',
  createdAtMs: 1000,
  versionAtMs: 2000,
  dataKind: 'string',
  dataBytes: 9,
  appendCount: 1,
  data: () => '"one two"',
};
const version = {
  messageSerial: 'm',
  versionSerial: 'v',
  timestampMs: 2000,
  historySerial: 4,
  createMessageId: 'create',
};

describe('an entry as a message', () => {
  it('is the published event for a create, with its tags and extras', () => {
    const message = messageOfEntry(create);
    expect(message).toMatchObject({
      event: 'chat',
      data: '"one"',
      messageId: 'create',
      tags: { t: '1' },
      extras: { headers: { h: 1 }, opaque: { ref: { a: [1] } } },
      version: {
        action: 'create',
        messageSerial: 'm',
        versionSerial: 'm',
        historySerial: 4,
        timestampMs: 1000,
      },
    });
    expect(message).not.toHaveProperty('name');
    expect(message).not.toHaveProperty('protocol2Only');
    expect(message.version).not.toHaveProperty('createMessageId');
  });

  it('is a version with an id of its own for a change, and the fragment of an append', () => {
    const message = messageOfEntry(append);
    expect(message).toMatchObject({
      event: 'sockudo:message.append',
      name: 'chat',
      data: '" two"',
      messageId: 'v',
      userId: 'ann',
      position: { streamId: 's', serial: 9 },
      hiddenTags: { t: '1' },
      protocol2Only: true,
      version: { action: 'append', ...version },
    });
    expect(message).not.toHaveProperty('tags');
    expect(message.forFullMode?.()).toMatchObject({ event: 'sockudo:message.append', data: '"one two"' });
  });

  it('names the author of a change before the creator, and leaves out what was cleared', () => {
    const { userId, name, data } = messageOfEntry({
      ...append,
      action: 'update',
      event: null,
      data: null,
      userId: 'mod',
    });
    expect([userId, name, data]).toEqual(['mod', undefined, undefined]);
    expect(messageOfEntry({ ...append, action: 'update' }).forFullMode).toBeUndefined();
  });

  it('is an annotation for those in that mode, without headers of versions', () => {
    const entry: AnnotationEntry = {
      kind: 'annotation',
      key,
      streamId: 's',
      serial: 11,
      publishedAtMs: 3000,
      record: {
        annotationSerial: 'a',
        action: 'annotation.create',
        messageSerial: 'm',
        type: 'r:total.v1',
        timestampMs: 3000,
      },
    };
    const message = messageOfEntry(entry);
    expect(message).toMatchObject({ messageId: 'a', annotationModeOnly: true, protocol2Only: true });
    expect(message.event).toBe('sockudo_internal:annotation');
    expect(message).not.toHaveProperty('version');
  });
});

describe('a row of the history as a message', () => {
  it('is a create under the platform’s name', () => {
    expect(messageOfRow({ entry: create, latest: null })).toMatchObject({
      event: 'sockudo:message.create',
      name: 'chat',
      messageId: 'create',
      position: { streamId: 's', serial: 4 },
    });
  });

  it('is an update with the whole text where the last version is an append, unless the whole is wanted each time', () => {
    const message = messageOfRow({ entry: create, latest: state });
    expect(message).toMatchObject({
      event: 'sockudo:message.update',
      data: '"one two"',
      messageId: 'v',
      position: { streamId: 's', serial: 9 },
      version: { action: 'update', ...version },
    });
    expect(message.forFullMode?.()).toMatchObject({
      event: 'sockudo:message.append',
      data: '"one two"',
      version: { action: 'append' },
    });
  });

  it('is the event as published where messages have no versions', () => {
    const { messageSerial: _, ...plain } = create;
    expect(messageOfRow({ entry: plain, latest: null })).toEqual(messageOfEntry(plain));
  });
});

describe('a version as JSON', () => {
  const headers = {
    sockudo_action: 'message.append',
    sockudo_message_serial: 'm',
    sockudo_version_serial: 'v',
    sockudo_version_timestamp_ms: 2000,
    sockudo_history_serial: 4,
    sockudo_create_message_id: 'create',
  };

  it('has the serials and headers of the version that it shows', () => {
    expect(JSON.parse(encodeVersion(shownState('room', state)))).toEqual({
      event: 'sockudo:message.append',
      channel: 'room',
      data: 'one two',
      name: 'chat',
      serial: 9,
      extras: { headers },
      action: 'append',
      message_serial: 'm',
      history_serial: 4,
      delivery_serial: 9,
      version: { serial: 'v', timestamp_ms: 2000, description: 'typo', metadata: { by: 'mod' } },
    });
  });

  it('names the author of a create and keeps what else its extras hold', () => {
    const shown = shownCreate(create);
    if (shown === null) throw new Error('no version');
    const item = JSON.parse(versionEncoder('room', 's')(shown));
    expect(item).toMatchObject({ stream_id: 's', version: { serial: 'm', client_id: 'ann' } });
    expect(item.extras).toMatchObject({
      ref: { a: [1] },
      headers: { h: 1, sockudo_action: 'message.create' },
    });
  });

  it('counts its bytes from its parts', () => {
    const texts = { data: '"é👍"', name: 'größe', description: '—', metadata: '"ü"', clientId: 'ß' };
    for (const shown of [shownState('räume', state), { ...shownState('room', state), ...texts }]) {
      const text = encodeVersion(shown);
      expect(versionBytes(text, shown)).toBe(Buffer.byteLength(text));
    }
  });

  it('leaves out what was cleared', () => {
    const item = JSON.parse(encodeVersion(shownEntry({ ...append, event: null, data: null })));
    expect(item).not.toHaveProperty('name');
    expect(item).not.toHaveProperty('data');
  });

  it('is the message as it was published where there are no versions', () => {
    const { messageSerial: _, ...plain } = create;
    expect(JSON.parse(encodePlain(plain))).toEqual({
      event: 'chat',
      channel: 'room',
      data: 'one',
      message_id: 'create',
      stream_id: 's',
      serial: 4,
      tags: { t: '1' },
      extras: { headers: { h: 1 }, ref: { a: [1] } },
    });
  });
});
