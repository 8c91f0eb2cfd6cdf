import { describe, expect, it } from 'vitest';
import { conflationKeyOf } from './conflation-key.ts';

const frame = (data: unknown, more: object = {}) =>
  JSON.stringify({ event: 'tick', channel: 'prices', data, tags: { region: 'eu' }, ...more });

describe('the conflation key of a frame', () => {
  it.each([
    ['a member of the frame', frame('x'), 'channel', 'prices'],
    ['a member deeper in it', frame('x'), 'tags.region', 'eu'],
    ['one name is looked for in data too', frame({ symbol: 'XYZ' }), 'symbol', 'XYZ'],
    ['data is mostly JSON text', frame('{"symbol":"XYZ"}'), 'symbol', 'XYZ'],
    ['the frame comes first', frame('{"event":"inner"}'), 'event', 'tick'],
    [
      'a longer path goes through JSON text as well',
      frame('{"stock":{"symbol":"XYZ"}}'),
      'data.stock.symbol',
      'XYZ',
    ],
    ['but is not looked for in data by itself', frame('{"stock":{"symbol":"XYZ"}}'), 'stock.symbol', ''],
    ['a number', frame('{"id":12}'), 'id', '12'],
    ['a boolean', frame('{"id":false}'), 'id', 'false'],
    ['an object', frame('{"id":{"a":1}}'), 'id', '{"a":1}'],
    ['nothing there', frame('{"a":1}'), 'symbol', ''],
    ['text that is no JSON', frame('{symbol'), 'symbol', ''],
    ['a list', frame('[{"symbol":"XYZ"}]'), 'symbol', ''],
    ['names every object has', frame('{"a":1}'), 'constructor', ''],
    ['names every object has, deeper', frame('{"a":1}'), 'data.__proto__', ''],
  ])('%s', (_, text, path, key) => {
    expect(conflationKeyOf(text, path.split('.'))).toBe(key);
  });
});
