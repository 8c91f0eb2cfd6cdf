// The promise of the whole reduction: one log gives one tree, whichever part of it was read live, resumed, rewound or from a
// history, in however many pieces, and however often.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { entryOfRow, type LogEntry } from '../log/entry.ts';
import { MessageLog } from '../log/message-log.ts';
import { Conversation } from '../testing/conversation.ts';
import { entryOf } from '../testing/fake-channel.ts';
import { everything } from '../testing/shown.ts';

/** Something that happens in a conversation, by number: which, and to what. */
const happening = fc.record({
  kind: fc.nat(17),
  run: fc.nat(4),
  other: fc.nat(4),
  text: fc.constantFrom('a', 'ab', '42', ' ', '{"a":1}', 'null'),
});
type Happening = typeof happening extends fc.Arbitrary<infer Value> ? Value : never;

class Story extends Conversation {
  readonly #open: { key: string; run: string; id: string; more: Record<string, string> }[] = [];
  readonly #ids: string[] = [];
  readonly #keys: string[] = [];
  readonly #starts = new Map<string, string>();

  tell({ kind, run: number, other, text }: Happening): void {
    const run = `r${number}`;
    const known = this.#ids[other % (this.#ids.length || 1)];
    const stream = this.#open[other % (this.#open.length || 1)];
    const parent = known === undefined ? {} : { parent: known };
    switch (kind) {
      case 0:
        return void this.#said(this.ask(run, this.#id('u'), parent, text));
      case 1:
        return void this.#said(
          this.ask(run, this.#id('u'), { ...parent, ...(known && { 'fork-of': known }) }, text),
        );
      case 2:
        return void this.#said(this.ask(run, this.#id('s'), { 'run-continue': 'true' }, text));
      case 3:
        return void this.publish('ai-input', {
          'run-id': run,
          ...parent,
          ...(known && { 'msg-regenerate': known }),
        });
      case 4:
        return void this.start(run, parent);
      case 5:
        return void this.#starts.set(run, this.#begun(run, other));
      case 6:
      case 7:
        return void this.#stream(run, other, text);
      case 8:
        if (stream !== undefined) this.close(stream.key, stream.run, stream.id, stream.more);
        return void this.#open.splice(other % (this.#open.length || 1), 1);
      case 9:
        return void this.end(run, other % 2 === 0 ? 'complete' : 'error');
      case 10:
        return void this.publish('ai-run-suspend', { 'run-id': run });
      case 11:
        return void this.publish('ai-cancel', { 'run-id': run });
      case 12:
        if (this.#keys.length > 0) this.delete(this.#keys[other % this.#keys.length] ?? '');
        return;
      case 13:
        if (stream !== undefined) this.update(stream.key, text);
        return;
      case 14:
        // Somebody speaks under the id of what is there already, or of what is still to come.
        return void this.#said(
          this.ask(run, known ?? `a${this.head + 1}`, { 'input-client-id': `c${other % 2}` }, text),
        );
      default:
        if (stream !== undefined) this.append(stream.key, text);
    }
  }

  #stream(run: string, other: number, text: string): void {
    const id = other === 0 ? (this.#ids[0] ?? this.#id('a')) : this.#id('a');
    const serial = this.#starts.get(run);
    const more = serial === undefined ? {} : { 'step-id': 's', 'step-start-serial': serial };
    const key = this.open(run, id, more);
    this.#open.push({ key, run, id, more });
    this.append(key, text);
    this.#said(key);
  }

  #begun(run: string, other: number): string {
    const key = this.publish('ai-step-start', { 'run-id': run, 'step-id': 's' });
    return other % 2 === 0 ? key : String(this.head);
  }

  #id(letter: string): string {
    const id = `${letter}${this.head}`;
    this.#ids.push(id);
    return id;
  }

  #said(key: string): void {
    this.#keys.push(key);
  }
}

