import { describe, expect, it } from 'vitest';
import { createCors } from './cors.ts';

function cors(origins: readonly string[], credentials = false) {
  return createCors({ origins, methods: ['GET', 'POST'], headers: ['Accept', 'X-A'], credentials });
}

const allowedOrigin = (origins: readonly string[], origin: string | undefined): string | undefined =>
  cors(origins)
    .headersFor(origin)
    .find(([name]) => name === 'access-control-allow-origin')?.[1];

describe('who may read answers', () => {
  it.each([['*'], ['any'], ['Any']])('%s: everybody, and never with credentials', (open) => {
    const rules = cors(['https://a.example', open], true);
    expect(rules.headersFor(undefined)).toEqual([['access-control-allow-origin', '*']]);
    expect(rules.headersFor('https://b.example')).toEqual([['access-control-allow-origin', '*']]);
  });

  it.each([
    ['https://a.example', 'https://a.example', true],
    ['https://A.example', 'HTTPS://a.EXAMPLE', true],
    ['https://a.example', 'http://a.example', false],
    ['https://a.example', 'https://a.example:8080', false],
    ['a.example', 'https://a.example', true],
    ['a.example', 'http://a.example', true],
    ['a.example', 'https://xa.example', false],
    ['*.example.com', 'https://www.example.com', true],
    ['*.example.com', 'https://example.com', false],
    ['*.example.com', 'https://example.com.evil.org', false],
    ['https://*.example.com', 'https://a.b.example.com', true],
    ['https://*.example.com', 'http://a.example.com', false],
    ['aa*aa', 'http://aaa', false],
  ])('%s lets %s: %s', (pattern, origin, isAllowed) => {
    expect(allowedOrigin([pattern], origin)).toBe(isAllowed ? origin : undefined);
  });

  it('is nobody when the list is empty', () => {
    expect(cors([]).headersFor('https://a.example')).toEqual([['vary', 'origin']]);
  });

  it('says so when an answer depends on the origin, and allows credentials only to those named', () => {
    expect(cors(['https://a.example'], true).headersFor('https://a.example')).toEqual([
      ['access-control-allow-origin', 'https://a.example'],
      ['vary', 'origin'],
      ['access-control-allow-credentials', 'true'],
    ]);
    expect(cors(['https://a.example'], true).headersFor('https://b.example')).toEqual([['vary', 'origin']]);
  });
});

describe('a preflight', () => {
  it('names methods and headers', () => {
    expect(cors(['*']).preflight('https://a.example')).toEqual({
      status: 200,
      contentType: null,
      body: '',
      headers: [
        ['access-control-allow-origin', '*'],
        ['access-control-allow-methods', 'GET,POST'],
        ['access-control-allow-headers', 'Accept,X-A'],
      ],
    });
  });
});
