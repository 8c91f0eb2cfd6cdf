import { describe, expect, it } from 'vitest';
import { CLOSE_CODES, closeCodePolicy } from './close-codes.ts';

describe('closeCodePolicy', () => {
  it.each([
    [1000, 'normal'],
    [1001, 'normal'],
    [1002, 'backoff'],
    [1004, 'backoff'],
    [1005, 'normal'],
    [1006, 'normal'],
    [3999, 'normal'],
    [4000, 'tls-only'],
    [4001, 'stop'],
    [4099, 'stop'],
    [4100, 'backoff'],
    [4199, 'backoff'],
    [4200, 'reconnect-now'],
    [4299, 'reconnect-now'],
    [4300, 'stop'],
    [4999, 'stop'],
  ] as const)('%i -> %s', (code, policy) => {
    expect(closeCodePolicy(code)).toBe(policy);
  });

  it('lets nobody who can do better give up: what we close for overload or restart reconnects', () => {
    expect(closeCodePolicy(CLOSE_CODES.overCapacity.code)).toBe('backoff');
    expect(closeCodePolicy(CLOSE_CODES.reconnect.code)).toBe('reconnect-now');
    expect(closeCodePolicy(CLOSE_CODES.pongTimeout.code)).toBe('reconnect-now');
  });

  it('has every code once', () => {
    const codes = Object.values(CLOSE_CODES).map((row) => row.code);
    expect(new Set(codes).size).toBe(codes.length);
  });
});
