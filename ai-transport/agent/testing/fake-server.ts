// The part of the HTTP API that an agent uses, over real HTTP, kept in a list that tests read; faults are put in by the test. It checks
// no signatures and knows no rights.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { Sockudo } from 'sockudo';

/** Something that an agent had stored, or was refused. */
export interface Operation {
  readonly kind: 'create' | 'append' | 'update';
  readonly name: string;
  readonly serial: string;
  readonly data?: string;
  readonly fence?: string;
  readonly transport: Readonly<Record<string, string>>;
  readonly codec: Readonly<Record<string, string>>;
  readonly refused?: number;
}

/** `cut`: the connection ends without an answer, and nothing is stored; `lost`: it is stored first. */
export type Fault = 'cut' | 'lost' | { readonly status: number; readonly code: string };

type Json = Record<string, unknown>;
type Answer = { readonly status: number; readonly body: Json } | 'cut';

interface Stored {
  name: string;
  data: string;
  extras: Json;
}

export class FakeServer {
  readonly operations: Operation[] = [];
  readonly messages = new Map<string, Stored>();
  /** Decides before anything is stored; null: no fault. */
  fault: (operation: Operation) => Fault | null = () => null;
  /** Acknowledgements of streamed appends wait for it. */
  gate: Promise<unknown> = Promise.resolve();
  /** Requests that streamed appends came in. */
  appendRequests = 0;
  readonly #server: Server;
  readonly #receipts = new Map<string, number>();
  #waiting: (() => void)[] = [];
  #serial = 0;

  constructor() {
    this.#server = createServer((request, response) => {
      request.on('error', () => {});
      void this.#serve(request, response);
    });
  }

  static async start(): Promise<FakeServer> {
    const fake = new FakeServer();
    fake.#server.listen(0, '127.0.0.1');
    await once(fake.#server, 'listening');
    return fake;
  }

  sdk(): Sockudo {
    // CAST: it listens on a TCP port.
    const { port } = this.#server.address() as AddressInfo;
    return new Sockudo({ appId: 'a', key: 'k', secret: 's', host: '127.0.0.1', port });
  }

  /** Those that were stored. */
  get stored(): readonly Operation[] {
    return this.operations.filter(({ refused }) => refused === undefined);
  }

  /** Names of events with what matters of them, for one comparison. */
  get story(): readonly string[] {
    return this.stored.map(({ kind, name, transport }) => {
      const what = transport['step-reason'] ?? transport['run-reason'] ?? transport.status ?? '';
      return [kind === 'create' ? name : `${kind}`, transport['step-id'], what].filter(Boolean).join(' ');
    });
  }

  /** Resolves once an operation has arrived for which this holds, refused or not. */
  async until(holds: (operation: Operation) => boolean): Promise<Operation> {
    for (;;) {
      const found = this.operations.find(holds);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = decodeURI((request.url ?? '').split('?')[0] ?? '')
      .split('/')
      .slice(3);
    const last = path.at(-1) ?? '';
    if (last === 'appends') {
      // An agent may leave in the middle of a line.
      return this.#appends(path.at(-2) ?? '', request, response).catch(() => {});
    }
    // Whoever listens hears nothing.
    if (request.method === 'GET')
      return void response.writeHead(last === 'events' ? 200 : 404).flushHeaders();
    let text = '';
    for await (const chunk of request) text += chunk;
    const body: Json = text === '' ? {} : JSON.parse(text);
    const answer = this.#answer(last, body, path);
    if (answer === 'cut') response.destroy();
    else response.writeHead(answer.status).end(JSON.stringify(answer.body));
  }

  #answer(last: string, body: Json, path: readonly string[]): Answer {
    if (last === 'events') return this.#create(body);
    if (last === 'update') return this.#change('update', path.at(-2) ?? '', body);
    return { status: 404, body: { code: 'not_found' } };
  }

  #create(body: Json): Answer {
    const [channel = ''] = body.channels as string[];
    const known = this.#receipts.get(String(body.message_id));
    const serial = known ?? this.#serial + 1;
    const operation = operationOf('create', String(body.name), `m${serial}`, body);
    const acknowledged = {
      status: 200,
      body: { channels: { [channel]: { message_serial: `m${serial}`, delivery_serial: serial } } },
    };
    if (known !== undefined) return acknowledged;
    return this.#store(operation, acknowledged, () => {
      this.#serial = serial;
      this.#receipts.set(String(body.message_id), serial);
      const { name, data = '' } = operation;
      this.messages.set(operation.serial, { name, data, extras: body.extras as Json });
    });
  }

  #change(kind: 'append' | 'update', serial: string, body: Json): Answer {
    const message = this.messages.get(serial);
    const receipt = `${serial} ${body.op_id}`;
    if (message === undefined) return { status: 404, body: { code: 'not_found' } };
    const acknowledged = {
      status: 200,
      body: {
        channel: 'c',
        message_serial: serial,
        action: kind,
        accepted: true,
        version_serial: 'v',
        history_serial: 1,
        delivery_serial: this.#serial + 1,
        status: 'applied',
      },
    };
    if (this.#receipts.has(receipt)) return acknowledged;
    return this.#store(operationOf(kind, message.name, serial, body), acknowledged, () => {
      this.#serial += 1;
      this.#receipts.set(receipt, this.#serial);
      if (typeof body.data === 'string')
        message.data = kind === 'append' ? message.data + body.data : body.data;
      if (body.extras !== undefined) message.extras = body.extras as Json;
    });
  }

  #store(operation: Operation, acknowledged: Answer, store: () => void): Answer {
    const fault = this.fault(operation);
    const isStored = fault === null || fault === 'lost';
    if (isStored) store();
    const refused = typeof fault === 'object' && fault !== null ? fault.status : 0;
    this.operations.push(isStored ? operation : { ...operation, refused });
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
    if (fault === null) return acknowledged;
    if (typeof fault === 'string') return 'cut';
    return { status: fault.status, body: { error: fault.code, code: fault.code, status: fault.status } };
  }

  async #appends(serial: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.appendRequests += 1;
    response.writeHead(200).flushHeaders();
    for await (const line of createInterface({ input: request })) {
      const body = JSON.parse(line);
      const answer = this.#change('append', serial, body);
      await this.gate;
      if (answer === 'cut') return void response.destroy();
      const ack = { op_id: body.op_id, delivery_serial: 1, version_serial: 'v', status: 'applied' };
      response.write(`${JSON.stringify(answer.status === 200 ? ack : answer.body)}\n`);
      if (answer.status !== 200) break;
    }
    response.end();
  }
}

function operationOf(kind: Operation['kind'], name: string, serial: string, body: Json): Operation {
  const { ai } = (body.extras ?? {}) as { ai?: { transport?: Json; codec?: Json } };
  return {
    kind,
    name,
    serial,
    ...(typeof body.data === 'string' && { data: body.data }),
    ...(typeof body.fence === 'string' && { fence: body.fence }),
    transport: (ai?.transport ?? {}) as Record<string, string>,
    codec: (ai?.codec ?? {}) as Record<string, string>,
  };
}
