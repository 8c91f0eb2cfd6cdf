// One accepted socket while the fast lane owns it: buffers what has not been read yet, starts each request, and writes the
// answers in the order of the requests, those of one turn in one write. It gives the socket away, with every byte that
// is not answered, as soon as something else than a plain publish comes. It never interprets a body.
import type { Socket } from 'node:net';
import type { HttpAnswer, HttpRequest } from '../exchange-types.ts';
import type { AnswerWriter } from './answer-writer.ts';
import { FastRequest } from './fast-request.ts';
import { type FastTarget, MORE, OK, type RequestReader } from './request-reader.ts';

/** Most requests of one connection that are under way; further ones stay unread in the socket. */
const MAX_IN_FLIGHT = 64;
/** A request that comes in more pieces than this is left to the ordinary parser, which need not start over at each. */
const MAX_READS_PER_REQUEST = 16;

const NOTHING = Buffer.alloc(0);
const BAD_REQUEST = 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n';

/** What a connection needs from the lane that holds it. */
export interface LaneContext {
  /** Shared: connections use it one after the other, never across a turn. */
  readonly reader: RequestReader;
  /** Whole seconds since the lane was made, approximately. */
  readonly clock: { seconds: number };
  /** False: hand every request over. */
  isOpen(): boolean;
  /** Never rejects. */
  answer(request: HttpRequest, target: FastTarget): Promise<HttpAnswer>;
  readonly writer: AnswerWriter;
  /** Calls `flush` of the connection at the end of the turn. */
  flushLater(connection: FastLaneConnection): void;
  /** The socket belongs to the ordinary parser from now on; `unread` is for it. */
  handOver(socket: Socket, unread: Buffer): void;
  forget(connection: FastLaneConnection): void;
}

/** The place of an answer in the order; empty until it is there. */
interface Slot {
  text: string;
}

export class FastLaneConnection {
  readonly #socket: Socket;
  readonly #lane: LaneContext;
  readonly #slots: Slot[] = [];
  #unread: Buffer = NOTHING;
  /** Fewer unread bytes than this cannot be a request. */
  #wantedBytes = 1;
  #reads = 0;
  /** The next bytes are not for this lane; they leave once all answers are written. */
  #isLeaving = false;
  #hasEnded = false;
  #isFlushQueued = false;
  /** On the lane's clock: when something was last read or written, and when the oldest unread byte came. */
  #activeAt: number;
  #unreadSince = 0;

