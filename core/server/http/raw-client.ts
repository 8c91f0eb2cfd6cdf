// Test support: an HTTP client that sends exactly the bytes it is given and shows exactly the bytes it gets. Not used by the server.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface RawAnswer {
  readonly status: number;
  /** Head as received, with the date replaced by `<date>`. */
  readonly head: string;
  readonly body: string;
  /** Value of a header by lower-case name. */
  header(name: string): string | undefined;
}

export class RawClient {
  readonly socket: Socket;
  #received = '';
  #hasEnded = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding('latin1');
    socket.on('data', (text) => {
      this.#received += text;
    });
    socket.on('end', () => {
      this.#hasEnded = true;
    });
    // A reset ends the connection like anything else; what was received is what counts.
    socket.on('error', () => {
      this.#hasEnded = true;
    });
  }

  static async open(port: number): Promise<RawClient> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    socket.setNoDelay(true);
    return new RawClient(socket);
  }

  /** Resolves when the system has taken the bytes. */
  write(bytes: string | Buffer): Promise<void> {
    return new Promise((resolve) => {
      this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes, () => resolve());
    });
  }

  /** The next complete answer; null when the connection ends before one. A HEAD answer has no body. */
  async answer(method = 'GET'): Promise<RawAnswer | null> {
    for (;;) {
      const answer = this.#take(method);
      if (answer !== null) return answer;
      if (this.#hasEnded) return null;
      await Promise.race([once(this.socket, 'data'), once(this.socket, 'close')]).catch(() => undefined);
    }
  }

  async answers(count: number): Promise<(RawAnswer | null)[]> {
    const answers: (RawAnswer | null)[] = [];
    for (let i = 0; i < count; i += 1) answers.push(await this.answer());
    return answers;
  }

  /** Resolves when the server has closed; answers with what was received and not yet taken. */
  async ended(): Promise<string> {
    if (!this.socket.closed) await once(this.socket, 'close').catch(() => undefined);
    return this.#received;
  }

  close(): void {
    this.socket.destroy();
  }

  #take(method: string): RawAnswer | null {
    const headEnd = this.#received.indexOf('\r\n\r\n');
    if (headEnd === -1) return null;
    const head = this.#received.slice(0, headEnd);
    const length = method === 'HEAD' ? 0 : Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? 0);
    const end = headEnd + 4 + length;
    if (this.#received.length < end) return null;
    const body = this.#received.slice(headEnd + 4, end);
    this.#received = this.#received.slice(end);
    return answerOf(head, body);
  }
}

function answerOf(head: string, body: string): RawAnswer {
  const headers = new Map<string, string>();
  for (const line of head.split('\r\n').slice(1)) {
    const colon = line.indexOf(':');
    headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  return {
    status: Number(head.slice(9, 12)),
    head: head.replace(/^Date: .*$/m, 'Date: <date>'),
    body,
    header: (name) => headers.get(name),
  };
}

/** Text of an HTTP/1.1 request. Header names are written as given. */
export function requestText(
  method: string,
  target: string,
  headers: Readonly<Record<string, string>> = {},
  body = '',
): string {
  const lines = Object.entries({ Host: '127.0.0.1', ...headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  return `${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n${body}`;
}