/** Live frames from a serial on; neighbouring appends in one frame where `merges` says so, none across one of `cuts`. */
function framesFrom(
  story: Story,
  from: number,
  merges: readonly boolean[],
  cuts: readonly number[],
): { to: number; entry: LogEntry }[] {
  const frames: { to: number; entry: LogEntry }[] = [];
  for (let first = from; first <= story.head; ) {
    let last = first;
    const mayGrow = () => last < story.head && !cuts.includes(last) && story.areOneStream(first, last + 1);
    while (merges[last % merges.length] === true && mayGrow()) last += 1;
    const frame =
      last === first ? story.frame(first, { dotted: last % 2 === 0 }) : story.mergedFrame(first, last);
    frames.push({ to: last, entry: entryOf(frame) });
    first = last + 1;
  }
  return frames;
}

const storyOf = (happenings: readonly Happening[]): Story => {
  const story = new Story();
  for (const each of happenings) story.tell(each);
  return story;
};

const log = fc.array(happening, { minLength: 1, maxLength: 60 });
const merges = fc.array(fc.boolean(), { minLength: 1, maxLength: 12 });
const fraction = fc.double({ min: 0, max: 1, noNaN: true });

it('is the same tree from any split into history and live, with repeats and merged appends', () => {
  fc.assert(
    fc.property(
      log,
      merges,
      fraction,
      fraction,
      fraction,
      fc.boolean(),
      (happenings, merged, a, b, page, isRewound) => {
        const story = storyOf(happenings);
        const expected = everything(story.whole());
        const attached = Math.floor(a * story.head);
        // The history is read while frames come in already.
        const readAt = attached + Math.floor(b * (story.head - attached));
        const middle = Math.floor(page * readAt);
        const reader = new MessageLog();
        reader.readBegins();
        const frames = framesFrom(story, attached + 1, merged, [readAt]);
        const before = frames.filter(({ to }) => to <= readAt);
        for (const { entry } of before) reader.fold(entry);
        const rows = (above: number, below: number) =>
          reader.foldAll(story.rows({ at: readAt, above, below }).flatMap((row) => entryOfRow(row) ?? []));
        rows(middle, Number.POSITIVE_INFINITY);
        for (const { entry } of frames.filter(({ to }) => to > readAt)) reader.fold(entry);
        if (isRewound) {
          for (const row of story.rows({ at: readAt })) {
            const key = 'message_serial' in row.message ? row.message.message_serial : '';
            reader.fold(entryOf(story.rewoundFrame(key, readAt)));
          }
        }
        rows(0, middle + 1);
        reader.readEnds();
        // Everything once more, as after a resume.
        for (const { entry } of frames) reader.fold(entry);
        expect(everything(reader)).toEqual(expected);
      },
    ),
    { numRuns: 400 },
  );
});

it('is the same tree when a history is read over what is live, wherever appends were merged', () => {
  fc.assert(
    fc.property(log, merges, fraction, (happenings, merged, at) => {
      const story = storyOf(happenings);
      const readAt = Math.floor(at * story.head);
      const reader = new MessageLog();
      let isRead = false;
      for (const { to, entry } of framesFrom(story, 1, merged, [])) {
        // The frame that is on its way has a part of what is read.
        if (to > readAt && !isRead) {
          reader.foldAll(story.rows({ at: readAt }).flatMap((row) => entryOfRow(row) ?? []));
          isRead = true;
        }
        reader.fold(entry);
      }
      expect(everything(reader)).toEqual(everything(story.whole()));
    }),
    { numRuns: 400 },
  );
});

it('survives being put away as JSON in between', () => {
  fc.assert(
    fc.property(log, fraction, (happenings, at) => {
      const story = storyOf(happenings);
      const cut = Math.floor(at * story.head);
      const reader = new MessageLog();
      for (let serial = 1; serial <= cut; serial += 1) reader.fold(entryOf(story.frame(serial)));
      const restored = new MessageLog();
      restored.restore(JSON.parse(JSON.stringify(reader.messages())));
      for (let serial = cut + 1; serial <= story.head; serial += 1)
        restored.fold(entryOf(story.frame(serial)));
      expect(everything(restored)).toEqual(everything(story.whole()));
    }),
    { numRuns: 200 },
  );
});
