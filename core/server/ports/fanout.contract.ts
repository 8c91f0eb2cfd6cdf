// The contract suite of the Fanout port; every driver passes it. Drivers of several nodes are opened as two.
import { describe, expect, it, vi } from 'vitest';
import type { ControlSignal, Envelope, Fanout } from './fanout.ts';

export interface FanoutUnderTest {
  /** One for each node; the second only where a driver has several. */
  readonly nodes: readonly [Fanout, Fanout?];
  readonly close: () => Promise<void>;
}

const ROOM = { appId: 'app', channel: 'room' };
const CLOSE_USER: ControlSignal = { kind: 'close-user', appId: 'app', userId: 'ann', code: 4009 };

/** @param open gives nodes that nobody listens to yet, for apps without a log. */
export function fanoutContract(name: string, open: () => Promise<FanoutUnderTest>): void {
  async function withNodes(test: (near: Node, far: Node | null) => Promise<void>): Promise<void> {
    const { nodes, close } = await open();
    const [near, far] = nodes;
    try {
      await test(listening(near), far === undefined ? null : listening(far));
    } finally {
      await near.close();
      await far?.close();
      await close();
    }
  }

  describe(`fan-out: ${name}`, () => {
    it('reaches the own node within the call, in the order of the calls', async () => {
      await withNodes(async ({ fanout, heard }) => {
        fanout.publish(envelopeOf('one'));
        expect(heard).toEqual(['one']);
        fanout.control(CLOSE_USER);
        fanout.publish(envelopeOf('two'));
        expect(heard).toEqual(['one', 'close-user', 'two']);
      });
    });

    it('never throws at the publisher, and goes on after a listener that did', async () => {
      await withNodes(async ({ fanout, heard }) => {
        fanout.publish(envelopeOf('throw'));
        fanout.publish(envelopeOf('next'));
        expect(heard).toEqual(['next']);
      });
    });

    it('has one listener, and none after close', async () => {
      await withNodes(async ({ fanout, heard }) => {
        expect(() => fanout.listen({ onEnvelope: () => {}, onControl: () => {} })).toThrow();
        await fanout.close();
        fanout.publish(envelopeOf('late'));
        expect(heard).toEqual([]);
      });
    });

    it('reaches a node from the moment its join has ended, whole and in order', async () => {
      await withNodes(async ({ fanout, heard }, far) => {
        if (far === null) return;
        await far.fanout.join(ROOM);
        const full = fullEnvelope();
        fanout.publish(full);
        for (let index = 0; index < 100; index += 1) fanout.publish(envelopeOf(`event ${index}`));
        await vi.waitFor(() => expect(far.heard).toHaveLength(101));
        expect(far.heard).toEqual(heard);
        expect(far.envelopes[0]).toEqual(full);
      });
    });

    it('does not bring what a node has not joined, or has left', async () => {
      await withNodes(async ({ fanout }, far) => {
        if (far === null) return;
        await far.fanout.join(ROOM);
        await far.fanout.join(ROOM);
        await far.fanout.join({ ...ROOM, channel: 'other' });
        far.fanout.leave(ROOM);
        fanout.publish(envelopeOf('joined once more than left'));
        await vi.waitFor(() => expect(far.heard).toHaveLength(1));
        far.fanout.leave(ROOM);
        await far.fanout.join({ ...ROOM, channel: 'barrier' });
        fanout.publish(envelopeOf('left'));
        fanout.publish({ ...envelopeOf('of another app'), key: { appId: 'app2', channel: 'other' } });
        fanout.publish({ ...envelopeOf('last'), key: { appId: 'app', channel: 'other' } });
        await vi.waitFor(() => expect(far.heard).toContain('last'));
        expect(far.heard).toEqual(['joined once more than left', 'last']);
      });
    });

    it('brings the channels of a pattern once, also those that are joined by name', async () => {
      await withNodes(async ({ fanout }, far) => {
        if (far === null) return;
        await far.fanout.join({ ...ROOM, channel: 'roo*' });
        await far.fanout.join({ ...ROOM, channel: 'ro*m' });
        await far.fanout.join(ROOM);
        fanout.publish(envelopeOf('one'));
        fanout.publish(envelopeOf('two'));
        await vi.waitFor(() => expect(far.heard).toContain('two'));
        far.fanout.leave(ROOM);
        far.fanout.leave({ ...ROOM, channel: 'roo*' });
        fanout.publish(envelopeOf('three'));
        await vi.waitFor(() => expect(far.heard).toContain('three'));
        expect(far.heard).toEqual(['one', 'two', 'three']);
      });
    });

    it('gives control signals to every node', async () => {
      await withNodes(async ({ fanout, heard }, far) => {
        if (far === null) return;
        await far.fanout.join(ROOM);
        fanout.control(CLOSE_USER);
        far.fanout.control(CLOSE_USER);
        await vi.waitFor(() =>
          expect([heard, far.heard]).toEqual([Array(2).fill('close-user'), Array(2).fill('close-user')]),
        );
      });
    });

    it('asks the other nodes, and has the answers of those that know one', async () => {
      await withNodes(async ({ fanout }, far) => {
        const question = { kind: 'connection', appId: 'app', socketId: '1.1' } as const;
        await far?.fanout.join(ROOM);
        const answers = await fanout.ask(question);
        expect(answers).toEqual(far === null ? [] : ['1.1']);
        expect(await fanout.ask({ ...question, socketId: 'unknown' })).toEqual([]);
      });
    });
  });
}

interface Node {
  readonly fanout: Fanout;
  readonly heard: string[];
  readonly envelopes: Envelope[];
}

function listening(fanout: Fanout): Node {
  const heard: string[] = [];
  const envelopes: Envelope[] = [];
  fanout.listen({
    onEnvelope: (envelope) => {
      if (envelope.message.event === 'throw') throw new Error('a listener failed');
      heard.push(envelope.message.event);
      envelopes.push(envelope);
    },
    onControl: ({ kind }) => heard.push(kind),
    onQuestion: (question) =>
      question.kind === 'connection' && question.socketId !== 'unknown' ? question.socketId : null,
  });
  return { fanout, heard, envelopes };
}

function envelopeOf(event: string): Envelope {
  return { key: ROOM, message: { channel: 'room', event, data: '1', publishedAtMs: 0 } };
}

function fullEnvelope(): Envelope {
  return {
    key: ROOM,
    exceptSocketId: '1.2',
    message: {
      channel: 'room',
      event: 'first',
      name: 'name',
      data: '"line\\n\u2028🦊"',
      publishedAtMs: 1.5,
      messageId: 'm',
      userId: 'ann',
      tags: { a: 'b' },
      hiddenTags: { c: 'd' },
      extras: { headers: { h: 1 }, echo: false },
      delta: true,
      protocol2Only: true,
      annotationModeOnly: true,
      onlyFor: 'interest',
      platform: true,
      membership: { change: 'added', userId: 'ann' },
      version: {
        action: 'update',
        messageSerial: 'a',
        versionSerial: 'b',
        timestampMs: 1,
        historySerial: 2,
      },
    },
  };
}