  constructor(socket: Socket, lane: LaneContext) {
    this.#socket = socket;
    this.#lane = lane;
    this.#activeAt = lane.clock.seconds;
    socket.on('data', this.#onData);
    socket.on('end', this.#onEnd);
    socket.on('drain', this.#onDrain);
    socket.on('error', this.#onError);
    socket.on('close', this.#onClose);
  }

  /** Writes the answers that are due. Called by the lane. */
  flush(): void {
    this.#isFlushQueued = false;
    if (this.#socket.destroyed) return;
    let text = '';
    let count = 0;
    for (const slot of this.#slots) {
      if (slot.text === '') break;
      text += slot.text;
      count += 1;
    }
    if (count === 0) return;
    this.#slots.splice(0, count);
    this.#activeAt = this.#lane.clock.seconds;
    // A peer that does not read its answers is not read from either.
    if (!this.#socket.write(text)) this.#socket.pause();
    else this.#goOn();
  }

  /** Called by the lane about once a second. */
  tick(keepAliveSeconds: number, requestSeconds: number): void {
    const now = this.#lane.clock.seconds;
    if (this.#isIdle() && now - this.#activeAt >= keepAliveSeconds) {
      this.#socket.destroy();
    } else if (this.#isHalfRead() && now - this.#unreadSince >= requestSeconds) {
      // From here on the ordinary parser's own time limits count.
      this.#leave();
    }
  }

  /** Ends the connection if nothing is under way on it. */
  endIfIdle(): void {
    if (this.#slots.length === 0 && this.#unread.length === 0) this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Nothing to answer; or answered, and the peer does not take it. */
  #isIdle(): boolean {
    return this.#slots.length === 0 || this.#socket.writableNeedDrain;
  }

  #isHalfRead(): boolean {
    return this.#unread.length > 0 && this.#slots.length === 0 && !this.#socket.writableNeedDrain;
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#activeAt = this.#lane.clock.seconds;
    if (this.#unread.length === 0) {
      this.#unread = chunk;
      this.#unreadSince = this.#activeAt;
    } else {
      this.#unread = Buffer.concat([this.#unread, chunk]);
    }
    this.#reads += 1;
    if (!this.#isLeaving) this.#readRequests();
    if (this.#isLeaving && this.#slots.length === 0) this.#leave();
  };

  #readRequests(): void {
    const { reader } = this.#lane;
    const bytes = this.#unread;
    let at = 0;
    while (bytes.length - at >= this.#wantedBytes && this.#slots.length < MAX_IN_FLIGHT) {
      const step = this.#lane.isOpen() ? reader.read(bytes, at) : undefined;
      if (step === OK) {
        at = reader.bodyEnd;
        this.#wantedBytes = 1;
        this.#reads = 1;
        this.#start(bytes);
      } else if (step === MORE) {
        this.#wantedBytes = reader.wantedBytes;
      } else {
        this.#isLeaving = true;
        break;
      }
    }
    if (at > 0) {
      this.#unread = at === bytes.length ? NOTHING : bytes.subarray(at);
      this.#unreadSince = this.#activeAt;
    }
    if (this.#unread.length > 0 && this.#reads > MAX_READS_PER_REQUEST) this.#isLeaving = true;
    if (this.#isLeaving || this.#slots.length >= MAX_IN_FLIGHT) this.#socket.pause();
  }

  #start(bytes: Buffer): void {
    const slot: Slot = { text: '' };
    this.#slots.push(slot);
    const { reader } = this.#lane;
    const request = new FastRequest(reader, bytes, this.#socket);
    void this.#lane.answer(request, reader.target).then((answer) => {
      slot.text = this.#lane.writer.write(answer);
      if (this.#isFlushQueued) return;
      this.#isFlushQueued = true;
      this.#lane.flushLater(this);
    });
  }

  /** After answers left: what waited for them. */
  #goOn(): void {
    if (!this.#isLeaving && this.#unread.length >= this.#wantedBytes) this.#readRequests();
    const isBusy = this.#slots.length > 0;
    if (this.#isLeaving && !isBusy) this.#leave();
    if (this.#isLeaving || this.#slots.length >= MAX_IN_FLIGHT) return;
    if (this.#socket.isPaused()) this.#socket.resume();
    const isUnwanted = !this.#lane.isOpen() && this.#unread.length === 0;
    if (!isBusy && (this.#hasEnded || isUnwanted)) this.#finish();
  }

  #leave(): void {
    if (this.#hasEnded) {
      this.#finish();
      return;
    }
    this.#release();
    this.#lane.handOver(this.#socket, this.#unread);
  }

  #release(): void {
    this.#lane.forget(this);
    this.#socket.off('data', this.#onData);
    this.#socket.off('end', this.#onEnd);
    this.#socket.off('drain', this.#onDrain);
    this.#socket.off('error', this.#onError);
    this.#socket.off('close', this.#onClose);
  }

  readonly #onEnd = (): void => {
    this.#hasEnded = true;
    if (this.#slots.length === 0) this.#finish();
  };

  /** The peer sends no more; half a request is answered as Node answers it. */
  #finish(): void {
    if (this.#unread.length > 0) this.#socket.end(BAD_REQUEST);
    else this.#socket.end();
  }

  readonly #onDrain = (): void => {
    this.#goOn();
  };

  /** 'close' follows and tidies up; a peer that went away is no error of ours. */
  readonly #onError = (): void => {};

  readonly #onClose = (): void => {
    this.#release();
  };
}
