// The Fanout port for several nodes, made of a bus that may lose frames and a log that does not: the own node hears at once,
// the others through the bus, every node in the order of the log (divergence D80). Knows no driver.
import { channelKind, matchesWildcard } from '@sockudo/protocol';
import { createLocalFanout } from '../memory/fanout.ts';
import type { Bus } from '../ports/bus.ts';
import type { ChannelKey } from '../ports/channel-log.ts';
import type { ControlSignal, Envelope, Fanout, FanoutListener, NodeQuestion } from '../ports/fanout.ts';
import { ChannelFeed, type FeedContext, type FeedLog, isPlaced } from './channel-feed.ts';
import { OpenQuestions } from './open-questions.ts';
import { createTurns } from './turns.ts';
import { type BusContent, type BusLine, decodeLine, encodeLine } from './wire-envelope.ts';

export interface ClusterFanoutOptions {
  readonly bus: Bus;
  /** Unique among all nodes, also earlier ones. */
  readonly nodeId: string;
  /** The log that all nodes share; null: messages of this app have no places. */
  readonly logOf: (appId: string) => FeedLog | null;
  readonly onError: (error: unknown) => void;
  /** How many other nodes there are; absent: one. */
  readonly countPeers?: () => Promise<number>;
  /** How often some channels are compared with the log, whatever the bus said; default 1000. */
  readonly checkIntervalMs?: number;
}

export interface ClusterCounts {
  readonly sent: number;
  readonly received: number;
  /** Publishes that the bus did not take. Those with a place reach the other nodes through the log. */
  readonly dropped: number;
  /** Messages read from the log because the bus did not bring them, or not in order. */
  readonly filled: number;
}

export interface ClusterFanout extends Fanout {
  readonly counts: ClusterCounts;
}

const CONTROL_TOPIC = '#control';
const MAX_READS = 16;
/** Channels compared with the log in one interval. */
const CHECKS_AT_ONCE = 50;
/** Channels remembered as unsent; beyond that every node looks at all of its channels. */
const MAX_UNSENT = 10_000;
const TOPICS_OF_ONE_LINE = 500;
/** Channels that only patterns listen to and whose place is remembered. */
const MAX_PATTERN_FEEDS = 10_000;
/** Sent and not yet taken by the bus; beyond that publishes are dropped, and found in the log. */
const MAX_PENDING = 100_000;

export function createClusterFanout(options: ClusterFanoutOptions): ClusterFanout {
  return new BusFanout(options);
}

/** The name of a channel on the bus. An app id cannot reach into another's names. */
export function topicOf({ appId, channel }: ChannelKey): string {
  return `${encodeURIComponent(appId)}:${channel}`;
}

class BusFanout implements ClusterFanout {
  readonly counts = { sent: 0, received: 0, dropped: 0, filled: 0 };
  readonly #options: ClusterFanoutOptions;
  readonly #bus: Bus;
  readonly #local: Fanout;
  readonly #feeds = new Map<string, ChannelFeed>();
  /** Feeds that only a pattern needs, the longest unused first. */
  readonly #patternFeeds = new Map<string, ChannelFeed>();
  /** Joined patterns, by app. */
  readonly #patterns = new Map<string, Map<string, number>>();
  readonly #questions = new OpenQuestions();
  readonly #unsent = new Set<string>();
  #hasUnknownUnsent = false;
  readonly #feedContext: FeedContext;
  readonly #timer: NodeJS.Timeout;
  #checkAt: Iterator<ChannelFeed> | null = null;
  #listener: FanoutListener | null = null;
  #sentCount = 0;
  #lastLine = '';
  #isClosed = false;

