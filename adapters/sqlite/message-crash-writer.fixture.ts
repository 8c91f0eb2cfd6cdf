// Child process of message-crash.test.ts: appends to messages and annotates them as fast as it can, prints a line for every change
// once it is acknowledged, until it is killed. A line stands for a promise that was kept before the kill; the dot at its end tells
// that it is whole.
import {
  annotate,
  type Change,
  change,
  createMessage,
  type MessageHandle,
  mutationOf,
} from '../../core/server/ports/message-log.contract-support.ts';
import { openWriterLog } from './testing/writer-log.ts';

const WRITERS = 8;
const APPENDS_AT_ONCE = 3;

const context = await openWriterLog();
const { log } = context;
await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));

/** Writes one message after the other, each of 200 appends. */
async function write(writer: number): Promise<void> {
  const key = { appId: 'app', channel: `channel-${writer % 3}` };
  for (;;) {
    const message = await createMessage(context, key, { data: '""' });
    process.stdout.write(`create ${key.channel} ${message.messageSerial} .\n`);
    await Promise.all([append(message), note(message)]);
  }
}

async function append(message: MessageHandle): Promise<void> {
  for (let first = 0; first < 200; first += APPENDS_AT_ONCE) {
    const numbers = Array.from({ length: APPENDS_AT_ONCE }, (_, step) => first + step);
    if (first % 2 === 0) await Promise.all(numbers.map((number) => appendOne(message, number)));
    else await appendRow(message, numbers);
  }
}

async function appendOne(message: MessageHandle, number: number): Promise<void> {
  const { serial } = await change(context, message, appendOf(message, number));
  tellAppend(message, number, serial);
}

/** As a stream of appends does it. */
async function appendRow(message: MessageHandle, numbers: readonly number[]): Promise<void> {
  const drafts = numbers.map((number) => mutationOf(context, message, appendOf(message, number)));
  const results = await log.mutateInOrder(drafts);
  for (const [index, result] of results.entries()) {
    if (result.kind !== 'committed') throw new Error(`an append of a row is ${result.kind}`);
    tellAppend(message, numbers[index] ?? 0, result.entry.serial);
  }
}

function tellAppend(message: MessageHandle, number: number, serial: number): void {
  process.stdout.write(`append ${message.key.channel} ${message.messageSerial} ${number} ${serial} .\n`);
}

function appendOf(message: MessageHandle, number: number): Change {
  const answer = `${number}`;
  const receipt = {
    scope: message.messageSerial,
    key: `op-${number}`,
    expiresAtMs: Date.now() + 600_000,
    answer: () => answer,
  };
  return { data: `"${number},"`, receipt };
}

async function note(message: MessageHandle): Promise<void> {
  for (let number = 0; number < 30; number += 1) {
    const { record } = await annotate(context, message);
    process.stdout.write(
      `note ${message.key.channel} ${message.messageSerial} ${record.annotationSerial} .\n`,
    );
  }
}
