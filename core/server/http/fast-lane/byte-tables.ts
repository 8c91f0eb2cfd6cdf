// Which bytes may stand where in a request that the fast lane answers. Narrower than the RFCs on purpose.

export const bytesOf = (text: string): Uint8Array => Buffer.from(text, 'latin1');

/** A table with 1 for every byte of `characters` and of the ranges, each given as its first and last character. */
function tableOf(characters: string, ...ranges: readonly string[]): Uint8Array {
  const table = new Uint8Array(256);
  for (const byte of bytesOf(characters)) table[byte] = 1;
  for (const range of ranges) {
    const [first = 0, last = 0] = bytesOf(range);
    table.fill(1, first, last + 1);
  }
  return table;
}

export const APP_ID_BYTES = tableOf('-_.', '09', 'AZ', 'az');
/** Segments of a path that mean themselves. A percent sign may stand only where its escape is known. */
export const SEGMENT_BYTES = tableOf('-_.:@=,;%', '09', 'AZ', 'az');
/** RFC 3986 query, without what only odd clients leave unescaped. */
export const QUERY_BYTES = tableOf("-._~%=&+!$'()*,;:@/?", '09', 'AZ', 'az');
/** RFC 9110 token: header names. */
export const TOKEN_BYTES = tableOf("!#$%&'*+-.^_`|~", '09', 'AZ', 'az');
/** Header values: visible ASCII, space and tab. */
export const VALUE_BYTES = tableOf('\t', ' ~');
