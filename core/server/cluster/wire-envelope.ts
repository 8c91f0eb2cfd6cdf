// What nodes say to each other over the bus: one line of JSON with short names, and after it the message's data as it is,
// which no node on the way parses. Nodes of another version of this form are not understood.
import type { Position } from '../ports/channel-log.ts';
import type { ControlSignal, Envelope, NodeQuestion } from '../ports/fanout.ts';
import type { Message } from '../ports/message.ts';

/** First member of every line. */
const WIRE_VERSION = 1;

interface Sender {
  readonly nodeId: string;
  /** Counts what the node sent, from 1: a line that comes twice is known by it. */
  readonly count: number;
}

export type BusContent =
  | {
      readonly kind: 'envelope';
      readonly envelope: Envelope;
      /** The message has a form for append_mode=full that did not travel: who needs it reads the log. */
      readonly hasFullForm: boolean;
    }
  | { readonly kind: 'control'; readonly signal: ControlSignal }
  /** Messages of these channels were committed and could not be sent: look into the log. Null: any channel. */
  | { readonly kind: 'look'; readonly topics: readonly string[] | null }
  /** To be answered to the sender under this number. */
  | { readonly kind: 'question'; readonly number: number; readonly question: NodeQuestion }
  | { readonly kind: 'answer'; readonly number: number; readonly answer: unknown };

export type BusLine = Sender & BusContent;

/** Members of a message under their names on the wire; undefined ones are left out by JSON. */
interface WireMessage {
  readonly e: string;
  readonly t: number;
  readonly n?: string | undefined;
  readonly p?: readonly [streamId: string, serial: number] | undefined;
  readonly v?: Message['version'];
  readonly i?: string | undefined;
  readonly u?: string | undefined;
  readonly g?: Message['tags'];
  readonly h?: Message['hiddenTags'];
  readonly x?: Message['extras'];
  readonly d?: boolean | undefined;
  readonly l?: true | undefined;
  readonly m?: Message['membership'];
  readonly w?: true | undefined;
  readonly a?: true | undefined;
  readonly o?: string | undefined;
  readonly f?: true | undefined;
}

export function encodeLine({ nodeId, count, ...content }: BusLine): string {
  const start = [WIRE_VERSION, nodeId, count];
  if (content.kind === 'control') return JSON.stringify([...start, 'c', content.signal]);
  if (content.kind === 'look') return JSON.stringify([...start, 'l', content.topics]);
  if (content.kind === 'question') return JSON.stringify([...start, 'q', content.number, content.question]);
  if (content.kind === 'answer') return JSON.stringify([...start, 'a', content.number, content.answer]);
  const { key, message, exceptSocketId } = content.envelope;
  const line = [...start, 'e', key.appId, key.channel, exceptSocketId ?? null, wireMessage(message)];
  const head = JSON.stringify(line);
  return message.data === undefined ? head : `${head}\n${message.data}`;
}

/** Null: a line of another version, or none at all. */
export function decodeLine(text: string): BusLine | null {
  const end = text.indexOf('\n');
  const fields = parsed(end === -1 ? text : text.slice(0, end));
  if (!Array.isArray(fields) || fields[0] !== WIRE_VERSION) return null;
  const [, nodeId, count, kind, ...rest] = fields;
  if (typeof nodeId !== 'string' || typeof count !== 'number') return null;
  const data = end === -1 ? undefined : text.slice(end + 1);
  const content = contentOf(kind, rest, data);
  return content === null ? null : { nodeId, count, ...content };
}

function contentOf(kind: unknown, rest: readonly unknown[], data: string | undefined): BusContent | null {
  // CAST, all below: lines of this version are written by encodeLine alone.
  if (kind === 'c') return { kind: 'control', signal: rest[0] as ControlSignal };
  if (kind === 'l') return { kind: 'look', topics: rest[0] as readonly string[] | null };
  if (kind === 'q') {
    return { kind: 'question', number: rest[0] as number, question: rest[1] as NodeQuestion };
  }
  if (kind === 'a') return { kind: 'answer', number: rest[0] as number, answer: rest[1] };
  if (kind !== 'e') return null;
  const [appId, channel, except, wire] = rest as [string, string, string | null, WireMessage];
  const envelope: Envelope = {
    key: { appId, channel },
    message: messageOf(channel, wire, data),
    ...(except !== null && { exceptSocketId: except }),
  };
  return { kind: 'envelope', envelope, hasFullForm: wire.f === true };
}

function wireMessage(message: Message): WireMessage {
  const { position } = message;
  return {
    e: message.event,
    t: message.publishedAtMs,
    n: message.name,
    p: position && [position.streamId, position.serial],
    v: message.version,
    i: message.messageId,
    u: message.userId,
    g: message.tags,
    h: message.hiddenTags,
    x: message.extras,
    d: message.delta,
    l: message.platform,
    m: message.membership,
    w: message.protocol2Only,
    a: message.annotationModeOnly,
    o: message.onlyFor,
    f: message.forFullMode === undefined ? undefined : true,
  };
}

function messageOf(channel: string, wire: WireMessage, data: string | undefined): Message {
  const position: Position | undefined = wire.p && { streamId: wire.p[0], serial: wire.p[1] };
  return {
    channel,
    event: wire.e,
    publishedAtMs: wire.t,
    ...(data !== undefined && { data }),
    ...(wire.n !== undefined && { name: wire.n }),
    ...(position !== undefined && { position }),
    ...(wire.v !== undefined && { version: wire.v }),
    ...(wire.i !== undefined && { messageId: wire.i }),
    ...(wire.u !== undefined && { userId: wire.u }),
    ...(wire.g !== undefined && { tags: wire.g }),
    ...(wire.h !== undefined && { hiddenTags: wire.h }),
    ...(wire.x !== undefined && { extras: wire.x }),
    ...(wire.d !== undefined && { delta: wire.d }),
    ...(wire.l !== undefined && { platform: wire.l }),
    ...(wire.m !== undefined && { membership: wire.m }),
    ...(wire.w !== undefined && { protocol2Only: wire.w }),
    ...(wire.a !== undefined && { annotationModeOnly: wire.a }),
    ...(wire.o !== undefined && { onlyFor: wire.o }),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not written by a node.
    return null;
  }
}
