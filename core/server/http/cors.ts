// Cross-origin rules of the main port: which origins may read answers, and the answer to a preflight. Patterns are checked by
// the configuration; here they only match.
import type { HeaderList, HttpAnswer } from './exchange-types.ts';
import type { HttpSettings } from './http-deps.ts';

export interface Cors {
  /** Headers for an answer to a request from this origin; absent: no `Origin` header. */
  headersFor(origin: string | undefined): HeaderList;
  preflight(origin: string | undefined): HttpAnswer;
}

/**
 * `cors.origins`: `*` or `any` lets everybody read, without credentials. Else an entry is an origin, an origin without its scheme,
 * or either with one `*`; compared without regard to case. An empty list allows nobody.
 */
export function createCors({ origins, methods, headers, credentials }: HttpSettings['cors']): Cors {
  const isOpen = origins.some((origin) => origin === '*' || origin.toLowerCase() === 'any');
  const patterns = origins.map(originPattern);

  function headersFor(origin: string | undefined): HeaderList {
    if (isOpen) return ANY_ORIGIN;
    if (origin === undefined || !patterns.some((matches) => matches(origin.toLowerCase()))) return VARY;
    return [
      ['access-control-allow-origin', origin],
      ['vary', 'origin'],
      ...(credentials ? ALLOW_CREDENTIALS : []),
    ];
  }

  return {
    headersFor,
    preflight: (origin) => ({
      status: 200,
      contentType: null,
      body: '',
      headers: [
        ...headersFor(origin),
        ['access-control-allow-methods', methods.join(',')],
        ['access-control-allow-headers', headers.join(',')],
      ],
    }),
  };
}

const ANY_ORIGIN: HeaderList = [['access-control-allow-origin', '*']];
const VARY: HeaderList = [['vary', 'origin']];
const ALLOW_CREDENTIALS: HeaderList = [['access-control-allow-credentials', 'true']];

/** Takes lower-case origins. */
function originPattern(pattern: string): (origin: string) => boolean {
  const wanted = pattern.toLowerCase();
  const hasScheme = wanted.includes('://');
  const [before = '', after] = wanted.split('*', 2);
  return (origin) => {
    const subject = hasScheme ? origin : origin.replace(/^[a-z][a-z0-9+.-]*:\/\//, '');
    if (after === undefined) return subject === wanted;
    return (
      subject.length >= before.length + after.length && subject.startsWith(before) && subject.endsWith(after)
    );
  };
}
