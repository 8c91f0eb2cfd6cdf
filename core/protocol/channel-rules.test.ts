import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { channelNameErrorHttp, type NamespaceRule, validateChannelName } from './channel-rules.ts';

const namespaces = new Map<string, NamespaceRule>([
  ['chat', { pattern: /^chat:[a-z0-9-]+$/, maxNameBytes: 60, allowUserLimitedChannels: true }],
  ['plain', {}],
]);
const text = (name: string, rules = {}) => validateChannelName(name, rules)?.message;

describe('validateChannelName', () => {
  it.each(['room', 'ok_-=@,;.', 'private-x', 'market:btc', 'a:b:c', '#server-to-user-ann', 'x'.repeat(200)])(
    'allows %s where no namespaces are configured (D20)',
    (name) => {
      expect(validateChannelName(name)).toBeNull();
      expect(channelNameErrorHttp(name)).toBeNull();
    },
  );

  it.each([
    ['has space', "Channel name contains invalid characters: 'has space' (invalid chars: [' '])"],
    ['quest?ion', "Channel name contains invalid characters: 'quest?ion' (invalid chars: ['?'])"],
    ["a'b\n", "Channel name contains invalid characters: 'a'b\n' (invalid chars: ['\\'', '\\n'])"],
    ['news-*', "Channel name contains invalid characters: 'news-*' (invalid chars: ['*'])"],
    ['x'.repeat(201), 'Channel name too long. Max length is 200'],
    ['é'.repeat(101), 'Channel name too long. Max length is 200'],
    ['', 'Channel name must not be empty'],
    ['room#ann', "Channel 'room#ann' uses user-limited syntax but the namespace does not allow it"],
  ])('refuses %j with one text for sockets and HTTP', (name, fault) => {
    const ws = validateChannelName(name);
    expect([ws?.wsCode, ws?.message]).toEqual([4300, `Channel error: ${fault}`]);
    const http = channelNameErrorHttp(name);
    expect([http?.httpStatus, http?.code, http?.detail]).toEqual([400, 'invalid_input', fault]);
  });

  it('asks configured namespaces for everything that has a colon', () => {
    const rules = { namespaces };
    expect(validateChannelName('chat:one', rules)).toBeNull();
    expect(validateChannelName('private-plain:One', rules)).toBeNull();
    expect(validateChannelName('room', rules)).toBeNull();
    expect(text('nowhere:x', rules)).toBe("Channel error: Unknown channel namespace 'nowhere'");
    expect(text('chat:UPPER', rules)).toBe(
      "Channel error: Channel 'chat:UPPER' does not match namespace 'chat' pattern",
    );
    expect(text(`chat:${'x'.repeat(60)}`, rules)).toBe(
      'Channel error: Channel name too long. Max length is 60',
    );
  });

  it('tests the pattern against the logical name, from its start each time', () => {
    const sticky = new Map([['g', { pattern: /^g:[a-z]+$/g }]]);
    for (let i = 0; i < 3; i++)
      expect(validateChannelName('presence-g:abc', { namespaces: sticky })).toBeNull();
  });

  it('wants a well-formed list of users, and a namespace that allows lists', () => {
    const rules = { namespaces };
    expect(validateChannelName('chat:r#ann,bob', rules)).toBeNull();
    expect(text('plain:r#ann', rules)).toContain('the namespace does not allow it');
    expect(text('chat:r#', rules)).toContain('has an empty user limit segment');
    expect(text('chat:r#ann,', rules)).toContain('contains an empty user id');
    expect(text('chat:r#an:n', rules)).toContain('contains an invalid user id');
    expect(text('chat:r#a#b', rules)).toContain('contains multiple user limit separators');
  });

  it('uses the app limit where the namespace has none', () => {
    expect(text('x'.repeat(61), { maxBytes: 60 })).toBe(
      'Channel error: Channel name too long. Max length is 60',
    );
    expect(text(`plain:${'x'.repeat(60)}`, { maxBytes: 60, namespaces })).toContain('Max length is 60');
  });

  it('accepts exactly the documented characters and never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (name) => {
        const fault = validateChannelName(name);
        if (/[^A-Za-z0-9\-_=@,;.:#]/.test(name)) expect(fault).not.toBeNull();
        if (/^[A-Za-z0-9\-_=@,;.:]+$/.test(name)) expect(fault).toBeNull();
      }),
    );
  });
});
