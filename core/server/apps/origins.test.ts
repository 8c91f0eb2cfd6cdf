import { describe, expect, it } from 'vitest';
import { isOriginAllowed } from './origins.ts';

describe('allowed origins', () => {
  it.each<[string[], string | undefined, boolean]>([
    [[], undefined, true],
    [[], 'https://anywhere.example', true],
    [['*'], undefined, true],
    [['any'], 'https://anywhere.example', true],
    [['https://app.example.com'], 'https://app.example.com', true],
    [['https://app.example.com'], 'HTTPS://APP.EXAMPLE.COM', true],
    [['https://app.example.com'], 'http://app.example.com', false],
    [['https://app.example.com'], 'https://app.example.com.evil.example', false],
    [['https://app.example.com'], undefined, false],
    [['https://app.example.com'], '', false],
    [['app.example.com'], 'http://app.example.com', true],
    [['app.example.com'], 'https://app.example.com', true],
    [['app.example.com'], 'https://app.example.com:8443', false],
    [['app.example.com:8443'], 'https://app.example.com:8443', true],
    [['*.example.com'], 'https://a.b.example.com', true],
    [['*.example.com'], 'https://example.com', true],
    [['*.example.com'], 'https://badexample.com', false],
    [['*.example.com'], 'https://example.com.evil.example', false],
    [['https://*.example.com'], 'https://a.example.com', true],
    [['https://*.example.com'], 'http://a.example.com', false],
    [['https://*.example.com'], 'https://example.com', true],
    [['preview-*.example.com'], 'https://preview-7.example.com', true],
    [['preview-*.example.com'], 'https://preview-.example.com', false],
    [['https://one.example', 'https://two.example'], 'https://two.example', true],
    [['https://one.example', 'https://two.example'], 'https://three.example', false],
    [['*.example.com'], 'null', false],
  ])('%j and the origin %s: %s', (patterns, origin, isAllowed) => {
    expect(isOriginAllowed(patterns, origin)).toBe(isAllowed);
  });
});