  constructor(options: ClusterFanoutOptions) {
    this.#options = options;
    this.#bus = options.bus;
    this.#local = createLocalFanout({ onError: options.onError });
    this.#feedContext = {
      deliver: (envelope) => this.#local.publish(envelope),
      whenFree: createTurns(MAX_READS),
      onRead: (filled) => {
        this.counts.filled += filled;
      },
      onError: options.onError,
    };
    this.#timer = setInterval(() => this.#checkSome(), options.checkIntervalMs ?? 1000);
    this.#timer.unref();
  }

  listen(listener: FanoutListener): void {
    this.#local.listen(listener);
    this.#listener = listener;
    this.#bus.listen({
      onMessage: (text) => this.#receive(text),
      onState: (state) => {
        if (state === 'up') this.#recover();
      },
    });
    for (const topic of [CONTROL_TOPIC, nodeTopic(this.#options.nodeId)]) {
      this.#bus.subscribe(topic).catch(this.#options.onError);
    }
  }

  join(key: ChannelKey): Promise<void> | void {
    if (channelKind(key.channel).kind === 'wildcard') return this.#joinPattern(key);
    const topic = topicOf(key);
    const existing = this.#feeds.get(topic);
    if (existing !== undefined) {
      existing.joins += 1;
      return existing.ready ?? undefined;
    }
    // A pattern that listens already goes on from its own place.
    const feed = this.#patternFeeds.get(topic) ?? this.#newFeed(key);
    this.#patternFeeds.delete(topic);
    feed.joins = 1;
    this.#feeds.set(topic, feed);
    feed.ready = this.#start(feed, topic);
    return feed.ready;
  }

  leave(key: ChannelKey): void {
    if (channelKind(key.channel).kind === 'wildcard') {
      this.#leavePattern(key);
      return;
    }
    const topic = topicOf(key);
    const feed = this.#feeds.get(topic);
    if (feed === undefined) return;
    feed.joins -= 1;
    if (feed.joins > 0) return;
    feed.close();
    this.#feeds.delete(topic);
    this.#bus.unsubscribe(topic);
  }

  publish(envelope: Envelope): void {
    const topic = topicOf(envelope.key);
    this.#deliver(topic, envelope);
    this.#send(topic, { kind: 'envelope', envelope, hasFullForm: false });
  }

  control(signal: ControlSignal): void {
    this.#local.control(signal);
    this.#send(CONTROL_TOPIC, { kind: 'control', signal });
  }

  async ask(question: NodeQuestion, enough?: (answer: unknown) => boolean): Promise<readonly unknown[]> {
    if (this.#bus.state === 'down' || this.#isClosed) return [];
    let peers = 1;
    try {
      peers = (await this.#options.countPeers?.()) ?? 1;
    } catch (error) {
      this.#options.onError(error);
    }
    if (peers === 0) return [];
    const { number, answers } = this.#questions.open(peers, enough);
    this.#send(CONTROL_TOPIC, { kind: 'question', number, question });
    return answers;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#questions.close();
    clearInterval(this.#timer);
    for (const feed of [...this.#feeds.values(), ...this.#patternFeeds.values()]) feed.close();
    this.#feeds.clear();
    this.#patternFeeds.clear();
    await this.#local.close();
    await this.#bus.close();
  }

  #newFeed(key: ChannelKey): ChannelFeed {
    return new ChannelFeed(key, this.#options.logOf(key.appId), this.#feedContext);
  }

  /** The place is read after the bus listens: whatever is committed above it reaches this node, or is missed and noticed. */
  async #start(feed: ChannelFeed, topic: string): Promise<void> {
    try {
      await this.#bus.subscribe(topic);
      await feed.start();
    } finally {
      feed.ready = null;
    }
  }

  #joinPattern({ appId, channel }: ChannelKey): Promise<void> {
    const patterns = this.#patterns.get(appId) ?? new Map<string, number>();
    this.#patterns.set(appId, patterns);
    patterns.set(channel, (patterns.get(channel) ?? 0) + 1);
    return this.#bus.subscribePrefix(prefixOf({ appId, channel }));
  }

  #leavePattern(key: ChannelKey): void {
    const patterns = this.#patterns.get(key.appId);
    const joins = patterns?.get(key.channel);
    if (patterns === undefined || joins === undefined) return;
    if (joins > 1) patterns.set(key.channel, joins - 1);
    else patterns.delete(key.channel);
    if (patterns.size === 0) this.#patterns.delete(key.appId);
    this.#bus.unsubscribePrefix(prefixOf(key));
    for (const [topic, feed] of this.#patternFeeds) {
      if (this.#matchesPattern(feed.key)) continue;
      feed.close();
      this.#patternFeeds.delete(topic);
    }
  }

  #deliver(topic: string, envelope: Envelope): void {
    const feed = this.#feeds.get(topic) ?? this.#patternFeed(topic, envelope);
    if (feed === null) this.#local.publish(envelope);
    else feed.take(envelope);
  }

  /** The feed of a channel that only a pattern listens to. It begins with the first message: nobody was told of a place. */
  #patternFeed(topic: string, envelope: Envelope): ChannelFeed | null {
    const { key } = envelope;
    if (!isPlaced(envelope) || !this.#matchesPattern(key)) return null;
    let feed = this.#patternFeeds.get(topic);
    if (feed === undefined) {
      feed = this.#newFeed(key);
      feed.startBefore(envelope);
    }
    this.#patternFeeds.delete(topic);
    this.#patternFeeds.set(topic, feed);
    if (this.#patternFeeds.size > MAX_PATTERN_FEEDS) {
      const [oldest, unused] = this.#patternFeeds.entries().next().value ?? [];
      unused?.close();
      if (oldest !== undefined) this.#patternFeeds.delete(oldest);
    }
    return feed;
  }

  #matchesPattern({ appId, channel }: ChannelKey): boolean {
    for (const pattern of this.#patterns.get(appId)?.keys() ?? []) {
      if (matchesWildcard(pattern, channel)) return true;
    }
    return false;
  }

  #send(topic: string, content: BusContent): void {
    if (this.#bus.state === 'down' || this.#bus.counts.pending >= MAX_PENDING) {
      this.#lost(topic, content);
      return;
    }
    this.#sentCount += 1;
    const line: BusLine = { nodeId: this.#options.nodeId, count: this.#sentCount, ...content };
    this.counts.sent += 1;
    this.#bus.publish(topic, encodeLine(line)).catch(() => this.#lost(topic, content));
  }

  #lost(topic: string, content: BusContent): void {
    this.counts.dropped += 1;
    if (content.kind === 'question' || content.kind === 'answer') return;
    if (content.kind === 'envelope' && !isPlaced(content.envelope)) return;
    if (content.kind !== 'envelope') {
      // A control signal has no log to be found in. What cuts a channel shows there; whom to close must be asked again.
      this.#hasUnknownUnsent = true;
    } else if (this.#unsent.size < MAX_UNSENT) this.#unsent.add(topic);
    else this.#hasUnknownUnsent = true;
  }

  #receive(text: string): void {
    const line = decodeLine(text);
    if (line === null || line.nodeId === this.#options.nodeId || this.#isClosed) return;
    // A topic and a prefix of it bring the same line twice, one right after the other.
    const name = `${line.nodeId} ${line.count}`;
    if (name === this.#lastLine) return;
    this.#lastLine = name;
    this.counts.received += 1;
    if (line.kind === 'control') this.#local.control(line.signal);
    else if (line.kind === 'look') this.#look(line.topics);
    else if (line.kind === 'question') this.#answer(line.nodeId, line.number, line.question);
    else if (line.kind === 'answer') this.#questions.answer(line.number, line.answer);
    else this.#receiveEnvelope(line.envelope, line.hasFullForm);
  }

  #receiveEnvelope(envelope: Envelope, hasFullForm: boolean): void {
    const topic = topicOf(envelope.key);
    const { position } = envelope.message;
    const feed = this.#feeds.get(topic);
    const needsLog = hasFullForm && position !== undefined && this.#listener?.wantsFullForm?.(envelope.key);
    if (needsLog === true && feed !== undefined) feed.hint(position);
    else this.#deliver(topic, envelope);
  }

  #answer(nodeId: string, number: number, question: NodeQuestion): void {
    let answer: unknown = null;
    try {
      answer = this.#listener?.onQuestion?.(question) ?? null;
    } catch (error) {
      this.#options.onError(error);
    }
    this.#send(nodeTopic(nodeId), { kind: 'answer', number, answer });
  }

  #look(topics: readonly string[] | null): void {
    const feeds = topics === null ? this.#feeds.values() : topics.map((topic) => this.#feeds.get(topic));
    for (const feed of feeds) feed?.check().catch(this.#options.onError);
  }

  /** The bus is back: what it may have lost is looked up here, and the other nodes learn what could not be sent. */
  #recover(): void {
    this.#look(null);
    const unsent = [...this.#unsent];
    this.#unsent.clear();
    if (this.#hasUnknownUnsent) {
      this.#hasUnknownUnsent = false;
      this.#send(CONTROL_TOPIC, { kind: 'look', topics: null });
      return;
    }
    for (let start = 0; start < unsent.length; start += TOPICS_OF_ONE_LINE) {
      const topics = unsent.slice(start, start + TOPICS_OF_ONE_LINE);
      this.#send(CONTROL_TOPIC, { kind: 'look', topics });
    }
  }

  /** Compares a few channels with the log, all of them in turn: a publisher may have died between commit and publish. */
  #checkSome(): void {
    for (let count = Math.min(CHECKS_AT_ONCE, this.#feeds.size); count > 0; count -= 1) {
      this.#checkAt ??= this.#feeds.values();
      const next = this.#checkAt.next();
      if (next.done === true) this.#checkAt = null;
      else next.value.check().catch(this.#options.onError);
    }
  }
}

/** What only one node hears. */
const nodeTopic = (nodeId: string): string => `#node:${nodeId}`;

/** What all channels of a pattern begin with on the bus. */
function prefixOf({ appId, channel }: ChannelKey): string {
  return topicOf({ appId, channel: channel.slice(0, channel.indexOf('*')) });
}
