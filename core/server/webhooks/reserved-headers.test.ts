import { describe, expect, it } from 'vitest';
import { RESERVED_WEBHOOK_HEADERS, webhookHeaderFault } from './reserved-headers.ts';

describe('webhookHeaderFault', () => {
  it.each([
    ['X-Env', 'stage'],
    ['Authorization', 'Bearer abc'],
    ['x-latin', 'caf\xe9'],
  ])('takes %s', (name, value) => {
    expect(webhookHeaderFault(name, value)).toBe(null);
  });

  it.each([...RESERVED_WEBHOOK_HEADERS, 'X-PUSHER-KEY', 'Content-Type'])('refuses %s', (name) => {
    expect(webhookHeaderFault(name, 'x')).toContain('is set by the server');
  });

  it.each([
    ['X Env', 'hush'],
    ['', 'hush'],
    ['X-Env', 'hush\r\nX-Other: 1'],
    ['X-Env', 'hush\u20ac'],
  ])('refuses %j with %j and does not repeat the value', (name, value) => {
    const fault = webhookHeaderFault(name, value);
    expect(fault).not.toBe(null);
    expect(fault).not.toContain('hush');
  });
});
