import { describe, expect, expectTypeOf, it, vi } from 'vitest';
import { Emitter } from './emitter.ts';

const emitter = () => new Emitter({ report: () => {} });

describe('Emitter', () => {
  it('calls the handlers of an event in order, with data and metadata', () => {
    const calls: unknown[] = [];
    const subject = emitter();
    subject.bind('a', (data) => calls.push(['first', data]));
    subject.bind('a', (data, metadata) => calls.push(['second', data, metadata]));
    subject.bind('b', () => calls.push('never'));
    subject.emit('a', 1, { serial: 7 });
    expect(calls).toEqual([
      ['first', 1],
      ['second', 1, { serial: 7 }],
    ]);
  });

  it('tells global handlers everything, first', () => {
    const calls: unknown[] = [];
    const subject = emitter();
    subject.bind('a', () => calls.push('own'));
    const global = (event: string, data: unknown) => calls.push([event, data]);
    subject.bind_global(global);
    subject.emit('a', 1);
    subject.unbind_global(global);
    subject.emit('a', 2);
    expect(calls).toEqual([['a', 1], 'own', 'own']);
  });

  it('calls a handler with its context', () => {
    const context = { name: 'me' };
    let seen: unknown;
    emitter()
      .bind(
        'a',
        function (this: unknown) {
          seen = this;
        },
        context,
      )
      .emit('a');
    expect(seen).toBe(context);
  });

  it('unbinds by event, by handler, by context, or everything', () => {
    const subject = emitter();
    const [one, two, three] = [vi.fn(), vi.fn(), vi.fn()];
    const context = {};
    subject.bind('a', one).bind('a', two).bind('b', one).bind('b', three, context).bind('__proto__', three);
    subject.unbind('a', one);
    subject.emit('a');
    expect([one, two].map((fn) => fn.mock.calls.length)).toEqual([0, 1]);
    subject.unbind(undefined, undefined, context);
    subject.emit('b');
    expect([one, three].map((fn) => fn.mock.calls.length)).toEqual([1, 0]);
    subject.unbind(undefined, one);
    subject.emit('b');
    expect(one).toHaveBeenCalledTimes(1);
    subject.emit('__proto__');
    subject.unbind_all();
    subject.emit('__proto__').emit('a');
    expect([two, three].map((fn) => fn.mock.calls.length)).toEqual([1, 1]);
  });

  it('lets handlers unbind themselves while it runs', () => {
    const subject = emitter();
    const later = vi.fn();
    const once = () => {
      subject.unbind('a', once);
    };
    subject.bind('a', once).bind('a', later);
    subject.emit('a').emit('a');
    expect(later).toHaveBeenCalledTimes(2);
  });

  it('reports what a handler throws and goes on', () => {
    const reported: unknown[] = [];
    const subject = new Emitter({ report: (error) => reported.push(error) });
    const after = vi.fn();
    subject
      .bind('a', () => {
        throw new Error('mine');
      })
      .bind('a', after)
      .emit('a');
    expect(after).toHaveBeenCalledOnce();
    expect(reported).toEqual([new Error('mine')]);
  });

  it('files names under the key it was given', () => {
    const subject = new Emitter({ report: () => {}, handlerKey: (event) => event.toLowerCase() });
    const handler = vi.fn();
    subject.bind('A', handler);
    subject.emit('a');
    subject.unbind('a', handler);
    subject.emit('a');
    expect(handler).toHaveBeenCalledOnce();
  });

  it('types declared events and leaves the others to the handler', () => {
    const subject = new Emitter<{ price: { value: number } }>({ report: () => {} });
    subject.bind('price', (data) => expectTypeOf(data).toEqualTypeOf<{ value: number }>());
    subject.bind('other', (data) => expectTypeOf(data).toEqualTypeOf<unknown>());
    subject.bind('other', (data: { text: string }) => expectTypeOf(data.text).toEqualTypeOf<string>());
    // @ts-expect-error a declared event's data is not a string
    subject.bind('price', (data: string) => data);
  });
});
