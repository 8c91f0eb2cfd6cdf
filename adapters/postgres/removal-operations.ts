// Purge and reset. Both only move bounds: the rows are removed in the background.
import { randomUUID } from 'node:crypto';
import type { ChannelKey, ChannelLog } from '@sockudo/server/ports';
import { LogOperation, type Touched } from './log-operation.ts';
import { toStored } from './stored-text.ts';
import type { WriteStep } from './write-step.ts';

type Removed = Awaited<ReturnType<ChannelLog['purge']>>;
type Reset = Awaited<ReturnType<ChannelLog['reset']>>;

export class PurgeOperation extends LogOperation<Removed> {
  readonly touches: readonly Touched[];
  readonly receipts = [];
  readonly messages = [];
  readonly bytes = 256;
  readonly #key: ChannelKey;
  readonly #below: { readonly serial?: number; readonly timeMs?: number };

  constructor(key: ChannelKey, below: { readonly serial?: number; readonly timeMs?: number }) {
    super();
    this.#key = key;
    this.#below = below;
    this.touches = [{ key, isWritten: false }];
  }

  protected override async write(step: WriteStep): Promise<Removed> {
    const channel = step.channel(this.#key);
    if (channel.logId === null) return { messages: 0, bytes: 0 };
    await step.flush();
    const { serial = channel.headSerial + 1, timeMs = null } = this.#below;
    const [row] = await step.query<{ until: number; floor: number; messages: number; bytes: number }>(
      'measure-purge',
      [
        toStored(this.#key.appId),
        toStored(this.#key.channel),
        step.nowMs,
        Math.max(0, Math.ceil(serial)),
        timeMs,
      ],
    );
    if (row === undefined) return { messages: 0, bytes: 0 };
    const { until, floor, messages, bytes } = row;
    channel.oldestSerial = Math.max(channel.oldestSerial, floor, until);
    channel.purgedBelow = Math.max(channel.purgedBelow, until);
    channel.isChanged = true;
    channel.isReshaped = true;
    await step.query('remove-receipts', [channel.logId, until]);
    return { messages, bytes };
  }
}

export class ResetOperation extends LogOperation<Reset> {
  readonly touches: readonly Touched[];
  readonly receipts = [];
  readonly messages = [];
  readonly bytes = 256;
  readonly #key: ChannelKey;

  constructor(key: ChannelKey) {
    super();
    this.#key = key;
    this.touches = [{ key, isWritten: true }];
  }

  protected override async write(step: WriteStep): Promise<Reset> {
    const channel = step.channel(this.#key);
    const { logId, streamId, headSerial } = channel;
    if (logId === null) throw new Error('a channel that is written to has a row');
    await step.flush();
    const seen = await step.seen(channel);
    const [next] = await step.query<{ log_id: number }>('abandon-log', [logId]);
    if (next === undefined) throw new Error('a sequence has a next value');
    await step.query('remove-receipts', [logId, Number.MAX_SAFE_INTEGER]);
    channel.beginAnew(next.log_id, randomUUID());
    return {
      previous: { streamId, serial: headSerial },
      head: { streamId: channel.streamId, serial: 0 },
      messages: seen?.messages ?? 0,
      bytes: seen?.bytes ?? 0,
    };
  }
}
