// OpenAI's Responses over HTTP: create, read, read the stream again from any event on, cancel, delete.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { beginStream, breakOff, type Prepared, prepare, type Stage, write } from '../answering.ts';
import { RequestError, textOfFrame } from '../formats/format.ts';
import { questionOf, type ResponsesRequest, readRequest } from './request.ts';
import { StoredResponse } from './response.ts';
import { ResponseStore } from './store.ts';

const readQuery = z.object({
  stream: z.enum(['true', 'false']).optional(),
  starting_after: z.coerce.number().int().min(0).optional(),
});
const OVERLOADED = 503;

export function addResponses(app: FastifyInstance, stage: Stage): void {
  const store = new ResponseStore();
  app.addHook('onClose', async () => store.close());
  app.post('/v1/responses', (request, reply) => create(request, reply, store, stage));
  app.get<ById>('/v1/responses/:id', async (request, reply) => {
    const response = found(store, request.params.id);
    const { stream, starting_after: after = -1 } = readQuery.parse(request.query);
    if (stream !== 'true') return response.value;
    if (response.request.background !== true || response.request.stream !== true) {
      const text = 'Only a response that was created with background and stream can be streamed again.';
      throw new RequestError(400, text, { param: 'stream' });
    }
    await send(reply, response, after, null);
    return reply;
  });
  app.post<ById>('/v1/responses/:id/cancel', (request) => {
    const response = found(store, request.params.id);
    if (response.request.background !== true) {
      throw new RequestError(400, 'Only a background response can be cancelled.');
    }
    response.cancel();
    return response.value;
  });
  app.delete<ById>('/v1/responses/:id', (request) => {
    const response = found(store, request.params.id);
    response.cancel();
    store.delete(response.id);
    return { id: response.id, object: 'response', deleted: true };
  });
}

interface ById {
  Params: { id: string };
}

function found(store: ResponseStore, id: string): StoredResponse {
  const response = store.get(id);
  if (response !== undefined) return response;
  throw new RequestError(404, `Response with id '${id.slice(0, 100)}' not found.`, { param: 'response_id' });
}

async function create(
  request: FastifyRequest,
  reply: FastifyReply,
  store: ResponseStore,
  stage: Stage,
): Promise<unknown> {
  const asked = readRequest(request.body);
  const before = asked.previous_response_id ?? null;
  const question = questionOf(asked, before === null ? [] : found(store, before).conversation);
  const prepared = prepare(request, { model: asked.model, question }, stage, OVERLOADED);
  const response = new StoredResponse(asked, question.turns, prepared.play);
  if (asked.store !== false) store.add(response);
  const running = run(response, reply, prepared, stage, asked);
  if (asked.stream === true) await send(reply, response, -1, prepared.settings.cut);
  else if (asked.background === true) return response.value;
  else await whole(reply, response, running, prepared);
  return reply;
}

/** In the background nobody has to listen. */
function run(
  response: StoredResponse,
  reply: FastifyReply,
  { settings, seed }: Prepared,
  stage: Stage,
  { background }: ResponsesRequest,
): Promise<void> {
  const signal = background === true ? new AbortController().signal : closing(reply);
  stage.underWay += 1;
  // A connection is cut where it is written to: what is said in the background goes on.
  return response
    .run({ settings: { ...settings, cut: null }, seed, pace: stage.pace, signal })
    .finally(() => {
      stage.underWay -= 1;
    });
}

async function whole(
  reply: FastifyReply,
  response: StoredResponse,
  running: Promise<void>,
  { settings: { cut }, play }: Prepared,
): Promise<void> {
  await running;
  if (response.status === 'failed') throw new RequestError(500, 'The stand-in was told to fail here.');
  if (response.status !== 'cancelled' && (cut === null || cut > play.pieces.length)) {
    await reply.send(response.value);
    return;
  }
  reply.hijack();
  breakOff(reply.raw);
}

/** `cut`: the connection breaks off before the delta after so many. */
async function send(
  reply: FastifyReply,
  response: StoredResponse,
  after: number,
  cut: number | null,
): Promise<void> {
  const signal = closing(reply);
  const { raw } = beginStream(reply);
  let deltas = 0;
  for await (const event of response.events(after, signal)) {
    if (event.type.endsWith('.delta')) {
      if (deltas === cut) return breakOff(raw);
      deltas += 1;
    }
    await write(raw, textOfFrame({ event: event.type, data: event }), signal).catch(() => {});
  }
  // Its pace broke off, or somebody deleted it: no end that a client could take for one.
  if (response.status === 'cancelled' && response.request.background !== true) breakOff(raw);
  else raw.end();
}

function closing(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort());
  return gone.signal;
}
