/** A reader of the protocol, for tests: `@ag-ui/client`'s own, over the bytes of a stream, with every check that it has. */
import { HttpAgent } from '@ag-ui/client';
import { type Event, EventType, type Message } from '@ag-ui/core';
import { EventSchemas } from '@ag-ui/core/schemas';
import { expect, onTestFinished, vi } from 'vitest';
import { eventResponse } from '../sse.ts';

async function* streamOf(events: readonly Event[]): AsyncGenerator<Event> {
  yield* events;
}

/** What no reader may be told: anything outside of the schemas. */
export function expectValid(events: readonly Event[]): void {
  for (const event of events) {
    const parsed = EventSchemas.safeParse(event);
    if (!parsed.success) expect.fail(`${JSON.stringify(event)}: ${parsed.error.message}`);
    // Nor what it would strip, or lose on the way.
    expect(parsed.data).toEqual(event);
    expect(JSON.parse(JSON.stringify(event))).toEqual(event);
  }
}

/** Fails the test where the package complains: it does so instead of refusing. */
export function expectNoComplaints(): void {
  const complaints = [vi.spyOn(console, 'warn'), vi.spyOn(console, 'error')];
  for (const each of complaints) each.mockImplementation((...words) => expect.fail(words.join(' ')));
  onTestFinished(() => {
    for (const each of complaints) each.mockRestore();
  });
}

/** Messages of a reader that had some, after it was told this as one run. */
export async function heard(events: readonly Event[], messages: readonly Message[] = []): Promise<Message[]> {
  const ids = { threadId: 't', runId: 'r' };
  const all: Event[] = [
    { type: EventType.RUN_STARTED, ...ids },
    ...events,
    { type: EventType.RUN_FINISHED, ...ids },
  ];
  expectValid(all);
  const agent = new HttpAgent({
    url: 'http://reader.example',
    initialMessages: structuredClone([...messages]),
    fetch: async () => eventResponse(() => streamOf(all)),
  });
  await agent.runAgent();
  return agent.messages;
}
